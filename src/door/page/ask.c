/* What may be asked for instead of shown: a code (POST /d/TOKEN?code), and after expiry a new link (/d/TOKEN?late).
 *
 * Both take forms of ours, each with a MAC for its own purpose, from our own origin, and a number that a person types:
 * what fetches, posts blindly or presses whatever it finds asks for nothing. The new link's answer is the same, in
 * bytes and in time, for every token there could be: it goes to the mailbox, and only who reads that learns more. */
#include "door/page/inside.h"

#define LATE STR("late")
#define CODE STR("code")

static void answer_late_enough(struct visit *v)
{
	const struct clock clock = fetch_clock(v->page->options.fetch);

	v->answer->not_before = clock_ticks(&clock) + REFUSAL_TAKES;
}

/* ── A new link ── */

static err answer_late(struct visit *v, bool again)
{
	struct page_values values = visit_values(v, language_for(STR_NONE, v->request->head));

	TRY(add_sure(v, &values, LATE, again));
	return answer_page(v, PAGE_LATE, &values);
}

static err answer_asked(struct visit *v)
{
	struct page_values values = visit_values(v, language_for(STR_NONE, v->request->head));

	TRY(flow_fetch_want_link(v->page->options.fetch, v->token));
	return answer_page(v, PAGE_ASKED, &values);
}

err visit_late(struct visit *v)
{
	OWNED(arena_done) struct arena *secret = NULL;
	struct form form;

	answer_late_enough(v);
	if (!token_is_spelt(v->token) || fetch_rules_of(v->page->options.fetch)->renewal.most == 0)
		return answer_closed(v, 404, false);
	if (v->request->head->method != HTTP_POST)
		return answer_late(v, false);
	TRY(arena_open_secret(SECRET_MAX, &secret));
	TRY(visit_form(v, secret, &form));
	switch (form_says(v, &form, LATE)) {
	case FORM_SURE:
		return answer_asked(v);
	case FORM_UNSURE:
		return answer_late(v, true);
	case FORM_ASKS:
	case FORM_NOTHING:
		break;
	}
	return answer_closed(v, 403, true);
}

/* ── A code ── */

/* Who holds the mail learns two digits, and the person which of two telephones to take up. */
static str end_of_number(const struct fetch_view *view)
{
	const str *number = value_find(view->to->values, view->prompt);

	return number && number->len > 2 ? str_from(*number, number->len - 2) : STR_NONE;
}

static err answer_send(struct visit *v, const struct fetch_view *view, bool again)
{
	struct page_values values = visit_values(v, language_for(view->to->language, v->request->head));
	uint32_t most = fetch_rules_of(v->page->options.fetch)->codes;

	TRY(add_sure(v, &values, CODE, again));
	add_text(&values, "ends", end_of_number(view));
	add_number(&values, "codes_left", most > view->link.codes ? most - view->link.codes : 0);
	return answer_page(v, PAGE_SEND, &values);
}

static err ask_first(struct visit *v, bool again)
{
	OWNED(fetch_view_done) struct fetch_view view = { 0 };

	err e = flow_fetch_view(v->page->options.fetch, v->arena, v->token, &view);
	if (failed(e))
		return e.why == WHY_NOT_FOUND ? answer_closed(v, 403, true) : e;
	return view.link.proof == PROOF_CODE ? answer_send(v, &view, again) : answer_closed(v, 403, true);
}

err visit_code(struct visit *v)
{
	OWNED(arena_done) struct arena *secret = NULL;
	struct form form;

	answer_late_enough(v);
	TRY(arena_open_secret(SECRET_MAX, &secret));
	TRY(visit_form(v, secret, &form));
	switch (form_says(v, &form, CODE)) {
	case FORM_SURE:
		TRY(flow_fetch_want_code(v->page->options.fetch, v->token));
		return answer_see(v);
	case FORM_ASKS:
		return ask_first(v, false);
	case FORM_UNSURE:
		return ask_first(v, true);
	case FORM_NOTHING:
		break;
	}
	return answer_closed(v, 403, true);
}
