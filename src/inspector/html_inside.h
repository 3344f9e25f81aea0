/* Inside the cleaner of HTML: the tables, the tokens, and what its files say to each other. */
#ifndef LETTERLOCK_INSPECTOR_HTML_INSIDE_H
#define LETTERLOCK_INSPECTOR_HTML_INSIDE_H

#include "inspector/html.h"

/* ── The list ────────────────────────────────────────────────────────────────────────────────────── */

enum html_nature {
	HTML_UNKNOWN,    /* the tag goes, the children stay */
	HTML_RAW,        /* goes, with the text up to its end tag, in which nothing is a tag */
	HTML_DROP,       /* goes, with its content */
	HTML_VOID,       /* has neither content nor end tag */
	HTML_VOID_BLOCK, /* and ends a paragraph: hr */
	HTML_PHRASE,     /* stands in a line of text */
	HTML_FORMAT,     /* so too, and is opened again after a block that ended before it did (13.2.4.3) */
	HTML_BLOCK,      /* ends an open paragraph */
	HTML_HEADING,
	HTML_ITEM, /* li, dt, dd */
	HTML_TABLE,
	HTML_SECTION, /* thead, tbody, tfoot */
	HTML_ROW,
	HTML_CELL,
	HTML_CAPTION,
	HTML_COLUMNS, /* colgroup */
	HTML_COLUMN,  /* col */
};

enum html_attribute_id {
#define ATTRIBUTE(id, name, kind, least, most, words) ATTRIBUTE_##id,
#include "inspector/html_attributes.def"
#undef ATTRIBUTE
	ATTRIBUTE_COUNT
};
_Static_assert(ATTRIBUTE_COUNT <= 64, "a set of attributes is one word");

enum html_value {
	VALUE_TEXT,
	VALUE_LINK,
	VALUE_IMAGE,
	VALUE_LANG,
	VALUE_WORD,
	VALUE_LENGTH,
	VALUE_NUMBER,
	VALUE_SIZE,
	VALUE_COLOUR,
	VALUE_FAMILY,
	VALUE_FLAG,
	VALUE_MOMENT,
	VALUE_STYLE
};

struct html_attribute {
	const char *name;
	enum html_value kind;
	int least, most;   /* of a number */
	const char *words; /* " one of these " */
};
extern const struct html_attribute html_attributes[ATTRIBUTE_COUNT];
int html_attribute_find(str name); /* an enum html_attribute_id, or -1; any case */

enum html_element_id {
	ELEMENT_NONE,
#define ELEMENT(id, nature, attributes) ELEMENT_##id,
#include "inspector/html_elements.def"
#undef ELEMENT
	ELEMENT_COUNT
};

struct html_element {
	str name;
	enum html_nature nature;
	uint64_t attributes; /* 1 << ATTRIBUTE_… */
};
extern const struct html_element html_elements[ELEMENT_COUNT];
enum html_element_id html_element_find(str name); /* ELEMENT_NONE if it is not in the table; any case */

static inline bool html_allowed(const struct html_element *e)
{
	return e->nature > HTML_DROP;
}

static inline bool html_is_void(const struct html_element *e)
{
	return e->nature == HTML_VOID || e->nature == HTML_VOID_BLOCK || e->nature == HTML_COLUMN;
}

/* ── Tokens (HTML 13.2.5) ────────────────────────────────────────────────────────────────────────── */

enum html_token_kind { TOKEN_END, TOKEN_TEXT, TOKEN_START_TAG, TOKEN_END_TAG, TOKEN_COMMENT, TOKEN_DECLARATION };

struct html_pair {
	str name, value; /* as they stand in the input, without quotes */
};

struct html_token {
	enum html_token_kind kind;
	str text; /* of a text; of a tag, its name; as it stands in the input */
	struct html_pair pairs[HTML_ATTRIBUTES_MAX];
	size_t pair_count;
	bool too_many; /* attributes */
};

struct html_scan {
	str rest;
};
void html_scan_next(struct html_scan *s, struct html_token *t);
void html_scan_raw(struct html_scan *s, str name); /* skips to </name, or to the end */

/* ── Steps ───────────────────────────────────────────────────────────────────────────────────────── */

struct html_report {
	struct arena *arena;
	struct html_removed *first, **last;
	size_t count;
};
/* A null report is told nothing. */
void html_report(struct html_report *r, const char *what, str name);

err html_filter(str html, struct html_report *r, struct buf *out, struct fault *f);

/* What is written of a tree; a null report, as above. */
struct html_writer {
	const struct html_rules *rules;
	struct html_report *report;
	struct buf *out;
	struct fault *fault;
};

struct html_tree;
err html_tree_make(str html, struct html_tree **out, struct fault *f);
void html_tree_done(struct html_tree **t);
err html_write(struct html_writer *w, const struct html_tree *t);

void html_write_text(struct buf *out, str text); /* escaped, without control characters */

/* The value in its one spelling, not escaped yet, or false: then the attribute goes. `room` is where it may be made. */
bool html_value(const struct html_writer *w, enum html_attribute_id which, str value, struct buf *room);
bool html_url(const struct html_writer *w, str url, bool image, struct buf *out);
void html_style(const struct html_writer *w, str style, struct buf *out);

/* ── Values that attributes and styles share ─────────────────────────────────────────────────────── */

bool html_colour_name(str name);                   /* of CSS Color 4, in lower case */
bool html_word_among(const char *words, str word); /* words: " a b c " */
bool html_families(str text, struct buf *out);     /* a list of fonts */

#endif
