/* wire/smtp: the client's side of SMTP (RFC 5321) as pure code, bytes in, values out.
 *
 * Replies are read line by line from a server that may be hostile (THREATS B-05, B-14): the codes of all lines
 * agree, lines and bytes are bounded, what is kept of the text is escaped and cut. Commands are built only
 * here, through one gate that refuses control bytes and anything else that could end a path or a line early
 * (B-16, B-20); parameters come from numbers and flags, never from text. A message goes through one check:
 * every line ends in CRLF and holds neither a bare CR nor a bare LF nor NUL (B-02), so that nobody between
 * here and the recipient can see two messages in one. */
#ifndef LETTERLOCK_WIRE_SMTP_H
#define LETTERLOCK_WIRE_SMTP_H

#include "base/base.h"

/* ── Replies ─────────────────────────────────────────────────────────────────────────────────────── */

enum {
	SMTP_REPLY_LINE_MAX = 2048, /* RFC 5321 4.5.3.1.5 says 512; some servers say more */
	SMTP_REPLY_LINES_MAX = 100,
	SMTP_REPLY_BYTES_MAX = 65536,
	SMTP_TEXT_MAX = 512,
};

struct smtp_reply {
	unsigned code;                /* 200 to 599; 0: none */
	char enhanced[12];            /* RFC 3463: "5.1.1" of the first line, when it agrees with the code; or empty */
	char text[SMTP_TEXT_MAX + 1]; /* all lines joined by a space, escaped, cut */
	unsigned lines;
	size_t bytes;
	bool complete;
};

/* Takes the next line (without CRLF) of a reply that began as { 0 }; `complete` tells when it was the last.
 * LATER PROTOCOL if it does not belong to a reply. *text, if not null, is the line without code and separator. */
err smtp_reply_add(struct smtp_reply *r, str line, str *text);
static inline unsigned smtp_reply_class(const struct smtp_reply *r)
{
	return r->code / 100;
}

/* ── What a server can do (RFC 5321 4.1.1.1) ─────────────────────────────────────────────────────── */

enum smtp_login { SMTP_LOGIN_NONE, SMTP_LOGIN_PLAIN, SMTP_LOGIN_LOGIN, SMTP_LOGIN_XOAUTH2 };

struct smtp_capabilities {
	bool starttls;       /* RFC 3207 */
	bool pipelining;     /* RFC 2920 */
	bool eight_bit_mime; /* RFC 6152 */
	bool smtputf8;       /* RFC 6531 */
	bool enhanced_codes; /* RFC 2034 */
	bool size;           /* RFC 1870 */
	uint64_t size_max;   /* 0: not said */
	bool login[4];       /* by enum smtp_login; RFC 4954 */
};
void smtp_capability_add(struct smtp_capabilities *c, str text); /* of each line of the reply to EHLO but the first */

/* ── Commands, each a whole line with CRLF ───────────────────────────────────────────────────────── */

err smtp_ehlo(struct buf *b, str name); /* a domain or an address literal; NEVER SYNTAX for anything else */
struct smtp_mail {
	bool with_size, eight_bit, smtputf8;
	uint64_t size;
};
/* Paths without angle brackets; `from` may be empty (the null reverse-path). NEVER ADDRESS unless every byte is
 * one that an address may have there. */
err smtp_mail_from(struct buf *b, str from, const struct smtp_mail *parameters);
err smtp_rcpt_to(struct buf *b, str to);

/* RFC 4954 with RFC 4616, the LOGIN of old, and XOAUTH2. The buffers hold secrets: the caller wipes them. PLAIN
 * and XOAUTH2 carry the secret as initial response, LOGIN answers two questions. NEVER AUTH for NUL and controls. */
err smtp_auth(struct buf *b, enum smtp_login how, str user, str secret);
err smtp_auth_answer(struct buf *b, str answer);

/* ── Messages ────────────────────────────────────────────────────────────────────────────────────── */

struct smtp_body {
	bool eight_bit; /* bytes above 0x7F */
	uint64_t lines;
};
/* NEVER PROTOCOL: a bare CR or LF, NUL, a line of more than 998 bytes (RFC 5322 2.1.1), no CRLF at the end. */
err smtp_body_check(str message, struct smtp_body *facts);
/* Writes a checked message with leading dots doubled and the final dot (RFC 5321 4.5.2); finishes nothing. */
err smtp_body_write(str message, struct sink *to);

#endif
