#include "door/page/page.h"

#include "sys/sys.h"

/* Of the templates; of one request, which may list ten thousand documents. */
enum { PAGES_MAX = 4 * 1024 * 1024, REQUEST_MAX = 64 * 1024 * 1024 };

struct page_server {
	struct arena *arena;
	struct fetch *fetch;
	struct tls_identity *identity;
	struct http_server *http;
	struct page *page;
};

static err start(struct page_server *s, const struct page_server_options *o, struct fault *fault)
{
	TRY(fetch_open(&o->fetch, &s->fetch));
	TRY(page_open(s->arena,
		      &(struct page_options){ .fetch = s->fetch,
					      .base_url = o->base_url,
					      .look = o->look,
					      .failed = o->failed,
					      .state = o->state },
		      &s->page, fault));
	TRY(tls_identity_open(o->certificate, o->key, &s->identity, fault));
	return http_server_open(&(struct http_options){ .listeners = o->listeners,
							.listener_count = o->listener_count,
							.proxies = o->proxies,
							.identity = s->identity,
							.authority = page_authority(s->page),
							.handler = page_handle,
							.state = s->page,
							.clock = o->fetch.clock,
							.arena_max = REQUEST_MAX,
							.connections_max = o->connections_max,
							.connections_of_one_max = o->connections_of_one_max,
							.head_max = o->request_max,
							.body_max_t = o->request_max,
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
	http_server_stop(s->http, drain);
}

void page_server_done(struct page_server **server)
{
	struct page_server *s = *server;

	*server = NULL;
	if (!s)
		return;
	http_server_done(&s->http);
	tls_identity_done(&s->identity);
	fetch_done(&s->fetch);
	arena_done(&s->arena);
	free(s);
}
