/* Leases, outcomes, retries: the promises of queue.h, against a real database. */
#include "test/model/record.h"

#include "queue/queue.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

static struct arena *arena;
static struct keyring *keyring;
static struct db *db;
static const char *path;
static struct submission *sub;
static struct entropy chance;

enum { PEOPLE = 5 };
#define NOW ((moment)1795290600 * SECOND)

static struct message message_for(const struct recipient *to)
{
	return (struct message){
		.from = STR("documents@example.com"),
		.to = to->address.text,
		.domain = to->address.domain,
		.id = STR("<one@example.com>"),
		.bytes = STR("From: documents@example.com\r\n\r\nA-CANARY-IN-THE-MESSAGE\r\n"),
	};
}

static int begin(void **state)
{
	OWNED(db_rollback) struct db_transaction change = { 0 };

	(void)state;
	chance = sys_entropy();
	assert_ok(arena_open(16 << 20, &arena));
	keyring = test_keyring(test_keys());
	path = test_db();
	db = test_db_open(path);
	sub = record_submission(arena, keyring);
	struct recipient **last = &sub->recipients;
	assert_ok(db_begin(db, &change));
	assert_ok(submission_save(db, arena, &chance, sub));
	for (unsigned row = 1; row <= PEOPLE; row++, last = &(*last)->next) {
		*last = record_recipient(arena, keyring, row);
		assert_ok(id_new(&chance, &(*last)->delivery));
		(*last)->link.expires_at = NOW + DAY;
		assert_ok(recipient_save(db, arena, keyring, &chance, sub, *last));
		struct message m = message_for(*last);
		assert_ok(queue_add(db, &chance, sub, *last, &m, NOW + row));
	}
	assert_ok(db_commit(&change));
	return 0;
}

static int end(void **state)
{
	(void)state;
	submission_done(&sub);
	db_done(&db);
	keyring_done(&keyring);
	arena_done(&arena);
	return 0;
}

static id holder; /* who leased last */

static size_t lease(id owner, moment now, size_t max, id *out)
{
	size_t count = 99;

	holder = owner;
	assert_ok(queue_lease(db, (struct queue_scope){ 0 }, owner, now, max, out, &count));
	return count;
}

static id somebody(void)
{
	id owner;

	assert_ok(id_new(&chance, &owner));
	return owner;
}

static uint64_t in_state(enum delivery_state state)
{
	struct queue_count count;

	assert_ok(queue_count(db, (struct queue_scope){ 0 }, &count));
	return count.by_state[state];
}

static err settle(id delivery, enum delivery_state to, moment due)
{
	OWNED(db_rollback) struct db_transaction change = { 0 };
	const struct settlement s = {
		.delivery = delivery, .owner = holder, .state = to, .due = due, .now = NOW, .enhanced = STR("2.0.0")
	};

	TRY(db_begin(db, &change));
	TRY(queue_settle(db, &s));
	return db_commit(&change);
}

static err settle_as(id delivery, enum delivery_state to, str provider_id)
{
	OWNED(db_rollback) struct db_transaction change = { 0 };
	const struct settlement s = { .delivery = delivery,
				      .owner = holder,
				      .state = to,
				      .due = NOW,
				      .now = NOW,
				      .enhanced = STR("2.0.0"),
				      .provider_id = provider_id };

	TRY(db_begin(db, &change));
	TRY(queue_settle(db, &s));
	return db_commit(&change);
}

static void a_service_s_own_name_finds_the_delivery_until_it_is_erased(void **state)
{
	OWNED(db_rollback) struct db_transaction change = { 0 };
	struct queue_owner owner;
	id got[PEOPLE];
	(void)state;
	assert_int_equal(lease(somebody(), NOW + HOUR, PEOPLE, got), PEOPLE);
	assert_why(NEVER, NOT_FOUND, queue_of_provider(db, STR("0100-a-000000"), &owner));
	assert_ok(settle_as(got[0], DELIVERY_DELIVERED, STR("0100-a-000000")));
	assert_ok(settle_as(got[1], DELIVERY_WAITING, STR("0100-b-000000")));
	assert_ok(settle_as(got[2], DELIVERY_DELIVERED, STR_NONE));
	assert_ok(queue_of_provider(db, STR("0100-a-000000"), &owner));
	assert_true(id_same(owner.delivery, got[0]));
	assert_true(id_same(owner.submission, sub->id));
	assert_why(NEVER, NOT_FOUND, queue_of_provider(db, STR("0100-A-000000"), &owner));
	assert_why(NEVER, NOT_FOUND, queue_of_provider(db, STR_NONE, &owner));

	/* What an earlier attempt was called is kept when a later one says nothing. */
	assert_int_equal(lease(somebody(), NOW + HOUR, 1, got), 1);
	assert_ok(settle_as(got[0], DELIVERY_WAITING, STR_NONE));
	assert_ok(queue_of_provider(db, STR("0100-b-000000"), &owner));
	assert_true(id_same(owner.delivery, got[0]));

	assert_ok(db_begin(db, &change));
	assert_ok(submission_erase(db, sub->id));
	assert_ok(db_commit(&change));
	assert_why(NEVER, NOT_FOUND, queue_of_provider(db, STR("0100-a-000000"), &owner));
}

static void only_what_is_due_is_leased_and_the_earliest_first(void **state)
{
	id got[PEOPLE];
	(void)state;
	assert_int_equal(lease(somebody(), NOW, PEOPLE, got), 0);
	assert_int_equal(lease(somebody(), NOW + 2, PEOPLE, got), 2);
	assert_int_equal(in_state(DELIVERY_TRYING), 2);
}

static void nobody_leases_what_another_has(void **state)
{
	id first[PEOPLE], second[PEOPLE];
	(void)state;
	assert_int_equal(lease(somebody(), NOW + HOUR, 3, first), 3);
	assert_int_equal(lease(somebody(), NOW + HOUR, PEOPLE, second), 2);
	for (int i = 0; i < 3; i++)
		for (int k = 0; k < 2; k++)
			assert_false(id_same(first[i], second[k]));
	assert_int_equal(lease(somebody(), NOW + HOUR, PEOPLE, first), 0);
}

static void a_leased_message_comes_back_as_it_was_given(void **state)
{
	OWNED(lease_done) struct lease l = { 0 };
	id got[1];
	(void)state;
	assert_int_equal(lease(somebody(), NOW + HOUR, 1, got), 1);
	assert_ok(queue_take(db, keyring, got[0], &l));
	struct message want = message_for(sub->recipients);
	assert_str(l.message.from, want.from);
	assert_str(l.message.to, want.to);
	assert_str(l.message.bytes, want.bytes);
	assert_str(l.message.id, want.id);
	assert_int_equal(l.attempts, 1);
	assert_int_equal(l.deadline, NOW + DAY);
	assert_non_null(l.key);
}

static void what_is_released_counts_no_attempt(void **state)
{
	id got[1], again[PEOPLE];
	OWNED(lease_done) struct lease l = { 0 };
	(void)state;
	assert_int_equal(lease(somebody(), NOW + 1, 1, got), 1);
	assert_ok(queue_release(db, holder, &(struct queue_untried){ got[0], 0 }, 1));
	assert_int_equal(in_state(DELIVERY_QUEUED), PEOPLE);
	assert_int_equal(lease(somebody(), NOW + 1, 1, again), 1);
	assert_ok(queue_take(db, keyring, again[0], &l));
	assert_int_equal(l.attempts, 1);
}

static void what_is_given_back_takes_its_place_or_waits(void **state)
{
	id got[PEOPLE], again[PEOPLE];
	moment next;
	(void)state;
	assert_int_equal(lease(somebody(), NOW + PEOPLE, PEOPLE, got), PEOPLE);
	assert_ok(queue_next_due(db, (struct queue_scope){ 0 }, &next));
	assert_int_equal(next, MOMENT_NEVER);
	const struct queue_untried untried[] = { { got[0], NOW + HOUR }, { got[1], 0 }, { got[2], 0 } };
	assert_ok(queue_release(db, somebody(), untried, 3)); /* they are not his */
	assert_int_equal(in_state(DELIVERY_TRYING), PEOPLE);
	assert_ok(queue_release(db, holder, untried, 3));
	assert_int_equal(in_state(DELIVERY_QUEUED), 2);
	assert_int_equal(in_state(DELIVERY_WAITING), 1);
	assert_ok(queue_next_due(db, (struct queue_scope){ 0 }, &next));
	assert_in_range(next, NOW + 1, NOW + 3); /* as it was, not as it is given back */
	assert_int_equal(lease(somebody(), NOW + HOUR - 1, PEOPLE, again), 2);
	assert_ok(queue_next_due(db, (struct queue_scope){ sub->id }, &next));
	assert_int_equal(next, NOW + HOUR);
	assert_ok(queue_unwind(db, NOW + HOUR / 2, HOUR)); /* nothing is as late as a clock that was set back */
	assert_int_equal(lease(somebody(), NOW + HOUR - 1, PEOPLE, again), 0);
	assert_ok(queue_reline(db)); /* a new pace: it need not wait */
	assert_int_equal(lease(somebody(), NOW + HOUR - 1, PEOPLE, again), 1);
}

static bool file_holds(const char *name, str what)
{
	SCRATCH(arena);
	return file_exists(name) && str_find(test_file(arena, name), what) >= 0;
}

static void an_ended_delivery_keeps_no_message(void **state)
{
	OWNED(lease_done) struct lease l = { 0 };
	id got[1];
	(void)state;
	assert_int_equal(lease(somebody(), NOW + HOUR, 1, got), 1);
	assert_ok(settle(got[0], DELIVERY_DELIVERED, NOW));
	assert_int_equal(in_state(DELIVERY_DELIVERED), 1);
	assert_int_equal(queue_take(db, keyring, got[0], &l).fate, FATE_NEVER);
	assert_false(file_holds(path, STR("A-CANARY-IN-THE-MESSAGE"))); /* nor did it ever lie there in the clear */
}

static void an_outcome_is_settled_once_and_only_by_who_holds_the_lease(void **state)
{
	id got[1];
	(void)state;
	assert_int_equal(lease(somebody(), NOW + HOUR, 1, got), 1);
	assert_ok(settle(got[0], DELIVERY_DELIVERED, NOW));
	assert_why(NEVER, STATE, settle(got[0], DELIVERY_FAILED, NOW));
	assert_int_equal(in_state(DELIVERY_FAILED), 0);
}

static void an_outcome_of_a_lost_lease_is_refused(void **state)
{
	id got[1];
	(void)state;
	assert_int_equal(lease(somebody(), NOW + HOUR, 1, got), 1);
	holder = somebody();
	assert_why(NEVER, STATE, settle(got[0], DELIVERY_FAILED, NOW));
	assert_int_equal(in_state(DELIVERY_TRYING), 1);
}

static void waiting_is_due_again_at_its_time(void **state)
{
	id got[PEOPLE];
	(void)state;
	assert_int_equal(lease(somebody(), NOW + 1, 1, got), 1);
	assert_ok(settle(got[0], DELIVERY_WAITING, NOW + MINUTE));
	assert_int_equal(lease(somebody(), NOW + MINUTE - 1, PEOPLE, got), PEOPLE - 1);
	assert_int_equal(lease(somebody(), NOW + MINUTE, PEOPLE, got), 1);
}

static void only_what_was_not_sent_can_be_cancelled(void **state)
{
	OWNED(lease_done) struct lease l = { 0 };
	id got[1];
	(void)state;
	assert_int_equal(lease(somebody(), NOW + 1, 1, got), 1);
	assert_why(NEVER, STATE, queue_cancel(db, got[0], NOW));
	assert_ok(settle(got[0], DELIVERY_WAITING, NOW + MINUTE));
	assert_ok(queue_cancel(db, got[0], NOW));
	assert_int_equal(in_state(DELIVERY_CANCELLED), 1);
	assert_why(NEVER, STATE, queue_cancel(db, got[0], NOW));
	assert_int_equal(queue_take(db, keyring, got[0], &l).fate, FATE_NEVER);
}

/* A courier that leases, is there, and dies by kill -9 without a word. */
static void die_with_leases(int ready)
{
	struct db *own = test_db_open(path);
	struct db_presence presence = { .fd = -1 };
	id owner = somebody(), got[PEOPLE];
	size_t count;

	bool good = !failed(db_presence_open(own, owner, &presence)) &&
		    !failed(queue_lease(own, (struct queue_scope){ 0 }, owner, NOW + HOUR, 3, got, &count)) &&
		    count == 3;
	(void)!write(ready, good ? "y" : "n", 1);
	pause();
}

static void leases_of_the_dead_come_back_at_once_and_those_of_the_living_stay(void **state)
{
	uint64_t reclaimed;
	int ready[2];
	char c;
	(void)state;
	assert_int_equal(pipe(ready), 0);
	pid_t child = fork();
	if (child == 0)
		die_with_leases(ready[1]);
	assert_int_equal(read(ready[0], &c, 1), 1);
	assert_int_equal(c, 'y');
	assert_ok(queue_reclaim(db, NOW, &reclaimed));
	assert_int_equal(reclaimed, 0);
	assert_int_equal(in_state(DELIVERY_TRYING), 3);
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	assert_ok(queue_reclaim(db, NOW, &reclaimed));
	assert_int_equal(reclaimed, 3);
	assert_int_equal(in_state(DELIVERY_TRYING), 0);
	assert_int_equal(in_state(DELIVERY_WAITING), 3);
}

static void retries_back_off_with_jitter_and_end_at_the_deadline(void **state)
{
	const struct queue_patience p = { .first = 5 * MINUTE, .most = 4 * HOUR, .jitter_percent = 20 };
	static const span want[] = { 5 * MINUTE,  10 * MINUTE,  20 * MINUTE, 40 * MINUTE,
				     80 * MINUTE, 160 * MINUTE, 4 * HOUR,    4 * HOUR };
	moment at, first = 0;
	bool varied = false;
	(void)state;
	for (unsigned i = 0; i < COUNT(want); i++) {
		assert_ok(queue_retry_at(&p, &chance, i + 1, NOW, MOMENT_NEVER - DAY, &at));
		assert_in_range(at - NOW, want[i] * 8 / 10, want[i] * 12 / 10);
	}
	for (int i = 0; i < 20; i++) {
		assert_ok(queue_retry_at(&p, &chance, 1, NOW, MOMENT_NEVER - DAY, &at));
		first = first ? first : at;
		varied = varied || at != first;
	}
	assert_true(varied);
	assert_ok(queue_retry_at(&p, &chance, 9, NOW, NOW + MINUTE, &at));
	assert_int_equal(at, NOW + MINUTE / 2); /* early enough to be sent, and to be tried once more */
	assert_ok(queue_retry_at(&p, &chance, 1, NOW, NOW, &at));
	assert_int_equal(at, MOMENT_NEVER);
	struct entropy none = test_entropy_failing();
	assert_why(LATER, ENTROPY, queue_retry_at(&p, &none, 1, NOW, NOW + DAY, &at));
}

/* Reads as a courier does, whatever state the rows are in. */
static size_t messages_left(void)
{
	size_t left = 0;

	for (const struct recipient *to = sub->recipients; to; to = to->next) {
		OWNED(lease_done) struct lease l = { 0 };
		assert_ok(db_run(db, QUERY_DELIVERY_SET_STATE,
				 DB(db_id(to->delivery), db_number(DELIVERY_TRYING), db_number(INT64_MAX))));
		left += !failed(queue_take(db, keyring, to->delivery, &l));
	}
	return left;
}

static size_t expire(moment now, size_t max, struct queue_expired *out)
{
	OWNED(db_rollback) struct db_transaction change = { 0 };
	size_t count = 99;

	assert_ok(db_begin(db, &change));
	assert_ok(queue_expire(db, now, max, out, &count));
	assert_ok(db_commit(&change));
	return count;
}

static void what_waits_past_its_deadline_has_failed_and_keeps_no_message(void **state)
{
	struct queue_expired gone[PEOPLE];
	(void)state;
	assert_int_equal(expire(NOW + DAY - 1, PEOPLE, gone), 0);
	assert_int_equal(expire(NOW + DAY, 2, gone), 2);
	assert_true(id_same(gone[0].submission, sub->id));
	assert_int_equal(expire(NOW + DAY, PEOPLE, gone), PEOPLE - 2);
	assert_int_equal(in_state(DELIVERY_FAILED), PEOPLE);
	assert_int_equal(messages_left(), 0);
}

static void what_was_not_sent_to_a_recipient_is_found(void **state)
{
	id got[PEOPLE];
	size_t count;
	(void)state;
	assert_ok(queue_unsent(db, sub->recipients->id, PEOPLE, got, &count));
	assert_int_equal(count, 1);
	assert_true(id_same(got[0], sub->recipients->delivery));
	assert_int_equal(lease(somebody(), NOW + HOUR, PEOPLE, got), PEOPLE);
	assert_ok(queue_unsent(db, sub->recipients->id, PEOPLE, got, &count));
	assert_int_equal(count, 0);
}

#define queued(function) cmocka_unit_test_setup_teardown(function, begin, end)
TESTS(queue, queued(a_service_s_own_name_finds_the_delivery_until_it_is_erased),
      queued(only_what_is_due_is_leased_and_the_earliest_first), queued(nobody_leases_what_another_has),
      queued(a_leased_message_comes_back_as_it_was_given), queued(what_is_released_counts_no_attempt),
      queued(what_is_given_back_takes_its_place_or_waits), queued(an_ended_delivery_keeps_no_message),
      queued(an_outcome_is_settled_once_and_only_by_who_holds_the_lease), queued(an_outcome_of_a_lost_lease_is_refused),
      queued(waiting_is_due_again_at_its_time), queued(only_what_was_not_sent_can_be_cancelled),
      queued(leases_of_the_dead_come_back_at_once_and_those_of_the_living_stay),
      queued(retries_back_off_with_jitter_and_end_at_the_deadline),
      queued(what_waits_past_its_deadline_has_failed_and_keeps_no_message),
      queued(what_was_not_sent_to_a_recipient_is_found))
