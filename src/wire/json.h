/* JSON text (RFC 8259) made directly into a buffer, for the small objects that events carry. What is read is
 * read with jansson, after json_deeper_than() said no: it goes down as deep as its input does. */
#ifndef LETTERLOCK_WIRE_JSON_H
#define LETTERLOCK_WIRE_JSON_H

#include "base/base.h"

/* A string with its quotes; control bytes are escaped and bytes that are not UTF-8 become U+FFFD. */
void buf_add_json(struct buf *b, str text);
/* What a terminal obeys or an eye misreads (base/fault.h) is written \uXXXX, within JSON that others made too: the
 * bytes that may stay as they are, and the escape for what comes then. */
size_t json_plain_run(str json);
void buf_add_json_escape(struct buf *b, uint32_t code);
/* "name":"text" after a comma if needed: between buf_add_char(b, '{') and buf_add_char(b, '}'). */
void buf_add_json_field(struct buf *b, const char *name, str text);
void buf_add_json_number(struct buf *b, const char *name, uint64_t number);
/* Does any value lie within more than `depth` arrays and objects? Strings are passed over; whether it is JSON at all
 * is not judged. */
bool json_deeper_than(str json, unsigned depth);
/* Are there more values than that? Commas, arrays and objects are counted, strings passed over: an empty object of two
 * bytes takes hundreds once it is read. */
bool json_more_than(str json, size_t values);

#endif
