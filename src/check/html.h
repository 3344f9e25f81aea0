/* HTML from outside, cleaned by the inspector (inspector/html.h says by which rules and within which limits). What
 * comes back may stand inside <body> of a mail or inside an element of a page: it runs nothing, fetches nothing
 * unasked, and has neither ids, classes nor names. Cleaning it again changes nothing. */
#ifndef LETTERLOCK_CHECK_HTML_H
#define LETTERLOCK_CHECK_HTML_H

#include "base/base.h"
#include "inspect/inspect.h"

enum { CHECK_HTML_MAX = 512 * 1024, CHECK_HTML_OUT_MAX = 2 * CHECK_HTML_MAX }; /* bytes in and out */

struct html_policy {
	bool remote_images; /* pictures over https; those that the mail brings along (cid:) always may stay */
};

/* What was left out: "element", "attribute", "url" (its scheme), "style" (its property), "comment", "declaration",
 * "other". */
struct html_left_out {
	str what, name; /* printable ASCII */
	uint64_t count;
};

struct clean_html {
	str html;
	struct html_left_out *left_out;
	size_t left_out_count;
};

/* In the arena, with room for CHECK_HTML_OUT_MAX. NEVER LIMIT or SYNTAX with a sentence if it cannot be made clean;
 * what inspect() returns if the inspector could not do it. There is no third way: unclean HTML never comes back. */
err check_html(struct inspectors *pool, struct arena *a, str html, const struct html_policy *policy,
	       struct clean_html *out, struct fault *f);

#endif
