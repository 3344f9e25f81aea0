/* Messages in the inspector: our own scan first (wire/mime_scan.h), which refuses whatever could be read in two ways;
 * then GMime is given the skeleton, headers and boundaries without bodies, so its memory is bounded by theirs however
 * long the message is. It decodes what people wrote in headers, and it has to find the same tree, with the same types
 * and the same names, or the message is refused: two readers that do not agree are one too many.
 *
 * The answer is a JSON object of the message, one for each of its parts within:
 *
 *     {"type","name","disposition","encoding","size","sha256","headers":[{"name","value"}…],"parts":[…],
 *      "charset","id","offset","length","from":[{"name","address"}…],"to","cc","reply_to"}
 *
 * `size` and `sha256` are of the decoded body, null where a part only holds others; `offset` and `length` say where its
 * encoded body stands in the message; a mailbox that is a group has "group" instead of "address"; `name`,
 * `disposition`, `charset` and `id` are null where nothing is said. Values of headers are decoded (RFC 2047), those of
 * Content-… stand as they came. */
#ifndef LETTERLOCK_INSPECTOR_MIME_H
#define LETTERLOCK_INSPECTOR_MIME_H

#include "wire/mime_scan.h"

/* NEVER HEADER, SYNTAX or LIMIT, with the line in the fault. `limits` may be null. */
err mime_show(struct arena *a, const struct mime_limits *limits, bool strict, struct source *message, struct buf *json,
	      struct fault *f);

/* The second opinion: GMime on the skeleton. NEVER HEADER if it does not agree. */
err mime_agree(const struct mime_part *root, str skeleton, struct fault *f);
/* Mailboxes of an address field, as a JSON list. */
err mime_mailboxes(struct arena *a, str value, struct buf *json);
/* A header's value as people read it. */
err mime_words(struct arena *a, str value, str *out);

#endif
