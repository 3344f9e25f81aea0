/* What the files of door/page share. Not for others. */
#ifndef LETTERLOCK_DOOR_PAGE_INSIDE_H
#define LETTERLOCK_DOOR_PAGE_INSIDE_H

#include "door/page/html.h"
#include "door/page/page.h"

struct page {
	struct page_options options;
	str authority, origin; /* host:port, and with https:// before it */
	struct pages pages;
};

/* One request being answered. */
struct visit {
	struct page *page;
	struct arena *arena;
	const struct http_request *request;
	struct http_answer *answer;
	str token; /* as it stands in the path; may be anything */
};

err visit_page(struct visit *v);               /* GET /d/TOKEN */
err visit_proof(struct visit *v);              /* POST /d/TOKEN */
err visit_object(struct visit *v, str object); /* GET /f/TOKEN/ID */

/* With what every page says: host and token. */
struct page_values visit_values(const struct visit *v);
/* The one answer for all that does not open; with `again`, a way back to the question. */
err answer_closed(struct visit *v, unsigned status, bool again);
err answer_see(struct visit *v); /* 303 to /d/TOKEN */
bool token_is_spelt(str token);
/* The name of the cookie that opens this link. */
enum { COOKIE_NAME_MAX = 64 };
str cookie_name(id link, char room[COOKIE_NAME_MAX]);
/* NEVER DENIED without a good session for this link. */
err visit_session(const struct visit *v, const struct fetch_view *view, struct link_session *out);

#endif
