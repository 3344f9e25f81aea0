/* Events: written once, read back in order, unreadable once the submission's key is gone. */
#include "test/model/record.h"

#include "track/track.h"

static struct arena *arena;
static struct keyring *keyring;
static struct db *db;
static const char *path;
static struct submission *sub;
static struct entropy chance;

static int begin(void **state)
{
	(void)state;
	chance = sys_entropy();
	assert_ok(arena_open(16 << 20, &arena));
	keyring = test_keyring(test_keys());
	path = test_db();
	db = test_db_open(path);
	sub = record_submission(arena, keyring);
	assert_ok(submission_save(db, arena, &chance, sub));
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

static void add(enum event_kind kind, id delivery, const char *detail)
{
	struct event e = {
		.kind = kind, .at = 7 * SECOND, .submission = sub->id, .delivery = delivery, .detail = str_of(detail)
	};
	assert_ok(track_add(db, &chance, sub->key, &e));
}

static void events_come_back_in_the_order_they_were_written(void **state)
{
	struct event *events;
	id one;
	(void)state;
	assert_ok(id_new(&chance, &one));
	add(EVENT_ACCEPTED, (id){ 0 }, NULL);
	add(EVENT_QUEUED, one, NULL);
	add(EVENT_DELIVERED, one, "{\"said\":\"250 canary-reply\"}");
	assert_ok(track_list(db, sub->key, sub->id, one, arena, &events));
	assert_int_equal(events->kind, EVENT_ACCEPTED);
	assert_int_equal(events->next->kind, EVENT_QUEUED);
	assert_int_equal(events->next->next->kind, EVENT_DELIVERED);
	assert_str(events->next->next->detail, STR("{\"said\":\"250 canary-reply\"}"));
	assert_int_equal(events->at, 7 * SECOND);
	assert_null(events->next->next->next);
}

static void one_delivery_does_not_tell_anothers_story(void **state)
{
	struct event *events;
	id one, other;
	(void)state;
	assert_ok(id_new(&chance, &one));
	assert_ok(id_new(&chance, &other));
	add(EVENT_QUEUED, one, NULL);
	add(EVENT_FAILED, other, "{}");
	assert_ok(track_list(db, sub->key, sub->id, one, arena, &events));
	assert_int_equal(events->kind, EVENT_QUEUED);
	assert_null(events->next);
	assert_ok(track_list(db, sub->key, sub->id, (id){ 0 }, arena, &events));
	assert_non_null(events->next);
}

static void details_lie_sealed_and_are_lost_with_the_key(void **state)
{
	struct event *events;
	(void)state;
	add(EVENT_DELIVERED, (id){ 0 }, "{\"said\":\"canary-reply\"}");
	assert_ok(db_checkpoint(db));
	assert_true(str_find(test_file(arena, path), STR("canary-reply")) < 0);
	assert_ok(track_list(db, NULL, sub->id, (id){ 0 }, arena, &events));
	assert_int_equal(events->kind, EVENT_DELIVERED);
	assert_int_equal(events->detail.len, 0);
}

static void every_kind_has_a_name_of_its_own_and_words(void **state)
{
	(void)state;
	for (int a = 0; a < EVENT_COUNT; a++) {
		assert_true(event_name((enum event_kind)a).len && event_words((enum event_kind)a).len);
		for (int b = 0; b < a; b++)
			assert_false(str_same(event_name((enum event_kind)a), event_name((enum event_kind)b)));
	}
}

#define tracked(function) cmocka_unit_test_setup_teardown(function, begin, end)
TESTS(track, tracked(events_come_back_in_the_order_they_were_written),
      tracked(one_delivery_does_not_tell_anothers_story), tracked(details_lie_sealed_and_are_lost_with_the_key),
      test(every_kind_has_a_name_of_its_own_and_words))
