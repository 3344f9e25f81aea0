/* A message, written byte for byte (RFC 5322, 2045-2047, 2231, 6532, 8058). Lines end in CRLF and nothing
 * else; a header line is folded at 76 columns wherever the grammar lets it, and never passes 998; what has
 * to be one line (List-Unsubscribe, RFC 8058) is one.
 *
 * Every value that goes into a header passes one gate, mime_gate(): control bytes, line separators and
 * broken UTF-8 are NEVER HEADER with the field's name in the fault, so no input adds a header or a line.
 * What is not ASCII, and what could be read as an encoded word, is encoded. Custom headers come from an
 * allow-list of names; the fields that say who wrote and where it goes are ours alone, and Bcc is never
 * written at all.
 *
 * Texts are UTF-8 with any line ends; their transfer encoding is the lightest that survives transport.
 * Attachments are read from their sources once, through a window; nothing here holds one. */
#ifndef LETTERLOCK_WIRE_MIME_H
#define LETTERLOCK_WIRE_MIME_H

#include "wire/address.h"

enum {
	MIME_LINE = 76,         /* columns; RFC 2047 section 2 allows no more with encoded words */
	MIME_LINE_HARD = 998,   /* RFC 5322 2.1.1 */
	MIME_VALUE_MAX = 4096,  /* bytes of one header's value */
	MIME_NAME_MAX = 512,    /* bytes of a file name */
	MIME_MAILBOX_MAX = 100, /* in one field */
	MIME_HEADER_MAX = 50,   /* custom headers */
	MIME_ATTACHMENT_MAX = 500,
};

struct mime_mailbox {
	struct mime_mailbox *next;
	struct address address;
	str name; /* may be empty */
};

struct mime_header {
	struct mime_header *next;
	str name, value;
};

struct mime_attachment {
	struct mime_attachment *next;
	str name, type; /* type: "application/pdf", no parameters; empty for application/octet-stream */
	struct source content;
};

struct mime {
	struct mime_mailbox *from; /* exactly one */
	struct mime_mailbox *to, *cc, *reply_to;
	str subject;
	str id;       /* with angle brackets */
	str language; /* RFC 3282; may be empty */
	moment date;
	bool generated;                          /* Auto-Submitted: auto-generated, RFC 3834 */
	str unsubscribe_url, unsubscribe_mailto; /* https:… and mailto:…; may be empty */
	struct mime_header *headers;
	str text, html; /* at least one of them, unless there are attachments */
	bool exact;     /* texts get no last end of line that they lack: a message rebuilt has the bodies it had */
	struct mime_attachment *attachments;
};

/* Everything that can be refused is refused before the first byte. Finishes nothing. */
err mime_write(const struct mime *m, const struct entropy *e, struct sink *to, struct fault *f);
err mime_check(const struct mime *m, struct fault *f);

/* ── For messages whose content goes encrypted ── */

/* The header section alone, with MIME-Version but without the empty line: fields of the content follow. */
err mime_write_header(const struct mime *m, struct sink *to, struct fault *f);
/* The content alone, as an entity (RFC 2045 2.4): Content-… fields, an empty line, the body. With `outer`, what stands
 * in the clear, m's own header fields go first and are what a reader shows (RFC 9788, hp="cipher"); HP-Outer repeats
 * the ones outside, so that a reader can tell which of them were confidential. Without it m needs no header fields. */
err mime_write_entity(const struct mime *m, const struct mime *outer, const struct entropy *e, struct sink *to,
		      struct fault *f);
/* Bytes in, lines of base64 out (RFC 2045 6.8); finishing writes the last. */
err mime_base64_sink(struct arena *a, struct sink *below, struct sink *out);
/* For a multipart of one's own: 128 random bits; "=_" occurs in no quoted-printable or base64 body (RFC 2045 6.7). */
enum { MIME_BOUNDARY = 28 };
err mime_boundary(const struct entropy *e, char out[MIME_BOUNDARY]); /* not terminated */

bool mime_smtputf8(const struct mime *m); /* an address in it needs RFC 6531 */

/* The gate. `field` is what the person who filled it calls it: "subject", "attachment name". */
err mime_gate(str field, str value, struct fault *f);
/* May a caller set this header? NEVER HEADER with the reason. */
err mime_header_allowed(str name, struct fault *f);
err mime_type_check(str type, struct fault *f);      /* type/subtype of RFC 6838; not multipart, not message */
err mime_file_name_check(str name, struct fault *f); /* one path component without direction controls (E18) */

/* The SPEC of `letterlock mime build`, JSON: see mime_spec.c. Attachments with a `path` have no content yet. */
struct mime_file {
	struct mime_file *next;
	const char *path;
	struct mime_attachment *attachment;
};
err mime_spec_read(struct arena *a, str json, struct mime *out, struct mime_file **files, struct fault *f);

#endif
