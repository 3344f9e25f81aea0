/* A form that a browser posts: from our own page, of the type that forms have. */
#include "door/page/inside.h"

/* A browser says where a form comes from (Fetch Metadata; RFC 6454 7.3); what says nothing is an old one, and is held
 * to the form's MAC alone. Because our pages say no-referrer, every browser calls their origin "null" (Fetch 3.2), as
 * it calls a hostile frame's; then Sec-Fetch-Site, which no page can set, has to vouch for it. */
static err check_origin(const struct visit *v)
{
	const str *site = http_head_field(v->request->head, STR("sec-fetch-site"));
	const str *origin = http_head_field(v->request->head, STR("origin"));

	if (site && !str_same(*site, STR("same-origin")))
		return NEVER(DENIED, "a form from another site");
	if (!origin || (site && str_same(*origin, STR("null"))))
		return OK;
	if (!str_starts(*origin, STR("https://")) || !str_same_nocase(str_from(*origin, 8), v->page->authority))
		return NEVER(DENIED, "a form from another origin");
	return OK;
}

static err check_type(struct visit *v)
{
	const str *type = http_head_field(v->request->head, STR("content-type"));
	str media, parameters;

	if (!type)
		return NEVER(SYNTAX, "a form without a type");
	(void)str_cut(*type, ';', &media, &parameters);
	if (!str_same_nocase(str_trim(media), STR("application/x-www-form-urlencoded")))
		return NEVER(SYNTAX, "another type than a form's");
	return OK;
}

err visit_form(struct visit *v, struct arena *secret, struct form *out)
{
	TRY(check_origin(v));
	TRY(check_type(v));
	return form_parse(secret, v->request->body, FORM_FIELDS_MAX, out);
}

static err purpose_text(struct visit *v, str purpose, str *out)
{
	if (purpose.len == 0) {
		*out = v->token;
		return OK;
	}
	return str_format(v->arena, out, "%.*s %.*s", STR_ARG(v->token), STR_ARG(purpose));
}

bool form_is_for(struct visit *v, const struct form *form, const char *name, str purpose)
{
	const str *mac = form_value(form, str_of(name));
	str text;

	return mac && !failed(purpose_text(v, purpose, &text)) &&
	       !failed(flow_fetch_form_check(v->page->options.fetch, text, *mac));
}

err form_for(struct visit *v, str purpose, str *out)
{
	str text;

	TRY(purpose_text(v, purpose, &text));
	return flow_fetch_form(v->page->options.fetch, v->arena, text, out);
}

/* ── A number that a person types ── */

/* Two digits that follow from the form's MAC, so that nothing has to be kept. They are no secret: they stand on the
 * page, and what fills forms in does not read. */
static unsigned number_of(str mac)
{
	unsigned sum = 0;

	for (size_t i = 0; i < mac.len; i++)
		sum = sum * 31 + (unsigned char)mac.at[i];
	return 10 + sum % 90;
}

static bool number_is_typed(const struct form *form)
{
	const str *mac = form_value(form, STR("sure")), *typed = form_value(form, STR("number"));
	uint64_t number;

	return mac && typed && str_number(str_trim(*typed), &number) && number == number_of(*mac);
}

err add_sure(struct visit *v, struct page_values *values, str purpose, bool wrong)
{
	str mac;

	TRY(form_for(v, purpose, &mac));
	add_text(values, "form", mac);
	add_number(values, "number", number_of(mac));
	add_flag(values, "wrong", wrong);
	return OK;
}

enum form_says form_says(struct visit *v, const struct form *form, str purpose)
{
	if (form_is_for(v, form, "sure", purpose))
		return number_is_typed(form) ? FORM_SURE : FORM_UNSURE;
	return form_is_for(v, form, "form", STR_NONE) ? FORM_ASKS : FORM_NOTHING;
}
