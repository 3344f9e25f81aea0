/* Links against a real database and keyring: who may open, how often one may try, and what is written down. */
#include "test/model/record.h"

#include "link/link.h"
#include "sys/sys.h"

#include <pthread.h>
#include <stdatomic.h>

#define T0 ((moment)1790000000 * SECOND)
#define SECRET STR("k7mq9xwpb2t4v6yz")
enum { TRIES = 5 };

static struct arena *arena;
static struct keyring *keyring;
static struct db *db;
static const char *path, *keys;

static void end(void)
{
	db_done(&db);
	keyring_done(&keyring);
	arena_done(&arena);
}

/* One database for all: each test has links of its own. */
static int begin(void **state)
{
	(void)state;
	if (db)
		return 0;
	assert_ok(arena_open(16 << 20, &arena));
	keys = test_keys();
	keyring = test_keyring(keys);
	path = test_db();
	db = test_db_open(path);
	atexit(end);
	return 0;
}

/* An accepted submission with one recipient and one live link that expires a day after T0. */
struct case_of_one {
	struct submission *sub;
	struct recipient *to;
};

static struct case_of_one one_link(void)
{
	struct entropy e = sys_entropy();
	struct case_of_one c = { .sub = record_submission(arena, keyring) };

	c.sub->state = SUBMISSION_ARRIVING;
	c.sub->created_at = T0;
	c.sub->expires_at = T0 + DAY;
	c.to = c.sub->recipients = record_recipient(arena, keyring, 1);
	c.to->link =
		(struct link){ .expires_at = T0 + DAY, .proof = PROOF_PASSWORD, .secret = SECRET, .tries_max = TRIES };
	assert_ok(link_mint(&e, arena, c.to));
	assert_ok(submission_save(db, arena, &e, c.sub));
	assert_ok(recipient_save(db, arena, keyring, &e, c.sub, c.to));
	assert_ok(link_record(db, arena, keyring, &e, c.sub, c.to));
	assert_ok(submission_set_state(db, c.sub->id, SUBMISSION_ACCEPTED));
	return c;
}

static struct link_outcome prove(const struct case_of_one *c, str shown, moment now)
{
	struct link_outcome outcome;

	assert_ok(link_prove(db, keyring, c->to->link.id, shown, now, &outcome));
	return outcome;
}

static enum link_state state_at(const struct case_of_one *c, moment now)
{
	struct link_view view;

	assert_ok(link_find(db, keyring, c->to->link.token, now, &view));
	return view.state;
}

/* ── Tokens ──────────────────────────────────────────────────────────────────────────────────────── */

static void a_token_is_found_and_its_neighbours_are_not(void **state)
{
	OWNED(submission_done) struct submission *sub = NULL;
	struct case_of_one c = one_link();
	struct link_view view;
	char text[LINK_TOKEN_TEXT];

	(void)state;
	sub = c.sub;
	assert_int_equal(c.to->link.token.len, LINK_TOKEN_TEXT);
	assert_ok(link_find(db, keyring, c.to->link.token, T0, &view));
	assert_true(id_same(view.id, c.to->link.id) && id_same(view.recipient, c.to->id));
	for (size_t i = 0; i < LINK_TOKEN_TEXT; i++) {
		memcpy(text, c.to->link.token.at, sizeof text);
		text[i] = text[i] == '7' ? '8' : '7';
		assert_why(NEVER, NOT_FOUND, link_find(db, keyring, str_bytes(text, sizeof text), T0, &view));
	}
	assert_why(NEVER, NOT_FOUND, link_find(db, keyring, STR(""), T0, &view));
	assert_why(NEVER, NOT_FOUND, link_find(db, keyring, str_upto(c.to->link.token, 31), T0, &view));
	assert_why(NEVER, NOT_FOUND, link_find(db, keyring, STR("' OR 1=1 -- 0000000000000000000"), T0, &view));
}

static void neither_token_nor_proof_is_in_the_files(void **state)
{
	OWNED(submission_done) struct submission *sub = NULL;
	struct case_of_one c = one_link();

	(void)state;
	sub = c.sub;
	assert_ok(db_checkpoint(db));
	assert_int_equal(test_shell("cat '%s'* | grep -qaiF '%.*s'", path, STR_ARG(c.to->link.token)), 1);
	assert_int_equal(test_shell("cat '%s'* | grep -qaiF '%.*s'", path, STR_ARG(SECRET)), 1);
}

static void links_of_an_older_key_are_found_until_it_is_retired(void **state)
{
	OWNED(submission_done) struct submission *sub = NULL;
	OWNED(keyring_done) struct keyring *newer = NULL, *newest = NULL;
	struct entropy e = sys_entropy();
	struct case_of_one c = one_link();
	struct link_outcome outcome;
	struct link_view view;

	(void)state;
	sub = c.sub;
	assert_ok(keyring_key_new(keys, KEY_LINK, STR_NONE, STR_NONE, 0, T0, &e, NULL));
	newer = test_keyring(keys);
	assert_ok(link_find(db, newer, c.to->link.token, T0, &view));
	assert_ok(link_prove(db, newer, view.id, SECRET, T0, &outcome));
	assert_int_equal(outcome.answer, LINK_RIGHT);
	assert_ok(keyring_key_retire(keys, KEY_LINK, 1, STR_NONE, STR_NONE, NULL));
	newest = test_keyring(keys);
	assert_why(NEVER, NOT_FOUND, link_find(db, newest, c.to->link.token, T0, &view));
}

static void an_url_is_the_base_and_the_token(void **state)
{
	str url;

	(void)state;
	assert_ok(link_url(arena, STR("https://docs.example/"), STR("abc"), &url));
	assert_str(url, STR("https://docs.example/d/abc"));
}

/* ── Proofs ──────────────────────────────────────────────────────────────────────────────────────── */

static str text_of(enum proof_kind kind, const char *shown)
{
	str part = str_of(shown), text;

	assert_ok(link_proof_text(arena, kind, &part, 1, &text));
	return text;
}

static void what_people_type_is_what_the_sender_wrote(void **state)
{
	static const struct {
		enum proof_kind kind;
		const char *sender, *typed;
		bool same;
	} rows[] = {
		{ PROOF_PASSWORD, "k7mq-9xwp-b2t4-v6yz", "K7MQ 9XWP B2T4 V6YZ", true },
		{ PROOF_PASSWORD, "k7mq-9xwp-b2t4-v6yz", " k7mq9xwpb2t4v6yz\n", true },
		{ PROOF_PASSWORD, "k7mq-9xwp-b2t4-v6yz", "k7mq-9xwp-b2t4-v6ya", false },
		{ PROOF_PASSWORD, "Ab cd", "ab cd", false },
		{ PROOF_PASSWORD, "Ab cd", "Abcd", false },
		{ PROOF_PASSWORD, "Z\xc3\xbcrich!", "Zu\xcc\x88rich!", true },
		{ PROOF_DETAILS, "AB-123 456", "ab123456", true },
		{ PROOF_DETAILS, "AB-123 456", "ab-123-457", false },
		{ PROOF_DETAILS, "M\xc3\xbcller", "MU\xcc\x88LLER", true },
		{ PROOF_DETAILS, "2001", "\xd9\xa2\xd9\xa0\xd9\xa0\xd9\xa1", true },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		assert_int_equal(str_same(text_of(rows[i].kind, rows[i].sender), text_of(rows[i].kind, rows[i].typed)),
				 rows[i].same);
}

static void two_details_do_not_run_into_each_other(void **state)
{
	const str one[] = { STR("ab"), STR("c") }, two[] = { STR("a"), STR("bc") };
	str first, second;

	(void)state;
	assert_ok(link_proof_text(arena, PROOF_DETAILS, one, 2, &first));
	assert_ok(link_proof_text(arena, PROOF_DETAILS, two, 2, &second));
	assert_false(str_same(first, second));
}

static void nothing_typed_is_no_proof(void **state)
{
	static const str nothings[] = { { "", 0 }, { "  ", 2 }, { " - ", 3 }, { "\xff", 1 } };
	str text;

	(void)state;
	for (size_t i = 0; i < COUNT(nothings); i++)
		assert_why(NEVER, PROOF, link_proof_text(arena, PROOF_DETAILS, &nothings[i], 1, &text));
	assert_why(NEVER, PROOF, link_proof_text(arena, PROOF_PASSWORD, &nothings[1], 1, &text));
}

/* ── Tries ───────────────────────────────────────────────────────────────────────────────────────── */

static void the_right_proof_opens_and_costs_no_try(void **state)
{
	OWNED(submission_done) struct submission *sub = NULL;
	struct case_of_one c = one_link();
	struct link_view view;

	(void)state;
	sub = c.sub;
	for (int i = 0; i < 2 * TRIES; i++)
		assert_int_equal(prove(&c, SECRET, T0 + i).answer, LINK_RIGHT);
	assert_ok(link_by_id(db, c.to->link.id, T0, &view));
	assert_int_equal(view.tries, 0);
	assert_int_equal(view.proved_at, T0 + 2 * TRIES - 1);
}

static void wrong_proofs_wait_longer_and_longer_and_lock_the_link(void **state)
{
	static const span waits[TRIES] = { 0, 0, 5 * SECOND, 10 * SECOND, 20 * SECOND };
	OWNED(submission_done) struct submission *sub = NULL;
	struct case_of_one c = one_link();
	moment now = T0;

	(void)state;
	sub = c.sub;
	for (unsigned i = 0; i < TRIES; i++) {
		struct link_outcome o = prove(&c, STR("wrong"), now);
		assert_int_equal(o.answer, LINK_WRONG);
		assert_int_equal(o.tries_left, TRIES - 1 - i);
		assert_int_equal(o.wait, waits[i]);
		assert_int_equal(o.now_locked, i == TRIES - 1);
		if (o.wait > 0 && !o.now_locked) {
			struct link_outcome early = prove(&c, SECRET, now + o.wait - 1);
			assert_int_equal(early.answer, LINK_TOO_EARLY);
			assert_int_equal(early.wait, 1);
		}
		now += o.wait;
	}
	assert_int_equal(prove(&c, SECRET, now + HOUR).answer, LINK_CLOSED);
	assert_int_equal(state_at(&c, now), LINK_LOCKED);
}

static void a_right_proof_does_not_give_wrong_tries_back(void **state)
{
	OWNED(submission_done) struct submission *sub = NULL;
	struct case_of_one c = one_link();
	moment now = T0;

	(void)state;
	sub = c.sub;
	for (unsigned i = 0; i < TRIES - 1; i++, now += MINUTE)
		assert_int_equal(prove(&c, STR("wrong"), now).answer, LINK_WRONG);
	assert_int_equal(prove(&c, SECRET, now).answer, LINK_RIGHT);
	assert_true(prove(&c, STR("wrong"), now + MINUTE).now_locked);
}

static void a_clock_set_back_does_not_lock_people_out(void **state)
{
	OWNED(submission_done) struct submission *sub = NULL;
	struct case_of_one c = one_link();

	(void)state;
	sub = c.sub;
	for (unsigned i = 0; i < 3; i++)
		(void)prove(&c, STR("wrong"), T0 + HOUR);
	struct link_outcome o = prove(&c, SECRET, T0);
	assert_int_equal(o.answer, LINK_TOO_EARLY);
	assert_int_equal(o.wait, 5 * SECOND);
}

/* Fifty threads with a connection each, all at once. */
static atomic_int wrong, early, closed;
struct guesser {
	id link;
	pthread_t thread;
};

static void *guess(void *state)
{
	struct guesser *g = state;
	OWNED(db_done) struct db *own = test_db_open(path);
	struct link_outcome o;

	if (failed(link_prove(own, keyring, g->link, STR("wrong"), T0, &o)))
		return g;
	wrong += o.answer == LINK_WRONG;
	early += o.answer == LINK_TOO_EARLY;
	closed += o.answer == LINK_CLOSED;
	return NULL;
}

static void fifty_guesses_at_once_are_not_more_than_the_tries(void **state)
{
	static struct guesser guessers[50];
	OWNED(submission_done) struct submission *sub = NULL;
	struct case_of_one c = one_link();
	void *failure;

	(void)state;
	sub = c.sub;
	for (size_t i = 0; i < COUNT(guessers); i++) {
		guessers[i].link = c.to->link.id;
		assert_int_equal(pthread_create(&guessers[i].thread, NULL, guess, &guessers[i]), 0);
	}
	for (size_t i = 0; i < COUNT(guessers); i++) {
		pthread_join(guessers[i].thread, &failure);
		assert_null(failure);
	}
	assert_int_equal(wrong, 3); /* then one has to wait */
	assert_int_equal(wrong + early + closed, 50);
}

/* ── Codes ───────────────────────────────────────────────────────────────────────────────────────── */

static struct case_of_one code_link(void)
{
	struct entropy e = sys_entropy();
	struct case_of_one c = one_link();

	c.to->link.proof = PROOF_CODE;
	c.to->link.secret = STR_NONE;
	c.to->link.prompt = STR("mobile");
	assert_ok(link_mint(&e, arena, c.to));
	assert_ok(link_record(db, arena, keyring, &e, c.sub, c.to));
	return c;
}

static str new_code(const struct case_of_one *c, char room[LINK_CODE_DIGITS], moment now)
{
	struct entropy e = sys_entropy();

	assert_ok(link_code_want(db, c->to->link.id, 3, now));
	assert_ok(link_code_new(db, keyring, &e, c->to->link.id, now, room));
	assert_ok(link_code_done(db, c->to->link.id, true));
	return str_bytes(room, LINK_CODE_DIGITS);
}

static void a_code_opens_once_and_for_ten_minutes(void **state)
{
	OWNED(submission_done) struct submission *sub = NULL;
	struct case_of_one c = code_link();
	char first[LINK_CODE_DIGITS], second[LINK_CODE_DIGITS];
	str code;

	(void)state;
	sub = c.sub;
	assert_int_equal(prove(&c, STR("000000"), T0).answer, LINK_WRONG); /* none is out */
	code = new_code(&c, first, T0);
	assert_int_equal(prove(&c, code, T0 + 1).answer, LINK_RIGHT);
	assert_int_equal(prove(&c, code, T0 + 2).answer, LINK_WRONG); /* once */
	code = new_code(&c, second, T0 + HOUR);
	assert_int_equal(prove(&c, code, T0 + HOUR + LINK_CODE_GOOD).answer, LINK_WRONG);
}

static void a_new_code_replaces_the_old_one_and_gives_no_tries_back(void **state)
{
	OWNED(submission_done) struct submission *sub = NULL;
	struct case_of_one c = code_link();
	char first[LINK_CODE_DIGITS], second[LINK_CODE_DIGITS];
	struct link_view view;

	(void)state;
	sub = c.sub;
	str old = new_code(&c, first, T0), fresh = new_code(&c, second, T0 + 1);
	if (!str_same(old, fresh))
		assert_int_equal(prove(&c, old, T0 + 2).answer, LINK_WRONG);
	assert_int_equal(prove(&c, STR("x"), T0 + 3).answer, LINK_WRONG);
	assert_ok(link_by_id(db, c.to->link.id, T0, &view));
	uint32_t tries = view.tries;
	(void)new_code(&c, first, T0 + 4);
	assert_ok(link_by_id(db, c.to->link.id, T0, &view));
	assert_int_equal(view.tries, tries);
	assert_int_equal(view.codes, 3);
	assert_why(NEVER, STATE, link_code_want(db, c.to->link.id, 3, T0 + 5)); /* no more */
}

static void a_code_that_was_not_sent_is_given_back(void **state)
{
	OWNED(submission_done) struct submission *sub = NULL;
	struct case_of_one c = code_link();
	struct link_code_wish wish;
	struct link_view view;
	size_t count;

	(void)state;
	sub = c.sub;
	assert_ok(link_code_want(db, c.to->link.id, 1, T0));
	assert_why(NEVER, STATE, link_code_want(db, c.to->link.id, 1, T0)); /* one is on its way */
	assert_ok(link_codes_wanted(db, &wish, 1, &count));
	assert_int_equal(count, 1);
	assert_true(id_same(wish.link, c.to->link.id) && wish.at == T0);
	assert_ok(link_code_done(db, wish.link, false));
	assert_ok(link_by_id(db, wish.link, T0, &view));
	assert_int_equal(view.codes, 0);
	assert_ok(link_codes_wanted(db, &wish, 1, &count));
	assert_int_equal(count, 0);
}

static void codes_are_wanted_of_live_links_by_code_alone(void **state)
{
	OWNED(submission_done) struct submission *one = NULL, *two = NULL;
	struct case_of_one by_password = one_link(), ended = code_link();
	struct link_view view;

	(void)state;
	one = by_password.sub, two = ended.sub;
	assert_why(NEVER, STATE, link_code_want(db, by_password.to->link.id, 3, T0));
	assert_why(NEVER, STATE, link_code_want(db, ended.to->link.id, 3, T0 + DAY)); /* over */
	assert_ok(link_revoke(db, ended.to->link.id, T0, &view));
	assert_why(NEVER, STATE, link_code_want(db, ended.to->link.id, 3, T0));
}

static void six_digits_are_a_code_and_nothing_else_is(void **state)
{
	static const char *const none[] = { "12345", "1234567", "12345a", "+123456", "\xd9\xa1\xd9\xa2", "" };
	str text;

	(void)state;
	assert_str(text_of(PROOF_CODE, "123 456"), STR("123456"));
	assert_str(text_of(PROOF_CODE, " 123-456\n"), STR("123456"));
	for (size_t i = 0; i < COUNT(none); i++) {
		str part = str_of(none[i]);
		assert_why(NEVER, PROOF, link_proof_text(arena, PROOF_CODE, &part, 1, &text));
	}
}

/* ── Expiry, sessions, openings ──────────────────────────────────────────────────────────────────── */

static void a_link_opens_until_its_moment_and_not_after(void **state)
{
	OWNED(submission_done) struct submission *sub = NULL;
	struct case_of_one c = one_link();
	uint64_t expired;

	(void)state;
	sub = c.sub;
	assert_int_equal(prove(&c, SECRET, T0 + DAY - SECOND).answer, LINK_RIGHT);
	assert_int_equal(prove(&c, SECRET, T0 + DAY).answer, LINK_CLOSED);
	assert_int_equal(prove(&c, SECRET, T0 + DAY + SECOND).answer, LINK_CLOSED);
	assert_int_equal(state_at(&c, T0 + DAY - 1), LINK_LIVE);
	assert_int_equal(state_at(&c, T0 + DAY), LINK_EXPIRED);
	assert_ok(link_expire_due(db, T0 + DAY - 1, &expired));
	assert_int_equal(state_at(&c, T0), LINK_LIVE);
	assert_ok(link_expire_due(db, T0 + DAY, &expired));
	assert_int_equal(state_at(&c, T0), LINK_EXPIRED); /* written down: a clock set back opens nothing */
}

static struct link_session session_of(const struct case_of_one *c, moment now)
{
	char text[LINK_SESSION_TEXT];
	struct buf b = BUF_ON(text);
	struct entropy e = sys_entropy();
	struct link_session s;

	assert_ok(link_session_new(keyring, &e, c->to->link.id, now, &b));
	assert_ok(link_session_read(keyring, buf_str(&b), c->to->link.id, now, &s));
	return s;
}

static void a_session_is_good_for_its_link_for_a_quarter_of_an_hour(void **state)
{
	OWNED(submission_done) struct submission *one = NULL, *two = NULL;
	struct case_of_one c = one_link(), other = one_link();
	char text[LINK_SESSION_TEXT];
	struct buf b = BUF_ON(text);
	struct entropy e = sys_entropy();
	struct link_session s;
	id link = c.to->link.id;

	(void)state;
	one = c.sub, two = other.sub;
	assert_ok(link_session_new(keyring, &e, link, T0, &b));
	assert_int_equal(b.len, LINK_SESSION_TEXT);
	assert_ok(link_session_read(keyring, buf_str(&b), link, T0 + 15 * MINUTE - 1, &s));
	assert_why(NEVER, DENIED, link_session_read(keyring, buf_str(&b), link, T0 + 15 * MINUTE, &s));
	assert_why(NEVER, DENIED, link_session_read(keyring, buf_str(&b), link, T0 - SECOND, &s));
	assert_why(NEVER, DENIED, link_session_read(keyring, buf_str(&b), other.to->link.id, T0, &s));
	for (size_t i = 0; i < sizeof text; i++) {
		text[i] ^= 1;
		assert_why(NEVER, DENIED, link_session_read(keyring, buf_str(&b), link, T0, &s));
		text[i] ^= 1;
	}
}

static void a_form_is_good_for_its_token_for_half_a_day(void **state)
{
	char text[64];
	struct buf b = BUF_ON(text);

	(void)state;
	assert_ok(link_form_new(keyring, STR("abc"), T0, &b));
	assert_ok(link_form_check(keyring, STR("abc"), buf_str(&b), T0 + HOUR));
	assert_why(NEVER, DENIED, link_form_check(keyring, STR("abd"), buf_str(&b), T0));
	assert_why(NEVER, DENIED, link_form_check(keyring, STR("abc"), buf_str(&b), T0 + 12 * HOUR));
	assert_why(NEVER, DENIED, link_form_check(keyring, STR("abc"), buf_str(&b), T0 - SECOND));
	assert_why(NEVER, DENIED, link_form_check(keyring, STR("abc"), STR(""), T0));
	text[0] ^= 2;
	assert_why(NEVER, DENIED, link_form_check(keyring, STR("abc"), buf_str(&b), T0));
}

static void whole_transfers_count_once_for_each_session(void **state)
{
	OWNED(submission_done) struct submission *sub = NULL;
	struct entropy e = sys_entropy();
	struct case_of_one c = one_link();
	struct link_session first, second;
	struct link_view view;

	(void)state;
	sub = c.sub;
	c.to->link.opens_max = 1;
	assert_ok(link_mint(&e, arena, c.to));
	assert_ok(link_record(db, arena, keyring, &e, c.sub, c.to));
	first = session_of(&c, T0), second = session_of(&c, T0);
	assert_ok(link_may_open(db, &first, T0));
	assert_ok(link_sent(db, &first, 100, false, T0)); /* broken off */
	assert_ok(link_may_open(db, &second, T0));
	assert_ok(link_sent(db, &first, 200, true, T0 + 1));
	assert_ok(link_sent(db, &first, 200, true, T0 + 2));
	assert_ok(link_may_open(db, &first, T0));
	assert_why(NEVER, LIMIT, link_may_open(db, &second, T0));
	assert_ok(link_by_id(db, c.to->link.id, T0, &view));
	assert_int_equal(view.opens, 1);
	assert_int_equal(view.opened_at, T0 + 1);
	assert_int_equal(view.sent, 500);
}

static void who_never_fetches_the_last_byte_is_bounded_too(void **state)
{
	OWNED(submission_done) struct submission *sub = NULL;
	struct entropy e = sys_entropy();
	struct case_of_one c = one_link();
	struct link_session s;

	(void)state;
	sub = c.sub;
	c.to->link.opens_max = 2;
	assert_ok(link_mint(&e, arena, c.to));
	assert_ok(link_record(db, arena, keyring, &e, c.sub, c.to));
	s = session_of(&c, T0);
	uint64_t most = c.to->objects->size - 1;
	for (unsigned i = 0; i < 8; i++) { /* twice four times, all but the last byte */
		assert_ok(link_may_open(db, &s, T0));
		assert_ok(link_sent(db, &s, most, false, T0));
	}
	assert_ok(link_sent(db, &s, 8, false, T0));
	assert_why(NEVER, LIMIT, link_may_open(db, &s, T0));
}

static void what_a_renewed_link_opened_is_not_forgotten(void **state)
{
	OWNED(submission_done) struct submission *sub = NULL;
	struct entropy e = sys_entropy();
	struct case_of_one c = one_link();
	struct link_session s = session_of(&c, T0);
	struct link_view truth;
	id old = c.to->link.id;

	(void)state;
	sub = c.sub;
	assert_ok(link_sent(db, &s, 700, true, T0));
	assert_ok(link_mint(&e, arena, c.to));
	c.to->link.secret = STR_NONE;
	assert_ok(link_renew(db, arena, keyring, &e, c.sub, c.to, old, T0 + 1));
	assert_ok(link_of_recipient(db, c.to->id, T0 + 2, &truth));
	assert_int_equal(truth.opened_at, 0);
	assert_ok(link_history(db, c.to->id, &truth));
	assert_int_equal(truth.opened_at, T0);
	assert_int_equal(truth.sent, 700);
}

/* ── Ending ──────────────────────────────────────────────────────────────────────────────────────── */

static void a_revoked_link_opens_nothing_and_says_what_was_opened(void **state)
{
	OWNED(submission_done) struct submission *sub = NULL;
	struct case_of_one c = one_link();
	struct link_session s = session_of(&c, T0);
	struct link_view truth;

	(void)state;
	sub = c.sub;
	assert_ok(link_sent(db, &s, 1234, true, T0));
	assert_ok(link_revoke(db, c.to->link.id, T0 + 5, &truth));
	assert_int_equal(truth.state, LINK_REVOKED);
	assert_int_equal(truth.opens, 1);
	assert_int_equal(truth.sent, 1234);
	assert_int_equal(truth.opened_at, T0);
	assert_int_equal(prove(&c, SECRET, T0 + 6).answer, LINK_CLOSED);
	assert_why(NEVER, CANCELLED, link_may_open(db, &s, T0 + 6));
	assert_why(NEVER, STATE, link_revoke(db, c.to->link.id, T0 + 7, &truth));
	assert_why(NEVER, NOT_FOUND, link_revoke(db, c.to->id, T0 + 7, &truth));
}

static void a_renewed_link_asks_the_same_and_the_old_one_is_dead(void **state)
{
	OWNED(submission_done) struct submission *sub = NULL;
	struct entropy e = sys_entropy();
	struct case_of_one c = one_link();
	id old = c.to->link.id;
	str old_token = c.to->link.token;
	struct link_view view;
	moment now = T0;

	(void)state;
	sub = c.sub;
	for (unsigned i = 0; i < TRIES; i++, now += MINUTE)
		(void)prove(&c, STR("wrong"), now);
	assert_ok(link_mint(&e, arena, c.to));
	c.to->link.secret = STR_NONE; /* the old one's */
	c.to->link.expires_at = T0 + 3 * DAY;
	assert_ok(link_renew(db, arena, keyring, &e, c.sub, c.to, old, now));
	assert_ok(link_find(db, keyring, old_token, now, &view));
	assert_int_equal(view.state, LINK_RENEWED);
	assert_int_equal(prove(&c, SECRET, T0 + 2 * DAY).answer, LINK_RIGHT);
	assert_why(NEVER, STATE, link_renew(db, arena, keyring, &e, c.sub, c.to, old, now));
}

static void a_renewed_link_may_ask_for_a_new_password(void **state)
{
	OWNED(submission_done) struct submission *sub = NULL;
	struct entropy e = sys_entropy();
	struct case_of_one c = one_link();
	id old = c.to->link.id;

	(void)state;
	sub = c.sub;
	assert_ok(link_mint(&e, arena, c.to));
	c.to->link.secret = STR("zzzzzzzzzzzzzzzz");
	assert_ok(link_renew(db, arena, keyring, &e, c.sub, c.to, old, T0));
	assert_int_equal(prove(&c, SECRET, T0).answer, LINK_WRONG);
	assert_int_equal(prove(&c, STR("zzzzzzzzzzzzzzzz"), T0).answer, LINK_RIGHT);
}

static void who_may_ask_for_a_new_link_is_late_and_not_locked(void **state)
{
	static const struct link_renewal_rules rules = { .most = 2, .pause = DAY };
	static const struct {
		struct link_view link;
		bool may;
	} rows[] = {
		{ { .state = LINK_EXPIRED, .tries_max = 5, .tries = 4 }, true },
		{ { .state = LINK_EXPIRED, .tries_max = 5, .tries = 5 }, false }, /* only the sender unlocks */
		{ { .state = LINK_LIVE, .tries_max = 5 }, false },
		{ { .state = LINK_LOCKED, .tries_max = 5, .tries = 5 }, false },
		{ { .state = LINK_REVOKED, .tries_max = 5 }, false },
		{ { .state = LINK_RENEWED, .tries_max = 5 }, false },
		{ { .state = LINK_EXPIRED, .tries_max = 5, .opens = 3, .opens_max = 3 }, false },
		{ { .state = LINK_EXPIRED, .tries_max = 5, .opens = 2, .opens_max = 3 }, true },
		{ { .state = LINK_EXPIRED, .tries_max = 5, .renewals = 2, .created_at = T0 - 9 * DAY }, false },
		{ { .state = LINK_EXPIRED, .tries_max = 5, .renewals = 1, .created_at = T0 - DAY }, true },
		{ { .state = LINK_EXPIRED, .tries_max = 5, .renewals = 1, .created_at = T0 - DAY + 1 }, false },
		{ { .state = LINK_EXPIRED, .tries_max = 5, .wanted_at = T0 - 1 }, false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		assert_int_equal(link_may_want(&rows[i].link, &rules, T0), rows[i].may);
}

static void a_wish_is_kept_once_until_it_is_answered(void **state)
{
	OWNED(submission_done) struct submission *sub = NULL;
	struct case_of_one c = one_link();
	struct link_view view;

	(void)state;
	sub = c.sub;
	assert_ok(link_want(db, c.to->link.id, T0 + 1));
	assert_why(NEVER, STATE, link_want(db, c.to->link.id, T0 + 2));
	assert_ok(link_by_id(db, c.to->link.id, T0, &view));
	assert_int_equal(view.wanted_at, T0 + 1);
	assert_ok(link_answered(db, c.to->link.id));
	assert_ok(link_want(db, c.to->link.id, T0 + 3));
}

static void what_is_not_kept_is_not_kept_longer(void **state)
{
	OWNED(submission_done) struct submission *sub = NULL, *later = NULL;
	struct case_of_one c = one_link();

	(void)state;
	sub = c.sub;
	assert_ok(submission_keep(db, c.sub->id, T0 + 3 * DAY, T0 + 60 * DAY));
	assert_ok(submission_keep(db, c.sub->id, T0, T0)); /* never shorter */
	assert_ok(submission_load(db, arena, keyring, c.sub->id, &later));
	assert_int_equal(later->expires_at, T0 + 3 * DAY);
	assert_int_equal(later->erase_at, T0 + 60 * DAY);
	assert_ok(submission_expire(db, c.sub->id, T0));
	assert_why(NEVER, EXPIRED, submission_keep(db, c.sub->id, T0 + 9 * DAY, T0 + 90 * DAY));
}

static void what_was_asked_for_is_sealed(void **state)
{
	OWNED(submission_done) struct submission *sub = NULL;
	struct entropy e = sys_entropy();
	struct case_of_one c = one_link();
	str prompt;

	(void)state;
	sub = c.sub;
	assert_ok(link_mint(&e, arena, c.to));
	c.to->link.prompt = STR("birth_date+policy");
	assert_ok(link_record(db, arena, keyring, &e, c.sub, c.to));
	assert_ok(link_prompt(db, arena, c.sub->key, c.to->link.id, &prompt));
	assert_str(prompt, STR("birth_date+policy"));
}

#define case_test(function) cmocka_unit_test_setup(function, begin)
TESTS(link, case_test(a_token_is_found_and_its_neighbours_are_not), case_test(neither_token_nor_proof_is_in_the_files),
      case_test(links_of_an_older_key_are_found_until_it_is_retired), case_test(an_url_is_the_base_and_the_token),
      case_test(what_people_type_is_what_the_sender_wrote), case_test(two_details_do_not_run_into_each_other),
      case_test(nothing_typed_is_no_proof), case_test(the_right_proof_opens_and_costs_no_try),
      case_test(wrong_proofs_wait_longer_and_longer_and_lock_the_link),
      case_test(a_right_proof_does_not_give_wrong_tries_back), case_test(a_clock_set_back_does_not_lock_people_out),
      case_test(fifty_guesses_at_once_are_not_more_than_the_tries),
      case_test(a_link_opens_until_its_moment_and_not_after),
      case_test(a_session_is_good_for_its_link_for_a_quarter_of_an_hour),
      case_test(a_form_is_good_for_its_token_for_half_a_day), case_test(whole_transfers_count_once_for_each_session),
      case_test(a_revoked_link_opens_nothing_and_says_what_was_opened),
      case_test(a_renewed_link_asks_the_same_and_the_old_one_is_dead),
      case_test(a_renewed_link_may_ask_for_a_new_password),
      case_test(who_may_ask_for_a_new_link_is_late_and_not_locked), case_test(a_wish_is_kept_once_until_it_is_answered),
      case_test(what_is_not_kept_is_not_kept_longer), case_test(a_code_opens_once_and_for_ten_minutes),
      case_test(a_new_code_replaces_the_old_one_and_gives_no_tries_back),
      case_test(a_code_that_was_not_sent_is_given_back), case_test(codes_are_wanted_of_live_links_by_code_alone),
      case_test(six_digits_are_a_code_and_nothing_else_is), case_test(who_never_fetches_the_last_byte_is_bounded_too),
      case_test(what_a_renewed_link_opened_is_not_forgotten), case_test(what_was_asked_for_is_sealed))
