#include "flow/codes_request.h"

#include "crypt/crypt.h"
#include "wire/json.h"

enum { BODY_MAX = 16 * 1024 };

/* RFC 3986 2.3: what needs no escape; everything else is %XX, blanks too. */
static void add_form(struct buf *b, str text)
{
	for (size_t i = 0; i < text.len; i++) {
		char c = text.at[i];
		bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
			     c == '.' || c == '_' || c == '~';
		if (plain)
			buf_add_char(b, c);
		else
			buf_add_format(b, "%%%02X", (unsigned)(unsigned char)c);
	}
}

/* A JSON string without its quotes: the configured body has them. */
static void add_json(struct buf *b, str text)
{
	char room[4 * 1024];
	struct buf quoted = BUF_ON(room);

	buf_add_json(&quoted, text);
	if (quoted.overflow || quoted.len < 2)
		b->overflow = true;
	else
		buf_add(b, (str){ quoted.at + 1, quoted.len - 2 });
	crypt_wipe(room, sizeof room);
}

static void add_value(struct buf *b, enum config_sms_type type, str text)
{
	if (type == SMS_FORM)
		add_form(b, text);
	else
		add_json(b, text);
}

err codes_body(const struct config *c, str number, str text, struct arena *secret, str *out)
{
	const struct {
		str mark, value;
	} marks[] = { { STR("{number}"), number }, { STR("{text}"), text } };
	struct buf b;

	TRY(buf_open(secret, BODY_MAX, &b));
	for (str rest = c->sms.body; rest.len;) {
		size_t m = 0;
		while (m < 2 && !str_starts(rest, marks[m].mark))
			m++;
		if (m < 2)
			add_value(&b, c->sms.type, marks[m].value);
		else
			buf_add_char(&b, rest.at[0]);
		rest = str_from(rest, m < 2 ? marks[m].mark.len : 1);
	}
	*out = buf_str(&b);
	return buf_check(&b);
}
