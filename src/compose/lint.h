/* Is a template fit to be mailed? A reading of its source, before any recipient: what a mail reader would cut, hide,
 * refuse or show as a trick (MISSION F8). Each finding says where it is and what to do.
 *
 *     error     the subject is missing or far too long · there is no text, or it lacks the link · the HTML, filled in,
 *               passes 102 KB, where Gmail cuts · a picture without alt · anything loaded from elsewhere · a form or a
 *               script · a link to a host that is not ours, or to one that shortens · a link that shows one host and
 *               leads to another · text that is too faint (WCAG 2.2 AA, 4.5:1), in light or in dark · a variable that
 *               nothing answers · no way to unsubscribe in a template marked {{! stream: bulk }}
 *     warning   a long subject · a column of the list that no file uses · a colour that cannot be judged · no lang
 *
 * In dark, colours are what the template says under prefers-color-scheme: dark if it says that it knows dark
 * (color-scheme), on the dark ground such readers have; and what readers make of them that turn light into dark
 * themselves if it does not. */
#ifndef LETTERLOCK_COMPOSE_LINT_H
#define LETTERLOCK_COMPOSE_LINT_H

#include "compose/compose.h"
#include "wire/template.h"

enum {
	LINT_FINDINGS_MAX = 200,
	LINT_HTML_MAX = 102 * 1024,
	LINT_SUBJECT_LONG = 78, /* characters: beyond it, a warning */
	LINT_SUBJECT_MAX = 150,
};

struct lint_rules {
	str own_hosts; /* separated by blanks or commas; links elsewhere are errors */
	str columns;   /* of the list, the same way; .at null: not known, then any name may be one */
	bool bulk;     /* every template needs a way to unsubscribe */
};

struct lint_finding {
	struct lint_finding *next;
	str file;
	uint64_t line; /* 0: the file as a whole */
	bool error;
	const char *rule; /* "link", "contrast", … */
	str words;
};

/* All languages of one template. NEVER TEMPLATE if there is none of that name. */
err compose_lint(struct arena *a, const struct compose *c, str name, const struct lint_rules *rules,
		 struct lint_finding **out, struct fault *f);
/* One file alone. */
err compose_lint_file(struct arena *a, enum template_form form, str path, str source, const struct lint_rules *rules,
		      struct lint_finding **out);
/* The name of a template, by index; empty past the last. */
str compose_template_name(const struct compose *c, size_t index);

#endif
