/* What the files of the template engine share. */
#ifndef LETTERLOCK_WIRE_TEMPLATE_INNER_H
#define LETTERLOCK_WIRE_TEMPLATE_INNER_H

#include "wire/template.h"

/* Where a variable stands; decided at parse, obeyed by template_escape(). */
enum place {
	PLACE_TEXT,       /* plain text */
	PLACE_LINE,       /* a header line */
	PLACE_HTML,       /* element content or a quoted attribute */
	PLACE_URL_WHOLE,  /* the beginning of a URL: the value brings the scheme */
	PLACE_URL_PART,   /* after https://…: a component */
	PLACE_URL_OPAQUE, /* after mailto:, tel: or cid: */
};

enum node_kind { NODE_LITERAL, NODE_VARIABLE, NODE_SECTION, NODE_INVERTED };
struct node {
	struct node *next;
	enum node_kind kind;
	enum place place;
	bool in_html; /* a URL inside an attribute is escaped once more */
	str text;     /* of a literal; else the name */
	struct node *children;
	uint64_t line, column;
};

struct template
{
	enum template_form form;
	str file, source;
	struct node *nodes;
};

/* The HTML around a variable, followed byte by byte (template_html.c). Copied and compared at sections. */
enum html_state {
	HTML_TEXT,
	HTML_TAG_OPEN, /* after < */
	HTML_END_OPEN, /* after </ */
	HTML_TAG_NAME,
	HTML_END_NAME,
	HTML_TAG, /* between attributes */
	HTML_ATTRIBUTE,
	HTML_BEFORE_VALUE, /* after = */
	HTML_VALUE,        /* quoted by `quote`, or bare if that is 0 */
	HTML_AFTER_VALUE,
	HTML_MARKUP, /* after <! */
	HTML_COMMENT,
	HTML_DOCTYPE,
	HTML_RAW,    /* script, style and the like */
	HTML_RCDATA, /* title, textarea */
};
struct html {
	enum html_state state;
	char quote;
	bool url;         /* this attribute is one */
	uint8_t scheme;   /* of the URL: enum scheme */
	uint8_t seen;     /* bytes of `recent` */
	char element[16]; /* lower case, cut; NUL-terminated */
	char attribute[16];
	char recent[16]; /* of what is being recognised: URL prefix, end tag, comment end */
	char closes[16]; /* the element whose end tag ends raw text */
};
enum scheme { SCHEME_NONE, SCHEME_HIERARCHY, SCHEME_OPAQUE };

bool html_among(const char *name, const char *const *list); /* which a null ends */
/* Null if the byte may follow; else what is wrong, a literal. */
const char *html_step(struct html *h, char c);
/* May a variable stand here, and as what? Null, or what is wrong. Moves the state past the variable. */
const char *html_variable(struct html *h, enum place *place, bool *in_html);
/* May a template or a section end as it began? */
bool html_same(const struct html *a, const struct html *b);
const char *html_end(const struct html *h);
/* The URL scheme that `prefix` (the literal beginning of a URL) commits to. */
enum scheme url_scheme(str prefix);

/* NEVER TEMPLATE or NEVER HEADER with the reason as a literal in the error's note. */
err template_escape(struct buf *out, enum place place, bool in_html, str value);

/* Scopes, innermost first. */
struct scope {
	const struct scope *outer;
	const struct template_value *fields, *self;
};
const struct template_value *scope_find(const struct scope *s, str name);
str scope_nearest(struct arena *a, const struct scope *s, str name); /* empty if nothing is near */
bool value_is_true(const struct template_value *v);

#endif
