/* The header of a message, split into its fields (RFC 5322 2.2, RFC 6532 for UTF-8 in them). Nothing is
 * decoded: a field is known by its name and its bytes as they stand, folding included, because that is what
 * signatures are made over.
 *
 * Strict: lines end with CRLF and with nothing else; a bare CR or LF, a NUL, a line without a name, a first
 * line that continues nothing are NEVER HEADER. Blanks between name and colon (RFC 5322 4.5.3, obsolete) are
 * read, since relaxed canonicalisation knows them. */
#ifndef LETTERLOCK_WIRE_HEADER_H
#define LETTERLOCK_WIRE_HEADER_H

#include "base/base.h"

enum { HEADER_FIELD_MAX = 64 * 1024, HEADER_MAX = 256 * 1024, HEADER_FIELDS_MAX = 1000 };

struct header_field {
	str raw;  /* from the name on, without the CRLF that ends it */
	str name; /* as written */
	str body; /* what follows the colon, without the CRLF that ends it */
};

struct header {
	struct header_field *fields;
	size_t count;
};

/* The slices point into `message`. *body is what follows the empty line; empty if there is none. NEVER LIMIT
 * beyond the bounds above; `fault` tells the line. */
err header_split(struct arena *a, str message, struct header *out, str *body, struct fault *fault);
size_t header_count(const struct header *h, str name);                    /* fields of that name, in any case */
const struct header_field *header_find(const struct header *h, str name); /* the first, or null */
/* The body without folding, each fold as the blank it begins with, trimmed: for unstructured fields. */
err header_unfold(struct arena *a, const struct header_field *f, str *out);

#endif
