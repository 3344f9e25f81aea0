/* The two halves of SigV4: the canonical request, and what is signed of it. Not for others. */
#ifndef LETTERLOCK_WIRE_SIGV4_INSIDE_H
#define LETTERLOCK_WIRE_SIGV4_INSIDE_H

#include "wire/sigv4.h"

/* Fields as they are signed: names in lower case, sorted; the values of one name joined by commas. */
struct sigv4_signed {
	struct sigv4_field *fields;
	size_t count;
	str names; /* joined by ';' */
};
err sigv4_fields(struct arena *a, const struct sigv4_field *fields, size_t count, struct sigv4_signed *out);
err sigv4_path(struct arena *a, str path, const struct sigv4_rules *rules, str *out);
err sigv4_query(struct arena *a, str query, str *out);
err sigv4_canonical(struct arena *a, const struct sigv4_request *request, const struct sigv4_rules *rules,
		    const struct sigv4_signed *fields, str *out);

#endif
