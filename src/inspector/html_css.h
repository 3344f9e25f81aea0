/* Inside the cleaner of HTML: tokens of CSS (CSS Syntax 3, section 4), as far as a style attribute has them. Escapes
 * are resolved in names and strings, comments are blanks. Only html_css.c and html_style.c look here. */
#ifndef LETTERLOCK_INSPECTOR_HTML_CSS_H
#define LETTERLOCK_INSPECTOR_HTML_CSS_H

#include "inspector/html_inside.h"

enum { CSS_NAME_MAX = 64 };

enum css_kind {
	CSS_END,
	CSS_BLANK,
	CSS_IDENT,
	CSS_FUNCTION, /* its name; the bracket is taken */
	CSS_HASH,
	CSS_STRING,
	CSS_NUMBER, /* with its unit, "%" or none, as the name */
	CSS_OPEN,   /* ( [ { */
	CSS_CLOSE,
	CSS_MARK,  /* any other character, in `mark` */
	CSS_WRONG, /* url(…), at-keywords, broken strings, names that are too long: of no use to us */
};

struct css_token {
	enum css_kind kind;
	char mark;
	bool negative;   /* of a number */
	uint64_t number; /* without its sign, in ten-thousandths; UINT64_MAX if it has an exponent */
	char room[CSS_NAME_MAX];
	size_t len;
};

struct css {
	str rest;
};

void css_next(struct css *c, struct css_token *t);

static inline str css_name(const struct css_token *t) /* as it is written, escapes resolved */
{
	return (str){ t->room, t->len };
}

#endif
