/* What the files of compose share. */
#ifndef LETTERLOCK_COMPOSE_INNER_H
#define LETTERLOCK_COMPOSE_INNER_H

#include "compose/compose.h"
#include "wire/template.h"

/* One template in one language. */
struct variant {
	struct variant *next;
	str language;                           /* lower case; empty: NAME/ itself */
	struct template *subject, *text, *html; /* html may be null */
};

struct layout {
	struct layout *next;
	str name;
	struct variant *variants;
};

struct compose {
	struct layout *layouts; /* the directory's before the built-in ones */
	str language;
	int utc_offset_minutes;
};

/* How a language writes dates and sizes (compose_words.c). English if it is none of ours. */
struct tongue;
const struct tongue *tongue_find(str language);
err tongue_date(const struct tongue *t, struct arena *a, moment at, int utc_offset_minutes, str *out);
err tongue_time(const struct tongue *t, struct arena *a, moment at, int utc_offset_minutes, str *out);
err tongue_moment(const struct tongue *t, struct arena *a, moment at, int utc_offset_minutes, str *out);
err tongue_size(const struct tongue *t, struct arena *a, uint64_t bytes, str *out);
err tongue_names(const struct tongue *t, struct arena *a, str joined_by_plus, str *out); /* "a_b+c": "a b and c" */

/* The texts that open the link, as they are looked for in everything a template can say (compose_secret.c). */
struct secrets;
err secrets_gather(struct arena *a, const struct recipient *r, struct secrets **out);
bool secrets_in(const struct secrets *s, str text);
bool secrets_name_column(const struct recipient *r, str column); /* is it asked for by the proof? */

/* The namespace of one recipient (compose_values.c). */
struct telling {
	const struct submission *submission;
	const struct recipient *recipient;
	const struct secrets *secrets;
	const struct tongue *tongue;
	str link_url;
	int utc_offset_minutes;
};
err values_tell(struct arena *a, const struct telling *t, struct template_value **out);

#endif
