/* POST /d/TOKEN?not-for-me: "this is not for me". The page's button asks; the button of the answer tells the sender.
 * Two forms of ours in a row, each with its own MAC, so that what posts blindly, or whatever it scraped once, changes
 * nothing; and what changes opens, counts and locks nothing. The answers are the same whatever became of the link. */
#include "door/page/inside.h"

#define SURE STR("not for me")

static err ask(struct visit *v)
{
	struct page_values values = visit_values(v, language_for(STR_NONE, v->request->head));
	str form;

	TRY(form_for(v, SURE, &form));
	add_text(&values, "form", form);
	return answer_page(v, PAGE_DISOWN, &values);
}

static err tell(struct visit *v)
{
	struct page_values values = visit_values(v, language_for(STR_NONE, v->request->head));

	TRY(flow_fetch_disown(v->page->options.fetch, v->token));
	return answer_page(v, PAGE_DISOWNED, &values);
}

err visit_disown(struct visit *v)
{
	OWNED(arena_done) struct arena *secret = NULL;
	const struct clock clock = fetch_clock(v->page->options.fetch);
	struct form form;

	v->answer->not_before = clock_ticks(&clock) + REFUSAL_TAKES;
	TRY(arena_open_secret(SECRET_MAX, &secret));
	TRY(visit_form(v, secret, &form));
	if (form_is_for(v, &form, "sure", SURE))
		return tell(v);
	if (form_is_for(v, &form, "form", STR_NONE))
		return ask(v);
	return answer_closed(v, 403, true);
}
