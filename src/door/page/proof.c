/* POST /d/TOKEN: a proof is shown. */
#include "door/page/inside.h"

/* "proof", or "proof1", "proof2", … in the order of the form. */
static size_t proofs_of(const struct form *form, str parts[FORM_FIELDS_MAX])
{
	size_t count = 0;

	for (size_t i = 0; i < form->count; i++)
		if (str_starts(form->fields[i].name, STR("proof")))
			parts[count++] = form->fields[i].value;
	return count;
}

static err answer_refused(struct visit *v)
{
	return answer_closed(v, 403, true);
}

static err answer_wait(struct visit *v, span wait)
{
	struct page_values values = visit_values(v, language_for(STR_NONE, v->request->head));
	uint64_t seconds = (uint64_t)((wait + SECOND - 1) / SECOND);
	str spelt;

	v->answer->status = 429;
	TRY(str_format(v->arena, &spelt, "%llu", (unsigned long long)seconds));
	TRY(http_answer_field(v->answer, STR("Retry-After"), spelt));
	add_text(&values, "seconds", spelt);
	return answer_page(v, PAGE_WAIT, &values);
}

/* RFC 6265bis 4.1.3.2: a __Host- cookie is ours alone, and has no Domain. */
static err answer_proven(struct visit *v, id link, str session)
{
	char room[COOKIE_NAME_MAX];
	str cookie, name = cookie_name(link, room);

	TRY(str_format(v->arena, &cookie, "%.*s=%.*s; Path=/; Max-Age=%d; Secure; HttpOnly; SameSite=Strict",
		       STR_ARG(name), STR_ARG(session), (int)(LINK_SESSION_MAX / SECOND)));
	TRY(http_answer_field(v->answer, STR("Set-Cookie"), cookie));
	v->answer->not_before = 0;
	return answer_see(v);
}

static err try_proof(struct visit *v, struct arena *secret, const struct form *form)
{
	str parts[FORM_FIELDS_MAX], session = STR_NONE;
	size_t count = proofs_of(form, parts);
	struct link_outcome outcome;
	id link;

	err e = flow_fetch_prove(v->page->options.fetch, secret, v->token, &v->request->peer, parts, count, &outcome,
				 &link, &session);
	if (e.fate == FATE_NEVER && e.why == WHY_PROOF)
		return answer_see(v); /* nothing was shown: the question again */
	TRY(e);
	switch (outcome.answer) {
	case LINK_RIGHT:
		return answer_proven(v, link, session);
	case LINK_TOO_EARLY:
		return answer_wait(v, outcome.wait);
	case LINK_WRONG:
	case LINK_CLOSED:
		break;
	}
	return answer_refused(v);
}

err visit_proof(struct visit *v)
{
	OWNED(arena_done) struct arena *secret = NULL;
	const struct clock clock = fetch_clock(v->page->options.fetch);
	const str *form_token;
	struct form form;

	v->answer->not_before = clock_ticks(&clock) + REFUSAL_TAKES;
	TRY(arena_open_secret(SECRET_MAX, &secret));
	TRY(visit_form(v, secret, &form));
	form_token = form_value(&form, STR("form"));
	if (!form_token || failed(flow_fetch_form_check(v->page->options.fetch, v->token, *form_token)))
		return answer_refused(v);
	return try_proof(v, secret, &form);
}
