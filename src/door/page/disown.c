/* POST /d/TOKEN?not-for-me: "this is not for me". The page's button asks; the button of the answer tells the sender.
 * Two forms of ours in a row, each with its own MAC, the second with a number that a person types, so that what posts
 * blindly, or presses whatever it finds, changes nothing; and what changes opens, counts and locks nothing. The answers
 * are the same whatever became of the link. */
#include "door/page/inside.h"

#define SURE STR("not for me")

static err ask(struct visit *v, bool again)
{
	struct page_values values = visit_values(v, language_for(STR_NONE, v->request->head));

	TRY(add_sure(v, &values, SURE, again));
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
	switch (form_says(v, &form, SURE)) {
	case FORM_SURE:
		return tell(v);
	case FORM_ASKS:
		return ask(v, false);
	case FORM_UNSURE:
		return ask(v, true);
	case FORM_NOTHING:
		break;
	}
	return answer_closed(v, 403, true);
}
