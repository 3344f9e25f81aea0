/* Header fields: folding (RFC 5322 2.2.3), mailboxes, parameters. Encoded words are in mime_word.c. */
#include "wire/mime_field.h"

#include <string.h>

void field_put(struct field *f, str bytes)
{
	if (failed(f->state))
		return;
	f->state = sink_put(f->to, bytes);
	f->column += bytes.len;
	if (!failed(f->state) && f->column > MIME_LINE_HARD)
		f->state = NEVER(HEADER, "a header line would be longer than 998 octets");
}

static void fold(struct field *f)
{
	field_put(f, STR("\r\n "));
	f->column = 1;
}

struct field field_begin(struct sink *to, str name)
{
	struct field f = { .to = to };

	field_put(&f, name);
	field_put(&f, STR(":"));
	return f;
}

err field_end(struct field *f)
{
	field_put(f, STR("\r\n"));
	return f->state;
}

void field_token(struct field *f, str token)
{
	if (f->column + 1 + token.len > MIME_LINE && f->column > 1)
		fold(f);
	else
		field_put(f, STR(" "));
	field_put(f, token);
}

/* The words of `text` as tokens: it has single spaces and none at its ends. */
static void words(struct field *f, str text)
{
	str word;

	while (text.len) {
		str_cut(text, ' ', &word, &text);
		field_token(f, word);
	}
}

void field_text(struct field *f, str text)
{
	if (mime_plain_words(text))
		words(f, text);
	else
		field_encoded(f, text);
}

err field_whole(struct sink *to, str name, str text)
{
	struct field f = field_begin(to, name);

	field_text(&f, text);
	return field_end(&f);
}

err field_raw(struct sink *to, str name, str value)
{
	struct field f = field_begin(to, name);

	field_put(&f, STR(" "));
	field_put(&f, value);
	return field_end(&f);
}

/* RFC 5322 3.2.3, without the characters that only dot-atom has. */
static bool is_atext(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       (c && strchr("!#$%&'*+-/=?^_`{|}~", c));
}

static bool is_atoms(str text)
{
	for (size_t i = 0; i < text.len; i++)
		if (!is_atext(text.at[i]) && text.at[i] != ' ')
			return false;
	return true;
}

/* RFC 5322 3.2.4, of printable ASCII. */
static str quote(struct buf *room, str text)
{
	buf_add_char(room, '"');
	for (size_t i = 0; i < text.len; i++) {
		if (text.at[i] == '"' || text.at[i] == '\\')
			buf_add_char(room, '\\');
		buf_add_char(room, text.at[i]);
	}
	buf_add_char(room, '"');
	return buf_str(room);
}

/* Long quoted strings are encoded: they could only be folded inside the quotes, where white space is content. */
static void display_name(struct field *f, str name)
{
	char text[FIELD_WORD_MAX + 2];
	struct buf room = BUF_ON(text);
	str quoted = quote(&room, name);

	if (!mime_plain_words(name) || (!is_atoms(name) && room.overflow))
		field_encoded(f, name);
	else if (is_atoms(name))
		words(f, name);
	else
		field_token(f, quoted);
}

static void angle_address(struct field *f, str address, bool last)
{
	char text[MIME_LINE_HARD];
	struct buf room = BUF_ON(text);

	buf_add_char(&room, '<');
	buf_add(&room, address);
	buf_add(&room, last ? STR(">") : STR(">,"));
	if (!failed(f->state))
		f->state = buf_check(&room);
	field_token(f, buf_str(&room));
}

void field_mailboxes(struct field *f, const struct mime_mailbox *list)
{
	for (; list; list = list->next) {
		if (list->name.len) {
			display_name(f, list->name);
			angle_address(f, list->address.text, !list->next);
			continue;
		}
		field_token(f, list->address.text);
		if (list->next)
			field_put(f, STR(","));
	}
}

void field_parameter(struct field *f, str name, str value)
{
	char quoted[2 * MIME_LINE + 2], text[3 * MIME_LINE];
	struct buf room = BUF_ON(quoted), all = BUF_ON(text);

	buf_add(&all, name);
	buf_add_char(&all, '=');
	buf_add(&all, quote(&room, value));
	if (!failed(f->state))
		f->state = err_first(buf_check(&room), buf_check(&all));
	field_put(f, STR(";"));
	field_token(f, buf_str(&all));
}
