/* The recipient's page over TLS: what scanners, guessers and the right person get, and what it leaves in the database.
 */
#include "test/model/record.h"
#include "test/net/tls_peer.h"

#include "door/page/page.h"
#include "sys/sys.h"
#include "track/track.h"

#include <pthread.h>
#include <stdatomic.h>

#define AUTHORITY "docs.example"
#define SECRET "k7mq-9xwp-b2t4-v6yz"
#define DOCUMENT STR("the content of the document, as it was given")
#define T0 ((moment)1790000000 * SECOND)
enum { TRIES = 5, BIG = 8 * 1024 * 1024 };

static struct arena *arena;
static struct keyring *keyring;
static struct store *store;
static struct db *db;
static const char *db_file;
static struct page_server *server;
static int listener = -1;
static uint16_t port;

static atomic_llong now_is = T0;
static moment stand_now(void *state)
{
	(void)state;
	return now_is;
}
static int64_t real_ticks(void *state)
{
	const struct clock real = sys_clock();

	(void)state;
	return clock_ticks(&real);
}

/* ── What is served ──────────────────────────────────────────────────────────────────────────────── */

struct given {
	struct submission *sub;
	struct recipient *to;
	str token;
	char path[64], object[128];
};

static void store_object(struct given *g, str name, struct source *content)
{
	struct entropy e = sys_entropy();
	OWNED(store_batch_done) struct store_batch *batch = NULL;
	OWNED(sink_done) struct sink sink = { 0 };
	struct object *o;
	char id_text[ID_TEXT + 1] = { 0 };
	struct buf spelt = { .at = id_text, .max = ID_TEXT };

	assert_ok(NEW(arena, o));
	o->name = name;
	o->type = STR("application/pdf");
	assert_ok(store_begin(store, &batch));
	assert_ok(store_create(batch, arena, keyring, &e, g->sub->id, o, &sink));
	assert_ok(pump(content, &sink));
	assert_ok(sink_finish(&sink));
	assert_ok(store_commit(batch));
	o->next = g->to->objects;
	g->to->objects = o;
	buf_add_id(&spelt, o->id);
	snprintf(g->object, sizeof g->object, "/f/%.*s/%s", STR_ARG(g->token), id_text);
}

static struct given begin_given(void)
{
	struct entropy e = sys_entropy();
	struct given g = { 0 };

	g.sub = record_submission(arena, keyring);
	g.sub->created_at = T0;
	g.sub->expires_at = T0 + DAY;
	g.sub->from_name = STR("Example <script>alert(1)</script> & Co");
	g.to = g.sub->recipients = record_recipient(arena, keyring, 1);
	g.to->objects = NULL;
	g.to->language = STR("");
	assert_ok(link_mint(&e, arena, g.to));
	str part = STR(SECRET);
	g.to->link.proof = PROOF_PASSWORD;
	g.to->link.expires_at = T0 + DAY;
	g.to->link.tries_max = TRIES;
	assert_ok(link_proof_text(arena, PROOF_PASSWORD, &part, 1, &g.to->link.secret));
	g.token = g.to->link.token;
	snprintf(g.path, sizeof g.path, "/d/%.*s", STR_ARG(g.token));
	return g;
}

static void finish_given(struct given *g)
{
	struct entropy e = sys_entropy();

	assert_ok(submission_save(db, arena, &e, g->sub));
	assert_ok(recipient_save(db, arena, keyring, &e, g->sub, g->to));
	assert_ok(link_record(db, arena, keyring, &e, g->sub, g->to));
	assert_ok(submission_set_state(db, g->sub->id, SUBMISSION_ACCEPTED));
}

static struct given give(void)
{
	struct given g = begin_given();
	str content = DOCUMENT;
	struct source source = source_of_str(&content);

	store_object(&g, STR("Müller <b>\"1\"; 2.pdf"), &source);
	finish_given(&g);
	return g;
}

static void take_back(struct given *g)
{
	submission_done(&g->sub);
}
#define GIVEN(name, made) OWNED(take_back) struct given name = made

static void end(void)
{
	page_server_done(&server);
	fd_done(&listener);
	db_done(&db);
	store_done(&store);
	keyring_done(&keyring);
	arena_done(&arena);
}

static int begin(void **state)
{
	static char certificate[512], key[512];
	struct page_server_options o = { .base_url = STR("https://" AUTHORITY), .connections_of_one_max = 500 };

	(void)state;
	now_is = T0;
	if (server)
		return 0;
	signal(SIGPIPE, SIG_IGN);
	assert_ok(arena_open(256 << 20, &arena));
	keyring = test_keyring(test_keys());
	db_file = test_db();
	db = test_db_open(db_file);
	assert_ok(store_open_mem(&store));
	assert_ok(listen_open(STR("127.0.0.1"), 0, &listener, NULL));
	assert_ok(listen_port(listener, &port));
	snprintf(certificate, sizeof certificate, "%s/certificate", certificate_dir());
	snprintf(key, sizeof key, "%s/key", certificate_dir());
	o.fetch = (struct fetch_parts){ .rules = { .guesses_free = 1000, .range_ipv4 = 24, .range_ipv6 = 48 },
					.database = db_file,
					.keys = keyring,
					.store = store,
					.clock = { .now = stand_now, .ticks = real_ticks },
					.entropy = sys_entropy() };
	static struct http_listener at;
	at.fd = listener;
	o.listeners = &at;
	o.listener_count = 1;
	o.certificate = certificate;
	o.key = key;
	struct fault fault = { 0 };
	err e = page_server_open(&o, &server, &fault);
	if (failed(e))
		print_error("%s %s\n", fault.where, fault.what);
	assert_ok(e);
	atexit(end); /* after OpenSSL's own */
	return 0;
}

/* ── Its visitors ────────────────────────────────────────────────────────────────────────────────── */

struct reply {
	unsigned status;
	str head, body, all;
};

static struct reply ask(const char *format, ...) __attribute__((format(printf, 1, 2)));
static struct reply ask(const char *format, ...)
{
	char request[8192];
	struct reply r = { 0 };
	struct peer_side p;
	va_list args;

	va_start(args, format);
	assert_true(vsnprintf(request, sizeof request, format, args) < (int)sizeof request);
	va_end(args);
	meet(&p, port);
	say(&p, str_of(request));
	assert_ok(str_copy(arena, hear_all(&p), &r.all));
	part(&p);
	ptrdiff_t at = str_find(r.all, STR("\r\n\r\n"));
	assert_true(at > 0);
	r.status = status_of(r.all);
	r.head = str_upto(r.all, (size_t)at + 2);
	r.body = str_from(r.all, (size_t)at + 4);
	return r;
}
#define FIELDS "Host: " AUTHORITY "\r\nConnection: close\r\n"

static struct reply get(const char *path, const char *more)
{
	return ask("GET %s HTTP/1.1\r\n" FIELDS "%s\r\n", path, more);
}

static bool has(str in, const char *what)
{
	return str_find(in, str_of(what)) >= 0;
}

static str field_of(struct reply *r, const char *name)
{
	str needle, rest, value;

	assert_ok(str_format(arena, &needle, "\r\n%s: ", name));
	ptrdiff_t at = str_find(r->head, needle);
	if (at < 0)
		return STR_NONE;
	rest = str_from(r->head, (size_t)at + needle.len);
	(void)str_cut(rest, '\r', &value, &rest);
	return value;
}

static const char *form_of(struct reply *r)
{
	str rest, value;
	const char *c;
	ptrdiff_t at = str_find(r->body, STR("name=\"form\" value=\""));

	assert_true(at > 0);
	rest = str_from(r->body, (size_t)at + 19);
	(void)str_cut(rest, '"', &value, &rest);
	assert_ok(str_c(arena, value, &c));
	return c;
}

static struct reply post(const char *path, const char *more, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
static struct reply post(const char *path, const char *more, const char *format, ...)
{
	char body[4096];
	va_list args;

	va_start(args, format);
	assert_true(vsnprintf(body, sizeof body, format, args) < (int)sizeof body);
	va_end(args);
	return ask("POST %s HTTP/1.1\r\n" FIELDS
		   "Content-Type: application/x-www-form-urlencoded\r\n%sContent-Length: %zu\r\n\r\n%s",
		   path, more, strlen(body), body);
}

static const char *form_for(const struct given *g)
{
	struct reply page = get(g->path, "");

	assert_int_equal(page.status, 200);
	return form_of(&page);
}

/* "Cookie: …\r\n" of a session that was proven. */
static const char *proven(const struct given *g)
{
	struct reply r = post(g->path, "", "form=%s&proof=" SECRET, form_for(g));
	str cookie, rest, all;

	assert_int_equal(r.status, 303);
	(void)str_cut(field_of(&r, "Set-Cookie"), ';', &cookie, &rest);
	assert_ok(str_format(arena, &all, "Cookie: %.*s\r\n", STR_ARG(cookie)));
	return all.at;
}

static struct link_view link_now(const struct given *g)
{
	struct link_view view;

	assert_ok(link_by_id(db, g->to->link.id, now_is, &view));
	return view;
}

/* All rows of all tables, in words. */
/* All but the note that a page was looked at, which is no act of anybody. */
static str whole_database(void)
{
	static char path[300];
	static int n;

	snprintf(path, sizeof path, "%s.dump%d", db_file, n++);
	assert_int_equal(test_shell("/usr/bin/python3 -c \"import sqlite3,sys; m=sqlite3.connect(':memory:'); "
				    "sqlite3.connect('file:'+sys.argv[1]+'?mode=ro',uri=True).backup(m); "
				    "m.execute('UPDATE link SET fetches=0, fetched_at=NULL'); "
				    "m.execute('DELETE FROM event WHERE kind=\\'page-fetched\\''); "
				    "print('\\n'.join(m.iterdump()))\" "
				    "'%s' > '%s'",
				    db_file, path),
			 0);
	return test_file(arena, path);
}

/* ── Looking ─────────────────────────────────────────────────────────────────────────────────────── */

static void a_question_says_who_asks_and_until_when(void **state)
{
	GIVEN(g, give());
	struct reply r = get(g.path, "");

	assert_int_equal(r.status, 200);
	assert_true(has(r.body, "Example &lt;script&gt;alert(1)&lt;/script&gt; &amp; Co"));
	assert_true(has(r.body, "example.com") && has(r.body, "type=\"password\""));
	assert_true(has(r.body, "\"2026-09-22T14:13:20Z\">Tuesday, 22 September 2026 at 14:13 (UTC)</time>"));
	assert_true(has(r.body, "1 document, 44 bytes (PDF document)"));
	assert_false(has(r.body, "<script"));
	assert_false(has(r.body, "canary-person"));
	assert_false(has(r.body, ".pdf"));
}

static void looking_changes_nothing(void **state)
{
	GIVEN(g, give());
	str before = whole_database();

	for (int bot = 0; bot < 5; bot++) {
		assert_int_equal(get(g.path, "").status, 200);
		assert_int_equal(ask("HEAD %s HTTP/1.1\r\n" FIELDS "\r\n", g.path).status, 200);
		assert_int_equal(get(g.path, "Range: bytes=0-10\r\nPurpose: prefetch\r\n").status, 200);
		assert_int_equal(get(g.object, "").status, 303);
		assert_int_equal(get(g.object, "Range: bytes=0-10\r\n").status, 303);
		assert_int_equal(ask("HEAD %s HTTP/1.1\r\n" FIELDS "\r\n", g.object).status, 303);
	}
	assert_str(whole_database(), before);
}

static void only_a_try_is_written_down(void **state)
{
	static const char *const blind[] = { "", "proof=x", "form=x&proof=x", "form=&proof=" };
	GIVEN(g, give());
	str before = whole_database();

	for (size_t i = 0; i < COUNT(blind); i++)
		assert_int_equal(post(g.path, "", "%s", blind[i]).status, 403);
	assert_int_equal(post(g.path, "", "form=%s&proof=", form_for(&g)).status, 303); /* nothing shown */
	(void)post(g.path, "Origin: https://evil.example\r\n", "form=%s&proof=wrong", form_for(&g));
	(void)post(g.path, "Sec-Fetch-Site: cross-site\r\n", "form=%s&proof=wrong", form_for(&g));
	assert_str(whole_database(), before);
	(void)post(g.path, "", "form=%s&proof=wrong", form_for(&g));
	assert_false(str_same(whole_database(), before));
}

static void pages_stand_in_the_language_of_their_reader(void **state)
{
	GIVEN(g, give());
	struct reply r = get(g.path, "Accept-Language: fr;q=0.5, de\r\n");

	assert_true(has(r.body, "<html lang=\"de\""));
	r = get(g.path, "Accept-Language: xx, de;q=0\r\n");
	assert_true(has(r.body, "<html lang=\"en\" dir=\"ltr\">"));
}

static void other_paths_are_not_found(void **state)
{
	static const char *const paths[] = {
		"/", "/d/", "/d", "/x", "/d/../d/x", "/f/x/y", "//style.css", "/style.css/"
	};

	for (size_t i = 0; i < COUNT(paths); i++) {
		unsigned status = get(paths[i], "").status;
		assert_int_equal(status, 404);
	}
	assert_int_equal(post("/style.css", "", "x").status, 405);
	assert_int_equal(get("/healthz", "").status, 200);
	assert_int_equal(get("/style.css", "").status, 200);
}

/* ── Proving ─────────────────────────────────────────────────────────────────────────────────────── */

/* All of them say so of a page that says no-referrer, as they do of a hostile frame. */
static void a_browser_that_calls_our_origin_null_is_believed_if_it_vouches_for_the_site(void **state)
{
	GIVEN(g, give());
	const char *form = form_for(&g);

	assert_int_equal(post(g.path, "Origin: null\r\n", "form=%s&proof=" SECRET, form).status, 403);
	assert_int_equal(
		post(g.path, "Origin: null\r\nSec-Fetch-Site: same-origin\r\n", "form=%s&proof=" SECRET, form).status,
		303);
	assert_int_equal(link_now(&g).proved_at, T0);
}

static void the_right_proof_opens_the_documents(void **state)
{
	GIVEN(g, give());
	struct reply r = post(g.path, "Origin: https://" AUTHORITY "\r\nSec-Fetch-Site: same-origin\r\n",
			      "form=%s&proof=K7MQ+9XWP+B2T4+V6YZ", form_for(&g));
	str cookie = field_of(&r, "Set-Cookie");

	assert_int_equal(r.status, 303);
	assert_str(field_of(&r, "Location"), str_of(g.path));
	assert_true(str_starts(cookie, STR("__Host-open-")));
	assert_true(str_ends(cookie, STR("; Path=/; Max-Age=900; Secure; HttpOnly; SameSite=Strict")));
	r = get(g.path, proven(&g));
	assert_true(has(r.body, "Müller &lt;b&gt;") && has(r.body, "44 bytes"));
	assert_true(has(r.body, "href=\"https://" AUTHORITY "/f/"));
	assert_int_equal(link_now(&g).tries, 0);
	assert_int_equal(link_now(&g).proved_at, T0);
}

static void a_document_comes_whole_and_safe_to_save(void **state)
{
	GIVEN(g, give());
	const char *cookie = proven(&g);
	struct reply r = get(g.object, cookie);

	assert_int_equal(r.status, 200);
	assert_str(r.body, DOCUMENT);
	assert_str(field_of(&r, "Content-Disposition"),
		   STR("attachment; filename=\"M_ller <b>_1__ 2.pdf\"; "
		       "filename*=UTF-8''M%C3%BCller%20%3Cb%3E%221%22%3B%202.pdf"));
	assert_str(field_of(&r, "Content-Type"), STR("application/pdf"));
	assert_str(field_of(&r, "X-Content-Type-Options"), STR("nosniff"));
	assert_str(field_of(&r, "Cache-Control"), STR("no-store"));
	r = ask("HEAD %s HTTP/1.1\r\n" FIELDS "%s\r\n", g.object, cookie);
	assert_str(field_of(&r, "Content-Length"), STR("44"));
	assert_int_equal(r.body.len, 0);
}

static void a_download_can_be_resumed(void **state)
{
	GIVEN(g, give());
	const char *cookie = proven(&g);
	struct reply r = get(g.object, cookie);
	char more[1024];

	str etag = field_of(&r, "ETag");
	snprintf(more, sizeof more, "%sRange: bytes=4-10\r\n", cookie);
	r = get(g.object, more);
	assert_int_equal(r.status, 206);
	assert_str(r.body, STR("content"));
	assert_str(field_of(&r, "Content-Range"), STR("bytes 4-10/44"));
	snprintf(more, sizeof more, "%sRange: bytes=40-\r\nIf-Range: %.*s\r\n", cookie, STR_ARG(etag));
	assert_str(get(g.object, more).body, STR("iven"));
	snprintf(more, sizeof more, "%sRange: bytes=40-\r\nIf-Range: \"another\"\r\n", cookie);
	assert_int_equal(get(g.object, more).status, 200);
	snprintf(more, sizeof more, "%sRange: bytes=44-\r\n", cookie);
	r = get(g.object, more);
	assert_int_equal(r.status, 416);
	assert_str(field_of(&r, "Content-Range"), STR("bytes */44"));
}

static void a_session_opens_its_own_link_only(void **state)
{
	GIVEN(g, give());
	GIVEN(other, give());
	const char *cookie = proven(&other);
	char crossed[160];

	assert_int_equal(get(g.object, cookie).status, 303);
	assert_true(has(get(g.path, cookie).body, "type=\"password\""));
	/* Their own token and session, another's object. */
	snprintf(crossed, sizeof crossed, "/f/%.*s%s", STR_ARG(other.token), strrchr(g.object, '/'));
	assert_int_equal(get(crossed, cookie).status, 303);
	now_is = T0 + 15 * MINUTE;
	assert_int_equal(get(other.object, cookie).status, 303);
}

static void a_page_lists_as_many_documents_as_there_are(void **state)
{
	struct given many = begin_given();
	enum { MANY = 250 };

	for (int i = 0; i < MANY; i++) {
		str content = DOCUMENT;
		struct source source = source_of_str(&content);
		store_object(&many, STR("<<<<<<<<<<<<<<<<<<<<<<<<&&&&&&&&&&&&&&&&&&&&&&&&&&&.pdf"), &source);
	}
	finish_given(&many);
	GIVEN(g, many);
	struct reply r = get(g.path, proven(&g));
	assert_int_equal(r.status, 200);
	assert_int_equal(count_of(r.body, STR("<li class=\"card\">")), MANY);
	assert_true(str_ends(r.body, STR("</html>\n")));
}

/* ── Guessing ────────────────────────────────────────────────────────────────────────────────────── */

/* An answer without what may differ: its date, and the token that was asked for. */
static str faceless(const struct reply *r, str token)
{
	struct buf out;

	assert_ok(buf_open(arena, r->all.len, &out));
	for (str rest = r->all; rest.len;) {
		if (str_starts(rest, token))
			rest = str_from(rest, token.len);
		else if (str_starts(rest, STR("\r\nDate: ")))
			rest = str_from(rest, 37);
		else {
			buf_add_char(&out, rest.at[0]);
			rest = str_from(rest, 1);
		}
	}
	return buf_str(&out);
}

static struct reply guess(str token, const char *form, const char *proof)
{
	char path[64];

	snprintf(path, sizeof path, "/d/%.*s", STR_ARG(token));
	return post(path, "", "form=%s&proof=%s", form, proof);
}

static const char *form_by_mac(str token)
{
	static char room[8][128];
	static unsigned n;
	struct buf text = { .at = room[n % 8], .max = 127 };

	assert_ok(link_form_new(keyring, token, now_is, &text));
	return buf_c(&text), room[n++ % 8];
}

static void whoever_guesses_cannot_tell_what_a_token_is(void **state)
{
	GIVEN(live, give());
	GIVEN(locked, give());
	GIVEN(revoked, give());
	GIVEN(expired, give());
	struct link_view truth;
	str unknown = STR("0123456789abcdefghjkmnpqrstvwxyz");
	str wrong, tokens[] = { locked.token, revoked.token, expired.token, unknown };

	assert_ok(db_run(db, QUERY_LINK_END,
			 DB(db_id(locked.to->link.id), db_number(LINK_LOCKED), db_number(T0), db_number(1))));
	assert_ok(db_run(db, QUERY_LINK_END,
			 DB(db_id(expired.to->link.id), db_number(LINK_EXPIRED), db_number(T0), db_number(1))));
	assert_ok(link_revoke(db, revoked.to->link.id, T0, &truth));
	struct reply first = guess(live.token, form_by_mac(live.token), "wrong");
	wrong = faceless(&first, live.token);
	assert_int_equal(first.status, 403);
	str closed = STR_NONE;
	for (size_t i = 0; i < COUNT(tokens); i++) {
		char path[64];
		struct reply r = guess(tokens[i], form_by_mac(tokens[i]), i % 2 ? "wrong" : SECRET);
		assert_str(faceless(&r, tokens[i]), wrong);
		snprintf(path, sizeof path, "/d/%.*s", STR_ARG(tokens[i]));
		r = get(path, "");
		assert_int_equal(r.status, 404);
		if (i == 0)
			closed = faceless(&r, tokens[i]);
		assert_str(faceless(&r, tokens[i]), closed);
	}
}

static void refusals_take_the_same_time(void **state)
{
	GIVEN(live, give());
	const struct clock real = sys_clock();
	str tokens[] = { live.token, STR("0123456789abcdefghjkmnpqrstvwxyz") };

	for (size_t i = 0; i < COUNT(tokens); i++) {
		const char *form = form_by_mac(tokens[i]);
		int64_t before = clock_ticks(&real);
		(void)guess(tokens[i], form, "wrong");
		int64_t took = clock_ticks(&real) - before;
		assert_in_range(took, 250000, 450000);
	}
}

static void wrong_proofs_lock_the_link_and_the_sender_can_see_it(void **state)
{
	GIVEN(g, give());
	struct event *events;
	unsigned wrong = 0, locked = 0;

	for (unsigned i = 0; i < TRIES; i++, now_is += 5 * MINUTE)
		assert_int_equal(guess(g.token, form_by_mac(g.token), "wrong").status, 403);
	assert_int_equal(link_now(&g).state, LINK_LOCKED);
	assert_int_equal(guess(g.token, form_by_mac(g.token), SECRET).status, 403);
	assert_ok(track_list(db, g.sub->key, g.sub->id, (id){ 0 }, arena, &events));
	for (struct event *e = events; e; e = e->next) {
		wrong += e->kind == EVENT_LINK_PROOF_WRONG;
		locked += e->kind == EVENT_LINK_LOCKED;
	}
	assert_int_equal(wrong, TRIES);
	assert_int_equal(locked, 1);
}

static void a_hasty_guesser_is_told_to_wait(void **state)
{
	GIVEN(g, give());
	struct reply r;

	for (int i = 0; i < 3; i++)
		(void)guess(g.token, form_by_mac(g.token), "wrong");
	assert_true(has(get(g.path, "").body, "Tries left: 2"));
	r = guess(g.token, form_by_mac(g.token), SECRET);
	assert_int_equal(r.status, 429);
	assert_str(field_of(&r, "Retry-After"), STR("5"));
	now_is += 5 * SECOND;
	assert_int_equal(guess(g.token, form_by_mac(g.token), SECRET).status, 303);
}

static const struct given *shared;
static void *guess_once(void *state)
{
	char request[1024];
	struct peer_side p;
	const char *body = state;

	snprintf(request, sizeof request,
		 "POST %s HTTP/1.1\r\n" FIELDS
		 "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: %zu\r\n\r\n%s",
		 shared->path, strlen(body), body);
	if (!greet(&p, port, 0) || SSL_write(p.ssl, request, (int)strlen(request)) <= 0)
		return (void *)"no connection";
	while (SSL_read(p.ssl, request, sizeof request) > 0)
		;
	part(&p);
	return NULL;
}

static void fifty_guesses_at_once_get_no_more_chances_than_one_after_another(void **state)
{
	GIVEN(g, give());
	pthread_t threads[50];
	char body[512];
	void *failure;

	shared = &g;
	snprintf(body, sizeof body, "form=%s&proof=wrong", form_by_mac(g.token));
	for (size_t i = 0; i < COUNT(threads); i++)
		assert_int_equal(pthread_create(&threads[i], NULL, guess_once, body), 0);
	for (size_t i = 0; i < COUNT(threads); i++) {
		pthread_join(threads[i], &failure);
		assert_null(failure);
	}
	assert_int_equal(link_now(&g).tries, 3); /* of five; the fourth has to wait */
}

static void a_form_from_elsewhere_counts_for_nothing(void **state)
{
	static const struct {
		const char *more;
		unsigned status;
	} rows[] = {
		{ "Origin: https://evil.example\r\n", 403 },
		{ "Origin: null\r\n", 403 },
		{ "Origin: http://" AUTHORITY "\r\n", 403 },
		{ "Origin: https://" AUTHORITY ".evil.example\r\n", 403 },
		{ "Sec-Fetch-Site: cross-site\r\n", 403 },
		{ "Sec-Fetch-Site: same-site\r\n", 403 },
		{ "Origin: null\r\nSec-Fetch-Site: cross-site\r\n", 403 },
		{ "Origin: https://evil.example\r\nSec-Fetch-Site: same-origin\r\n", 403 },
	};
	static const char *const types[] = { "text/plain", "multipart/form-data; boundary=x", "application/json" };
	GIVEN(g, give());
	GIVEN(other, give());
	const char *form = form_for(&g);

	for (size_t i = 0; i < COUNT(rows); i++)
		assert_int_equal(post(g.path, rows[i].more, "form=%s&proof=" SECRET, form).status, rows[i].status);
	for (size_t i = 0; i < COUNT(types); i++)
		assert_int_equal(ask("POST %s HTTP/1.1\r\n" FIELDS
				     "Content-Type: %s\r\nContent-Length: 7\r\n\r\nproof=x",
				     g.path, types[i])
					 .status,
				 400);
	assert_int_equal(post(g.path, "", "form=%s&proof=" SECRET, form_for(&other)).status, 403);
	now_is += 13 * HOUR;
	assert_int_equal(post(g.path, "", "form=%s&proof=" SECRET, form).status, 403);
	assert_int_equal(link_now(&g).tries, 0);
	assert_int_equal(link_now(&g).proved_at, 0);
}

/* ── Ending ──────────────────────────────────────────────────────────────────────────────────────── */

static void a_second_after_expiry_nothing_opens(void **state)
{
	GIVEN(g, give());
	const char *cookie;

	now_is = T0 + DAY - SECOND;
	cookie = proven(&g);
	assert_int_equal(get(g.object, cookie).status, 200);
	now_is = T0 + DAY;
	assert_int_equal(get(g.object, cookie).status, 303);
	assert_int_equal(get(g.path, cookie).status, 404);
	assert_int_equal(guess(g.token, form_by_mac(g.token), SECRET).status, 403);
}

static void what_was_opened_is_told_and_counted_when_the_last_byte_arrived(void **state)
{
	GIVEN(g, give());
	const char *cookie = proven(&g);
	struct event *events;
	unsigned opened = 0, broken_off = 0;
	char more[512];

	snprintf(more, sizeof more, "%sRange: bytes=0-9\r\n", cookie);
	assert_int_equal(get(g.object, more).status, 206);
	assert_int_equal(link_now(&g).opens, 0);
	snprintf(more, sizeof more, "%sRange: bytes=10-\r\n", cookie);
	assert_int_equal(get(g.object, more).status, 206);
	assert_int_equal(get(g.object, cookie).status, 200);
	for (int i = 0; i < 100 && link_now(&g).sent < 88; i++)
		usleep(10000);
	assert_int_equal(link_now(&g).opens, 1); /* one session */
	assert_int_equal(link_now(&g).sent, 88);
	assert_ok(track_list(db, g.sub->key, g.sub->id, (id){ 0 }, arena, &events));
	for (struct event *e = events; e; e = e->next) {
		opened += e->kind == EVENT_LINK_OPENED;
		broken_off += e->kind == EVENT_LINK_BROKEN_OFF;
	}
	assert_int_equal(opened, 2);
	assert_int_equal(broken_off, 1);
}

static err read_noise(void *state, void *to, size_t max, size_t *got)
{
	size_t *left = state;

	*got = max < *left ? max : *left;
	memset(to, 'n', *got);
	*left -= *got;
	return OK;
}

static void a_transfer_stops_when_its_link_is_revoked(void **state)
{
	static const struct source_ops noise = { .read = read_noise };
	struct given big = begin_given();
	size_t left = BIG, got = 0;
	struct source source = { &noise, &left };
	struct link_view truth;
	char request[1024], piece[16384];
	struct peer_side p;
	int n;

	store_object(&big, STR("big.pdf"), &source);
	finish_given(&big);
	GIVEN(g, big);
	snprintf(request, sizeof request, "GET %s HTTP/1.1\r\n" FIELDS "%s\r\n", g.object, proven(&g));
	meet(&p, port);
	int little = 64 * 1024;
	setsockopt(p.fd, SOL_SOCKET, SO_RCVBUF, &little, sizeof little);
	say(&p, str_of(request));
	assert_true(SSL_read(p.ssl, piece, sizeof piece) > 0);
	assert_ok(link_revoke(db, g.to->link.id, T0, &truth));
	usleep(1200000);
	while ((n = SSL_read(p.ssl, piece, sizeof piece)) > 0)
		got += (size_t)n;
	part(&p);
	assert_true(got < BIG);
	assert_int_equal(link_now(&g).opens, 0);
}

static void nothing_in_a_page_comes_from_elsewhere(void **state)
{
	GIVEN(g, give());
	const char *const paths[] = { g.path, "/", "/style.css" };

	for (size_t i = 0; i < COUNT(paths); i++) {
		struct reply r = get(paths[i], "");
		assert_false(has(r.body, "http://") || has(r.body, "style=") || has(r.body, "<script") ||
			     has(r.body, "onclick") || has(r.body, "url("));
		assert_true(has(r.head, "frame-ancestors 'none'") && has(r.head, "base-uri 'none'"));
		assert_false(has(r.head, "unsafe-inline"));
	}
	assert_false(has(get("/", "").head, "Set-Cookie"));
}

#define page_test(function) cmocka_unit_test_setup(function, begin)
TESTS(page, page_test(a_question_says_who_asks_and_until_when), page_test(looking_changes_nothing),
      page_test(only_a_try_is_written_down), page_test(pages_stand_in_the_language_of_their_reader),
      page_test(other_paths_are_not_found),
      page_test(a_browser_that_calls_our_origin_null_is_believed_if_it_vouches_for_the_site),
      page_test(the_right_proof_opens_the_documents), page_test(a_document_comes_whole_and_safe_to_save),
      page_test(a_download_can_be_resumed), page_test(a_session_opens_its_own_link_only),
      page_test(a_page_lists_as_many_documents_as_there_are), page_test(whoever_guesses_cannot_tell_what_a_token_is),
      page_test(refusals_take_the_same_time), page_test(wrong_proofs_lock_the_link_and_the_sender_can_see_it),
      page_test(a_hasty_guesser_is_told_to_wait),
      page_test(fifty_guesses_at_once_get_no_more_chances_than_one_after_another),
      page_test(a_form_from_elsewhere_counts_for_nothing), page_test(a_second_after_expiry_nothing_opens),
      page_test(what_was_opened_is_told_and_counted_when_the_last_byte_arrived),
      page_test(a_transfer_stops_when_its_link_is_revoked), page_test(nothing_in_a_page_comes_from_elsewhere))
