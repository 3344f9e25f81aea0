/* One suite for what store.h promises, run against every engine. */
#include "test/support/kept.h"
#include "test/support/support.h"

#include "store/store.h"
#include "sys/sys.h"
#include "wire/sigv4.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static struct arena *arena;
static struct keyring *keyring;
static struct entropy entropy;
static struct store *store, *below;
static struct store_fault plan;
static const id owner = { "the owner, yes" };

enum engine { DISK, MEM, FAULTY, S3 };

static err test_login(void *state, struct arena *secret, struct aws_credentials *out)
{
	*out = (struct aws_credentials){ STR("TESTACCESSKEY0000001"), STR("testsecretkey000000000000000000000000001"),
					 STR_NONE };
	return OK;
}

/* The bucket that the story made, below a prefix of its own. */
static void open_s3(void)
{
	const struct store_s3_options options = { .bucket = STR("suite"),
						  .prefix = STR("objects/"),
						  .region = STR("default"),
						  .endpoint = str_of(getenv("LETTERLOCK_TEST_S3")),
						  .bucket_in_path = true,
						  .ca_file = getenv("LETTERLOCK_TEST_S3_CA"),
						  .login = { test_login, NULL },
						  .clock = sys_clock() };

	assert_ok(store_open_s3(&options, &store, NULL));
}

static int begin(void **state)
{
	static const char *keys, *dir;
	enum engine engine = (enum engine)(uintptr_t)*state;

	if (!keys) {
		keys = test_keys();
		dir = test_dir();
	}
	entropy = sys_entropy();
	assert_ok(arena_open(128 << 20, &arena));
	keyring = test_keyring(keys);
	plan = (struct store_fault){ 0 };
	if (engine == DISK)
		assert_ok(store_open_disk(dir, &store, NULL));
	else if (engine == S3)
		open_s3();
	else
		assert_ok(store_open_mem(&store));
	if (engine == FAULTY) {
		below = store;
		assert_ok(store_open_faulty(below, &plan, &store));
	}
	return 0;
}

static err sweep_entry(void *state, const struct store_entry *entry)
{
	return (entry->direct ? store_destroy_direct : store_destroy)(store, &entry->object, 1);
}

static int end(void **state)
{
	assert_ok(store_list(store, arena, sweep_entry, NULL));
	store_done(&store);
	store_done(&below);
	keyring_done(&keyring);
	arena_done(&arena);
	return 0;
}

static str noise(size_t len)
{
	uint64_t counter = len;
	struct entropy e = test_entropy(&counter);
	void *at;

	assert_ok(arena_take(arena, len + 1, &at));
	assert_ok(entropy_fill(&e, at, len));
	return str_bytes(at, len);
}

/* In pieces of a length that fits no boundary. */
static err write_pieces(struct sink *to, str bytes)
{
	for (size_t piece = 1; bytes.len; piece = piece * 7 % 100003) {
		TRY(sink_put(to, str_upto(bytes, piece)));
		bytes = str_from(bytes, piece);
	}
	return OK;
}

static err put_into(struct store_batch *b, str bytes, struct object *object)
{
	OWNED(sink_done) struct sink to = { 0 };

	TRY(store_create(b, arena, keyring, &entropy, owner, object, &to));
	TRY(write_pieces(&to, bytes));
	return sink_finish(&to);
}

static err put(str bytes, struct object *object)
{
	OWNED(store_batch_done) struct store_batch *b = NULL;

	TRY(store_begin(store, &b));
	TRY(put_into(b, bytes, object));
	return store_commit(b);
}

static err get(id of, const struct object *object, uint64_t offset, uint64_t len, str *out)
{
	OWNED(source_done) struct source from = { 0 };
	struct buf b;

	TRY(store_read(store, arena, keyring, of, object, offset, len, &from));
	TRY(buf_open(arena, object->size + 1, &b));
	struct sink to = sink_to_buf(&b);
	TRY(pump(&from, &to));
	*out = buf_str(&b);
	return OK;
}

static err count_entry(void *state, const struct store_entry *entry)
{
	unsigned *counts = state;

	counts[entry->finished]++;
	return OK;
}

static unsigned listed(bool finished)
{
	unsigned counts[2] = { 0 };

	assert_ok(store_list(store, arena, count_entry, counts));
	return counts[finished];
}

static void bytes_of_every_length_come_back(void **state)
{
	static const size_t lengths[] = { 0, 1, 15, 65535, 65536, 65537, 131071, 131072, 131073, 300000 };

	for (size_t i = 0; i < COUNT(lengths); i++) {
		SCRATCH(arena);
		struct object object = { 0 };
		uint8_t digest[SHA256_LEN];
		str bytes = noise(lengths[i]), back;

		assert_ok(put(bytes, &object));
		assert_int_equal(object.size, bytes.len);
		assert_ok(sha256(bytes, digest));
		assert_memory_equal(object.sha256, digest, SHA256_LEN);
		assert_ok(get(owner, &object, 0, STORE_ALL, &back));
		assert_true(str_same(back, bytes));
	}
}

static void any_range_comes_back(void **state)
{
	static const uint64_t offsets[] = { 0, 1, 65535, 65536, 65537, 100000, 131072, 199999, 200000 };
	struct object object = { 0 };
	str bytes = noise(200000), back;

	assert_ok(put(bytes, &object));
	for (size_t i = 0; i < COUNT(offsets); i++)
		for (size_t j = i; j < COUNT(offsets); j++) {
			SCRATCH(arena);
			uint64_t len = offsets[j] - offsets[i];
			assert_ok(get(owner, &object, offsets[i], len, &back));
			assert_true(str_same(back, str_upto(str_from(bytes, offsets[i]), len)));
		}
	assert_ok(get(owner, &object, 150000, STORE_ALL, &back));
	assert_true(str_same(back, str_from(bytes, 150000)));
}

static void beyond_the_end_is_refused(void **state)
{
	struct object object = { 0 };
	str back;

	assert_ok(put(noise(1000), &object));
	assert_why(NEVER, LIMIT, get(owner, &object, 1001, STORE_ALL, &back));
	assert_why(NEVER, LIMIT, get(owner, &object, 1, 1000, &back));
	assert_why(NEVER, LIMIT, get(owner, &object, UINT64_MAX, 2, &back));
	assert_ok(get(owner, &object, 1000, 0, &back));
	assert_int_equal(back.len, 0);
}

static void a_batch_without_commit_leaves_nothing(void **state)
{
	struct object object = { 0 };
	str back;

	{
		OWNED(store_batch_done) struct store_batch *b = NULL;
		OWNED(sink_done) struct sink to = { 0 };
		struct object other;
		assert_ok(store_begin(store, &b));
		assert_ok(put_into(b, noise(70000), &object));
		assert_ok(store_create(b, arena, keyring, &entropy, owner, &other, &to));
		assert_ok(sink_put(&to, noise(70000)));
		if ((enum engine)(uintptr_t)*state != S3) { /* a bucket has no names that come later */
			assert_int_equal(listed(false), 2);
			assert_why(NEVER, NOT_FOUND, get(owner, &object, 0, STORE_ALL, &back));
		}
		assert_why(NEVER, STATE, store_commit(b));
	}
	assert_int_equal(listed(false) + listed(true), 0);
	assert_why(NEVER, NOT_FOUND, get(owner, &object, 0, STORE_ALL, &back));
}

static void an_abandoned_object_does_not_stop_its_batch(void **state)
{
	OWNED(store_batch_done) struct store_batch *b = NULL;
	struct object object = { 0 }, other = { 0 };
	str back;

	assert_ok(store_begin(store, &b));
	assert_ok(put_into(b, STR("kept"), &object));
	{
		OWNED(sink_done) struct sink to = { 0 };
		assert_ok(store_create(b, arena, keyring, &entropy, owner, &other, &to));
		assert_ok(sink_put(&to, STR("given up")));
	}
	assert_ok(store_commit(b));
	assert_int_equal(listed(true), 1);
	assert_int_equal(listed(false), 0);
	assert_ok(get(owner, &object, 0, STORE_ALL, &back));
	assert_str(back, STR("kept"));
}

static void an_empty_batch_commits(void **state)
{
	OWNED(store_batch_done) struct store_batch *b = NULL;

	assert_ok(store_begin(store, &b));
	assert_ok(store_commit(b));
}

static void an_object_opens_only_for_its_owner_and_its_id(void **state)
{
	struct object one = { 0 }, two = { 0 };
	id thief = { "someone else" };
	str back;

	assert_ok(put(noise(1000), &one));
	assert_ok(put(noise(1000), &two));
	assert_why(NEVER, TAMPERED, get(thief, &one, 0, STORE_ALL, &back));
	struct object mixed = one;
	memcpy(mixed.wrapped, two.wrapped, WRAPPED_KEY);
	assert_why(NEVER, TAMPERED, get(owner, &mixed, 0, STORE_ALL, &back));
	mixed = one;
	mixed.id = two.id;
	assert_why(NEVER, TAMPERED, get(owner, &mixed, 0, STORE_ALL, &back));
}

static void a_wrong_length_in_the_record_opens_nothing(void **state)
{
	struct object object = { 0 };
	str back;

	assert_ok(put(noise(70000), &object));
	for (int64_t by = -1; by <= 1; by += 2) {
		struct object lied = object;
		lied.size += (uint64_t)by;
		assert_why(NEVER, TAMPERED, get(owner, &lied, 0, STORE_ALL, &back));
	}
	struct object lied = object;
	lied.size = UINT64_MAX - 10;
	assert_why(NEVER, LIMIT, get(owner, &lied, 0, 10, &back));
}

static void each_flipped_bit_of_a_wrapped_key_is_seen(void **state)
{
	struct object object = { 0 };
	str back;

	assert_ok(put(noise(100), &object));
	for (unsigned bit = 0; bit < 8 * WRAPPED_KEY; bit++) {
		SCRATCH(arena);
		struct object bad = object;
		bad.wrapped[bit / 8] ^= (uint8_t)(1u << bit % 8);
		err e = get(owner, &bad, 0, STORE_ALL, &back);
		assert_int_equal(e.fate, FATE_NEVER);
		assert_true(e.why == WHY_TAMPERED || (bit < 32 && e.why == WHY_KEY));
	}
}

static void what_is_destroyed_is_gone(void **state)
{
	struct object one = { 0 }, two = { 0 };
	id ids[3] = { { { 9 } } };
	str back;

	assert_ok(put(noise(1000), &one));
	assert_ok(put(noise(1000), &two));
	ids[1] = one.id;
	ids[2] = one.id;
	assert_ok(store_destroy(store, ids, 3));
	assert_ok(store_destroy(store, ids, 0));
	assert_why(NEVER, NOT_FOUND, get(owner, &one, 0, STORE_ALL, &back));
	assert_ok(get(owner, &two, 0, STORE_ALL, &back));
	assert_int_equal(listed(true), 1);
}

static err destroy_listed(void *state, const struct store_entry *entry)
{
	struct clock clock = sys_clock();

	assert_true(entry->written_at <= clock_now(&clock) && entry->written_at > clock_now(&clock) - HOUR);
	assert_int_equal(entry->size, 8 + 1000 + 16);
	return store_destroy(store, &entry->object, 1);
}

static err stop_there(void *state, const struct store_entry *entry)
{
	return NEVER(CANCELLED, "enough");
}

static void a_sweep_may_destroy_what_it_is_shown(void **state)
{
	struct object object = { 0 };

	for (int i = 0; i < 5; i++)
		assert_ok(put(noise(1000), &object));
	assert_why(NEVER, CANCELLED, store_list(store, arena, stop_there, NULL));
	assert_ok(store_list(store, arena, destroy_listed, NULL));
	assert_int_equal(listed(true), 0);
}

static void without_chance_nothing_is_created(void **state)
{
	OWNED(store_batch_done) struct store_batch *b = NULL;
	OWNED(sink_done) struct sink to = { 0 };
	struct entropy none = test_entropy_failing();
	struct object object = { 0 };

	assert_ok(store_begin(store, &b));
	assert_why(LATER, ENTROPY, store_create(b, arena, keyring, &none, owner, &object, &to));
	assert_ok(store_commit(b));
	assert_int_equal(listed(true) + listed(false), 0);
}

static void an_arena_without_room_leaves_nothing_behind(void **state)
{
	struct object object = { 0 };

	for (size_t room = 64; room < 200000; room += 9973) {
		OWNED(arena_done) struct arena *small = NULL;
		OWNED(store_batch_done) struct store_batch *b = NULL;
		OWNED(sink_done) struct sink to = { 0 };
		assert_ok(arena_open(room, &small));
		assert_ok(store_begin(store, &b));
		err e = store_create(b, small, keyring, &entropy, owner, &object, &to);
		assert_true(!failed(e) || e.why == WHY_LIMIT);
		sink_done(&to);
		assert_ok(store_commit(b));
		assert_int_equal(listed(true) + listed(false), 0);
	}
}

/* Each thread with what is its own. */
static void *store_and_read(void *state)
{
	struct arena *a = NULL;
	static const char text[] = "many at once, and none gets another's bytes";

	assert_ok(arena_open(8 << 20, &a));
	for (int round = 0; round < 3; round++) {
		SCRATCH(a);
		OWNED(store_batch_done) struct store_batch *b = NULL;
		struct object objects[8] = { 0 };
		assert_ok(store_begin(store, &b));
		for (unsigned i = 0; i < COUNT(objects); i++) {
			SCRATCH(a);
			OWNED(sink_done) struct sink to = { 0 };
			assert_ok(store_create(b, a, keyring, &entropy, owner, &objects[i], &to));
			assert_ok(sink_write(&to, text, 1 + i + (uintptr_t)state));
			assert_ok(sink_finish(&to));
		}
		assert_ok(store_commit(b));
		id ids[COUNT(objects)];
		for (unsigned i = 0; i < COUNT(objects); i++) {
			SCRATCH(a);
			OWNED(source_done) struct source from = { 0 };
			char back[64];
			size_t got;
			assert_ok(store_read(store, a, keyring, owner, &objects[i], 0, STORE_ALL, &from));
			assert_ok(source_read_full(&from, back, sizeof back, &got));
			assert_true(str_same(str_bytes(back, got), str_bytes(text, 1 + i + (uintptr_t)state)));
			ids[i] = objects[i].id;
		}
		assert_ok(store_destroy(store, ids, COUNT(ids)));
	}
	arena_close(a);
	return NULL;
}

static void eight_threads_store_and_read_at_once(void **state)
{
	pthread_t threads[8];

	for (uintptr_t i = 0; i < COUNT(threads); i++)
		assert_int_equal(pthread_create(&threads[i], NULL, store_and_read, (void *)i), 0);
	for (size_t i = 0; i < COUNT(threads); i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(listed(true) + listed(false), 0);
}

#ifndef SUITE_OF_S3
/* Each step of a batch of three fails once at each of its turns: nothing of the batch is there afterwards, and the
 * same work done again succeeds. */
static void a_step_that_fails_leaves_no_trace(void **state)
{
	static const enum store_step steps[] = { STORE_CREATE, STORE_WRITE, STORE_FINISH, STORE_COMMIT };
	static const unsigned turns[] = { 3, 6, 3, 1 };

	for (size_t i = 0; i < COUNT(steps); i++)
		for (unsigned turn = 1; turn <= turns[i]; turn++) {
			SCRATCH(arena);
			OWNED(store_batch_done) struct store_batch *b = NULL;
			struct object object = { 0 };
			str bytes = noise(70000);

			plan = (struct store_fault){ steps[i], turn, LATER(DISK_FULL, "full, as the plan says") };
			assert_ok(store_begin(store, &b));
			err e = OK;
			for (int n = 0; n < 3 && !failed(e); n++)
				e = put_into(b, bytes, &object);
			if (!failed(e))
				e = store_commit(b);
			assert_why(LATER, DISK_FULL, e);
			if (steps[i] == STORE_COMMIT)
				assert_why(LATER, DISK_FULL, store_commit(b)); /* no second try */
			store_batch_done(&b);
			assert_int_equal(listed(true) + listed(false), 0);
		}
	struct object object = { 0 };
	str back;
	assert_ok(put(STR("x"), &object));
	plan = (struct store_fault){ STORE_READ, 2, BROKEN(IO, "unreadable, as the plan says") };
	assert_why(BROKEN, IO, get(owner, &object, 0, STORE_ALL, &back));
	plan = (struct store_fault){ STORE_DESTROY, 1, BROKEN(IO, "as the plan says") };
	assert_why(BROKEN, IO, store_destroy(store, &object.id, 1));
	assert_ok(get(owner, &object, 0, STORE_ALL, &back));
}

#endif

#define ON(engine, name, function)                                                                                     \
	{                                                                                                              \
		name "/" #function, function, begin, end, (void *)(uintptr_t)(engine)                                  \
	}
#define ALL(engine, name)                                                                                              \
	ON(engine, name, bytes_of_every_length_come_back), ON(engine, name, any_range_comes_back),                     \
		ON(engine, name, beyond_the_end_is_refused), ON(engine, name, a_batch_without_commit_leaves_nothing),  \
		ON(engine, name, an_abandoned_object_does_not_stop_its_batch),                                         \
		ON(engine, name, an_empty_batch_commits),                                                              \
		ON(engine, name, an_object_opens_only_for_its_owner_and_its_id),                                       \
		ON(engine, name, a_wrong_length_in_the_record_opens_nothing),                                          \
		ON(engine, name, each_flipped_bit_of_a_wrapped_key_is_seen),                                           \
		ON(engine, name, what_is_destroyed_is_gone), ON(engine, name, a_sweep_may_destroy_what_it_is_shown),   \
		ON(engine, name, without_chance_nothing_is_created),                                                   \
		ON(engine, name, an_arena_without_room_leaves_nothing_behind),                                         \
		ON(engine, name, eight_threads_store_and_read_at_once)

#ifdef SUITE_OF_S3 /* a story starts the server and runs it */
static void a_long_object_goes_in_parts_and_comes_back_in_windows(void **state)
{
	struct object object = { 0 };
	str bytes = noise(20 << 20), back;

	assert_ok(put(bytes, &object));
	assert_ok(get(owner, &object, 0, STORE_ALL, &back));
	assert_true(str_same(back, bytes));
	SCRATCH(arena);
	assert_ok(get(owner, &object, (9 << 20) + 1, 70000, &back));
	assert_true(str_same(back, str_upto(str_from(bytes, (9 << 20) + 1), 70000)));
}

struct long_read {
	const struct object *object;
	str bytes;
	size_t from, upto; /* given up there */
};

static void *read_long(void *state)
{
	const struct long_read *r = state;
	struct arena *a = NULL;
	static char back[12][100000];
	char *room = back[r->from % COUNT(back)];

	assert_ok(arena_open(1 << 20, &a));
	{
		OWNED(source_done) struct source from = { 0 };
		assert_ok(store_read(store, a, keyring, owner, r->object, r->from, STORE_ALL, &from));
		for (size_t at = r->from, got = 1; at < r->upto && got; at += got) {
			assert_ok(source_read(&from, room, sizeof *back, &got));
			assert_true(str_same(str_bytes(room, got), str_upto(str_from(r->bytes, at), got)));
		}
	}
	arena_close(a);
	return NULL;
}

/* More than there is room to fetch ahead for. */
static void many_read_a_long_object_and_give_up_anywhere(void **state)
{
	struct object object = { 0 };
	str bytes = noise(7 << 20);
	pthread_t threads[12];
	struct long_read reads[COUNT(threads)];

	assert_ok(put(bytes, &object));
	for (size_t i = 0; i < COUNT(threads); i++) {
		reads[i] = (struct long_read){ &object, bytes, i * COUNT(threads) * 1000 + i,
					       i % 2 ? bytes.len : i * 600000 };
		assert_int_equal(pthread_create(&threads[i], NULL, read_long, &reads[i]), 0);
	}
	for (size_t i = 0; i < COUNT(threads); i++)
		pthread_join(threads[i], NULL);
}

static void a_long_object_that_is_abandoned_leaves_no_parts(void **state)
{
	OWNED(store_batch_done) struct store_batch *b = NULL;
	struct object object = { 0 };

	assert_ok(store_begin(store, &b));
	{
		OWNED(sink_done) struct sink to = { 0 };
		assert_ok(store_create(b, arena, keyring, &entropy, owner, &object, &to));
		assert_ok(sink_put(&to, noise(20 << 20)));
		assert_true(listed(false) > 0); /* an upload that goes on */
	}
	assert_int_equal(listed(false) + listed(true), 0);
}

static void parts_of_a_crash_are_listed_and_swept(void **state)
{
	struct object object = { 0 };
	pid_t child = fork();

	if (child == 0) {
		struct store_batch *b = NULL;
		struct sink to = { 0 };
		if (failed(store_begin(store, &b)) ||
		    failed(store_create(b, arena, keyring, &entropy, owner, &object, &to)) ||
		    failed(sink_put(&to, noise(20 << 20))))
			_exit(1);
		raise(SIGKILL);
	}
	int status;
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status));
	assert_true(listed(false) == 1);
	assert_ok(store_list(store, arena, sweep_entry, NULL));
	assert_int_equal(listed(false) + listed(true), 0);
}

/* ── Direct objects ──────────────────────────────────────────────────────────────────────────────── */

static err put_direct(str bytes, struct object *object)
{
	OWNED(store_batch_done) struct store_batch *b = NULL;

	*object = (struct object){ .name = STR("Größe.zip"), .type = STR("application/zip"), .direct = true };
	TRY(store_begin(store, &b));
	TRY(put_into(b, bytes, object));
	return store_commit(b);
}

static err count_direct(void *state, const struct store_entry *entry)
{
	*(unsigned *)state += entry->direct;
	return OK;
}

static unsigned listed_direct(void)
{
	unsigned count = 0;

	assert_ok(store_list(store, arena, count_direct, &count));
	return count;
}

static void a_direct_object_comes_back_is_listed_and_is_destroyed(void **state)
{
	static const size_t lengths[] = { 1, 70000, (9 << 20) + 5 }; /* no container is empty; the last goes in parts */

	for (size_t i = 0; i < COUNT(lengths); i++) {
		SCRATCH(arena);
		struct object object;
		str bytes = noise(lengths[i]), back;

		assert_ok(put_direct(bytes, &object));
		assert_int_equal(object.size, bytes.len);
		assert_ok(get(owner, &object, 0, STORE_ALL, &back));
		assert_true(str_same(back, bytes));
		assert_ok(get(owner, &object, bytes.len / 2, STORE_ALL, &back));
		assert_true(str_same(back, str_from(bytes, bytes.len / 2)));
		assert_int_equal(listed_direct(), 1);
		assert_ok(store_destroy(store, &object.id, 1)); /* of that name, but in an envelope: there is none */
		assert_int_equal(listed_direct(), 1);
		assert_ok(store_destroy_direct(store, &object.id, 1));
		assert_int_equal(listed_direct(), 0);
		assert_why(NEVER, NOT_FOUND, get(owner, &object, 0, STORE_ALL, &back));
	}
}

static void a_direct_object_that_is_not_what_was_written_is_noticed(void **state)
{
	struct object object, other;
	str back;

	assert_ok(put_direct(noise(1000), &object));
	assert_ok(put_direct(noise(1001), &other));
	other.size = object.size;
	assert_why(NEVER, TAMPERED, get(owner, &other, 0, STORE_ALL, &back)); /* another length */
	other = object;
	other.sha256[0] ^= 1;
	assert_why(NEVER, TAMPERED, get(owner, &other, 0, STORE_ALL, &back)); /* another digest */
	assert_ok(get(owner, &object, 0, STORE_ALL, &back));
}

static void a_direct_object_that_is_not_committed_leaves_nothing(void **state)
{
	struct object object = { .name = STR("a.zip"), .type = STR("application/zip"), .direct = true };
	struct store_batch *b = NULL;

	assert_ok(store_begin(store, &b));
	assert_ok(put_into(b, noise(1000), &object));
	store_batch_done(&b);
	assert_int_equal(listed_direct(), 0);
}

static void what_is_to_live_long_needs_a_login_that_does(void **state)
{
	struct object object;
	const struct clock clock = sys_clock();
	moment now = clock_now(&clock);
	str url = STR_NONE;

	assert_ok(put_direct(noise(10), &object));
	assert_ok(store_share(store, arena, object.id, now, STORE_LENT, &url));
	assert_ok(store_share_try(store, object.id, url));
	assert_why(NEVER, KEY, store_share(store, arena, object.id, now, HOUR, &url)); /* nobody knows how long */
	assert_why(NEVER, KEY, store_share_ready(store, now + HOUR, NULL));
	assert_why(NEVER, LIMIT, store_share(store, arena, object.id, now, STORE_SHARED_MAX + SECOND, &url));
	assert_ok(store_share(store, arena, object.id, now - HOUR, STORE_LENT, &url));
	assert_why(NEVER, STORE, store_share_try(store, object.id, url)); /* it is over */
}

TESTS(store_s3, ALL(S3, "s3"), ON(S3, "s3", many_read_a_long_object_and_give_up_anywhere),
      ON(S3, "s3", a_direct_object_comes_back_is_listed_and_is_destroyed),
      ON(S3, "s3", a_direct_object_that_is_not_what_was_written_is_noticed),
      ON(S3, "s3", a_direct_object_that_is_not_committed_leaves_nothing),
      ON(S3, "s3", what_is_to_live_long_needs_a_login_that_does),
      ON(S3, "s3", a_long_object_goes_in_parts_and_comes_back_in_windows),
      ON(S3, "s3", a_long_object_that_is_abandoned_leaves_no_parts),
      ON(S3, "s3", parts_of_a_crash_are_listed_and_swept))
#else
static void only_a_bucket_has_direct_objects(void **state)
{
	struct object object = { .name = STR("a.zip"), .direct = true };
	str url;

	assert_false(store_has_direct(store));
	assert_why(NEVER, UNSUPPORTED, put(STR("x"), &object));
	assert_why(NEVER, UNSUPPORTED, store_share(store, arena, object.id, 0, MINUTE, &url));
	assert_why(NEVER, UNSUPPORTED, store_destroy_direct(store, &object.id, 1));
}

TESTS(store, ON(DISK, "disk", only_a_bucket_has_direct_objects), ON(MEM, "mem", only_a_bucket_has_direct_objects),
      ALL(DISK, "disk"), ALL(MEM, "mem"), ALL(FAULTY, "faulty"),
      ON(FAULTY, "faulty", a_step_that_fails_leaves_no_trace))
#endif
