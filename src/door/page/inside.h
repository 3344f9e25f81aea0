/* What the files of door/page share. Not for others. */
#ifndef LETTERLOCK_DOOR_PAGE_INSIDE_H
#define LETTERLOCK_DOOR_PAGE_INSIDE_H

#include "door/page/html.h"
#include "door/page/page.h"
#include "wire/http_value.h"

/* Every refusal leaves this long after its request came, whatever had to be done for it: no write, one or two. */
#define REFUSAL_TAKES (SECOND / 4)
enum { FORM_FIELDS_MAX = 32, SECRET_MAX = 64 * 1024 };

struct page {
	struct page_options options;
	str authority, origin; /* host:port, and with https:// before it */
	str style, logo, logo_type;
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

err visit_page(struct visit *v);                                 /* GET /d/TOKEN */
err visit_proof(struct visit *v);                                /* POST /d/TOKEN */
err visit_object(struct visit *v, str object, bool to_be_shown); /* GET /f/TOKEN/ID, /v/TOKEN/ID */
err visit_signature(struct visit *v, str object);                /* GET /s/TOKEN/ID */
err visit_bundle(struct visit *v);                               /* GET /a/TOKEN */
err visit_disown(struct visit *v);                               /* POST /d/TOKEN?not-for-me */
err visit_late(struct visit *v);                                 /* GET and POST /d/TOKEN?late */
err visit_code(struct visit *v);                                 /* POST /d/TOKEN?code */

/* ── Answers ── */

/* With what every page says: host, brand and token. */
struct page_values visit_values(const struct visit *v, enum page_language language);
err answer_page(struct visit *v, enum page_name name, const struct page_values *values);
/* The one answer for all that does not open; with `again`, a way back to the question. */
err answer_closed(struct visit *v, unsigned status, bool again);
err answer_see(struct visit *v); /* 303 to /d/TOKEN */
err answer_question(struct visit *v, const struct fetch_view *view);
bool token_is_spelt(str token);

/* The name of the cookie that opens this link. */
enum { COOKIE_NAME_MAX = 64 };
str cookie_name(id link, char room[COOKIE_NAME_MAX]);
/* NEVER DENIED without a good session for this link. */
err visit_session(const struct visit *v, const struct fetch_view *view, struct link_session *out);

/* ── What several pages say of a submission ── */

void add_sender(struct page_values *values, const struct page *p, const struct fetch_view *view);
void add_kind(struct page_values *values, str type);
bool may_be_shown(str type);                                                   /* by a browser, without danger */
void add_documents(struct page_values *values, const struct fetch_view *view); /* with names and digests */

/* ── Forms ── */

/* A form of a browser's, from our own origin; in the secret arena. NEVER DENIED, NEVER SYNTAX. */
err visit_form(struct visit *v, struct arena *secret, struct form *out);

/* Is the form's field `name` a MAC of ours over the token and that purpose ("": over the token alone)? Each purpose has
 * its own, so that no form can be sent in place of another. */
bool form_is_for(struct visit *v, const struct form *form, const char *name, str purpose);
err form_for(struct visit *v, str purpose, str *out);

/* What asks for something (a code, a new link, to be told that the mail went astray) asks in two steps: scanners with a
 * whole browser press what they find, also what that leads to. The second form wants a number typed that stands beside
 * it, which only somebody who reads it does (B-82); it is no secret, and what it guards costs at most a message. */
enum form_says {
	FORM_NOTHING, /* that is ours */
	FORM_ASKS,    /* the first one */
	FORM_UNSURE,  /* the second one, with another number or none */
	FORM_SURE
};
enum form_says form_says(struct visit *v, const struct form *form, str purpose);
err add_sure(struct visit *v, struct page_values *values, str purpose, bool wrong); /* for number.html */

/* ── Transfers: what has to live until the last byte has left ── */

struct transfer {
	struct page *page;
	struct fetch_view view;
	struct link_session session;
	const struct object *object; /* of all as one zip: without an id, with the size of the zip */
	uint64_t first, len;
};
void transfer_done(struct transfer **t);
/* Takes *t and *stream if all is well. The first bytes are read before anything is answered, so that damage is told in
 * words instead of a broken download: NEVER TAMPERED, NEVER KEY, NEVER NOT_FOUND. */
err transfer_begin(struct visit *v, struct transfer **t, struct source *stream);
/* What a transfer that could not begin is answered with. */
err transfer_refused(struct visit *v, struct transfer *t, err why);

/* ── The operator's look ── */

err brand_open(struct arena *a, struct page *p, struct fault *fault);

#endif
