/* Dispatching over a transport that does what the test says, with real threads and a real database. */
#include "test/model/record.h"

#include "deliver/engine.h"
#include "flow/dispatch.h"

#include <pthread.h>

enum { PEOPLE_MAX = 3000, LATE = 60, IN_HAND_MOST = 100 };

static struct arena *arena;
static struct db *db;
static struct submission *sub;
static struct config config;
static struct line line;
static struct entropy chance;
static id deliveries[PEOPLE_MAX];
static unsigned people;

/* ── The transport ───────────────────────────────────────────────────────────────────────────────── */

static struct {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	bool down, hanging; /* it fails; it takes its time until it no more is */
	bool watching;      /* it looks into the database: */
	bool saw_unsettled; /* a message came on a connection whose last one was not settled */
	const char *poison; /* breaks the connection whenever it comes */
	bool tells, spent,
		unasked;          /* what it allows: whether it says so, that it is nothing, that it cannot be asked */
	unsigned too_fast, asked; /* how many it will call too fast; how often it was asked */
	unsigned poisoned, count, tries;
	char to[PEOPLE_MAX * 2][64];
} fake = { .lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER };

static err fake_session_open(struct transport *t, struct session *s)
{
	s->state = calloc(1, 64); /* whom the last message was for */
	return s->state ? OK : LATER(MEMORY, "no memory");
}

static void fake_session_close(struct session *s)
{
	free(s->state);
}

static enum delivery_state state_of(struct db *with, unsigned row)
{
	OWNED(db_rows_done) struct db_rows rows = { 0 };

	assert_ok(db_one(with, QUERY_DELIVERY_STATE, DB(db_id(deliveries[row])), &rows));
	return (enum delivery_state)db_row_number(&rows, 0);
}

static bool is_settled(const char *to)
{
	struct db *own = test_db_open(config.database);
	bool settled = !*to || delivery_ended(state_of(own, (unsigned)strtoul(to + 1, NULL, 10)));

	db_done(&own);
	return settled;
}

static err fake_say(struct outcome *o, enum outcome_result result)
{
	*o = (struct outcome){ .result = result, .stage = "dot", .code = 250, .enhanced = "2.0.0" };
	return OK;
}

/* With the lock. */
static err fake_take(struct session *s, const char *to, struct outcome *o)
{
	fake.tries++;
	if (fake.down)
		return LATER(TIMEOUT, "nobody answers");
	if (fake.poison && strcmp(to, fake.poison) == 0) {
		fake.poisoned++;
		return LATER(TIMEOUT, "the connection broke");
	}
	if (fake.too_fast) {
		fake.too_fast--;
		*o = (struct outcome){ .result = OUTCOME_LATER, .fast = true };
		return LATER(REPLY_LATER, "too fast");
	}
	if (fake.spent) {
		*o = (struct outcome){ .result = OUTCOME_LATER, .ask = true };
		return LATER(LIMIT, "nothing more today");
	}
	while (fake.hanging)
		pthread_cond_wait(&fake.changed, &fake.lock);
	fake.saw_unsettled |= fake.watching && !is_settled(s->state);
	snprintf(s->state, 64, "%s", to);
	snprintf(fake.to[fake.count++], sizeof fake.to[0], "%s", to);
	return fake_say(o, OUTCOME_DELIVERED);
}

static err fake_send(struct session *s, const struct message *m, struct outcome *o)
{
	char to[64];

	snprintf(to, sizeof to, "%.*s", STR_ARG(m->to));
	pthread_mutex_lock(&fake.lock);
	err e = fake_take(s, to, o);
	pthread_cond_broadcast(&fake.changed);
	pthread_mutex_unlock(&fake.lock);
	return e;
}

static err fake_allowance(struct session *s, struct allowance *out, struct fault *fault)
{
	pthread_mutex_lock(&fake.lock);
	fake.asked++;
	*out = (struct allowance){ .told = fake.tells, .day_max = 10, .day_left = fake.spent ? 0 : 10 };
	bool unasked = fake.unasked;
	pthread_mutex_unlock(&fake.lock);
	if (unasked)
		fault_set(fault, "nobody answers the question");
	return unasked ? LATER(TIMEOUT, "nobody answers") : OK;
}

static const struct engine fake_engine = {
	.allowance = fake_allowance,
	.session_open = fake_session_open,
	.send = fake_send,
	.session_close = fake_session_close,
};

static struct transport *fake_transport(void)
{
	struct transport *t = calloc(1, sizeof *t);

	assert_non_null(t);
	t->options.stop_fd = -1;
	t->engine = &fake_engine;
	return t;
}

static void fake_set(bool *what, bool value)
{
	pthread_mutex_lock(&fake.lock);
	*what = value;
	pthread_cond_broadcast(&fake.changed);
	pthread_mutex_unlock(&fake.lock);
}

static unsigned fake_count(const unsigned *what)
{
	pthread_mutex_lock(&fake.lock);
	unsigned count = *what;
	pthread_mutex_unlock(&fake.lock);
	return count;
}

/* ── What is queued ──────────────────────────────────────────────────────────────────────────────── */

static int begin(void **state)
{
	config = (struct config){ .database = test_db() };
	config.transport.connections = 4;
	config.retry.first = config.retry.most = HOUR;
	chance = sys_entropy();
	assert_ok(arena_open(256 << 20, &arena));
	line = (struct line){ .config = &config, .clock = sys_clock(), .entropy = chance };
	line.keys = test_keyring(test_keys());
	db = test_db_open(config.database);
	sub = record_submission(arena, line.keys);
	assert_ok(submission_save(db, arena, &chance, sub));
	people = 0;
	fake.down = fake.hanging = fake.watching = fake.saw_unsettled = false;
	fake.tells = fake.spent = fake.unasked = false;
	fake.too_fast = fake.asked = 0;
	fake.poison = NULL;
	fake.poisoned = fake.count = fake.tries = 0;
	return 0;
}

static int end(void **state)
{
	submission_done(&sub);
	db_done(&db);
	keyring_done(&line.keys);
	arena_done(&arena);
	return 0;
}

/* The n-th is for pN@…, and due a second after the one before, all in the past. */
static void queue_for(const char *domain, unsigned count)
{
	OWNED(db_rollback) struct db_transaction change = { 0 };

	assert_ok(db_begin(db, &change));
	for (unsigned i = 0; i < count; i++, people++) {
		struct recipient *to = record_recipient(arena, line.keys, people + 1);
		struct message m = { .from = STR("documents@example.com"),
				     .domain = str_of(domain),
				     .id = STR("<one@example.com>"),
				     .bytes = STR("From: documents@example.com\r\n\r\nhello\r\n") };
		assert_ok(str_format(arena, &m.to, "p%u@%s", people, domain));
		assert_ok(id_new(&chance, &to->delivery));
		to->link.expires_at = clock_now(&line.clock) + DAY;
		assert_ok(recipient_save(db, arena, line.keys, &chance, sub, to));
		assert_ok(queue_add(db, &chance, sub, to, &m, clock_now(&line.clock) - HOUR + (moment)people * SECOND));
		deliveries[people] = to->delivery;
	}
	assert_ok(db_commit(&change));
}

static struct dispatch *start(void)
{
	const struct dispatch_options o = { .patience = LATE * SECOND, .transport = fake_transport() };
	struct dispatch *d = NULL;

	assert_ok(dispatch_begin(&line, &o, &d, NULL));
	return d;
}

static uint64_t in_state(enum delivery_state state)
{
	struct queue_count count;

	assert_ok(queue_count(db, (struct queue_scope){ 0 }, &count));
	return count.by_state[state];
}

/* Looks again and again until it is so; a minute without it is a failure. */
#define UNTIL(so)                                                                                                      \
	do {                                                                                                           \
		int64_t since = clock_ticks(&line.clock);                                                              \
		while (!(so)) {                                                                                        \
			if (clock_ticks(&line.clock) - since > LATE * SECOND)                                          \
				fail_msg("never came: %s", #so);                                                       \
			sys_sleep(SECOND / 100);                                                                       \
		}                                                                                                      \
	} while (0)

static unsigned sent_to(const char *domain)
{
	unsigned count = 0;

	pthread_mutex_lock(&fake.lock);
	for (unsigned i = 0; i < fake.count; i++)
		count += strcmp(strchr(fake.to[i], '@') + 1, domain) == 0;
	pthread_mutex_unlock(&fake.lock);
	return count;
}

static unsigned sent_twice(void)
{
	static bool sent[PEOPLE_MAX];
	unsigned twice = 0;

	memset(sent, 0, sizeof sent);
	for (unsigned i = 0; i < fake.count; i++) {
		unsigned long who = strtoul(fake.to[i] + 1, NULL, 10);
		twice += sent[who];
		sent[who] = true;
	}
	return twice;
}

/* ── The tests ───────────────────────────────────────────────────────────────────────────────────── */

static void what_is_due_first_goes_first(void **state)
{
	config.transport.connections = 1;
	queue_for("a.test", 100);
	struct dispatch *d = start();
	UNTIL(in_state(DELIVERY_DELIVERED) == 100);
	dispatch_end(&d);
	for (unsigned i = 0; i < 100; i++)
		assert_int_equal(strtoul(fake.to[i] + 1, NULL, 10), i);
}

static void each_goes_once_over_all_connections(void **state)
{
	config.transport.connections = 16;
	queue_for("a.test", 500);
	struct dispatch *d = start();
	UNTIL(in_state(DELIVERY_DELIVERED) == 500);
	dispatch_end(&d);
	assert_int_equal(fake.count, 500);
	assert_int_equal(sent_twice(), 0);
}

static void nothing_more_is_said_on_a_connection_before_its_outcome_is_durable(void **state)
{
	fake.watching = true;
	queue_for("a.test", 200);
	struct dispatch *d = start();
	UNTIL(in_state(DELIVERY_DELIVERED) == 200);
	dispatch_end(&d);
	assert_false(fake.saw_unsettled);
}

/* The slow ones are due first, and far more than can be held. */
static void a_slow_domain_holds_no_other_up_and_can_be_cancelled(void **state)
{
	OWNED(db_rollback) struct db_transaction change = { 0 };
	unsigned cancelled = 0;
	config.pace.per_domain_per_second = 1;
	queue_for("slow.test", 2000);
	queue_for("other.test", 1);
	queue_for("another.test", 1);
	struct dispatch *d = start();
	UNTIL(sent_to("other.test") == 1 && sent_to("another.test") == 1);
	unsigned slow = sent_to("slow.test");
	UNTIL(in_state(DELIVERY_TRYING) < IN_HAND_MOST);
	assert_ok(db_begin(db, &change));
	for (unsigned i = 0; i < 2000; i++)
		cancelled += !failed(queue_cancel(db, deliveries[i], clock_now(&line.clock)));
	assert_ok(db_commit(&change));
	dispatch_end(&d);
	assert_true(slow < 1000);
	assert_true(cancelled > 2000 - IN_HAND_MOST - slow - LATE);
	assert_int_equal(in_state(DELIVERY_TRYING), 0);
	assert_int_equal(in_state(DELIVERY_CANCELLED), cancelled);
}

static void who_was_sent_away_comes_back_for_its_turn(void **state)
{
	config.pace.per_domain_per_second = 20;
	queue_for("slow.test", 80);
	struct dispatch *d = start();
	UNTIL(in_state(DELIVERY_WAITING) > 0);
	UNTIL(in_state(DELIVERY_DELIVERED) == 80);
	dispatch_end(&d);
	assert_int_equal(sent_twice(), 0);
}

static void at_a_slow_pace_hardly_anything_is_out_of_reach(void **state)
{
	config.pace.messages_per_second = 1;
	config.transport.connections = 32;
	queue_for("a.test", 300);
	struct dispatch *d = start();
	UNTIL(fake_count(&fake.count) >= 2);
	assert_true(in_state(DELIVERY_TRYING) < 40);
	assert_ok(queue_cancel(db, deliveries[299], clock_now(&line.clock)));
	dispatch_end(&d);
	assert_int_equal(in_state(DELIVERY_QUEUED), 300 - fake.count - 1);
}

static void what_a_broken_transport_was_given_can_be_cancelled_and_the_rest_goes_when_it_works(void **state)
{
	struct dispatch_view view;
	fake.down = true;
	queue_for("a.test", 100);
	struct dispatch *d = start();
	UNTIL(fake_count(&fake.tries) >= 2);
	dispatch_look(d, &view);
	assert_string_not_equal(view.trouble, "");
	UNTIL(!failed(queue_cancel(db, deliveries[0], clock_now(&line.clock))));
	UNTIL(in_state(DELIVERY_TRYING) == 0);
	assert_int_equal(in_state(DELIVERY_QUEUED), 99);
	fake_set(&fake.down, false);
	UNTIL(in_state(DELIVERY_DELIVERED) == 99);
	dispatch_look(d, &view);
	assert_string_equal(view.trouble, "");
	dispatch_end(&d);
	assert_int_equal(fake.count, 99);
}

/* Though it goes back into the queue in between, it is not tried for ever. */
static void a_message_that_breaks_the_connection_each_time_has_an_outcome_in_the_end(void **state)
{
	config.transport.connections = 1;
	fake.poison = "p0@a.test";
	queue_for("a.test", 3);
	struct dispatch *d = start();
	UNTIL(in_state(DELIVERY_DELIVERED) == 2 && in_state(DELIVERY_WAITING) == 1);
	dispatch_end(&d);
	assert_int_equal(fake.poisoned, 3);
	assert_int_equal(state_of(db, 0), DELIVERY_WAITING);
}

static void at_the_end_what_is_in_hand_is_finished_and_the_rest_is_as_it_was(void **state)
{
	struct dispatch_view view;
	fake.hanging = true;
	queue_for("a.test", 50);
	struct dispatch *d = start();
	UNTIL(fake_count(&fake.tries) == 4);
	dispatch_look(d, &view);
	assert_true(view.in_flight >= 4);
	pthread_t let_go;
	void *let(void *nothing);
	assert_int_equal(pthread_create(&let_go, NULL, let, NULL), 0);
	dispatch_end(&d);
	pthread_join(let_go, NULL);
	assert_int_equal(in_state(DELIVERY_DELIVERED), fake.count);
	assert_int_equal(in_state(DELIVERY_QUEUED), 50 - fake.count);
	assert_in_range(fake.count, 4, 49);
}

void *let(void *nothing)
{
	sys_sleep(SECOND / 5);
	fake_set(&fake.hanging, false);
	return NULL;
}

/* The database refuses to keep what was heard: nothing more is sent, and what was sent stays in doubt. */
static void outcomes_that_cannot_be_written_down_end_the_run(void **state)
{
	struct dispatch_view view;
	fake.hanging = true;
	queue_for("a.test", 50);
	struct dispatch *d = start();
	UNTIL(fake_count(&fake.tries) == 4);
	assert_int_equal(test_shell("sqlite3 -cmd '.timeout 30000' '%s' 'ALTER TABLE event RENAME TO elsewhere'",
				    config.database),
			 0);
	fake_set(&fake.hanging, false);
	UNTIL((dispatch_look(d, &view), failed(view.broken)));
	dispatch_end(&d);
	assert_int_equal(fake.count, 4);
	assert_int_equal(in_state(DELIVERY_DELIVERED), 0);
	assert_int_equal(in_state(DELIVERY_TRYING), 4);
}

#define dispatched(f) cmocka_unit_test_setup_teardown(f, begin, end)
static unsigned attempts_of(unsigned row)
{
	OWNED(db_rows_done) struct db_rows rows = { 0 };

	assert_ok(db_one(db, QUERY_DELIVERY_GET, DB(db_id(deliveries[row])), &rows));
	return (unsigned)db_row_number(&rows, 5);
}

static void who_is_too_fast_slows_down_and_each_goes_once_at_its_first_attempt(void **state)
{
	fake.too_fast = 12; /* more than a message could fail without an outcome */
	queue_for("a.test", 3);
	struct dispatch *d = start();
	UNTIL(in_state(DELIVERY_DELIVERED) == 3);
	dispatch_end(&d);
	assert_int_equal(fake.count, 3);
	assert_int_equal(fake.tries, 3 + 12);
	for (unsigned row = 0; row < 3; row++)
		assert_int_equal(attempts_of(row), 1);
}

static void while_nothing_is_allowed_nothing_is_tried_and_all_can_be_cancelled(void **state)
{
	struct dispatch_view view;

	fake.tells = fake.spent = true;
	queue_for("a.test", 20);
	struct dispatch *d = start();
	UNTIL((dispatch_look(d, &view), view.down_since && view.trouble[0]));
	UNTIL(fake_count(&fake.asked) >= 2); /* again and again */
	assert_non_null(strstr(view.trouble, "quota"));
	assert_int_equal(fake.tries, 0);
	assert_int_equal(in_state(DELIVERY_QUEUED), 20);
	fake_set(&fake.spent, false);
	UNTIL(in_state(DELIVERY_DELIVERED) == 20);
	dispatch_end(&d);
	assert_int_equal(fake.count, 20);
}

static void what_is_no_longer_allowed_goes_back_into_the_queue(void **state)
{
	fake.tells = fake.hanging = true;
	queue_for("a.test", 20);
	struct dispatch *d = start();
	UNTIL(fake_count(&fake.tries) == 4);
	pthread_mutex_lock(&fake.lock);
	fake.spent = true;
	fake.hanging = false;
	pthread_cond_broadcast(&fake.changed);
	pthread_mutex_unlock(&fake.lock);
	UNTIL(in_state(DELIVERY_DELIVERED) == 4 && in_state(DELIVERY_QUEUED) == 16);
	fake_set(&fake.spent, false);
	UNTIL(in_state(DELIVERY_DELIVERED) == 20);
	dispatch_end(&d);
	assert_int_equal(fake.count, 20);
	assert_int_equal(attempts_of(19), 1);
}

static void nothing_leaves_before_it_is_known_what_is_allowed(void **state)
{
	struct dispatch_view view;

	fake.tells = fake.unasked = true;
	queue_for("a.test", 2);
	struct dispatch *d = start();
	UNTIL((dispatch_look(d, &view), strstr(view.trouble, "nobody answers the question")));
	assert_int_equal(fake.tries, 0);
	fake_set(&fake.unasked, false);
	UNTIL(in_state(DELIVERY_DELIVERED) == 2);
	dispatch_end(&d);
}

TESTS(dispatch, dispatched(what_is_due_first_goes_first), dispatched(each_goes_once_over_all_connections),
      dispatched(nothing_more_is_said_on_a_connection_before_its_outcome_is_durable),
      dispatched(a_slow_domain_holds_no_other_up_and_can_be_cancelled),
      dispatched(who_was_sent_away_comes_back_for_its_turn), dispatched(at_a_slow_pace_hardly_anything_is_out_of_reach),
      dispatched(what_a_broken_transport_was_given_can_be_cancelled_and_the_rest_goes_when_it_works),
      dispatched(a_message_that_breaks_the_connection_each_time_has_an_outcome_in_the_end),
      dispatched(at_the_end_what_is_in_hand_is_finished_and_the_rest_is_as_it_was),
      dispatched(outcomes_that_cannot_be_written_down_end_the_run),
      dispatched(who_is_too_fast_slows_down_and_each_goes_once_at_its_first_attempt),
      dispatched(while_nothing_is_allowed_nothing_is_tried_and_all_can_be_cancelled),
      dispatched(what_is_no_longer_allowed_goes_back_into_the_queue),
      dispatched(nothing_leaves_before_it_is_known_what_is_allowed))
