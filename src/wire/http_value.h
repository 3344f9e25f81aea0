/* What stands in the fields and bodies of HTTP that the page reads and writes: forms, cookies, ranges, file names.
 * Pure. What two readers could understand in two ways counts as absent or is refused. */
#ifndef LETTERLOCK_WIRE_HTTP_VALUE_H
#define LETTERLOCK_WIRE_HTTP_VALUE_H

#include "base/base.h"

/* application/x-www-form-urlencoded (WHATWG URL 5.1), in UTF-8, without control bytes but TAB. NEVER SYNTAX for broken
 * escapes and other bytes, NEVER LIMIT beyond max fields. In the order sent; a name may repeat. */
struct form_field {
	str name, value;
};
struct form {
	struct form_field *fields;
	size_t count;
};
err form_parse(struct arena *a, str body, size_t fields_max, struct form *out);
/* The value of a name that stands there exactly once; null otherwise. */
const str *form_value(const struct form *f, str name);

/* RFC 6265 5.4: the value of one cookie; empty if it is not there, or twice. */
str cookie_value(str header, str name);

/* RFC 9110 14.1.2 and 14.2: one range of bytes. Several ranges, other units and malformed ones are passed over: the
 * whole is sent. */
enum range { RANGE_WHOLE, RANGE_PART, RANGE_OUTSIDE };
enum range range_of(str header, uint64_t size, uint64_t *first, uint64_t *len);

/* RFC 6266: attachment; filename="…" in ASCII for old readers, filename*= (RFC 8187) for all others. Path separators,
 * control and direction characters become '_', whatever was cleaned before. */
void buf_add_attachment(struct buf *b, str name);
void buf_add_inline(struct buf *b, str name); /* the same, to be shown */

/* The best of `offered` (two letters each) for an Accept-Language header (RFC 9110 12.5.4): the heaviest, of equals the
 * first. Empty if none is wanted. */
str language_of(str header, const str *offered, size_t count);

#endif
