#include "door/ops/inside.h"

#include "sys/sys.h"

enum { TEXT_MAX = 64 * 1024, CONNECTIONS = 16, STORE_LEAST = 1024 * 1024 };

/* ── Readiness ───────────────────────────────────────────────────────────────────────────────────── */

str readiness_name(size_t what)
{
	static const str names[READY_COUNT] = { [READY_DATABASE] = { "database", 8 },
						[READY_STORE] = { "store", 5 },
						[READY_KEEPER] = { "keeper", 6 },
						[READY_CERTIFICATE] = { "certificate", 11 } };

	return names[what];
}

/* A disk must be there and have room; another store must answer. */
static bool store_is_ready(const struct line *line, struct arena *a)
{
	str where = line->config->store;
	const char *path;
	uint64_t room = 0;

	if (!str_starts(where, STR("disk:")))
		return !failed(store_ready(line->store));
	return !failed(str_c(a, str_from(where, 5), &path)) && !failed(disk_room(path, &room)) && room >= STORE_LEAST;
}

static bool certificate_is_ready(const struct ops *o)
{
	struct tls_dates dates = page_server_certificate(o->options.page);
	moment now = clock_now(&o->options.line->clock);

	return dates.begins_at <= now && now < dates.ends_at;
}

/* A connection that broke is opened again at the next question. */
static bool reconnect(struct ops *o)
{
	return o->db || !failed(line_db(o->options.line, &o->db, NULL));
}

void ops_look(struct ops *o, struct arena *a, struct readiness *out)
{
	struct readiness r = { 0 };
	struct key_info *keys;

	r.ready[READY_KEEPER] = !failed(keyring_list(o->options.line->keys, a, &keys));
	if (r.ready[READY_KEEPER] && reconnect(o)) {
		err e = report_overview(o->options.line, o->db, a, &r.overview);
		r.known = r.ready[READY_DATABASE] = !failed(e);
		if (e.fate == FATE_BROKEN)
			db_done(&o->db);
	}
	r.ready[READY_STORE] = store_is_ready(o->options.line, a);
	r.ready[READY_CERTIFICATE] = certificate_is_ready(o);
	*out = r;
}

static err answer_ready(struct ops *o, struct arena *a, struct buf *b, struct http_answer *answer)
{
	struct readiness r;

	ops_look(o, a, &r);
	for (size_t i = 0; i < READY_COUNT; i++) {
		buf_add_format(b, "%.*s %s\n", STR_ARG(readiness_name(i)), r.ready[i] ? "ready" : "not ready");
		if (!r.ready[i])
			answer->status = 503;
	}
	return http_answer_field(answer, STR("Content-Type"), STR("text/plain; charset=utf-8"));
}

static err answer_metrics(struct ops *o, struct arena *a, struct buf *b, struct http_answer *answer)
{
	struct readiness r;

	ops_look(o, a, &r);
	ops_metrics(o, &r, b);
	return http_answer_field(answer, STR("Content-Type"), STR("text/plain; version=0.0.4; charset=utf-8"));
}

/* ── Server ──────────────────────────────────────────────────────────────────────────────────────── */

static err answer_path(struct ops *o, const struct http_request *request, struct buf *b, struct http_answer *answer)
{
	str path = request->head->path;

	if (request->head->method == HTTP_POST)
		return answer->status = 405, OK;
	if (str_same(path, STR("/readyz")))
		return answer_ready(o, request->arena, b, answer);
	if (str_same(path, STR("/metrics")))
		return answer_metrics(o, request->arena, b, answer);
	if (!str_same(path, STR("/healthz")))
		return answer->status = 404, OK;
	buf_add(b, STR("alive\n"));
	return http_answer_field(answer, STR("Content-Type"), STR("text/plain; charset=utf-8"));
}

static err handle(void *state, const struct http_request *request, struct http_answer *answer)
{
	struct ops *o = state;
	struct buf text;

	TRY(buf_open(request->arena, TEXT_MAX, &text));
	pthread_mutex_lock(&o->lock);
	err e = answer_path(o, request, &text, answer);
	pthread_mutex_unlock(&o->lock);
	TRY(e);
	answer->body = buf_str(&text);
	return buf_check(&text);
}

/* At a Unix socket there is no port to be at. */
static err name_it(struct arena *a, str listen, struct http_options *to)
{
	struct listen_at at;

	TRY(listen_at_parse(listen, &at));
	to->authority = at.path.len ? STR("localhost") : listen;
	return str_format(a, &to->alias, at.path.len ? "localhost" : "localhost:%u", at.port);
}

err ops_open(struct arena *a, const struct ops_options *options, struct ops **out, struct fault *fault)
{
	OWNED(ops_done) struct ops *o = calloc(1, sizeof *o);
	struct http_options http = { .listeners = options->listener,
				     .listener_count = 1,
				     .handler = handle,
				     .state = o,
				     .clock = options->line->clock,
				     .connections_max = CONNECTIONS,
				     .connections_of_one_max = CONNECTIONS };

	if (!o)
		return LATER(MEMORY, "no memory");
	o->options = *options;
	pthread_mutex_init(&o->lock, NULL);
	TRY(line_db(options->line, &o->db, fault));
	TRY(track_last(o->db, &o->event_seen));
	TRY(name_it(a, options->listen, &http));
	TRY(http_server_open(&http, &o->http));
	*out = o;
	o = NULL;
	return OK;
}

void ops_done(struct ops **ops)
{
	struct ops *o = *ops;

	*ops = NULL;
	if (!o)
		return;
	http_server_done(&o->http);
	db_done(&o->db);
	pthread_mutex_destroy(&o->lock);
	free(o);
}
