#include "wire/smtp.h"

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* RFC 5321 4.2: three figures, then a hyphen if more lines follow, a space or nothing if not. */
static err read_code(str line, unsigned *code, bool *more)
{
	if (line.len < 3 || line.at[0] < '2' || line.at[0] > '5' || !is_digit(line.at[1]) || !is_digit(line.at[2]))
		return LATER(PROTOCOL, "the server's reply has no code");
	if (line.len > 3 && line.at[3] != ' ' && line.at[3] != '-')
		return LATER(PROTOCOL, "the server's reply has no code");
	*code = (unsigned)(line.at[0] - '0') * 100 + (unsigned)(line.at[1] - '0') * 10 + (unsigned)(line.at[2] - '0');
	*more = line.len > 3 && line.at[3] == '-';
	return OK;
}

static bool figures(struct reader *r, size_t max)
{
	size_t n = 0;

	while (reader_peek(r) >= '0' && reader_peek(r) <= '9') {
		reader_take(r, 1);
		n++;
	}
	return n >= 1 && n <= max;
}

/* RFC 2034 4, RFC 3463 2: class "." subject "." detail, of the same class as the reply. */
static void read_enhanced(struct smtp_reply *r, str text)
{
	struct reader in = READER(text);
	struct buf out = { .at = r->enhanced, .max = sizeof r->enhanced - 1 };

	if (reader_peek(&in) != (int)('0' + smtp_reply_class(r)) || smtp_reply_class(r) == 3)
		return;
	reader_take(&in, 1);
	if (!reader_skip(&in, '.') || !figures(&in, 3) || !reader_skip(&in, '.') || !figures(&in, 3))
		return;
	if (in.rest.len && in.rest.at[0] != ' ')
		return;
	buf_add(&out, str_upto(text, text.len - in.rest.len));
	r->enhanced[out.len] = 0;
}

static void keep_text(struct smtp_reply *r, str text)
{
	size_t used = str_of(r->text).len;

	if (used && used < SMTP_TEXT_MAX)
		r->text[used++] = ' ';
	escaped_copy(r->text + used, sizeof r->text - used, text);
}

err smtp_reply_add(struct smtp_reply *r, str line, str *text)
{
	unsigned code;
	bool more;

	must(!r->complete);
	TRY(read_code(line, &code, &more));
	if (r->lines && code != r->code)
		return LATER(PROTOCOL, "the server changed the code in the middle of a reply");
	if (++r->lines > SMTP_REPLY_LINES_MAX || (r->bytes += line.len) > SMTP_REPLY_BYTES_MAX)
		return LATER(PROTOCOL, "the server's reply does not end");
	r->code = code;
	line = str_from(line, 4);
	if (r->lines == 1)
		read_enhanced(r, line);
	keep_text(r, line);
	r->complete = !more;
	if (text)
		*text = line;
	return OK;
}

/* ── Capabilities ── */

static bool word(str *rest, str *out)
{
	str after;

	*rest = str_trim(*rest);
	if (rest->len == 0)
		return false;
	(void)str_cut(*rest, ' ', out, &after);
	*rest = after;
	return true;
}

static void add_logins(struct smtp_capabilities *c, str rest)
{
	str name;

	while (word(&rest, &name)) {
		c->login[SMTP_LOGIN_PLAIN] |= str_same_nocase(name, STR("PLAIN"));
		c->login[SMTP_LOGIN_LOGIN] |= str_same_nocase(name, STR("LOGIN"));
		c->login[SMTP_LOGIN_XOAUTH2] |= str_same_nocase(name, STR("XOAUTH2"));
	}
}

void smtp_capability_add(struct smtp_capabilities *c, str text)
{
	str name, number;

	if (!word(&text, &name))
		return;
	c->starttls |= str_same_nocase(name, STR("STARTTLS"));
	c->pipelining |= str_same_nocase(name, STR("PIPELINING"));
	c->eight_bit_mime |= str_same_nocase(name, STR("8BITMIME"));
	c->smtputf8 |= str_same_nocase(name, STR("SMTPUTF8"));
	c->enhanced_codes |= str_same_nocase(name, STR("ENHANCEDSTATUSCODES"));
	if (str_same_nocase(name, STR("AUTH")))
		add_logins(c, text);
	if (str_same_nocase(name, STR("SIZE"))) {
		c->size = true;
		if (!word(&text, &number) || !str_number(number, &c->size_max))
			c->size_max = 0;
	}
}
