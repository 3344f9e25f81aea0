/* The bytes on the disk are changed behind the store's back; nothing of them may ever come out. */
#include "test/support/kept.h"
#include "test/support/support.h"

#include "store/format.h"
#include "sys/sys.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct arena *arena;
static struct keyring *keyring;
static struct entropy entropy;
static struct store *store;
static const char *keys, *dir;
static const id owner = { "the owner, yes" };

static int begin(void **state)
{
	entropy = sys_entropy();
	keys = test_keys();
	if (!dir)
		dir = test_dir();
	assert_ok(arena_open(64 << 20, &arena));
	keyring = test_keyring(keys);
	assert_ok(store_open_disk(dir, &store, NULL));
	return 0;
}

static int end(void **state)
{
	store_done(&store);
	keyring_done(&keyring);
	arena_done(&arena);
	return 0;
}

static char canary[] = "canary: not a byte of this may be seen. ";

static struct object put(size_t len)
{
	OWNED(store_batch_done) struct store_batch *b = NULL;
	OWNED(sink_done) struct sink to = { 0 };
	struct object object = { 0 };

	assert_ok(store_begin(store, &b));
	assert_ok(store_create(b, arena, keyring, &entropy, owner, &object, &to));
	while (len) {
		size_t part = len < sizeof canary - 1 ? len : sizeof canary - 1;
		assert_ok(sink_write(&to, canary, part));
		len -= part;
	}
	assert_ok(sink_finish(&to));
	assert_ok(store_commit(b));
	return object;
}

/* Bytes that came out before the failure, if any. */
static err get(const struct object *object, uint64_t *out)
{
	OWNED(source_done) struct source from = { 0 };

	*out = 0;
	TRY(store_read(store, arena, keyring, owner, object, 0, STORE_ALL, &from));
	struct sink to = sink_to_count(out);
	return pump(&from, &to);
}

static const char *path_of(const struct object *object)
{
	static char paths[4][400];
	static unsigned turn;
	char name[ID_TEXT + 1];
	struct buf b = BUF_ON(name);
	char *path = paths[turn++ % COUNT(paths)];

	buf_add_id(&b, object->id);
	snprintf(path, sizeof paths[0], "%s/%02x/%s", dir, object->id.byte[0], buf_c(&b));
	return path;
}

static str read_sealed(const struct object *object)
{
	return test_file(arena, path_of(object));
}

static void the_disk_holds_no_plain_byte(void **state)
{
	put(200000);
	assert_int_equal(test_shell("grep -rqF canary '%s'", dir), 1);
}

static void the_layout_is_as_written_down(void **state)
{
	static const size_t sizes[] = { 0, 1, CHUNK, CHUNK + 1, 3 * CHUNK };

	for (size_t i = 0; i < COUNT(sizes); i++) {
		struct object object = put(sizes[i]);
		uint64_t expected;
		assert_ok(sealed_size(sizes[i], &expected));
		str sealed = read_sealed(&object);
		assert_int_equal(sealed.len, expected);
		assert_memory_equal(sealed.at, "LLOB\x01\x10\0\0", 8);
	}
	assert_int_equal(chunks_of(0), 1);
	assert_int_equal(chunks_of(CHUNK), 1);
	assert_int_equal(chunks_of(CHUNK + 1), 2);
}

/* Sizes no test writes: the numbers must go on where 32 bits end. */
static void the_counters_go_beyond_4_gib(void **state)
{
	uint8_t nonce[AEAD_NONCE], aad[OBJECT_AAD];
	struct place far = { .number = 0x123456789A, .last = true };
	uint64_t sealed, five = (uint64_t)5 << 30;

	place_nonce(&far, nonce);
	assert_memory_equal(nonce, "\0\0\0\0\0\0\x12\x34\x56\x78\x9A\x01", AEAD_NONCE);
	str bytes = place_aad(&far, aad);
	assert_memory_equal(bytes.at + 40, "\0\0\0\x12\x34\x56\x78\x9A\x01", 9);
	assert_int_equal(chunks_of(five + 1), 81921);
	assert_ok(sealed_size(five + 1, &sealed));
	assert_int_equal(sealed, five + 1 + 8 + 81921 * 16);
	assert_why(NEVER, LIMIT, sealed_size(UINT64_MAX, &sealed));
}

static void each_changed_header_byte_is_seen(void **state)
{
	struct object object = put(1000);
	str sealed = read_sealed(&object);
	uint64_t out;

	for (size_t i = 0; i < OBJECT_HEADER; i++) {
		((char *)sealed.at)[i] ^= 0x01;
		test_file_write(path_of(&object), sealed);
		assert_why(NEVER, TAMPERED, get(&object, &out));
		assert_int_equal(out, 0);
		((char *)sealed.at)[i] ^= 0x01;
	}
	test_file_write(path_of(&object), sealed);
	assert_ok(get(&object, &out));
}

static void a_changed_byte_gives_nothing_of_its_chunk(void **state)
{
	struct object object = put(4 * CHUNK + 100);
	str sealed = read_sealed(&object);
	uint64_t out;

	for (size_t chunk = 0; chunk < 5; chunk++) {
		size_t len = chunk == 4 ? 100 : CHUNK;
		size_t at[] = { 0, len / 2, len - 1, len, len + AEAD_TAG - 1 }; /* bytes and tag */
		for (size_t i = 0; i < COUNT(at); i++) {
			SCRATCH(arena);
			char *byte = (char *)sealed.at + OBJECT_HEADER + chunk * SEALED_CHUNK + at[i];
			*byte ^= 0x20;
			test_file_write(path_of(&object), sealed);
			assert_why(NEVER, TAMPERED, get(&object, &out));
			assert_int_equal(out, chunk * CHUNK);
			*byte ^= 0x20;
		}
	}
}

static void a_cut_or_lengthened_object_gives_nothing(void **state)
{
	struct object object = put(3 * CHUNK + 100);
	str sealed = read_sealed(&object);
	uint64_t out;

	for (size_t chunk = 0; chunk <= 3; chunk++)
		for (int by = -1; by <= 1; by++) {
			test_file_write(path_of(&object),
					str_upto(sealed, (size_t)(OBJECT_HEADER + (int)(chunk * SEALED_CHUNK) + by)));
			assert_why(NEVER, TAMPERED, get(&object, &out));
			assert_int_equal(out, 0);
		}
	test_file_write(path_of(&object), STR(""));
	assert_why(NEVER, TAMPERED, get(&object, &out));
	test_file_write(path_of(&object), sealed);
	assert_int_equal(test_shell("printf x >> '%s'", path_of(&object)), 0);
	assert_why(NEVER, TAMPERED, get(&object, &out));
	assert_int_equal(unlink(path_of(&object)), 0);
	assert_why(NEVER, NOT_FOUND, get(&object, &out));
}

/* Even with a record that was changed to fit. */
static void an_object_cut_with_its_record_gives_nothing_beyond(void **state)
{
	struct object object = put(3 * CHUNK);
	str sealed = read_sealed(&object);
	uint64_t out;

	object.size = 2 * CHUNK;
	test_file_write(path_of(&object), str_upto(sealed, OBJECT_HEADER + 2 * SEALED_CHUNK));
	assert_why(NEVER, TAMPERED, get(&object, &out));
	assert_int_equal(out, CHUNK);
	object.size = 0;
	test_file_write(path_of(&object), str_upto(sealed, OBJECT_HEADER + AEAD_TAG));
	assert_why(NEVER, TAMPERED, get(&object, &out));
}

static void swapped_and_repeated_chunks_are_seen(void **state)
{
	struct object object = put(4 * CHUNK);
	str sealed = read_sealed(&object);
	uint64_t out;
	void *room;

	assert_ok(arena_take(arena, sealed.len, &room));
	for (size_t i = 0; i < 4; i++)
		for (size_t j = 0; j < 4; j++) {
			SCRATCH(arena);
			char *bytes = room;
			if (i == j)
				continue;
			memcpy(bytes, sealed.at, sealed.len);
			memcpy(bytes + OBJECT_HEADER + i * SEALED_CHUNK, sealed.at + OBJECT_HEADER + j * SEALED_CHUNK,
			       SEALED_CHUNK);
			test_file_write(path_of(&object), str_bytes(bytes, sealed.len)); /* repeated */
			assert_why(NEVER, TAMPERED, get(&object, &out));
			assert_int_equal(out, i * CHUNK);
			memcpy(bytes + OBJECT_HEADER + j * SEALED_CHUNK, sealed.at + OBJECT_HEADER + i * SEALED_CHUNK,
			       SEALED_CHUNK);
			test_file_write(path_of(&object), str_bytes(bytes, sealed.len)); /* swapped */
			assert_why(NEVER, TAMPERED, get(&object, &out));
			assert_int_equal(out, (i < j ? i : j) * CHUNK);
		}
}

static void the_bytes_of_another_object_are_seen(void **state)
{
	struct object one = put(1000), two = put(1000);
	str of_one = read_sealed(&one);
	uint64_t out;

	test_file_write(path_of(&one), read_sealed(&two));
	assert_why(NEVER, TAMPERED, get(&one, &out));
	test_file_write(path_of(&two), of_one);
	assert_why(NEVER, TAMPERED, get(&two, &out));
	assert_int_equal(out, 0);
}

static void a_link_or_a_pipe_in_its_place_is_refused(void **state)
{
	struct object object = put(1000);
	uint64_t out;

	assert_int_equal(
		test_shell("mv '%s' '%s/moved' && ln -s '%s/moved' '%s'", path_of(&object), dir, dir, path_of(&object)),
		0);
	assert_why(NEVER, DENIED, get(&object, &out));
	assert_int_equal(test_shell("rm '%s' && mkfifo '%s'", path_of(&object), path_of(&object)), 0);
	assert_why(NEVER, DENIED, get(&object, &out));
}

static void objects_stay_readable_through_a_rotation_and_not_without_their_key(void **state)
{
	struct object object = put(1000);
	uint64_t out;

	test_key_add(keys, KEY_MASTER);
	keyring_done(&keyring);
	keyring = test_keyring(keys);
	assert_ok(get(&object, &out));
	assert_int_equal(out, 1000);
	keyring_done(&keyring);
	keyring = test_keyring(test_keys());
	assert_why(NEVER, TAMPERED, get(&object, &out)); /* another installation's key of the same number */
	assert_int_equal(out, 0);
}

static void a_directory_open_to_others_is_refused(void **state)
{
	struct store *other = NULL;
	struct fault fault = { 0 };
	const char *open_dir = test_dir();

	assert_int_equal(test_shell("chmod 755 '%s'", open_dir), 0);
	assert_why(NEVER, DENIED, store_open_disk(open_dir, &other, &fault));
	assert_non_null(strstr(fault.what, "chmod 700"));
	assert_int_equal(test_shell("chmod 700 '%s' && find '%s' -mindepth 1 | wc -l | grep -qx 0", open_dir, open_dir),
			 0);
}

static void foreign_files_are_left_alone(void **state)
{
	struct object object = put(1000);
	char path[400];

	snprintf(path, sizeof path, "%s/%02x/README", dir, object.id.byte[0]);
	test_file_write(path, STR("not an object"));
	assert_ok(store_destroy(store, &object.id, 1));
	assert_true(file_exists(path));
}

#define kept_test(f) cmocka_unit_test_setup_teardown(f, begin, end)
TESTS(store_tamper, kept_test(the_disk_holds_no_plain_byte), kept_test(the_layout_is_as_written_down),
      test(the_counters_go_beyond_4_gib), kept_test(each_changed_header_byte_is_seen),
      kept_test(a_changed_byte_gives_nothing_of_its_chunk), kept_test(a_cut_or_lengthened_object_gives_nothing),
      kept_test(an_object_cut_with_its_record_gives_nothing_beyond), kept_test(swapped_and_repeated_chunks_are_seen),
      kept_test(the_bytes_of_another_object_are_seen), kept_test(a_link_or_a_pipe_in_its_place_is_refused),
      kept_test(objects_stay_readable_through_a_rotation_and_not_without_their_key),
      kept_test(a_directory_open_to_others_is_refused), kept_test(foreign_files_are_left_alone))
