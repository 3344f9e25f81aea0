/* The HTTPS server as its peers see it: raw bytes over TLS in, bytes out. */
#include "test/net/tls_peer.h"

#include "net/http.h"
#include "sys/sys.h"

#include <netinet/in.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define H "Host: docs.example\r\n"
#define GET "GET / HTTP/1.1\r\n" H "\r\n"

/* ── The server under test ───────────────────────────────────────────────────────────────────────── */

enum { STREAM_LEN = 10 * 1024 * 1024 };
static atomic_int handled, stream_ended, stream_whole;
static atomic_ulong stream_sent;

static err read_pattern(void *state, void *to, size_t max, size_t *got)
{
	(void)state;
	memset(to, 'p', max);
	*got = max;
	return OK;
}

static void note_sent(void *state, uint64_t bytes, bool whole)
{
	(void)state;
	stream_sent = bytes;
	stream_whole = whole;
	stream_ended = 1;
}

static err handle(void *state, const struct http_request *request, struct http_answer *answer)
{
	static const struct source_ops pattern = { .read = read_pattern };
	const struct clock clock = sys_clock();
	str path = request->head->path;

	(void)state;
	handled++;
	answer->body = STR("hello");
	if (str_same(path, STR("/echo")))
		answer->body = request->body;
	if (str_same(path, STR("/who"))) {
		static char text[64];
		struct buf b = BUF_ON(text);
		buf_add_peer(&b, &request->peer);
		answer->body = buf_str(&b);
	}
	if (str_same(path, STR("/forbidden")))
		return NEVER(DENIED, "the details stay inside");
	if (str_same(path, STR("/injected")))
		return http_answer_field(answer, STR("X"), STR("a\r\nSet-Cookie: b"));
	if (str_same(path, STR("/slow")))
		answer->not_before = clock_ticks(&clock) + 300 * 1000;
	if (str_same(path, STR("/stream"))) {
		answer->stream = (struct source){ &pattern, NULL };
		answer->stream_len = STREAM_LEN;
		answer->sent = note_sent;
	}
	return OK;
}

struct under_test {
	struct http_server *server;
	struct tls_identity *identity;
	int listener;
	uint16_t port;
};

static bool plain; /* what start() listens for */

static void start(struct under_test *t, struct http_options options)
{
	char certificate[512], key[512];

	signal(SIGPIPE, SIG_IGN); /* as sys_harden() does */
	snprintf(certificate, sizeof certificate, "%s/certificate", certificate_dir());
	snprintf(key, sizeof key, "%s/key", certificate_dir());
	*t = (struct under_test){ .listener = -1 };
	assert_ok(tls_identity_open(certificate, key, &t->identity, NULL));
	assert_ok(listen_open(STR("127.0.0.1"), 0, &t->listener, NULL));
	assert_ok(listen_port(t->listener, &t->port));
	const struct http_listener at = { .fd = t->listener, .plain = plain };
	options.listeners = &at;
	options.listener_count = 1;
	options.identity = t->identity;
	options.authority = STR("docs.example");
	options.handler = handle;
	options.clock = sys_clock();
	assert_ok(http_server_open(&options, &t->server));
	handled = 0;
}

static void stop(struct under_test *t)
{
	http_server_done(&t->server);
	tls_identity_done(&t->identity);
	fd_done(&t->listener);
}

/* ── Its peers ───────────────────────────────────────────────────────────────────────────────────── */

static str ask(const struct under_test *t, str bytes)
{
	struct peer_side p;

	meet(&p, t->port);
	say(&p, bytes);
	str heard = hear_all(&p);
	part(&p);
	return heard;
}

/* ── Framing ─────────────────────────────────────────────────────────────────────────────────────── */

static void an_unclear_request_is_refused_once_and_the_connection_ends(void **state)
{
	static const struct {
		unsigned status;
		str bytes;
	} rows[] = {
#define ROW(status, text)                                                                                              \
	{                                                                                                              \
		status,                                                                                                \
		{                                                                                                      \
			text, sizeof(text) - 1                                                                         \
		}                                                                                                      \
	}
		ROW(400,
		    "POST / HTTP/1.1\r\n" H "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" GET),
		ROW(400, "POST / HTTP/1.1\r\n" H "Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello" GET),
		ROW(400, "POST / HTTP/1.1\r\n" H "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n" GET),
		ROW(501, "POST / HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\n\r\n0x5\r\nhello\r\n0\r\n\r\n" GET),
		ROW(501, "POST / HTTP/1.1\r\n" H "Transfer-Encoding: gzip, chunked\r\n\r\n" GET),
		ROW(400, "GET / HTTP/1.1\r\n" H H "\r\n" GET),
		ROW(400, "GET / HTTP/1.1\n" H "\n" GET),
		ROW(400, "GET / HTTP/1.1\r\n" H "X: a\0b\r\n\r\n" GET),
		ROW(400, "GET / HTTP/1.1\r\n" H "X: a\rb\r\n\r\n" GET),
		ROW(400, "GET / HTTP/1.1\r\n" H "X: a\r\n b\r\n\r\n" GET),
		ROW(400, "GET / HTTP/1.1\r\n" H "Content-Length: 70\r\n\r\n" GET),
		ROW(413, "POST / HTTP/1.1\r\n" H "Content-Length: 99999999999\r\n\r\n" GET),
		ROW(411, "POST / HTTP/1.1\r\n" H "\r\n" GET),
		ROW(421, "GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n" GET),
		ROW(501, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
		ROW(400, "\r\n" GET),
#undef ROW
	};
	struct under_test t;

	(void)state;
	start(&t, (struct http_options){ 0 });
	for (size_t i = 0; i < COUNT(rows); i++) {
		str answer = ask(&t, rows[i].bytes);
		if (status_of(answer) != rows[i].status || count_of(answer, STR("HTTP/1.1 ")) != 1)
			print_error("row %zu: <%.*s>\n", i, STR_ARG(answer));
		assert_int_equal(status_of(answer), rows[i].status);
		assert_int_equal(count_of(answer, STR("HTTP/1.1 ")), 1);
		assert_true(str_find(answer, STR("Connection: close\r\n")) > 0);
	}
	assert_int_equal(handled, 0);
	stop(&t);
}

static void a_hundred_thousand_fields_are_refused(void **state)
{
	struct under_test t;
	struct peer_side p;
	unsigned sent = 0;

	(void)state;
	start(&t, (struct http_options){ 0 });
	meet(&p, t.port);
	say(&p, STR("GET / HTTP/1.1\r\n" H));
	while (sent < 100000 && SSL_write(p.ssl, "X: y\r\n", 6) == 6)
		sent++;
	str answer = hear_all(&p);
	assert_true(answer.len == 0 || status_of(answer) == 431);
	part(&p);
	assert_int_equal(status_of(ask(&t, STR("GET / HTTP/1.1\r\n" H "Connection: close\r\n\r\n"))), 200);
	stop(&t);
}

static void requests_follow_each_other_on_one_connection(void **state)
{
	struct under_test t;
	struct peer_side p;

	(void)state;
	start(&t, (struct http_options){ 0 });
	meet(&p, t.port);
	for (int i = 0; i < 3; i++) {
		say(&p, STR(GET));
		assert_int_equal(status_of(hear_one(&p)), 200);
	}
	assert_int_equal(handled, 3);
	part(&p);
	stop(&t);
}

static void who_sends_more_before_the_answer_gets_one_answer_and_a_close(void **state)
{
	struct under_test t;

	(void)state;
	start(&t, (struct http_options){ 0 });
	str answer = ask(&t, STR(GET GET GET));
	assert_int_equal(count_of(answer, STR("HTTP/1.1 200")), 1);
	assert_int_equal(handled, 1);
	stop(&t);
}

static void a_body_arrives_whole_however_it_is_cut(void **state)
{
	static const char *const pieces[] = { "POST /echo HTTP/1.1\r\n" H
					      "Connection: close\r\nContent-Length: 10\r\n\r",
					      "\n01", "2345678", "9" };
	struct under_test t;
	struct peer_side p;

	(void)state;
	start(&t, (struct http_options){ 0 });
	meet(&p, t.port);
	for (size_t i = 0; i < COUNT(pieces); i++) {
		say(&p, str_of(pieces[i]));
		usleep(20000);
	}
	assert_true(str_ends(hear_all(&p), STR("\r\n\r\n0123456789")));
	part(&p);
	stop(&t);
}

static void a_peer_that_asks_before_it_sends_is_told_to_go_on(void **state)
{
	struct under_test t;
	struct peer_side p;
	char interim[64] = { 0 };

	(void)state;
	start(&t, (struct http_options){ 0 });
	meet(&p, t.port);
	say(&p,
	    STR("POST /echo HTTP/1.1\r\n" H "Connection: close\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n"));
	assert_int_equal(SSL_read(p.ssl, interim, sizeof interim), 25);
	assert_string_equal(interim, "HTTP/1.1 100 Continue\r\n\r\n");
	say(&p, STR("ok"));
	assert_true(str_ends(hear_all(&p), STR("\r\n\r\nok")));
	part(&p);
	stop(&t);
}

/* ── Answers ─────────────────────────────────────────────────────────────────────────────────────── */

static void every_answer_carries_the_fields_of_safety_and_no_name(void **state)
{
	static const char *const asks[] = { GET, "x\r\n\r\n", "GET /forbidden HTTP/1.1\r\n" H "\r\n" };
	static const char *const wanted[] = { "\r\nDate: ",
					      "\r\nStrict-Transport-Security: max-age=31536000\r\n",
					      "\r\nCache-Control: no-store\r\n",
					      "\r\nX-Content-Type-Options: nosniff\r\n",
					      "\r\nReferrer-Policy: no-referrer\r\n",
					      "frame-ancestors 'none'" };
	struct under_test t;

	(void)state;
	start(&t, (struct http_options){ .idle_max = SECOND / 2 });
	for (size_t i = 0; i < COUNT(asks); i++) {
		str answer = ask(&t, str_of(asks[i]));
		for (size_t w = 0; w < COUNT(wanted); w++)
			assert_int_equal(count_of(answer, str_of(wanted[w])), 1);
		assert_int_equal(count_of(answer, STR("\r\nServer:")), 0);
	}
	stop(&t);
}

static void a_failure_shows_its_verdict_and_not_its_details(void **state)
{
	struct under_test t;

	(void)state;
	start(&t, (struct http_options){ 0 });
	str answer = ask(&t, STR("GET /forbidden HTTP/1.1\r\n" H "\r\n"));
	assert_int_equal(status_of(answer), 403);
	assert_true(str_find(answer, STR("details")) < 0);
	stop(&t);
}

static void a_field_with_a_line_end_never_leaves(void **state)
{
	struct under_test t;

	(void)state;
	start(&t, (struct http_options){ 0 });
	str answer = ask(&t, STR("GET /injected HTTP/1.1\r\n" H "\r\n"));
	assert_int_equal(status_of(answer), 422);
	assert_true(str_find(answer, STR("Set-Cookie")) < 0);
	stop(&t);
}

static void head_is_answered_with_the_length_and_no_body(void **state)
{
	struct under_test t;

	(void)state;
	start(&t, (struct http_options){ 0 });
	str answer = ask(&t, STR("HEAD /stream HTTP/1.1\r\n" H "Connection: close\r\n\r\n"));
	assert_true(str_find(answer, STR("\r\nContent-Length: 10485760\r\n")) > 0);
	assert_true(str_ends(answer, STR("\r\n\r\n")));
	stop(&t);
}

static void a_stream_ends_with_the_number_of_bytes_that_left(void **state)
{
	struct under_test t;
	struct peer_side p;
	char piece[16384];
	size_t total = 0;
	int got;

	(void)state;
	start(&t, (struct http_options){ 0 });
	stream_ended = 0;
	meet(&p, t.port);
	say(&p, STR("GET /stream HTTP/1.1\r\n" H "Connection: close\r\n\r\n"));
	while ((got = SSL_read(p.ssl, piece, sizeof piece)) > 0)
		total += (size_t)got;
	assert_true(total > STREAM_LEN && total < STREAM_LEN + 4096);
	part(&p);
	stop(&t);
	assert_true(stream_ended && stream_whole);
	assert_int_equal(stream_sent, STREAM_LEN);
}

static void a_reader_that_stops_is_left_after_a_window(void **state)
{
	struct under_test t;
	struct peer_side p;

	(void)state;
	start(&t, (struct http_options){ .window_max = SECOND / 2 });
	stream_ended = 0;
	meet(&p, t.port);
	say(&p, STR("GET /stream HTTP/1.1\r\n" H "\r\n"));
	for (int i = 0; i < 300 && !stream_ended; i++)
		usleep(20000);
	assert_true(stream_ended && !stream_whole);
	assert_true(stream_sent < STREAM_LEN);
	part(&p);
	stop(&t);
}

/* ── Slow, many, last ────────────────────────────────────────────────────────────────────────────── */

static void slow_heads_end_at_their_deadline_and_disturb_nobody(void **state)
{
	enum { SLOW = 100 };
	static struct peer_side slow[SLOW];
	struct under_test t;
	const struct clock clock = sys_clock();

	(void)state;
	start(&t, (struct http_options){ .head_max = 2 * SECOND });
	for (int i = 0; i < SLOW; i++) {
		meet(&slow[i], t.port);
		say(&slow[i], STR("GET / HT"));
	}
	for (int i = 0; i < SLOW; i++)
		say(&slow[i], STR("T"));
	int64_t before = clock_ticks(&clock);
	assert_int_equal(status_of(ask(&t, STR("GET / HTTP/1.1\r\n" H "Connection: close\r\n\r\n"))), 200);
	assert_true(clock_ticks(&clock) - before < SECOND);
	for (int i = 0; i < SLOW; i++) {
		assert_int_equal(status_of(hear_all(&slow[i])), 408);
		part(&slow[i]);
	}
	for (int i = 0; i < 100 && http_server_connections(t.server); i++)
		usleep(20000);
	assert_int_equal(http_server_connections(t.server), 0);
	stop(&t);
}

static void silence_in_the_handshake_and_between_requests_ends(void **state)
{
	struct under_test t;
	struct peer_side p;
	char byte;

	(void)state;
	start(&t, (struct http_options){ .handshake_max = SECOND / 4, .idle_max = SECOND / 4 });
	int silent = dial(t.port);
	meet(&p, t.port);
	say(&p, STR(GET));
	assert_int_equal(status_of(hear_one(&p)), 200);
	assert_int_equal(SSL_read(p.ssl, &byte, 1), 0);
	assert_int_equal(recv(silent, &byte, 1, 0), 0);
	close(silent);
	part(&p);
	stop(&t);
}

static void too_many_from_one_address_are_closed_and_too_many_at_all_are_told(void **state)
{
	struct under_test t;
	struct peer_side p[3];

	(void)state;
	start(&t, (struct http_options){ .connections_of_one_max = 2 });
	meet(&p[0], t.port), meet(&p[1], t.port);
	assert_false(greet(&p[2], t.port, 0));
	for (int i = 0; i < 3; i++)
		part(&p[i]);
	stop(&t);

	start(&t, (struct http_options){ .connections_max = 2 });
	meet(&p[0], t.port), meet(&p[1], t.port), meet(&p[2], t.port);
	say(&p[2], STR(GET));
	str answer = hear_all(&p[2]);
	assert_int_equal(status_of(answer), 503);
	assert_true(str_find(answer, STR("Retry-After: ")) > 0);
	for (int i = 0; i < 3; i++)
		part(&p[i]);
	stop(&t);
}

static void who_comes_when_it_is_crowded_is_waited_for_less(void **state)
{
	struct under_test t;
	struct peer_side early, p[3];
	char byte;

	(void)state;
	start(&t, (struct http_options){ .connections_max = 4, .idle_max = 12 * SECOND });
	meet(&early, t.port);
	usleep(300000); /* until it is waited for */
	for (size_t i = 0; i < COUNT(p); i++)
		meet(&p[i], t.port);
	assert_int_equal(SSL_read(p[2].ssl, &byte, 1), 0); /* the last is left first */
	assert_int_equal(recv(SSL_get_fd(early.ssl), &byte, 1, MSG_PEEK | MSG_DONTWAIT), -1);
	for (size_t i = 0; i < COUNT(p); i++)
		part(&p[i]);
	part(&early);
	stop(&t);
}

static void *stop_soon(void *state)
{
	struct under_test *t = state;

	http_server_stop(t->server, 5 * SECOND);
	return NULL;
}

static void stopping_lets_what_is_under_way_end_and_closes_the_idle(void **state)
{
	struct under_test t;
	struct peer_side busy, idle;
	pthread_t stopper;
	char byte;

	(void)state;
	start(&t, (struct http_options){ 0 });
	meet(&busy, t.port), meet(&idle, t.port);
	say(&busy, STR("GET /slow HTTP/1.1\r\n" H "\r\n"));
	usleep(100000);
	pthread_create(&stopper, NULL, stop_soon, &t);
	assert_int_equal(SSL_read(idle.ssl, &byte, 1), 0);
	assert_int_equal(status_of(hear_all(&busy)), 200);
	pthread_join(stopper, NULL);
	assert_int_equal(http_server_connections(t.server), 0);
	part(&busy), part(&idle);
	stop(&t);
}

/* ── TLS ─────────────────────────────────────────────────────────────────────────────────────────── */

static void only_tls_1_2_and_1_3_are_spoken(void **state)
{
	static const struct {
		int version;
		bool spoken;
	} rows[] = {
		{ TLS1_VERSION, false }, { TLS1_1_VERSION, false }, { TLS1_2_VERSION, true }, { TLS1_3_VERSION, true }
	};
	struct under_test t;
	struct peer_side p;

	(void)state;
	start(&t, (struct http_options){ 0 });
	for (size_t i = 0; i < COUNT(rows); i++) {
		assert_int_equal(greet(&p, t.port, rows[i].version), rows[i].spoken);
		part(&p);
	}
	stop(&t);
}

static void plain_http_is_not_answered_in_plain(void **state)
{
	struct under_test t;
	char answer[64] = { 0 };

	(void)state;
	start(&t, (struct http_options){ 0 });
	int fd = dial(t.port);
	assert_int_equal(send(fd, GET, sizeof(GET) - 1, 0), sizeof(GET) - 1);
	(void)!recv(fd, answer, sizeof answer - 1, 0);
	assert_null(strstr(answer, "HTTP/"));
	close(fd);
	assert_int_equal(handled, 0);
	stop(&t);
}

static void no_session_can_be_resumed(void **state)
{
	struct under_test t;
	struct peer_side p;

	(void)state;
	start(&t, (struct http_options){ 0 });
	for (int version = TLS1_2_VERSION; version <= TLS1_3_VERSION; version++) {
		assert_true(greet(&p, t.port, version));
		say(&p, STR(GET));
		assert_int_equal(status_of(hear_one(&p)), 200);
		SSL_SESSION *session = SSL_get1_session(p.ssl);
		assert_false(SSL_SESSION_has_ticket(session));
		SSL_SESSION_free(session);
		part(&p);
	}
	stop(&t);
}

static long serial_seen(const struct under_test *t)
{
	struct peer_side p;
	long serial;

	meet(&p, t->port);
	X509 *certificate = SSL_get1_peer_certificate(p.ssl);
	serial = (long)X509_subject_name_hash(certificate);
	X509_free(certificate);
	part(&p);
	return serial;
}

static void a_new_certificate_serves_the_next_connection_and_an_unfit_one_changes_nothing(void **state)
{
	struct under_test t;
	struct peer_side old;
	const char *dir = certificate_dir();

	(void)state;
	start(&t, (struct http_options){ 0 });
	long first = serial_seen(&t);
	meet(&old, t.port);
	assert_int_equal(test_shell("cd %s && cp certificate c0 && cp key k0 && openssl req -x509 -newkey ec -pkeyopt "
				    "ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=new.example -keyout key2 "
				    "-out certificate 2>/dev/null && chmod 600 key2",
				    dir),
			 0);
	assert_why(NEVER, KEY, tls_identity_reload(t.identity, NULL)); /* the key is still the old one */
	assert_int_equal(serial_seen(&t), first);
	assert_int_equal(test_shell("cd %s && cp key2 key", dir), 0);
	assert_ok(tls_identity_reload(t.identity, NULL));
	assert_int_not_equal(serial_seen(&t), first);
	say(&old, STR(GET));
	assert_int_equal(status_of(hear_one(&old)), 200);
	part(&old);
	assert_int_equal(test_shell("cd %s && chmod 644 key", dir), 0);
	assert_why(NEVER, KEY, tls_identity_reload(t.identity, NULL));
	stop(&t);
	assert_int_equal(test_shell("cd %s && mv c0 certificate && mv k0 key", dir), 0);
}

/* ── Proxies ─────────────────────────────────────────────────────────────────────────────────────── */

#define WHO                                                                                                            \
	"GET /who HTTP/1.1\r\n" H                                                                                      \
	"X-Forwarded-For: 203.0.113.66\r\nForwarded: for=203.0.113.66\r\nConnection: close\r\n\r\n"

static str ask_plainly(const struct under_test *t, str head, str bytes)
{
	static char heard[8192];
	int fd = dial(t->port);
	size_t len = 0;
	ssize_t got;

	assert_int_equal(write(fd, head.at, head.len), head.len);
	(void)!write(fd, bytes.at, bytes.len);
	while (len < sizeof heard && (got = read(fd, heard + len, sizeof heard - len)) > 0)
		len += (size_t)got;
	close(fd);
	return str_bytes(heard, len);
}

static void start_proxied(struct under_test *t, const char *proxies, struct http_options options)
{
	static struct proxies p;

	assert_ok(proxies_parse(str_of(proxies), &p));
	options.proxies = &p;
	plain = true;
	start(t, options);
	plain = false;
}

static void whom_a_configured_proxy_speaks_for_is_the_peer(void **state)
{
	struct under_test t;

	start_proxied(&t, "10.0.0.0/8 127.0.0.1", (struct http_options){ 0 });
	str heard = ask_plainly(&t, STR("PROXY TCP4 192.0.2.1 127.0.0.1 5 443\r\n"), STR(WHO));
	assert_int_equal(status_of(heard), 200);
	assert_true(str_ends(heard, STR("\r\n\r\n192.0.2.1")));
	heard = ask_plainly(&t, STR("PROXY UNKNOWN\r\n"), STR(WHO));
	assert_true(str_ends(heard, STR("\r\n\r\n127.0.0.1")));
	stop(&t);
}

static void a_configured_proxy_that_says_nothing_is_not_answered(void **state)
{
	struct under_test t;
	struct http_counts counts;

	start_proxied(&t, "127.0.0.1", (struct http_options){ .handshake_max = SECOND / 2 });
	assert_int_equal(ask_plainly(&t, STR(""), STR(WHO)).len, 0);
	assert_int_equal(ask_plainly(&t, STR("PROXY TCP4 192.0.2.1"), STR("")).len, 0);
	http_server_counts(t.server, &counts);
	assert_int_equal(counts.handshakes_failed, 2);
	assert_int_equal(handled, 0);
	stop(&t);
}

static void nobody_else_is_believed_about_who_it_is(void **state)
{
	struct under_test t;

	start_proxied(&t, "10.0.0.0/8 unix", (struct http_options){ 0 });
	str heard = ask_plainly(&t, STR(""), STR(WHO)); /* X-Forwarded-For and all */
	assert_true(str_ends(heard, STR("\r\n\r\n127.0.0.1")));
	heard = ask_plainly(&t, STR("PROXY TCP4 192.0.2.1 127.0.0.1 5 443\r\n"), STR(WHO));
	assert_int_equal(status_of(heard), 501); /* a method nobody knows */
	stop(&t);
}

static void connections_are_counted_for_whom_the_proxy_speaks(void **state)
{
	static const char ours[] = "PROXY TCP4 192.0.2.1 127.0.0.1 5 443\r\n",
			  theirs[] = "PROXY TCP4 192.0.2.2 127.0.0.1 5 443\r\n";
	struct under_test t;
	int held[2];

	start_proxied(&t, "127.0.0.1", (struct http_options){ .connections_of_one_max = 2 });
	for (size_t i = 0; i < COUNT(held); i++) {
		char byte;
		held[i] = dial(t.port);
		assert_int_equal(write(held[i], ours, sizeof ours - 1), sizeof ours - 1);
		assert_int_equal(write(held[i], GET, sizeof GET - 1), sizeof GET - 1);
		assert_int_equal(read(held[i], &byte, 1), 1); /* it has been let in */
	}
	assert_int_equal(ask_plainly(&t, str_of(ours), STR(WHO)).len, 0);
	assert_int_equal(status_of(ask_plainly(&t, str_of(theirs), STR(WHO))), 200);
	close(held[0]);
	close(held[1]);
	stop(&t);
}

static void a_unix_socket_has_no_address_and_no_limit_of_one(void **state)
{
	struct under_test t;
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	struct http_listener listener = { .plain = true };
	char heard[4096] = "", path[108];
	const struct http_options options = { .listeners = &listener,
					      .listener_count = 1,
					      .authority = STR("docs.example"),
					      .handler = handle,
					      .clock = sys_clock(),
					      .connections_of_one_max = 1 };

	snprintf(path, sizeof path, "%s/page", test_dir());
	memcpy(at.sun_path, path, strlen(path) + 1);
	assert_ok(listen_unix(str_of(path), 0600, &listener.fd, NULL));
	assert_why(NEVER, EXISTS, listen_unix(str_of(path), 0600, &(int){ -1 }, NULL));
	assert_ok(http_server_open(&options, &t.server));
	for (int i = 0; i < 3; i++) {
		int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0),
		    held = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
		assert_int_equal(connect(held, (struct sockaddr *)&at, sizeof at), 0);
		assert_int_equal(connect(fd, (struct sockaddr *)&at, sizeof at), 0);
		assert_int_equal(write(fd, WHO, sizeof WHO - 1), sizeof WHO - 1);
		size_t len = 0;
		for (ssize_t got; (got = read(fd, heard + len, sizeof heard - len)) > 0;)
			len += (size_t)got;
		assert_int_equal(status_of(str_bytes(heard, len)), 200);
		close(fd);
		close(held);
	}
	http_server_done(&t.server);
	close(listener.fd);
	assert_ok(listen_unix(str_of(path), 0660, &listener.fd, NULL)); /* what is left over makes way */
	assert_int_equal(test_shell("test $(stat -c %%a %s) = 660", path), 0);
	close(listener.fd);
	assert_int_equal(test_shell("rm %s && echo > %s", path, path), 0);
	assert_why(NEVER, EXISTS, listen_unix(str_of(path), 0600, &listener.fd, NULL));
}

TESTS(http_server, test(whom_a_configured_proxy_speaks_for_is_the_peer),
      test(a_configured_proxy_that_says_nothing_is_not_answered), test(nobody_else_is_believed_about_who_it_is),
      test(connections_are_counted_for_whom_the_proxy_speaks), test(a_unix_socket_has_no_address_and_no_limit_of_one),
      test(an_unclear_request_is_refused_once_and_the_connection_ends), test(a_hundred_thousand_fields_are_refused),
      test(requests_follow_each_other_on_one_connection),
      test(who_sends_more_before_the_answer_gets_one_answer_and_a_close), test(a_body_arrives_whole_however_it_is_cut),
      test(a_peer_that_asks_before_it_sends_is_told_to_go_on),
      test(every_answer_carries_the_fields_of_safety_and_no_name),
      test(a_failure_shows_its_verdict_and_not_its_details), test(a_field_with_a_line_end_never_leaves),
      test(head_is_answered_with_the_length_and_no_body), test(a_stream_ends_with_the_number_of_bytes_that_left),
      test(a_reader_that_stops_is_left_after_a_window), test(slow_heads_end_at_their_deadline_and_disturb_nobody),
      test(silence_in_the_handshake_and_between_requests_ends),
      test(too_many_from_one_address_are_closed_and_too_many_at_all_are_told),
      test(who_comes_when_it_is_crowded_is_waited_for_less),
      test(stopping_lets_what_is_under_way_end_and_closes_the_idle), test(only_tls_1_2_and_1_3_are_spoken),
      test(plain_http_is_not_answered_in_plain), test(no_session_can_be_resumed),
      test(a_new_certificate_serves_the_next_connection_and_an_unfit_one_changes_nothing))
