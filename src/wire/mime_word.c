/* What is not plain ASCII in a header: encoded words (RFC 2047) and file names (RFC 2231). A UTF-8 character
 * is never cut in two, because each encoded word and each parameter section is decoded alone. */
#include "wire/mime_field.h"

#include <string.h>

enum {
	WORD_MAX = 75,  /* RFC 2047 section 2 */
	WORD_FRAME = 12 /* =?UTF-8?Q? and ?= */
};

bool mime_plain_words(str text)
{
	size_t word = 0;

	if (str_find(text, STR("=?")) >= 0)
		return false;
	for (size_t i = 0; i < text.len; i++) {
		char c = text.at[i];
		if (c < 0x20 || c > 0x7E || (c == ' ' && word == 0))
			return false;
		word = c == ' ' ? 0 : word + 1;
		if (word > FIELD_WORD_MAX)
			return false;
	}
	return word > 0 || text.len == 0;
}

/* Safe within a phrase too: RFC 2047 section 5 (3). */
static bool stays(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || (c && strchr("!*+-/", c));
}

static size_t quoted_size(str text)
{
	size_t size = 0;

	for (size_t i = 0; i < text.len; i++)
		size += stays(text.at[i]) || text.at[i] == ' ' ? 1 : 3;
	return size;
}

/* How much of `text` one word with `payload` columns takes: whole characters. */
static size_t fits(str text, bool quoted, size_t payload)
{
	size_t taken = 0;

	while (taken < text.len) {
		uint32_t code;
		size_t rune = str_rune(str_from(text, taken), &code);
		str more = str_upto(text, taken + rune);
		if ((quoted ? quoted_size(more) : (more.len + 2) / 3 * 4) > payload)
			break;
		taken += rune;
	}
	return taken;
}

static void add_quoted(struct buf *b, str text)
{
	for (size_t i = 0; i < text.len; i++) {
		unsigned char c = (unsigned char)text.at[i];
		if (stays(text.at[i]))
			buf_add_char(b, text.at[i]);
		else if (c == ' ')
			buf_add_char(b, '_');
		else
			buf_add_format(b, "=%02X", c);
	}
}

static void one_word(struct field *f, str text, bool quoted)
{
	char room[WORD_MAX + 1];
	struct buf b = BUF_ON(room);

	buf_add(&b, quoted ? STR("=?UTF-8?Q?") : STR("=?UTF-8?B?"));
	if (quoted)
		add_quoted(&b, text);
	else
		buf_add_base64(&b, text);
	buf_add(&b, STR("?="));
	if (!failed(f->state))
		f->state = buf_check(&b);
	field_token(f, buf_str(&b));
}

/* The space between two encoded words vanishes when they are read (section 6.2), so all is encoded, spaces too. */
void field_encoded(struct field *f, str text)
{
	bool quoted = quoted_size(text) <= (text.len + 2) / 3 * 4;

	while (text.len) {
		size_t room = MIME_LINE - 1 > f->column ? MIME_LINE - 1 - f->column : 0;
		/* A stub of a word at the end of a line is not worth its frame. */
		if (room < 2 * WORD_FRAME + 8)
			room = WORD_MAX;
		size_t taken = fits(text, quoted, (room < WORD_MAX ? room : WORD_MAX) - WORD_FRAME);
		must(taken > 0);
		one_word(f, str_upto(text, taken), quoted);
		text = str_from(text, taken);
	}
}

/* RFC 2231 section 7: attribute-char, less what RFC 5987 leaves out too. */
static bool is_attribute_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       (c && strchr("!#$&+-.^_`|~", c));
}

static size_t add_percent(struct buf *b, str text)
{
	size_t before = b->len;

	for (size_t i = 0; i < text.len; i++)
		if (is_attribute_char(text.at[i]))
			buf_add_char(b, text.at[i]);
		else
			buf_add_format(b, "%%%02X", (unsigned char)text.at[i]);
	return b->len - before;
}

/* As many whole characters as the section has room for. */
static size_t add_section(struct buf *b, str name, size_t max)
{
	size_t taken = 0;

	while (taken < name.len) {
		char room[16];
		struct buf one = BUF_ON(room);
		uint32_t code;
		size_t rune = str_rune(str_from(name, taken), &code);
		if (b->len + add_percent(&one, str_upto(str_from(name, taken), rune)) > max)
			break;
		buf_add(b, buf_str(&one));
		taken += rune;
	}
	return taken;
}

/* RFC 2231 sections 3 and 4; in one piece where it fits, because some readers know no sections. */
static void extended(struct field *f, str name)
{
	char whole[3 * MIME_NAME_MAX + 1];
	struct buf b = BUF_ON(whole);
	bool pieces = add_percent(&b, name) > MIME_LINE - 20;

	for (unsigned section = 0; name.len; section++) {
		char room[MIME_LINE + 1];
		struct buf token = BUF_ON(room);
		if (pieces)
			buf_add_format(&token, "filename*%u*=%s", section, section ? "" : "UTF-8''");
		else
			buf_add(&token, STR("filename*=UTF-8''"));
		name = str_from(name, add_section(&token, name, MIME_LINE - 2));
		field_put(f, STR(";"));
		field_token(f, buf_str(&token));
	}
}

/* What readers without RFC 2231 are shown: ASCII, short, and nothing that a shell or a path could mean. */
static void add_fallback(struct buf *b, str name)
{
	for (str rest = name; rest.len && b->len < b->max;) {
		uint32_t code;
		size_t rune = str_rune(rest, &code);
		bool kept = rune == 1 && code >= 0x20 && code < 0x7F && !strchr("\"\\/:*?<>|%;=", (int)code);
		buf_add_char(b, kept ? rest.at[0] : '_');
		rest = str_from(rest, rune);
	}
}

/* The extension survives a cut: it decides which program opens the file. */
str mime_fallback_name(struct buf *b, str name)
{
	size_t dot = name.len;

	while (dot > 0 && name.len - dot < 10 && name.at[dot - 1] != '.')
		dot--;
	bool has_extension = dot > 1 && name.at[dot - 1] == '.';
	str stem = has_extension ? str_upto(name, dot - 1) : name;
	str extension = has_extension ? str_from(name, dot - 1) : STR_NONE;
	struct buf start = { .at = b->at, .max = b->max - 10 };

	add_fallback(&start, stem);
	b->len = start.len;
	add_fallback(b, extension);
	return buf_str(b);
}

void field_file_name(struct field *f, str name)
{
	char room[MIME_FALLBACK_MAX];
	struct buf b = BUF_ON(room);
	str ascii = mime_fallback_name(&b, name);

	/* The extended form first: where a reader takes whichever comes first, it takes the true name. */
	if (!str_same(ascii, name))
		extended(f, name);
	field_parameter(f, STR("filename"), ascii);
}
