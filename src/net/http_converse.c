#include "net/http_inside.h"

#include "sys/sys.h"
#include "wire/proxy_head.h"

/* One connection from handshake to goodbye. */
struct conversation {
	struct http_place *place;
	const struct http_options *options;
	struct tls_session *session;
	int wake;
};

/* One request, whole: what has arrived is in `in`, the first `head_len` bytes of it are the head. */
struct exchange {
	struct conversation *with;
	struct arena *arena;
	struct buf in;
	size_t head_len;
	struct http_head head;
	struct buf body;
	unsigned refused; /* status; 0: not refused */
	bool more_sent;   /* bytes beyond the request had arrived before it was answered */
};

static struct tls_wait wait_of(const struct conversation *c, span most, int wake)
{
	return (struct tls_wait){ .clock = c->options->clock,
				  .until = clock_ticks(&c->options->clock) + most,
				  .wake = wake };
}

/* For whoever has yet to say something: where places run short, a quarter of the time. Those who wait for one are
 * served the sooner for it, and who has a request to make makes it in less. */
static struct tls_wait wait_for_words(const struct conversation *c, span most, int wake)
{
	return wait_of(c, http_server_crowded(c->place->server) ? most / 4 : most, wake);
}

/* ── Reading ─────────────────────────────────────────────────────────────────────────────────────── */

static err refuse(struct exchange *x, unsigned status, err why)
{
	x->refused = status;
	return why;
}

/* A deadline for the whole head, however the bytes trickle in (B-11). */
static err read_head(struct exchange *x)
{
	struct tls_wait wait = wait_for_words(x->with, x->with->options->head_max, -1);
	struct http_scan scan = { 0 };
	size_t got;

	TRY(buf_open(x->arena, HTTP_HEAD_MAX, &x->in));
	for (;;) {
		if (x->in.len == x->in.max)
			return refuse(x, 431, NEVER(LIMIT, "the head is too long"));
		err e = tls_read(x->with->session, x->in.at + x->in.len, x->in.max - x->in.len, wait, &got);
		if (failed(e))
			return refuse(x, e.why == WHY_TIMEOUT ? 408 : 0, e);
		x->in.len += got;
		switch (http_scan(&scan, buf_str(&x->in), &x->refused)) {
		case HTTP_SCAN_REFUSED:
			return NEVER(SYNTAX, "not a head");
		case HTTP_SCAN_WHOLE:
			x->head_len = scan.seen;
			return OK;
		case HTTP_SCAN_MORE:
			break;
		}
	}
}

static err say_continue(struct exchange *x)
{
	static const char interim[] = "HTTP/1.1 100 Continue\r\n\r\n";

	return tls_write(x->with->session, interim, sizeof interim - 1,
			 wait_of(x->with, x->with->options->head_max, -1));
}

static err read_rest_of_body(struct exchange *x)
{
	struct tls_wait wait = wait_of(x->with, x->with->options->body_max_t, -1);
	struct buf *body = &x->body;
	size_t got;

	while (body->len < body->max) {
		err e = tls_read(x->with->session, body->at + body->len, body->max - body->len, wait, &got);
		if (failed(e))
			return refuse(x, e.why == WHY_TIMEOUT ? 408 : 0, e);
		body->len += got;
	}
	return OK;
}

static err read_body(struct exchange *x)
{
	str arrived = str_from(buf_str(&x->in), x->head_len);
	size_t len = (size_t)x->head.body_len; /* bounded by http_head_parse() */

	x->more_sent = arrived.len > len;
	if (len == 0)
		return OK;
	TRY(buf_open(x->arena, len, &x->body));
	buf_add(&x->body, str_upto(arrived, len));
	if (x->head.expects_continue && x->body.len == 0)
		TRY(say_continue(x));
	return read_rest_of_body(x);
}

static err read_request(struct exchange *x)
{
	const struct http_options *o = x->with->options;
	const struct http_rules rules = {
		.authority = o->authority, .alias = o->alias, .any_port = o->any_port, .body_max = o->body_max
	};

	TRY(read_head(x));
	TRY(http_head_parse(str_upto(buf_str(&x->in), x->head_len), &rules, &x->head, &x->refused));
	return read_body(x);
}

/* ── Answering ───────────────────────────────────────────────────────────────────────────────────── */

/* The end of every answer, sent or not. */
static void let_go(struct http_answer *a, uint64_t sent, bool whole)
{
	source_done(&a->stream);
	if (a->sent)
		a->sent(a->sent_state, sent, whole);
	a->sent = NULL;
}

static void say_plainly(struct http_answer *a, unsigned status)
{
	struct arena *arena = a->arena;

	let_go(a, 0, false);
	*a = (struct http_answer){ .arena = arena, .status = status, .close = true };
	(void)!failed(http_answer_field(a, STR("Content-Type"), STR("text/plain; charset=utf-8")));
	if (status == 503)
		(void)!failed(http_answer_field(a, STR("Retry-After"), STR("10")));
	a->body = http_status_words(status);
}

static void hold_until(const struct conversation *c, int64_t ticks)
{
	span left = ticks - clock_ticks(&c->options->clock);

	if (ticks && left > 0)
		(void)!failed(fd_wait(-1, WAIT_READ, -1, left));
}

static void count(struct http_server *server, const struct http_answer *a, uint64_t sent)
{
	struct http_tally *t = http_server_tally(server);

	must(a->status < HTTP_STATUS_END);
	t->answers[a->status]++;
	t->bytes += sent;
}

/* true if the connection lives on. */
static bool send_answer(struct exchange *x, struct http_answer *a)
{
	struct conversation *c = x->with;
	struct http_reply reply = {
		.session = c->session, .options = c->options, .answer = a, .method = x->head.method
	};
	uint64_t sent;

	if (a->not_before)
		hold_until(c, a->not_before);
	reply.keep_alive = x->head.keep_alive && !a->close && !x->more_sent && !tls_pending(c->session) &&
			   !http_server_crowded(c->place->server);
	err e = http_reply_write(&reply, &sent);
	count(c->place->server, a, sent);
	let_go(a, sent, !failed(e) && x->head.method != HTTP_HEAD);
	return !failed(e) && reply.keep_alive;
}

static bool answer_refusal(struct exchange *x, unsigned status)
{
	struct http_answer a = { .arena = x->arena };

	x->head.method = HTTP_GET; /* whatever it was: the words go out, and the connection ends */
	say_plainly(&a, status);
	return send_answer(x, &a);
}

/* A proxy's own requests and those of a Unix socket are nobody's, and wait for nobody. */
static void wait_for_turn(const struct conversation *c)
{
	const struct http_place *place = c->place;
	int64_t now = clock_ticks(&c->options->clock);

	if (place->counted)
		hold_until(c, now + http_turn(http_server_turns(place->server), &place->group, now));
}

static bool answer_request(struct exchange *x)
{
	const struct http_options *o = x->with->options;
	struct http_answer a = { .arena = x->arena, .status = 200 };
	const struct http_request request = {
		.arena = x->arena,
		.head = &x->head,
		.body = buf_str(&x->body),
		.peer = x->with->place->peer,
		.now = clock_now(&o->clock),
	};

	wait_for_turn(x->with);
	err e = o->handler(o->state, &request, &a);
	if (failed(e))
		say_plainly(&a, (unsigned)err_verdict(e)->http_status);
	return send_answer(x, &a);
}

/* true if the connection lives on. */
static bool answer(struct exchange *x)
{
	if (x->with->place->beyond)
		return answer_refusal(x, 503);
	if (failed(read_request(x)))
		return x->refused ? answer_refusal(x, x->refused) : false;
	return answer_request(x);
}

/* What was sent may be a secret, and an arena does not wipe what it gives back. */
static void forget(struct exchange *x)
{
	if (x->in.at)
		explicit_bzero(x->in.at, x->in.len);
	if (x->body.at)
		explicit_bzero(x->body.at, x->body.len);
}

static bool exchange_once(struct conversation *c)
{
	OWNED(arena_done) struct arena *arena = NULL;

	/* Between requests nothing is held but the session itself; stopping ends this wait and no other. */
	if (failed(tls_read_wait(c->session, wait_for_words(c, c->options->idle_max, c->wake))) ||
	    failed(arena_open(c->options->arena_max, &arena)))
		return false;
	struct exchange x = { .with = c, .arena = arena };
	bool lives_on = answer(&x);
	forget(&x);
	return lives_on;
}

/* ── Beginning ───────────────────────────────────────────────────────────────────────────────────── */

static err read_proxy_head(const struct conversation *c, struct tls_wait wait, struct proxy_head *head)
{
	char bytes[PROXY_HEAD_MAX];
	size_t len = 0, want, got;

	for (;;) {
		TRY(proxy_head_read(str_bytes(bytes, len), head, &want));
		if (want == 0)
			return OK;
		must(want <= sizeof bytes - len);
		TRY(bytes_before_tls(c->place->fd, bytes + len, want, wait, &got));
		len += got;
	}
}

/* One deadline for the word of the proxy and the handshake together. */
static err learn_peer(struct conversation *c, struct tls_wait wait)
{
	struct proxy_head head;

	if (!c->place->proxied)
		return OK;
	TRY(read_proxy_head(c, wait, &head));
	if (head.own || http_place_is_of(c->place, &head.from))
		return OK;
	return LATER(BUSY, "too many from one address");
}

static err begin(struct conversation *c)
{
	struct tls_wait wait = wait_for_words(c, c->options->handshake_max, c->wake);

	TRY(learn_peer(c, wait));
	if (c->place->plain)
		return tls_none(c->place->fd, &c->session);
	TRY(tls_accept(c->options->identity, c->place->fd, wait, &c->session));
	tls_thread_rest();
	return OK;
}

void http_converse(struct http_place *place, int wake)
{
	struct conversation c = { .place = place, .options = place->options, .wake = wake };

	err e = begin(&c);
	OWNED(tls_session_done) struct tls_session *session = c.session;
	if (failed(e)) {
		http_server_tally(place->server)->handshakes_failed++;
		return;
	}
	while (!tls_was_challenge(session) && exchange_once(&c))
		;
	tls_goodbye(session, wait_of(&c, 2 * SECOND, wake));
}
