#include "door/page/page.h"

#include "sys/sys.h"

/* Of the templates; of one request, which may list ten thousand documents. */
enum { PAGES_MAX = 4 * 1024 * 1024, REQUEST_MAX = 64 * 1024 * 1024 };

struct page_server {
	struct arena *arena;
	struct fetch *fetch;
	struct tls_identity *identity;
	struct http_server *http, *acme;
	const char *challenges;
	struct page *page;
};

/* At port 80, for the authority: nothing else is there, and nobody is sent elsewhere. */
static err answer_authority(void *state, const struct http_request *request, struct http_answer *answer)
{
	const struct page_server *s = state;

	if (!str_starts(request->head->path, CHALLENGE_PATH) || request->head->method == HTTP_POST)
		return NEVER(NOT_FOUND, "nothing but challenges");
	return challenge_answer(s->challenges, str_from(request->head->path, CHALLENGE_PATH.len), answer);
}

/* The authority comes to the name without a port (RFC 8555 8.3), or in trials to another. */
static err start_acme(struct page_server *s, const struct page_server_options *o)
{
	str authority = page_authority(s->page), host, port;

	(void)str_cut(authority, ':', &host, &port);
	s->challenges = o->challenges;
	return http_server_open(&(struct http_options){ .listeners = o->acme,
							.listener_count = 1,
							.authority = host,
							.any_port = true,
							.handler = answer_authority,
							.state = s,
							.clock = o->fetch.clock,
							.connections_max = 64,
							.connections_of_one_max = 16 },
				&s->acme);
}

static err start(struct page_server *s, const struct page_server_options *o, struct fault *fault)
{
	TRY(fetch_open(&o->fetch, &s->fetch));
	TRY(page_open(s->arena,
		      &(struct page_options){ .fetch = s->fetch,
					      .challenges = o->challenges,
					      .base_url = o->base_url,
					      .look = o->look,
					      .hook = o->hook,
					      .failed = o->failed,
					      .state = o->state },
		      &s->page, fault));
	TRY(tls_identity_open(o->certificate, o->key, &s->identity, fault));
	if (o->challenges)
		TRY(tls_identity_challenges(s->identity, o->challenges));
	if (o->acme)
		TRY(start_acme(s, o));
	return http_server_open(&(struct http_options){ .listeners = o->listeners,
							.listener_count = o->listener_count,
							.proxies = o->proxies,
							.identity = s->identity,
							.authority = page_authority(s->page),
							.handler = page_handle,
							.state = s->page,
							.clock = o->fetch.clock,
							.arena_max = REQUEST_MAX,
							.body_max = o->hook ? HOOK_BODY_MAX : 0,
							.connections_max = o->connections_max,
							.connections_of_one_max = o->connections_of_one_max,
							.requests_of_one_max = o->requests_of_one_max,
							.handshake_max = o->handshake_max,
							.head_max = o->request_max,
							.body_max_t = o->request_max,
							.window_max = o->answer_max,
							.idle_max = o->idle_max },
				&s->http);
}

err page_server_open(const struct page_server_options *options, struct page_server **out, struct fault *fault)
{
	OWNED(page_server_done) struct page_server *s = calloc(1, sizeof *s);

	if (!s)
		return LATER(MEMORY, "no memory");
	TRY(arena_open(PAGES_MAX, &s->arena));
	TRY(start(s, options, fault));
	*out = s;
	s = NULL;
	return OK;
}

err page_server_reload(struct page_server *s, struct fault *fault)
{
	return tls_identity_reload(s->identity, fault);
}

struct tls_dates page_server_certificate(struct page_server *s)
{
	return tls_identity_dates(s->identity);
}

unsigned page_server_counts(struct page_server *s, struct http_counts *out)
{
	http_server_counts(s->http, out);
	return http_server_connections(s->http);
}

void page_server_stop(struct page_server *s, span drain)
{
	if (s->acme)
		http_server_stop(s->acme, 0);
	http_server_stop(s->http, drain);
}

void page_server_done(struct page_server **server)
{
	struct page_server *s = *server;

	*server = NULL;
	if (!s)
		return;
	http_server_done(&s->acme);
	http_server_done(&s->http);
	tls_identity_done(&s->identity);
	fetch_done(&s->fetch);
	arena_done(&s->arena);
	free(s);
}
