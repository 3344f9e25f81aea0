/* How people of a language write a date, a time and a size, and what they call that which a proof asks for. Pure.
 * English if a language is none of ours; a region ("de-CH") follows its language. */
#ifndef LETTERLOCK_WIRE_TONGUE_H
#define LETTERLOCK_WIRE_TONGUE_H

#include "base/base.h"

enum { TONGUE_EN, TONGUE_DE, TONGUE_FR, TONGUE_ES, TONGUES }; /* the order of every table of words */
struct tongue;
const struct tongue *tongue_find(str language);
unsigned tongue_place(const struct tongue *t); /* 0 to TONGUES - 1 */
str tongue_code(const struct tongue *t);       /* "de" */

/* With the weekday; the time names its zone. "Saturday, 28 November 2026 at 17:00 (UTC+1)". */
err tongue_date(const struct tongue *t, struct arena *a, moment at, int utc_offset_minutes, str *out);
err tongue_time(const struct tongue *t, struct arena *a, moment at, int utc_offset_minutes, str *out);
err tongue_moment(const struct tongue *t, struct arena *a, moment at, int utc_offset_minutes, str *out);
/* Two digits at least, in powers of ten: "950 bytes", "9.3 kB". NEVER LIMIT beyond 2^60. */
err tongue_size(const struct tongue *t, struct arena *a, uint64_t bytes, str *out);

/* ── What a column of the list is called (label.def, and the operator's own) ── */

struct label {
	str column;        /* "birth_date" */
	str text[TONGUES]; /* an empty one falls back to the built-in one, else to the column's name */
};
struct labels {
	const struct label *own;
	size_t count;
};
/* "birth_date" is "Date of birth"; a column that nobody has named is said with blanks for its underscores. */
err tongue_label(const struct tongue *t, const struct labels *labels, struct arena *a, str column, str *out);
/* Joined: within a sentence: "birth_date+plate" is "date of birth and plate". */
err tongue_names(const struct tongue *t, const struct labels *labels, struct arena *a, str joined_by_plus, str *out);
/* What a browser may fill in there (HTML 4.10.18.7), "off" if nothing is known; whether it reads as a date. */
str label_autocomplete(str column);
bool label_is_date(str column);

#endif
