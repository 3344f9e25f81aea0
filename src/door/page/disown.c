/* POST /d/TOKEN?not-for-me: "this is not for me". The page's button asks; the button of the answer tells the sender.
 * Two forms of ours in a row, each with its own MAC, so that what posts blindly, or whatever it scraped once, changes
 * nothing; and what changes opens, counts and locks nothing. The answers are the same whatever became of the link. */
#include "door/page/inside.h"

/* What the second form's MAC is over, so that neither form can be sent in place of the other. */
static err sure_text(struct visit *v, str *out)
{
	return str_format(v->arena, out, "%.*s not for me", STR_ARG(v->token));
}

static bool form_is_ours(struct visit *v, const struct form *form, const char *name, str text)
{
	const str *mac = form_value(form, str_of(name));

	return mac && !failed(flow_fetch_form_check(v->page->options.fetch, text, *mac));
}

static err ask(struct visit *v, str sure)
{
	struct page_values values = visit_values(v, language_for(STR_NONE, v->request->head));
	str form;

	TRY(flow_fetch_form(v->page->options.fetch, v->arena, sure, &form));
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
	str sure;

	v->answer->not_before = clock_ticks(&clock) + REFUSAL_TAKES;
	TRY(arena_open_secret(SECRET_MAX, &secret));
	TRY(visit_form(v, secret, &form));
	TRY(sure_text(v, &sure));
	if (form_is_ours(v, &form, "sure", sure))
		return tell(v);
	if (form_is_ours(v, &form, "form", v->token))
		return ask(v, sure);
	return answer_closed(v, 403, true);
}
