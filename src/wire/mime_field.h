/* How header fields are spelled, for mime.c: tokens set one after another, folded where a line would grow too
 * long. Only values that passed mime_gate() come here. A failure sticks and is asked for once, by field_end(). */
#ifndef LETTERLOCK_WIRE_MIME_FIELD_H
#define LETTERLOCK_WIRE_MIME_FIELD_H

#include "wire/mime.h"

enum {
	FIELD_WORD_MAX = 60,    /* a longer word would not fit beside the name of its field: it is encoded */
	MIME_FALLBACK_MAX = 56, /* bytes of a file name for readers without RFC 2231 */
};

struct field {
	struct sink *to;
	size_t column;
	err state;
};

struct field field_begin(struct sink *to, str name);
err field_end(struct field *f);
void field_put(struct field *f, str bytes);   /* as it is, on this line */
void field_token(struct field *f, str token); /* after a space, or on a new line if it does not fit */
void field_text(struct field *f, str text);   /* unstructured (RFC 5322 2.2.1), encoded if it must be */
void field_mailboxes(struct field *f, const struct mime_mailbox *list);
void field_parameter(struct field *f, str name, str value); /* a token or quoted; ASCII */
void field_file_name(struct field *f, str name);            /* filename*= (RFC 2231) and filename= */
str mime_fallback_name(struct buf *b, str name);            /* the latter's value; b has room for MIME_FALLBACK_MAX */

err field_whole(struct sink *to, str name, str text); /* begin, text, end */
err field_raw(struct sink *to, str name, str value);  /* one line, neither encoded nor folded */

bool mime_plain_words(str text); /* printable ASCII, single spaces, nothing like an encoded word, short words */
void field_encoded(struct field *f, str text); /* RFC 2047 encoded words */

/* Bodies, for mime.c. */
enum mime_encoding { MIME_7BIT, MIME_QUOTED, MIME_BASE64 };
enum mime_encoding mime_encoding_for(str text);
str mime_encoding_name(enum mime_encoding e);
/* Ends with CRLF unless it is empty; with `exact` only if the text does. */
err mime_body_text(struct sink *to, enum mime_encoding e, str text, bool exact);
err mime_body_base64(struct sink *to, struct source *content);
enum { BASE64_IN = 57, BASE64_LINES = 512 };                           /* bytes a line, and lines at a time */
err mime_base64_lines(struct sink *to, const char *bytes, size_t len); /* at most so many */

/* For mime.c and mime_entity.c. With `protected` the content's type says that header fields before it are protected. */
err mime_write_fields(const struct mime *m, struct sink *to); /* all but MIME-Version */
err mime_write_content(const struct mime *m, bool protected, const struct entropy *e, struct sink *to);
err mime_check_content(const struct mime *m, struct fault *f);

#endif
