#include "test/support/support.h"

#include "seal/zip.h"
#include "sys/sys.h"

#include <string.h>

/* Archives are made by seal_zip_*, which 7-Zip judges elsewhere; what was sealed anew 7-Zip judges here. */

#define BEFORE "correct horse"
#define AFTER "battery staple"

struct made {
	struct arena *arena;
	str bytes;
};

/* Windows of 4 KiB flow soon, and sizes are wide from zip64_from on. */
static struct made archive(bool hide_names, uint64_t zip64_from, const size_t *sizes, size_t count)
{
	uint64_t counter = 40;
	const struct entropy chance = test_entropy(&counter);
	struct zip_workspace *workspace;
	struct zip_key keys[8];
	str passwords[8];
	struct made m;
	struct buf b;
	struct zip *zip;

	assert_ok(arena_open(64 << 20, &m.arena));
	assert_ok(zip_workspace_open_sized(4096, &workspace));
	for (size_t i = 0; i < 8; i++)
		passwords[i] = STR(BEFORE);
	assert_ok(seal_zip_keys(&chance, passwords, 8, keys));
	assert_ok(buf_open(m.arena, 1 << 20, &b));
	struct sink below = sink_to_buf(&b);
	const struct zip_options o = { .workspace = workspace,
				       .keys = keys,
				       .key_count = 8,
				       .hide_names = hide_names,
				       .zip64_from = zip64_from,
				       .made_at = 1795290600 * SECOND };
	assert_ok(seal_zip_begin(m.arena, &o, &below, &zip));
	for (size_t i = 0; i < count; i++) {
		struct sink entry;
		assert_ok(seal_zip_entry(zip, STR("a.txt"), 0, sizes[i], &entry));
		for (size_t k = 0; k < sizes[i]; k++)
			assert_ok(sink_write(&entry, &"some text that repeats itself "[k % 30], 1));
		assert_ok(sink_finish(&entry));
	}
	assert_ok(seal_zip_finish(zip));
	seal_zip_done(&zip);
	zip_workspace_done(&workspace);
	m.bytes = buf_str(&b);
	return m;
}

struct place {
	str all, rest;
};

static err open_at(void *state, uint64_t offset, uint64_t len, struct source *out)
{
	static struct place kept[64]; /* more than are open at a time */
	static size_t next;
	struct place *slot = &kept[next++ % 64];

	*slot = *(struct place *)state;
	slot->rest = str_upto(str_from(slot->all, (size_t)offset), (size_t)len);
	*out = source_of_str(&slot->rest);
	return OK;
}

static err reseal(struct arena *a, str bytes, str old, str new, struct buf *out)
{
	uint64_t counter = 70;
	const struct entropy chance = test_entropy(&counter);
	struct place place = { .all = bytes };
	const struct zip_reseal r = { .size = bytes.len,
				      .open = open_at,
				      .state = &place,
				      .old_password = old,
				      .new_password = new,
				      .chance = &chance };
	struct sink to = sink_to_buf(out);

	out->len = 0;
	return seal_zip_reseal(a, &r, &to);
}

static int seven_zip(struct arena *a, str bytes, const char *password)
{
	const char *dir = test_dir(), *path;
	struct sink file;
	int fd;

	assert_ok(path_join(a, dir, STR("a.zip"), &path));
	assert_ok(file_open(path, FILE_NEW, 0600, &fd));
	assert_ok(file_sink(a, fd, &file));
	assert_ok(sink_put(&file, bytes));
	assert_ok(sink_finish(&file));
	fd_done(&fd);
	return test_shell("7z t -p'%s' '%s' >/dev/null 2>&1 </dev/null", password, path);
}

static void only_the_new_password_opens_and_lengths_stay(void **state)
{
	static const size_t sizes[] = { 0, 1, 30, 4096, 20000 };
	static const uint64_t wide[] = { 0, 100, 5000 };
	struct buf fresh;

	for (size_t i = 0; i < 2 * COUNT(wide); i++) {
		struct made m = archive(i % 2, wide[i / 2], sizes, COUNT(sizes));
		assert_ok(buf_open(m.arena, 1 << 20, &fresh));
		assert_ok(reseal(m.arena, m.bytes, STR(BEFORE), STR(AFTER), &fresh));
		assert_int_equal(fresh.len, m.bytes.len);
		assert_int_equal(seven_zip(m.arena, buf_str(&fresh), AFTER), 0);
		assert_int_not_equal(seven_zip(m.arena, buf_str(&fresh), BEFORE), 0);
		assert_why(NEVER, PROOF, reseal(m.arena, m.bytes, STR(AFTER), STR(BEFORE), &fresh));
		arena_close(m.arena);
	}
}

/* From the salt of the only entry to its tag. */
static void every_flipped_bit_is_noticed(void **state)
{
	static const size_t sizes[] = { 50 };
	struct made m = archive(false, 0, sizes, 1);
	size_t begin = 30 + 5 + 11, end = (size_t)str_find(m.bytes, STR("PK\1\2"));
	struct buf fresh;
	char *at;

	assert_ok(buf_open(m.arena, 1 << 20, &fresh));
	assert_ok(arena_take(m.arena, m.bytes.len, (void **)&at));
	memcpy(at, m.bytes.at, m.bytes.len);
	for (size_t i = begin; i < end; i++) {
		at[i] ^= (char)(1 << i % 8);
		err e = reseal(m.arena, str_bytes(at, m.bytes.len), STR(BEFORE), STR(AFTER), &fresh);
		assert_true(e.fate == FATE_NEVER && (e.why == WHY_TAMPERED || e.why == WHY_PROOF));
		at[i] ^= (char)(1 << i % 8);
	}
	arena_close(m.arena);
}

static void what_is_cut_off_or_none_of_ours_is_refused(void **state)
{
	static const size_t sizes[] = { 50, 60 };
	struct made m = archive(false, 0, sizes, 2);
	struct buf fresh;

	assert_ok(buf_open(m.arena, 1 << 20, &fresh));
	for (size_t len = 0; len < m.bytes.len; len++)
		assert_why(NEVER, SYNTAX, reseal(m.arena, str_upto(m.bytes, len), STR(BEFORE), STR(AFTER), &fresh));
	assert_why(NEVER, WEAK_PASSWORD, reseal(m.arena, m.bytes, STR(BEFORE), STR_NONE, &fresh));
	assert_why(NEVER, SYNTAX,
		   reseal(m.arena, STR("%PDF-1.7 and something longer"), STR(BEFORE), STR(AFTER), &fresh));
	arena_close(m.arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_the_new_password_opens_and_lengths_stay),
		cmocka_unit_test(every_flipped_bit_is_noticed),
		cmocka_unit_test(what_is_cut_off_or_none_of_ours_is_refused),
	};
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
