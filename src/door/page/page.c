#include "door/page/inside.h"

/* ── Opening ─────────────────────────────────────────────────────────────────────────────────────── */

/* What browsers say as Host for this base: without the port that https implies. */
static err authority_of(str base_url, str *out, struct fault *fault)
{
	str rest = str_from(base_url, 8);

	while (str_ends(rest, STR("/")))
		rest.len--;
	if (!str_starts(base_url, STR("https://")) || rest.len == 0 || str_has(rest, '/') || str_has(rest, '@')) {
		fault_set(fault, "base_url must be an origin such as https://docs.example.com, without a path");
		return NEVER(CONFIG, "the base URL is no https origin");
	}
	if (str_ends(rest, STR(":443")))
		rest.len -= 4;
	*out = rest;
	return OK;
}

err page_open(struct arena *a, const struct page_options *options, struct page **out, struct fault *fault)
{
	struct page *p;

	TRY(NEW(a, p));
	p->options = *options;
	TRY(authority_of(options->base_url, &p->authority, fault));
	TRY(str_format(a, &p->origin, "https://%.*s", STR_ARG(p->authority)));
	TRY(brand_open(a, p, fault));
	TRY(pages_open(a, &p->pages, fault));
	*out = p;
	return OK;
}

str page_authority(const struct page *p)
{
	return p->authority;
}

/* ── What every answer may need ──────────────────────────────────────────────────────────────────── */

static bool is_token_char(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool token_is_spelt(str token)
{
	for (size_t i = 0; i < token.len; i++)
		if (!is_token_char(token.at[i]))
			return false;
	return token.len == LINK_TOKEN_TEXT;
}

enum { FORM_MAX = 64 * 1024 };
enum { PATH_SAID = 200 }; /* ours are shorter; a longer one is not worth a page's room */

struct page_values visit_values(const struct visit *v, enum page_language language)
{
	const struct page *p = v->page;
	struct page_values values = page_values(v->arena, language, p->options.look.utc_offset_minutes);
	str path = v->request->head->path, self = STR_NONE;

	values.failed = str_format(v->arena, &self, "%.*s%.*s", STR_ARG(p->origin),
				   STR_ARG(path.len <= PATH_SAID ? path : STR("/help")));
	add_text(&values, "self", self);
	add_text(&values, "origin", p->origin);
	add_text(&values, "host", p->authority);
	add_text(&values, "brand", p->options.look.brand.len ? p->options.look.brand : p->authority);
	add_flag(&values, "logo", p->logo.len > 0);
	add_text(&values, "token", v->token);
	return values;
}

err answer_page(struct visit *v, enum page_name name, const struct page_values *values)
{
	return page_make(&v->page->pages, name, values, v->answer);
}

err answer_closed(struct visit *v, unsigned status, bool again)
{
	struct page_values values = visit_values(v, language_for(STR_NONE, v->request->head));

	v->answer->status = status;
	add_text(&values, "again", again && token_is_spelt(v->token) ? STR("yes") : STR_NONE);
	add_flag(&values, "late", fetch_rules_of(v->page->options.fetch)->renewal.most > 0 && token_is_spelt(v->token));
	return answer_page(v, PAGE_CLOSED, &values);
}

err answer_see(struct visit *v)
{
	enum page_language chosen;
	str path, language = STR_NONE;

	if (!token_is_spelt(v->token))
		return answer_closed(v, 404, false);
	if (language_chosen(v->request->head, &chosen))
		language = language_name(chosen);
	TRY(str_format(v->arena, &path, "/d/%.*s%s%.*s", STR_ARG(v->token), language.len ? "?lang=" : "",
		       STR_ARG(language)));
	v->answer->status = 303;
	return http_answer_field(v->answer, STR("Location"), path);
}

str cookie_name(id link, char room[COOKIE_NAME_MAX])
{
	struct buf name = { .at = room, .max = COOKIE_NAME_MAX };

	buf_add(&name, STR("__Host-open-"));
	buf_add_id(&name, link);
	return buf_str(&name);
}

err visit_session(const struct visit *v, const struct fetch_view *view, struct link_session *out)
{
	const str *cookies = http_head_field(v->request->head, STR("cookie"));
	char room[COOKIE_NAME_MAX];

	if (!cookies)
		return NEVER(DENIED, "no cookie");
	return flow_fetch_session(v->page->options.fetch, view,
				  cookie_value(*cookies, cookie_name(view->link.id, room)), out);
}

/* ── Routes ──────────────────────────────────────────────────────────────────────────────────────── */

static err answer_text(struct visit *v, str type, str text)
{
	v->answer->body = text;
	return http_answer_field(v->answer, STR("Content-Type"), type);
}

static err answer_style(struct visit *v, str rest)
{
	(void)rest;
	return answer_text(v, STR("text/css; charset=utf-8"), v->page->style);
}

static err answer_logo(struct visit *v, str rest)
{
	(void)rest;
	if (v->page->logo.len == 0)
		return answer_closed(v, 404, false);
	return answer_text(v, v->page->logo_type, v->page->logo);
}

static err answer_help(struct visit *v, str rest)
{
	struct page_values values = visit_values(v, language_for(STR_NONE, v->request->head));

	(void)rest;
	return answer_page(v, PAGE_HELP, &values);
}

static err answer_robots(struct visit *v, str rest)
{
	(void)rest;
	return answer_text(v, STR("text/plain; charset=utf-8"), STR("User-agent: *\nDisallow: /\n"));
}

static err answer_health(struct visit *v, str rest)
{
	(void)rest;
	return answer_text(v, STR("text/plain; charset=utf-8"), STR("ok\n"));
}

static err answer_link(struct visit *v, str rest)
{
	const struct http_head *head = v->request->head;

	v->token = rest;
	if (str_starts(head->query, STR("late")))
		return visit_late(v);
	if (head->method != HTTP_POST)
		return visit_page(v);
	if (str_starts(head->query, STR("code")))
		return visit_code(v);
	return str_starts(head->query, STR("not-for-me")) ? visit_disown(v) : visit_proof(v);
}

static err answer_object(struct visit *v, str rest)
{
	str object;

	(void)str_cut(rest, '/', &v->token, &object);
	return visit_object(v, object, false);
}

static err answer_shown(struct visit *v, str rest)
{
	str object;

	(void)str_cut(rest, '/', &v->token, &object);
	return visit_object(v, object, true);
}

static err answer_signature(struct visit *v, str rest)
{
	str object;

	(void)str_cut(rest, '/', &v->token, &object);
	return visit_signature(v, object);
}

static err answer_bundle(struct visit *v, str rest)
{
	v->token = rest;
	return visit_bundle(v);
}

static err answer_authority(struct visit *v, str rest)
{
	err e = challenge_answer(v->page->options.challenges, rest, v->answer);

	return e.why == WHY_NOT_FOUND ? answer_closed(v, 404, false) : e;
}

static err answer_hook(struct visit *v, str rest)
{
	(void)rest;
	if (!v->page->options.hook)
		return answer_closed(v, 404, false);
	return hook_sns(v->page->options.hook, v->request, v->answer);
}

static const struct route {
	str path;
	bool prefix, takes_post;
	err (*answer)(struct visit *v, str rest);
} routes[] = {
	{ STR("/d/"), true, true, answer_link },
	{ STR("/f/"), true, false, answer_object },
	{ STR("/v/"), true, false, answer_shown },
	{ STR("/s/"), true, false, answer_signature },
	{ STR("/a/"), true, false, answer_bundle },
	{ STR("/help"), false, false, answer_help },
	{ STR("/logo"), false, false, answer_logo },
	{ STR("/style.css"), false, false, answer_style },
	{ STR("/robots.txt"), false, false, answer_robots },
	{ STR("/healthz"), false, false, answer_health },
	{ STR("/.well-known/acme-challenge/"), true, false, answer_authority },
	{ HOOK_SNS_PATH, false, true, answer_hook },
};

static const struct route *route_for(str path)
{
	for (size_t i = 0; i < sizeof routes / sizeof *routes; i++)
		if (routes[i].prefix ? str_starts(path, routes[i].path) : str_same(path, routes[i].path))
			return &routes[i];
	return NULL;
}

static err answer(struct visit *v)
{
	const struct http_head *head = v->request->head;
	const struct route *route = route_for(head->path);

	if (!route)
		return answer_closed(v, 404, false);
	if (head->method == HTTP_POST && !route->takes_post) {
		v->answer->status = 405;
		return http_answer_field(v->answer, STR("Allow"), STR("GET, HEAD"));
	}
	/* Forms of ours are short; only what other services post is longer. */
	if (v->request->body.len > FORM_MAX && route->answer != answer_hook)
		return NEVER(LIMIT, "longer than any form");
	return route->answer(v, str_from(head->path, route->path.len));
}

err page_handle(void *page, const struct http_request *request, struct http_answer *out)
{
	struct page *p = page;
	struct visit v = { .page = p, .arena = request->arena, .request = request, .answer = out };

	err e = answer(&v);
	if (failed(e) && e.fate != FATE_NEVER && p->options.failed)
		p->options.failed(p->options.state, e);
	return e;
}
