/* What the files of compose share. */
#ifndef LETTERLOCK_COMPOSE_INNER_H
#define LETTERLOCK_COMPOSE_INNER_H

#include "compose/compose.h"
#include "wire/template.h"
#include "wire/tongue.h"

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
	bool show_digests;
	struct labels labels;
};

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
	const struct labels *labels;
	str link_url, code;          /* empty where the mail has none */
	const struct notice *notice; /* null if it is none */
	int utc_offset_minutes;
	bool show_digests;
};
err values_tell(struct arena *a, const struct telling *t, struct template_value **out);

#endif
