/* Commands to a server. Everything that goes into a line passes the gate (wire/gate.h), an address path() besides. */
#include "wire/smtp.h"

#include "wire/gate.h"

enum { PATH_MAX_BYTES = 512 }; /* RFC 5321 4.5.3.1.3 says 256 with brackets; UTF-8 needs more */

/* The local part of a path ends at the first "@" outside of quotes. Inside them a space is allowed, but not the
 * brackets that end a path: a server that ignores the quotes would read the rest as parameters (B-16). */
static err path_byte(unsigned char c, bool quoted)
{
	if (c < 0x20 || c == 0x7F || c == '<' || c == '>')
		return NEVER(ADDRESS, "an address holds bytes that may not stand in a command");
	if (!quoted && (c == ' ' || c == '(' || c == ')' || c == ',' || c == ';' || c == '\\'))
		return NEVER(ADDRESS, "an address holds bytes that may not stand in a command");
	return OK;
}

static err path(str s)
{
	bool quoted = false, escaped = false;
	size_t ats = 0;

	if (s.len > PATH_MAX_BYTES || !gate_line(s, NULL))
		return NEVER(ADDRESS, "an address is too long, not UTF-8, or holds a control byte");
	for (size_t i = 0; i < s.len; i++) {
		char c = s.at[i];
		TRY(path_byte((unsigned char)c, quoted));
		if (c == '"' && !escaped) {
			/* A quoted string is the whole local part or no part of it (RFC 5321 4.1.2). */
			if (!quoted ? i != 0 : i + 1 >= s.len || s.at[i + 1] != '@')
				return NEVER(ADDRESS, "an address has quotes in the wrong place");
			quoted = !quoted;
		}
		ats += c == '@' && !quoted;
		escaped = quoted && c == '\\' && !escaped;
	}
	return !quoted && ats == 1 && s.at[0] != '@' && s.at[s.len - 1] != '@'
		       ? OK
		       : NEVER(ADDRESS, "an address has not the form local@domain");
}

err smtp_ehlo(struct buf *b, str name)
{
	if (name.len == 0 || name.len > 255 || !gate_word(name))
		return NEVER(SYNTAX, "the name for EHLO is not a domain or an address literal");
	buf_add(b, STR("EHLO "));
	buf_add(b, name);
	buf_add(b, STR("\r\n"));
	return buf_check(b);
}

err smtp_mail_from(struct buf *b, str from, const struct smtp_mail *parameters)
{
	if (from.len)
		TRY(path(from));
	buf_add(b, STR("MAIL FROM:<"));
	buf_add(b, from);
	buf_add_char(b, '>');
	if (parameters->with_size) {
		buf_add(b, STR(" SIZE="));
		buf_add_number(b, parameters->size);
	}
	if (parameters->eight_bit)
		buf_add(b, STR(" BODY=8BITMIME"));
	if (parameters->smtputf8)
		buf_add(b, STR(" SMTPUTF8"));
	buf_add(b, STR("\r\n"));
	return buf_check(b);
}

err smtp_rcpt_to(struct buf *b, str to)
{
	TRY(path(to));
	buf_add(b, STR("RCPT TO:<"));
	buf_add(b, to);
	buf_add(b, STR(">\r\n"));
	return buf_check(b);
}

/* NUL separates the parts of PLAIN and 0x01 those of XOAUTH2: inside a part they would be a second meaning. */
static err credential(str s)
{
	return s.len && gate_line(s, NULL) ? OK
					   : NEVER(AUTH, "a user name or secret is empty or holds control characters");
}

static void add_plain(struct buf *line, str user, str secret, struct buf *raw)
{
	buf_add_char(raw, 0);
	buf_add(raw, user);
	buf_add_char(raw, 0);
	buf_add(raw, secret);
	buf_add(line, STR("AUTH PLAIN "));
}

static void add_xoauth2(struct buf *line, str user, str secret, struct buf *raw)
{
	buf_add(raw, STR("user="));
	buf_add(raw, user);
	buf_add(raw, STR("\1auth=Bearer "));
	buf_add(raw, secret);
	buf_add(raw, STR("\1\1"));
	buf_add(line, STR("AUTH XOAUTH2 "));
}

err smtp_auth(struct buf *b, enum smtp_login how, str user, str secret)
{
	char bytes[6144];
	struct buf raw = BUF_ON(bytes);

	TRY(credential(user));
	TRY(credential(secret));
	if (how == SMTP_LOGIN_PLAIN)
		add_plain(b, user, secret, &raw);
	else if (how == SMTP_LOGIN_XOAUTH2)
		add_xoauth2(b, user, secret, &raw);
	else
		buf_add(b, STR("AUTH LOGIN"));
	buf_add_base64(b, buf_str(&raw));
	buf_add(b, STR("\r\n"));
	explicit_bzero(bytes, sizeof bytes);
	return err_first(buf_check(&raw), buf_check(b));
}

err smtp_auth_answer(struct buf *b, str answer)
{
	TRY(credential(answer));
	buf_add_base64(b, answer);
	buf_add(b, STR("\r\n"));
	return buf_check(b);
}
