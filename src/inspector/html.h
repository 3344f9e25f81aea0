/* The cleaner of HTML: what comes from other programs and people becomes mail that can run nothing, fetch nothing
 * unasked and cover nothing. It is an allow-list: elements, attributes, URLs and styles that are named in the tables
 * (html_elements.def, html_attributes.def, html_styles.def) are written, anew, by us; everything else is left out.
 *
 *   1. A scanner reads tokens (html_scan.c) and a filter writes those that are on the list, properly nested and no
 *      deeper than HTML_DEPTH_MAX (html_filter.c). It is there for the time and memory of what follows; nothing
 *      rests on it for safety.
 *   2. gumbo makes the tree that a browser would make (html_tree.c), in an arena with an end.
 *   3. The tree is written through the allow-list (html_write.c): names from our tables, never from the input;
 *      values by the grammar of their attribute; text with & < > " ' ` and the no-break space escaped.
 *   4. What was written goes through 2 and 3 again and has to come out byte for byte the same. Markup that changes
 *      when it is read again is how filters were passed (mutation XSS); it is refused.
 *
 * Time is linear in the input and memory is bounded, whatever the input is. What is too large, too deep or too
 * tangled is NEVER LIMIT, what is not stable NEVER SYNTAX, each with a sentence in the fault. Cleaning what is clean
 * changes nothing. */
#ifndef LETTERLOCK_INSPECTOR_HTML_H
#define LETTERLOCK_INSPECTOR_HTML_H

#include "base/base.h"

enum {
	HTML_MAX = 512 * 1024,       /* bytes in */
	HTML_OUT_MAX = 2 * HTML_MAX, /* bytes out */
	HTML_DEPTH_MAX = 200,        /* elements open at a time */
	HTML_ATTRIBUTES_MAX = 64,    /* of one element */
	HTML_REMOVED_MAX = 64,       /* different things that are told apart in the list of what went */
};

struct html_rules {
	bool remote_images; /* https: in <img src>; cid: always is */
};

/* What was left out: "element", "attribute", "url" (its scheme), "style" (its property), "comment", "declaration";
 * last, if there were too many to name, "other". */
struct html_removed {
	struct html_removed *next;
	const char *what;
	str name; /* lower case, printable ASCII; may be empty */
	uint64_t count;
};

struct html_result {
	str html; /* UTF-8, what may stand inside <body> or <div> */
	struct html_removed *removed;
};

/* `out` lives in the arena. The arena needs room for HTML_OUT_MAX three times; the trees are made in one of their own.
 */
err html_clean(struct arena *a, str html, const struct html_rules *rules, struct html_result *out, struct fault *f);

#endif
