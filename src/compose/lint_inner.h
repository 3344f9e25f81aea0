/* What the files of the linter share: not for others. lint.c judges a template as a whole, lint_markup.c its tags and
 * links, lint_style.c reads its styles, lint_colour.c knows colours. */
#ifndef LETTERLOCK_COMPOSE_LINT_INNER_H
#define LETTERLOCK_COMPOSE_LINT_INNER_H

#include "compose/compose_inner.h"
#include "compose/lint.h"
#include "wire/colour.h"

/* What a template is for: to announce documents, or, by its name, one of the mails of our own. Those carry no link. */
enum lint_kind { LINT_DOCUMENTS, LINT_NOTICE, LINT_REMINDER, LINT_CODE };

struct linting {
	struct arena *arena;
	const struct lint_rules *rules;
	str file;
	enum lint_kind kind;
	struct lint_finding **end, *last;
	size_t count;
};
err lint_say(struct linting *l, bool error, uint64_t line, const char *rule, const char *format, ...)
	__attribute__((format(printf, 5, 6)));

bool lint_listed(str list, str word); /* separated by blanks or commas, in any case */

/* ── Values (lint_values.c) ── */
/* What a template could be filled in with at the most: long names, all documents that are shown, and for each name of
 * the list that is not known a text. Variables that nothing answers are told. */
struct lint_used {
	struct lint_used *next;
	str name;
};
err lint_values(struct linting *l, const struct template *t, str language, struct lint_used **used,
		struct template_value **out);

/* ── Markup (lint_markup.c) ── */
err lint_markup(struct linting *l, str source);
err lint_links_in_text(struct linting *l, str source); /* of text.txt */

/* ── Colours (lint_colour.c) ── */
struct colour {
	bool known; /* if not: transparent, or not said */
	struct rgb rgb;
};
enum colour_read { COLOUR_READ, COLOUR_NONE, COLOUR_STRANGE };
enum colour_read colour_parse(str text, struct colour *out);
struct colour colour_inverted(struct colour c); /* its lightness turned round, as readers do */

/* ── Styles (lint_style.c) ── */
enum { STYLE_LIGHT, STYLE_DARK, STYLE_SCHEMES };
enum { STYLE_RULES_MAX = 300, STYLE_DEPTH_MAX = 100 };
struct style_colours {
	struct colour text, ground;
};
struct style_rule {
	str selector; /* one, without commas */
	str declarations;
	bool dark; /* within @media (prefers-color-scheme: dark) */
};
struct style_sheet {
	struct style_rule rules[STYLE_RULES_MAX];
	size_t count;
	bool knows_dark;
};
struct style_element {
	str name, classes;
	struct style_colours colours[STYLE_SCHEMES]; /* in force within it */
};
err style_read(struct linting *l, struct style_sheet *sheet, str css, uint64_t line);
/* What `stack[depth-1]` looks like, given its ancestors below, its style="" and its bgcolor and color. */
err style_apply(struct linting *l, const struct style_sheet *sheet, struct style_element *stack, size_t depth,
		str inline_style, str bgcolor, str color, uint64_t line);

#endif
