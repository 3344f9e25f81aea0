/* The HTTP client against a server that says what it is told. */
#include "test/fake/certificates.h"
#include "test/fake/https_server.h"
#include "test/fake/openssl_server.h"
#include "test/support/support.h"

#include "net/http_client.h"
#include "sys/sys.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <string.h>
#include <unistd.h>

/* ── Both sides ──────────────────────────────────────────────────────────────────────────────────── */

static char last_head[16 * 1024], last_body[256 * 1024];
static size_t last_body_len;

static str say(char *to, size_t max, const char *head, str body)
{
	struct buf b = { .at = to, .max = max };

	buf_add_format(&b, "HTTP/1.1 %s\r\nContent-Length: %zu\r\n\r\n", head, body.len);
	buf_add(&b, body);
	return buf_str(&b);
}

static str fixed(char *to, size_t max, str bytes)
{
	struct buf b = { .at = to, .max = max };

	buf_add(&b, bytes);
	return buf_str(&b);
}

static str answer(str head, str body, char *to, size_t max)
{
	static const struct {
		const char *path;
		str bytes;
	} rows[] = {
#define ROW(path, text)                                                                                                \
	{                                                                                                              \
		path,                                                                                                  \
		{                                                                                                      \
			text, sizeof(text) - 1                                                                         \
		}                                                                                                      \
	}
		ROW("/redirect", "HTTP/1.1 302 Found\r\nLocation: /hello\r\nContent-Length: 0\r\n\r\n"),
		ROW("/chunked", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X\r\n\r\n3\r\nhel\r\n2\r\n"
				"lo\r\n0\r\nX: trailer\r\n\r\n"),
		ROW("/interim", "HTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\nHTTP/1.1 200 OK\r\nLink: b\r\n"
				"Content-Length: 2\r\n\r\nok"),
		ROW("/twice", "HTTP/1.1 200 OK\r\nNonce: a\r\nnonce: b\r\nContent-Length: 0\r\n\r\n"),
		ROW("/folded", "HTTP/1.1 200 OK\r\nX: a\r\n b\r\nContent-Length: 0\r\n\r\n"),
		ROW("/control", "HTTP/1.1 200 OK\r\nX: a\033[2Jb\r\nContent-Length: 0\r\n\r\n"),
		ROW("/no-colon", "HTTP/1.1 200 OK\r\nnothing\r\nContent-Length: 0\r\n\r\n"),
		ROW("/short", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\nConnection: close\r\n\r\nhello"),
		ROW("/ancient", "hello Connection: close"),
		ROW("/silent", ""),
		ROW("/cannot", "HTTP/1.1 500 Oh\r\nContent-Length: 5\r\n\r\nsorry"),
		ROW("/empty", "HTTP/1.1 204 No Content\r\n\r\n"),
#undef ROW
	};
	static char long_text[100 * 1024];
	str line, method, path;

	snprintf(last_head, sizeof last_head, "%.*s", STR_ARG(head));
	last_body_len = body.len;
	memcpy(last_body, body.at, body.len);
	(void)str_cut(head, ' ', &method, &line);
	(void)str_cut(line, ' ', &path, &line);
	for (size_t i = 0; i < COUNT(rows); i++)
		if (str_same(path, str_of(rows[i].path)))
			return fixed(to, max, rows[i].bytes);
	memset(long_text, 'x', sizeof long_text);
	if (str_same(path, STR("/long")))
		return say(to, max, "200 OK", str_bytes(long_text, sizeof long_text));
	if (str_same(path, STR("/long-error")))
		return say(to, max, "403 Forbidden", str_bytes(long_text, sizeof long_text));
	if (str_same(path, STR("/long-head"))) {
		long_text[60 * 1024] = 0;
		struct buf b = { .at = to, .max = max };
		buf_add_format(&b, "HTTP/1.1 200 OK\r\nX: %s\r\nContent-Length: 0\r\n\r\n", long_text);
		return buf_str(&b);
	}
	return say(to, max, "200 OK\r\nContent-Type: text/plain", STR("hello"));
}

struct asked {
	struct fake_https_server *server;
	struct http_client *client;
	struct arena *arena;
	uint16_t port;
	char ca[512], url[512];
	struct http_result result;
	struct fault fault;
};

static void start(struct asked *t, struct fake_https how, struct http_client_options options)
{
	*t = (struct asked){ 0 };
	how.answer = how.answer ? how.answer : answer;
	t->server = fake_https_start(&how, &t->port);
	snprintf(t->ca, sizeof t->ca, "%s/ca.pem", fake_certificates());
	options.ca_file = t->ca;
	options.stop_fd = options.stop_fd ? options.stop_fd : -1;
	assert_ok(http_client_open(&options, &t->client, &t->fault));
	assert_ok(arena_open(4 * 1024 * 1024, &t->arena));
}

static void stop(struct asked *t)
{
	http_client_done(&t->client);
	fake_https_stop(t->server);
	arena_done(&t->arena);
}

static const struct fake_https good = { .certificate = "good" };
static const struct http_client_options plain_options = { 0 };

static err call(struct asked *t, const char *path, struct http_call how)
{
	snprintf(t->url, sizeof t->url, "https://localhost:%u%s", t->port, path);
	how.url = how.url.at ? how.url : str_of(t->url);
	how.method = how.method.at ? how.method : STR("GET");
	how.answer_max = how.answer_max ? how.answer_max : 64 * 1024;
	t->fault = (struct fault){ 0 };
	return http_call(t->client, t->arena, &how, &t->result, &t->fault);
}

static err get(struct asked *t, const char *path)
{
	return call(t, path, (struct http_call){ 0 });
}

/* ── Asking ──────────────────────────────────────────────────────────────────────────────────────── */

static void an_answer_comes_back_with_status_fields_and_body(void **state)
{
	struct asked t;

	start(&t, good, plain_options);
	assert_ok(get(&t, "/hello?a=b"));
	assert_int_equal(t.result.status, 200);
	assert_str(t.result.body, STR("hello"));
	assert_str(*http_result_field(&t.result, STR("content-type")), STR("text/plain"));
	assert_null(http_result_field(&t.result, STR("location")));
	assert_non_null(strstr(last_head, "GET /hello?a=b HTTP/1.1\r\n"));
	assert_null(strstr(last_head, "Expect"));
	assert_null(strstr(last_head, "User-Agent"));
	stop(&t);
}

static void what_is_posted_arrives_with_the_callers_fields(void **state)
{
	const struct http_field fields[] = { { STR("Content-Type"), STR("application/json") },
					     { STR("X-Empty"), STR("") } };
	struct asked t;

	start(&t, good, plain_options);
	assert_ok(call(
		&t, "/",
		(struct http_call){ .method = STR("POST"), .body = STR("{}"), .fields = fields, .field_count = 2 }));
	assert_str(str_bytes(last_body, last_body_len), STR("{}"));
	assert_non_null(strstr(last_head, "Content-Type: application/json\r\n"));
	assert_non_null(strstr(last_head, "X-Empty:\r\n"));
	assert_non_null(strstr(last_head, "Content-Length: 2\r\n"));
	stop(&t);
}

static void a_stream_is_sent_with_its_length(void **state)
{
	static char bytes[100 * 1000];
	struct asked t;

	memset(bytes, 's', sizeof bytes);
	str rest = str_bytes(bytes, sizeof bytes);
	struct source stream = source_of_str(&rest);
	start(&t, good, plain_options);
	assert_ok(call(&t, "/",
		       (struct http_call){ .method = STR("PUT"), .stream = &stream, .stream_len = sizeof bytes }));
	assert_str(str_bytes(last_body, last_body_len), str_bytes(bytes, sizeof bytes));
	assert_non_null(strstr(last_head, "Content-Length: 100000\r\n"));
	stop(&t);
}

static void a_stream_that_ends_early_breaks_the_request(void **state)
{
	struct asked t;
	str rest = STR("short");
	struct source stream = source_of_str(&rest);

	start(&t, good, plain_options);
	assert_why(BROKEN, IO,
		   call(&t, "/", (struct http_call){ .method = STR("PUT"), .stream = &stream, .stream_len = 10 }));
	stop(&t);
}

static void a_body_goes_into_a_sink_but_that_of_a_refusal_does_not(void **state)
{
	uint64_t counted = 0;
	struct sink to = sink_to_count(&counted);
	struct asked t;

	start(&t, good, plain_options);
	assert_ok(call(&t, "/long", (struct http_call){ .to = &to, .answer_max = 200 * 1024 }));
	assert_int_equal(counted, 100 * 1024);
	assert_int_equal(t.result.body.len, 0);
	assert_ok(call(&t, "/long-error", (struct http_call){ .to = &to, .answer_max = 200 * 1024 }));
	assert_int_equal(t.result.status, 403);
	assert_int_equal(counted, 100 * 1024);
	assert_int_equal(t.result.body.len, HTTP_RESULT_ERROR_MAX);
	stop(&t);
}

static void chunks_are_put_together_and_trailers_forgotten(void **state)
{
	struct asked t;

	start(&t, good, plain_options);
	assert_ok(get(&t, "/chunked"));
	assert_str(t.result.body, STR("hello"));
	assert_null(http_result_field(&t.result, STR("x")));
	stop(&t);
}

static void an_interim_answer_is_forgotten(void **state)
{
	struct asked t;

	start(&t, good, plain_options);
	assert_ok(get(&t, "/interim"));
	assert_int_equal(t.result.status, 200);
	assert_str(*http_result_field(&t.result, STR("link")), STR("b"));
	stop(&t);
}

static void a_field_that_stands_twice_counts_as_none(void **state)
{
	struct asked t;

	start(&t, good, plain_options);
	assert_ok(get(&t, "/twice"));
	assert_null(http_result_field(&t.result, STR("nonce")));
	assert_int_equal(t.result.field_count, 3);
	stop(&t);
}

static void any_status_is_an_answer_and_a_redirect_is_not_followed(void **state)
{
	struct asked t;

	start(&t, good, plain_options);
	assert_ok(get(&t, "/redirect"));
	assert_int_equal(t.result.status, 302);
	assert_ok(get(&t, "/cannot"));
	assert_int_equal(t.result.status, 500);
	assert_str(t.result.body, STR("sorry"));
	assert_ok(get(&t, "/empty"));
	assert_int_equal(t.result.status, 204);
	assert_ok(call(&t, "/hello", (struct http_call){ .method = STR("HEAD") }));
	assert_int_equal(t.result.status, 200);
	assert_int_equal(t.result.body.len, 0);
	stop(&t);
}

static void the_path_travels_as_it_was_given(void **state)
{
	struct asked t;

	start(&t, good, plain_options);
	assert_ok(get(&t, "/a//b/../c/./d%2Fe"));
	assert_non_null(strstr(last_head, "GET /a//b/../c/./d%2Fe HTTP/1.1\r\n"));
	stop(&t);
}

static void one_connection_serves_many_calls(void **state)
{
	struct asked t;

	start(&t, good, plain_options);
	for (int i = 0; i < 5; i++)
		assert_ok(get(&t, "/hello"));
	assert_int_equal(fake_https_requests(t.server), 5);
	assert_int_equal(fake_https_connections(t.server), 1);
	stop(&t);
}

static void what_may_not_be_sent_twice_takes_its_own_connection(void **state)
{
	struct fake_https how = good;
	struct asked t;

	how.hang_up = true; /* so that a kept connection would be found dead, and the request be repeated */
	start(&t, how, plain_options);
	assert_ok(get(&t, "/hello"));
	assert_ok(call(&t, "/hello", (struct http_call){ .method = STR("POST"), .body = STR("pay") }));
	assert_int_equal(fake_https_requests(t.server), 2);
	stop(&t);
}

static err post_once(struct asked *t, const char *path, bool *sent)
{
	str rest = STR("pay");
	struct source stream = source_of_str(&rest);

	return call(t, path,
		    (struct http_call){
			    .method = STR("POST"), .stream = &stream, .stream_len = 3, .once = true, .sent = sent });
}

static void what_goes_out_once_keeps_its_connection_and_is_never_repeated_on_another(void **state)
{
	struct asked t;
	bool sent = false;

	start(&t, good, plain_options);
	for (int i = 0; i < 3; i++)
		assert_ok(post_once(&t, "/hello", &sent));
	assert_int_equal(fake_https_connections(t.server), 1);
	assert_true(sent && t.result.status == 200);
	/* The kept connection ends without a word: what could be repeated would be. */
	sent = false;
	assert_why(LATER, CLOSED, post_once(&t, "/silent", &sent));
	assert_true(sent);
	assert_int_equal(fake_https_requests(t.server), 4);
	assert_ok(get(&t, "/hello"));
	assert_true(failed(call(&t, "/silent",
				(struct http_call){ .method = STR("POST"), .body = STR("pay"), .repeatable = true })));
	assert_int_equal(fake_https_requests(t.server), 7);
	stop(&t);
}

static void what_never_went_out_is_known_not_to_have(void **state)
{
	struct asked t;
	bool sent = false;

	start(&t, good, plain_options);
	t.port = 1;
	assert_true(failed(post_once(&t, "/hello", &sent)));
	assert_false(sent);
	stop(&t);
}

/* ── Judging the other side ──────────────────────────────────────────────────────────────────────── */

static void who_is_not_verified_is_not_asked(void **state)
{
	static const struct {
		const char *certificate, *words;
		int version;
	} rows[] = {
		{ "wrong-name", "localhost", 0 },        { "expired", "expired", 0 },
		{ "self-signed", "certificate", 0 },     { "client-only", "localhost", 0 },
		{ "good", "localhost", TLS1_1_VERSION },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct asked t;
		start(&t, (struct fake_https){ .certificate = rows[i].certificate, .version_max = rows[i].version },
		      plain_options);
		assert_why(LATER, TLS, get(&t, "/hello"));
		assert_non_null(strstr(t.fault.what, rows[i].words));
		assert_int_equal(fake_https_requests(t.server), 0);
		stop(&t);
	}
}

static void an_unfit_server_is_refused_by_its_tls(void **state)
{
	static const char fit[] = "-cert rsa.pem -key rsa.key -www";
	struct asked t;

	(void)state;
	start(&t, good, plain_options);
	for (size_t i = 0; i < UNFIT_SERVERS; i++) {
		t.port = openssl_server_start(unfit_servers[i].options);
		err e = get(&t, "/hello");
		if (openssl_server_stop() || e.why != WHY_TLS)
			fail_msg("%s: %s", unfit_servers[i].name, e.note ? e.note : "answered");
		assert_why(LATER, TLS, e);
	}
	t.port = openssl_server_start(fit); /* and it is not the certificate that was at fault */
	assert_ok(get(&t, "/hello"));
	(void)openssl_server_stop();
	stop(&t);
}

static void an_authority_that_was_not_given_is_not_trusted(void **state)
{
	struct asked t;
	char other[512];

	start(&t, good, plain_options);
	http_client_done(&t.client);
	snprintf(other, sizeof other, "%s/self-signed.pem", fake_certificates());
	assert_ok(http_client_open(&(struct http_client_options){ .ca_file = other, .stop_fd = -1 }, &t.client, NULL));
	assert_why(LATER, TLS, get(&t, "/hello"));
	http_client_done(&t.client);
	assert_ok(http_client_open(&(struct http_client_options){ .stop_fd = -1 }, &t.client, NULL));
	assert_why(LATER, TLS, get(&t, "/hello"));
	assert_why(NEVER, CONFIG,
		   http_client_open(&(struct http_client_options){ .ca_file = "/nowhere" },
				    &(struct http_client *){ 0 }, NULL));
	stop(&t);
}

static void an_answer_that_cannot_be_read_is_none(void **state)
{
	static const struct {
		const char *path;
		enum fate fate;
		enum why why;
	} rows[] = {
		{ "/folded", FATE_LATER, WHY_PROTOCOL },    { "/control", FATE_LATER, WHY_PROTOCOL },
		{ "/no-colon", FATE_LATER, WHY_PROTOCOL },  { "/short", FATE_LATER, WHY_CLOSED },
		{ "/ancient", FATE_LATER, WHY_PROTOCOL },   { "/silent", FATE_LATER, WHY_CLOSED },
		{ "/long-head", FATE_LATER, WHY_PROTOCOL }, { "/long", FATE_NEVER, WHY_LIMIT },
	};
	struct asked t;

	start(&t, good, plain_options);
	for (size_t i = 0; i < COUNT(rows); i++)
		assert_why_at(get(&t, rows[i].path), rows[i].fate, rows[i].why, rows[i].path, __FILE__, __LINE__);
	assert_ok(get(&t, "/hello")); /* the client is none the worse */
	stop(&t);
}

static void patience_ends(void **state)
{
	struct asked t;
	int silent = -1;
	uint16_t port;
	char url[64];

	start(&t, good, plain_options);
	assert_ok(socket_listen("127.0.0.1", 0, &silent)); /* accepts, by the kernel's queue, and never says a word */
	port = socket_port(silent);
	snprintf(url, sizeof url, "https://localhost:%u/", port);
	assert_why(LATER, TIMEOUT, call(&t, NULL, (struct http_call){ .url = str_of(url), .patience = SECOND / 5 }));
	close(silent);
	assert_why(LATER, CONNECT, call(&t, NULL, (struct http_call){ .url = str_of(url) }));
	stop(&t);
}

static void who_stops_asks_nobody(void **state)
{
	struct asked t;
	int ends[2];

	assert_int_equal(pipe(ends), 0);
	start(&t, good, (struct http_client_options){ .stop_fd = ends[0] });
	assert_ok(get(&t, "/hello"));
	assert_int_equal(write(ends[1], "x", 1), 1);
	assert_why(LATER, CANCELLED, get(&t, "/hello"));
	stop(&t);
	close(ends[0]);
	close(ends[1]);
}

/* ── Judging the place ───────────────────────────────────────────────────────────────────────────── */

static void only_a_clean_https_url_is_asked(void **state)
{
	static const char *const rows[] = {
		"",
		"localhost",
		"ftp://localhost/",
		"file:///etc/passwd",
		"gopher://localhost/",
		"http://localhost/",
		"https://user@localhost/",
		"https://user:secret@localhost/",
		"https://localhost/ x",
		"https://localhost/\r\nX: y",
		"https://localhost/#fragment",
		"https://localhost:0/",
		"https://localhost:65536/",
		("https://l\xC3\xB6"
		 "calhost/"),
		"https:///path",
		"https://[fe80::1%25lo]/",
	};
	struct asked t;

	start(&t, good, plain_options);
	for (size_t i = 0; i < COUNT(rows); i++) {
		err e = call(&t, NULL, (struct http_call){ .url = { rows[i], strlen(rows[i]) } });
		if (e.fate != FATE_NEVER)
			fail_msg("%s was asked", rows[i]);
	}
	assert_int_equal(fake_https_requests(t.server), 0);
	stop(&t);
}

static void no_field_smuggles_another(void **state)
{
	static const struct http_field rows[] = {
		{ { "X", 1 }, { "a\r\nY: b", 7 } },
		{ { "X\r\nY", 4 }, { "b", 1 } },
		{ { "X", 1 }, { "a\0b", 3 } },
		{ { "X:", 2 }, { "a", 1 } },
		{ { "", 0 }, { "a", 1 } },
		{ { "Host", 4 }, { "a", 1 } },
		{ { "content-length", 14 }, { "1", 1 } },
	};
	struct asked t;

	start(&t, good, plain_options);
	for (size_t i = 0; i < COUNT(rows); i++)
		assert_why(NEVER, HEADER, call(&t, "/", (struct http_call){ .fields = &rows[i], .field_count = 1 }));
	assert_why(NEVER, HEADER, call(&t, "/", (struct http_call){ .method = STR("GET / HTTP/1.1\r\nX:") }));
	assert_int_equal(fake_https_requests(t.server), 0);
	stop(&t);
}

static void a_guarded_client_reaches_nothing_inside(void **state)
{
	static const char *const rows[] = {
		"localhost",
		"localhost.",
		"127.0.0.1",
		"127.1",
		"2130706433",
		"0x7f000001",
		"0177.0.0.1",
		"0",
		"[::1]",
		"[::]",
		"[::ffff:127.0.0.1]",
		"10.0.0.1",
		"169.254.169.254",
		"[fd00:ec2::254]",
		"[fe80::1]",
		"[64:ff9b::7f00:1]",
	};
	struct asked t;

	start(&t, good, (struct http_client_options){ .public_only = true });
	for (size_t i = 0; i < COUNT(rows); i++) {
		char url[128];
		snprintf(url, sizeof url, "https://%s:%u/hello", rows[i], t.port);
		err e = call(&t, NULL, (struct http_call){ .url = str_of(url) });
		/* Whether "localhost." resolves is up to the machine. */
		if (e.why != WHY_DENIED && e.why != WHY_SYNTAX && e.why != WHY_RESOLVE)
			fail_msg("%s: %s", rows[i], e.note ? e.note : "was asked");
	}
	assert_int_equal(fake_https_requests(t.server), 0);
	stop(&t);
}

static void plain_http_is_for_this_machine_alone(void **state)
{
	struct asked t;
	char url[64];

	start(&t, (struct fake_https){ 0 }, (struct http_client_options){ .plain_local = true });
	snprintf(url, sizeof url, "http://localhost:%u/hello", t.port);
	assert_ok(call(&t, NULL, (struct http_call){ .url = str_of(url) }));
	assert_str(t.result.body, STR("hello"));
	assert_why(NEVER, DENIED, call(&t, NULL, (struct http_call){ .url = STR("http://192.0.2.1/hello") }));
	stop(&t);
}

/* The addresses themselves are not asked here: the machine that runs this may be one of a cloud. */
/* The other way round than plain_local: this machine and its network are the ones that are not asked. */
static void what_proves_itself_is_asked_of_the_public_internet_alone(void **state)
{
	static const char *const inside[] = { "http://127.0.0.1:1/", "http://[::1]:1/",
					      "http://10.0.0.1/",    "http://169.254.169.254/latest",
					      "http://192.168.0.1/", "http://0.0.0.0:1/" };
	struct asked t;

	start(&t, (struct fake_https){ 0 }, (struct http_client_options){ .plain_public = true });
	for (size_t i = 0; i < COUNT(inside); i++)
		assert_why(NEVER, DENIED, call(&t, NULL, (struct http_call){ .url = str_of(inside[i]) }));
	stop(&t);
}

static void a_clouds_metadata_are_no_gate_to_their_neighbours(void **state)
{
	static const char *const rows[] = { "http://192.0.2.1/", "http://169.254.169.253/", "http://169.254.170.1/",
					    "http://[fe80::1]/", "http://10.0.0.1/" };
	struct asked t;
	char url[64];

	start(&t, (struct fake_https){ 0 }, (struct http_client_options){ .plain_metadata = true });
	snprintf(url, sizeof url, "http://localhost:%u/hello", t.port);
	assert_ok(call(&t, NULL, (struct http_call){ .url = str_of(url) }));
	for (size_t i = 0; i < COUNT(rows); i++)
		assert_why(NEVER, DENIED, call(&t, NULL, (struct http_call){ .url = str_of(rows[i]) }));
	stop(&t);
}

static struct endpoint endpoint(const char *text)
{
	struct wait w = WAIT_NONE;
	struct endpoint to[ENDPOINTS_MAX];
	size_t count;

	assert_ok(socket_resolve(text, 443, &w, to, &count));
	return to[0];
}

static void public_addresses_are_told_from_all_others(void **state)
{
	static const struct {
		const char *address;
		bool is_public;
	} rows[] = {
		{ "1.1.1.1", true },
		{ "9.255.255.255", true },
		{ "11.0.0.0", true },
		{ "100.63.255.255", true },
		{ "100.128.0.0", true },
		{ "172.15.255.255", true },
		{ "172.32.0.0", true },
		{ "198.17.255.255", true },
		{ "198.20.0.0", true },
		{ "223.255.255.255", true },
		{ "2606:4700::1111", true },
		{ "2001:200::1", true },
		{ "::ffff:1.1.1.1", true },
		{ "0.0.0.0", false },
		{ "10.0.0.0", false },
		{ "10.255.255.255", false },
		{ "100.64.0.0", false },
		{ "100.127.255.255", false },
		{ "127.255.255.255", false },
		{ "169.254.169.254", false },
		{ "172.16.0.0", false },
		{ "172.31.255.255", false },
		{ "192.0.0.8", false },
		{ "192.168.1.1", false },
		{ "198.18.0.1", false },
		{ "198.19.255.255", false },
		{ "224.0.0.1", false },
		{ "255.255.255.255", false },
		{ "::", false },
		{ "::1", false },
		{ "::ffff:10.0.0.1", false },
		{ "::10.0.0.1", false },
		{ "fc00::1", false },
		{ "fdff::1", false },
		{ "fe80::1", false },
		{ "ff02::1", false },
		{ "2001::1", false },
		{ "2001:db8::1", false },
		{ "2002:0a00:0001::", false },
		{ "64:ff9b::1.1.1.1", false },
		{ "3fff::1", false },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct endpoint e = endpoint(rows[i].address);
		if (endpoint_is_public(&e) != rows[i].is_public)
			fail_msg("%s", rows[i].address);
	}
}

TESTS(http_client, test(an_answer_comes_back_with_status_fields_and_body),
      test(what_is_posted_arrives_with_the_callers_fields), test(a_stream_is_sent_with_its_length),
      test(a_stream_that_ends_early_breaks_the_request), test(a_body_goes_into_a_sink_but_that_of_a_refusal_does_not),
      test(chunks_are_put_together_and_trailers_forgotten), test(an_interim_answer_is_forgotten),
      test(a_field_that_stands_twice_counts_as_none), test(any_status_is_an_answer_and_a_redirect_is_not_followed),
      test(the_path_travels_as_it_was_given), test(one_connection_serves_many_calls),
      test(what_may_not_be_sent_twice_takes_its_own_connection),
      test(what_goes_out_once_keeps_its_connection_and_is_never_repeated_on_another),
      test(what_never_went_out_is_known_not_to_have), test(who_is_not_verified_is_not_asked),
      test(an_unfit_server_is_refused_by_its_tls), test(an_authority_that_was_not_given_is_not_trusted),
      test(an_answer_that_cannot_be_read_is_none), test(patience_ends), test(who_stops_asks_nobody),
      test(only_a_clean_https_url_is_asked), test(no_field_smuggles_another),
      test(a_guarded_client_reaches_nothing_inside), test(plain_http_is_for_this_machine_alone),
      test(what_proves_itself_is_asked_of_the_public_internet_alone),
      test(a_clouds_metadata_are_no_gate_to_their_neighbours), test(public_addresses_are_told_from_all_others))
