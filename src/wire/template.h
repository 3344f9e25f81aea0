/* Templates: the logic-less core of Mustache. {{x}} is a value, {{#x}}…{{/x}} a section for each of a list or
 * once if x has a text, {{^x}}…{{/x}} the opposite, {{! }} a comment. There are no lambdas, no partials, no
 * other delimiters, and no way to leave out escaping: {{{x}}} and {{&x}} are refused.
 *
 * Escaping is decided by the place, and the place is known when the template is parsed: text, quoted
 * attribute and URL in HTML; one line of a header; plain text. Where no escaping is safe (unquoted
 * attributes, tag names, comments, scripts, styles, event handlers) a variable is refused with line and
 * column. So no value can change the tree of the document, add a header or a line of one.
 *
 * A variable that no value has is an error, never an empty text: template_check() finds all of them before
 * anything is sent. A value can be there and be refused, with the reason: that is how secrets stay out.
 *
 * Parsed once, rendered many times, by any number of threads. */
#ifndef LETTERLOCK_WIRE_TEMPLATE_H
#define LETTERLOCK_WIRE_TEMPLATE_H

#include "base/base.h"

enum {
	TEMPLATE_MAX = 256 * 1024, /* bytes of source */
	TEMPLATE_DEPTH_MAX = 16,   /* sections within sections */
	TEMPLATE_NODES_MAX = 10000,
	TEMPLATE_STEPS_MAX = 1000000, /* nodes visited by one rendering */
	TEMPLATE_NAME_MAX = 128,
};

/* TEMPLATE_LINE is one line of a header; TEMPLATE_URL is one URL as a whole. */
enum template_form { TEMPLATE_TEXT, TEMPLATE_HTML, TEMPLATE_LINE, TEMPLATE_URL };
err template_form_parse(str name, enum template_form *out); /* text, html, subject, url */

/* VALUE_TEXT may have fields too: {{expires}} and {{expires.rfc3339}}. Names may hold dots and spaces. */
enum template_kind { VALUE_TEXT, VALUE_OBJECT, VALUE_LIST, VALUE_REFUSED };
struct template_value {
	struct template_value *next;
	str name;
	enum template_kind kind;
	str text; /* VALUE_REFUSED: why, as a sentence */
	struct template_value *fields;
	struct template_value *items; /* of a list; their names do not count */
};

struct template;

/* NEVER TEMPLATE with `file`, line and column in the fault. `source` has to live as long as the template. */
err template_parse(struct arena *a, enum template_form form, str source, str file, struct template **out,
		   struct fault *f);

/* What it was parsed from. */
enum template_form template_form_of(const struct template *t);
str template_file(const struct template *t);
str template_source(const struct template *t);

struct template_problem {
	struct template_problem *next;
	str name;
	uint64_t line, column;
	str nearest; /* a name that is known; may be empty */
	str refused; /* why it may not be used; empty if it is not known at all */
};
/* All variables that `values` cannot answer, in both branches of every section; a list is judged by its first
 * item, an empty one by nothing. */
err template_check(struct arena *a, const struct template *t, const struct template_value *values,
		   struct template_problem **out);
/* The first of them as an error in words; OK if there is none. */
err template_complain(const struct template *t, const struct template_problem *problems, struct fault *f);

/* NEVER TEMPLATE for a variable without value, for one that is refused, for a URL with a scheme that is not
 * allowed; NEVER HEADER for a control byte in a line; NEVER LIMIT if `out` is full. */
err template_render(const struct template *t, const struct template_value *values, struct buf *out, struct fault *f);

/* Values of `letterlock template render`: a JSON object. true is a text "true"; false and null are empty texts. */
err template_values_read(struct arena *a, str json, struct template_value **out, struct fault *f);

#endif
