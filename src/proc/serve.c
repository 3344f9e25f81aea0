#include "proc/proc.h"

#include "door/page/page.h"
#include "flow/dispatch.h"
#include "flow/sweep.h"
#include "sys/listen.h"
#include "sys/sys.h"

#include <stdio.h>

enum { STEWARD_EVERY = 60 * SECOND, LOOK_EVERY = SECOND, DRAIN = 30 * SECOND };

struct service {
	struct line *line;
	const struct serve_options *options;
	int listener;
	struct page_server *page;
	struct dispatch *dispatch;
	struct db *steward_db;
	int64_t swept_ticks;
	char trouble[512];
};

err role_parse(str name, enum role *out)
{
	static const struct {
		str name;
		enum role role;
	} roles[] = {
		{ { "front", 5 }, ROLE_FRONT },
		{ { "courier", 7 }, ROLE_COURIER },
		{ { "steward", 7 }, ROLE_STEWARD },
	};

	for (size_t i = 0; i < sizeof roles / sizeof *roles; i++)
		if (str_same(name, roles[i].name)) {
			*out = roles[i].role;
			return OK;
		}
	return NEVER(USAGE, "a role is front, courier or steward");
}

static bool runs(const struct service *s, enum role role)
{
	return s->options->role == ROLE_ALL || s->options->role == role;
}

static void say(const struct service *s, const char *what, const char *more)
{
	char text[1024];

	snprintf(text, sizeof text, "%s%s", what, more);
	s->options->say(s->options->state, text);
}

/* A request failed on our side; its target is not told, because it holds the token (THREATS B-81). */
static void request_failed(void *state, err e)
{
	const struct service *s = state;
	char text[256];

	snprintf(text, sizeof text, "a request could not be answered: %s (%s)", err_verdict(e)->words, e.note);
	say(s, text, "");
}

/* ── Front ── */

/* host:port, [v6]:port. */
static err split_listen(str text, str *host, uint16_t *port, struct fault *fault)
{
	uint64_t number = 0;
	size_t colon = text.len;

	while (colon > 0 && text.at[colon - 1] != ':')
		colon--;
	if (colon < 2 || !str_number(str_from(text, colon), &number) || number > UINT16_MAX) {
		fault_set(fault, "serve.listen: address and port are written 127.0.0.1:8443 or [::]:443");
		return NEVER(CONFIG, "not an address and port");
	}
	*host = str_upto(text, colon - 1);
	if (str_starts(*host, STR("[")) && str_ends(*host, STR("]")))
		*host = str_upto(str_from(*host, 1), host->len - 2);
	*port = (uint16_t)number;
	return OK;
}

static err open_front(struct service *s, struct fault *fault)
{
	const struct config *c = s->line->config;
	struct page_server_options o = {
		.fetch = { c->database, s->line->keys, s->line->store, s->line->clock, s->line->entropy },
		.base_url = c->base_url,
		.certificate = c->serve.certificate,
		.key = c->serve.key,
		.connections_max = (unsigned)c->serve.connections_max,
		.connections_of_one_max = (unsigned)c->serve.connections_per_address,
		.request_max = c->serve.request_timeout,
		.idle_max = c->serve.idle_timeout,
		.failed = request_failed,
		.state = s,
	};
	uint16_t port;
	str host;

	TRY(split_listen(c->serve.listen, &host, &port, fault));
	TRY(listen_open(host, port, &s->listener, fault));
	o.listener = s->listener;
	TRY(page_server_open(&o, &s->page, fault));
	char room[512];
	struct buf where = BUF_ON(room);
	buf_add_format(&where, "the page of %.*s is served at %.*s", STR_ARG(c->base_url), STR_ARG(c->serve.listen));
	say(s, buf_c(&where), "");
	return OK;
}

/* ── Steward ── */

static err sweep_now_and_then(struct service *s)
{
	struct sweep_count done;
	int64_t now = clock_ticks(&s->line->clock);

	if (s->swept_ticks && now - s->swept_ticks < STEWARD_EVERY)
		return OK;
	s->swept_ticks = now;
	err e = flow_sweep(s->line, s->steward_db, &done);
	if (!failed(e) || e.fate == FATE_LATER)
		return OK;
	say(s, "sweeping failed: ", err_verdict(e)->words);
	return e;
}

/* ── Together ── */

static err start(struct service *s, struct fault *fault)
{
	const struct dispatch_options everything = { 0 };

	if (runs(s, ROLE_FRONT))
		TRY(open_front(s, fault));
	if (runs(s, ROLE_STEWARD))
		TRY(line_db(s->line, &s->steward_db, fault));
	if (runs(s, ROLE_COURIER))
		TRY(dispatch_begin(s->line, &everything, &s->dispatch, fault));
	return OK;
}

static err look_at_couriers(struct service *s)
{
	struct dispatch_view view;

	dispatch_look(s->dispatch, &view);
	if (strcmp(view.trouble, s->trouble) != 0)
		say(s, view.trouble[0] ? view.trouble : "mail goes out again", "");
	snprintf(s->trouble, sizeof s->trouble, "%s", view.trouble);
	return view.broken;
}

static err run(struct service *s, struct fault *fault)
{
	TRY(start(s, fault));
	do {
		if (s->steward_db)
			TRY(sweep_now_and_then(s));
		if (s->dispatch)
			TRY(look_at_couriers(s));
		if (s->page && reload_wanted()) {
			err e = page_server_reload(s->page, fault);
			say(s,
			    failed(e) ? "the certificate could not be loaded again; the old one stays"
				      : "the certificate was loaded again",
			    "");
		}
	} while (sys_sleep(LOOK_EVERY));
	say(s, "stopping: what is in flight is finished first", "");
	return OK;
}

err proc_serve(struct line *line, const struct serve_options *options, struct fault *fault)
{
	struct service s = { .line = line, .options = options, .listener = -1 };

	stop_watch();
	reload_watch();
	err e = run(&s, fault);
	if (s.page)
		page_server_stop(s.page, DRAIN);
	dispatch_end(&s.dispatch);
	page_server_done(&s.page);
	fd_done(&s.listener);
	db_done(&s.steward_db);
	return e;
}
