#include "test/model/record.h"

enum { MANY = 600 };

static void fill(struct db *db, struct arena *a, struct keyring *k, id *objects)
{
	struct entropy e = sys_entropy();
	OWNED(submission_done) struct submission *sub = record_submission(a, k);
	OWNED(db_rollback) struct db_transaction change = { 0 };

	assert_ok(db_begin(db, &change));
	assert_ok(submission_save(db, a, &e, sub));
	for (unsigned row = 0; row < MANY; row++) {
		SCRATCH(a);
		struct recipient *to = record_recipient(a, k, row + 1);
		assert_ok(recipient_save(db, a, k, &e, sub, to));
		objects[row] = to->objects->id;
	}
	objects[MANY] = sub->id;
	assert_ok(db_commit(&change));
}

static uint64_t under(struct db *db, uint32_t number)
{
	uint64_t n;

	assert_ok(wrapped_in_use(db, number, &n));
	return n;
}

static void all_open(struct db *db, struct arena *a, struct keyring *k, const id *objects)
{
	OWNED(submission_done) struct submission *sub = NULL;
	struct object o;
	id whose;

	assert_ok(submission_load(db, a, k, objects[MANY], &sub));
	for (unsigned i = 0; i < MANY; i++) {
		uint8_t key[AEAD_KEY];
		char context[WRAP_CONTEXT];
		SCRATCH(a);
		assert_ok(object_load(db, a, sub, objects[i], &o, &whose));
		assert_ok(keyring_unwrap(k, wrap_context_object(o.id, context), o.wrapped, key));
	}
}

/* Stops the process when the n-th row of a new key is about to be wrapped. */
struct dying {
	struct keyring *real;
	unsigned left;
};
static err dying_wrap(void *state, str context, const uint8_t key[AEAD_KEY], uint8_t wrapped[WRAPPED_KEY])
{
	struct dying *d = state;

	if (d->left-- == 0)
		_exit(7);
	return keyring_wrap(d->real, context, key, wrapped);
}
static err dying_unwrap(void *state, str context, const uint8_t wrapped[WRAPPED_KEY], uint8_t key[AEAD_KEY])
{
	return keyring_unwrap(((struct dying *)state)->real, context, wrapped, key);
}
static err dying_list(void *state, struct arena *a, struct key_info **out)
{
	return keyring_list(((struct dying *)state)->real, a, out);
}

static int killed_after(const char *path, struct keyring *real, unsigned rows)
{
	static const struct keyring_ops ops = { .wrap = dying_wrap, .unwrap = dying_unwrap, .list = dying_list };
	int status;

	pid_t child = fork();
	if (child == 0) {
		struct dying dying = { real, rows };
		struct keyring *k = NULL;
		struct arena *a = NULL;
		struct rewrapped done;
		struct db *db = test_db_open(path);
		assert_ok(arena_open(4 << 20, &a));
		assert_ok(keyring_with(&ops, &dying, &k));
		assert_ok(model_rewrap(db, a, k, &done));
		_exit(0);
	}
	waitpid(child, &status, 0);
	return WEXITSTATUS(status);
}

static void rotation_may_be_killed_at_any_point_and_run_again(void **state)
{
	OWNED(arena_done) struct arena *a = NULL;
	OWNED(keyring_done) struct keyring *k = NULL;
	OWNED(db_done) struct db *db = NULL;
	const char *keys = test_keys(), *path = test_db();
	static const unsigned points[] = { 0, 1, 2, 255, 256, 80 };
	static id objects[MANY + 1];
	struct rewrapped done;

	assert_ok(arena_open(16 << 20, &a));
	k = test_keyring(keys);
	db = test_db_open(path);
	fill(db, a, k, objects);
	assert_int_equal(under(db, 1), MANY + 1);
	keyring_done(&k);
	test_key_add(keys, KEY_MASTER);
	k = test_keyring(keys);
	assert_int_equal(keyring_master_in_use(k), 2);
	db_done(&db);
	for (size_t i = 0; i < COUNT(points); i++) {
		assert_int_equal(killed_after(path, k, points[i]), 7);
		db = test_db_open(path);
		assert_int_equal(under(db, 1) + under(db, 2), MANY + 1);
		all_open(db, a, k, objects);
		db_done(&db);
	}
	db = test_db_open(path);
	uint64_t left = under(db, 1);
	assert_true(left < MANY && left > 0);
	assert_ok(model_rewrap(db, a, k, &done));
	assert_int_equal(done.objects + done.submissions, left);
	assert_int_equal(done.lost, 0);
	assert_int_equal(under(db, 1), 0);
	all_open(db, a, k, objects);
	assert_ok(model_rewrap(db, a, k, &done));
	assert_int_equal(done.objects + done.submissions, 0);
}

static void a_key_nobody_can_open_does_not_stop_the_others(void **state)
{
	OWNED(arena_done) struct arena *a = NULL;
	OWNED(keyring_done) struct keyring *k = NULL;
	OWNED(db_done) struct db *db = NULL;
	const char *keys = test_keys(), *path = test_db();
	static id objects[MANY + 1];
	struct rewrapped done;

	assert_ok(arena_open(16 << 20, &a));
	k = test_keyring(keys);
	db = test_db_open(path);
	fill(db, a, k, objects);
	assert_int_equal(
		test_shell("sqlite3 '%s' \"UPDATE object SET wrapped = zeroblob(64) WHERE id IN (SELECT id FROM"
			   " object ORDER BY id LIMIT 300)\"",
			   path),
		0);
	keyring_done(&k);
	test_key_add(keys, KEY_MASTER);
	k = test_keyring(keys);
	assert_ok(model_rewrap(db, a, k, &done));
	assert_int_equal(done.lost, 300);
	assert_int_equal(done.objects, MANY - 300);
	assert_int_equal(under(db, 1), 300);
}

TESTS(model_rewrap, test(rotation_may_be_killed_at_any_point_and_run_again),
      test(a_key_nobody_can_open_does_not_stop_the_others))
