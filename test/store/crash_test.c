/* A sync that fails, a disk that is full, a process that is killed: what the disk engine leaves. The system calls are
 * the program's own here: a definition in the executable comes before the library's. */
#include "test/support/kept.h"
#include "test/support/support.h"

#include "store/store.h"
#include "sys/sys.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* The nth of them fails with `error`, or ends the process where error is 0. */
struct trap {
	int countdown, error;
};
static struct trap on_sync, on_syncfs, on_dir_sync, on_rename, on_write;

static bool sprung(struct trap *t)
{
	if (t->countdown == 0 || --t->countdown)
		return false;
	if (t->error == 0)
		_exit(7);
	errno = t->error;
	return true;
}

int fdatasync(int fd)
{
	return sprung(&on_sync) ? -1 : (int)syscall(SYS_fdatasync, fd);
}
int fsync(int fd)
{
	return sprung(&on_dir_sync) ? -1 : (int)syscall(SYS_fsync, fd);
}
int syncfs(int fd)
{
	return sprung(&on_syncfs) ? -1 : (int)syscall(SYS_syncfs, fd);
}
int rename(const char *from, const char *to)
{
	return sprung(&on_rename) ? -1 : (int)syscall(SYS_rename, from, to);
}
ssize_t write(int fd, const void *from, size_t len)
{
	return sprung(&on_write) ? -1 : syscall(SYS_write, fd, from, len);
}

static struct arena *arena;
static struct keyring *keyring;
static struct entropy entropy;
static const id owner = { "the owner, yes" };
static const char *dir;

static int begin(void **state)
{
	entropy = sys_entropy();
	dir = test_dir();
	assert_ok(arena_open(64 << 20, &arena));
	keyring = test_keyring(test_keys());
	return 0;
}

static int end(void **state)
{
	on_sync = on_syncfs = on_dir_sync = on_rename = on_write = (struct trap){ 0 };
	keyring_done(&keyring);
	arena_done(&arena);
	return 0;
}

static err put(struct store_batch *b, size_t len)
{
	SCRATCH(arena);
	OWNED(sink_done) struct sink to = { 0 };
	struct object object;
	static char bytes[300000];

	TRY(store_create(b, arena, keyring, &entropy, owner, &object, &to));
	TRY(sink_write(&to, bytes, len));
	return sink_finish(&to);
}

static err put_some(struct store *s, int count, size_t len)
{
	OWNED(store_batch_done) struct store_batch *b = NULL;

	TRY(store_begin(s, &b));
	for (int i = 0; i < count; i++)
		TRY(put(b, len));
	err e = store_commit(b);
	if (failed(e))
		assert_int_equal(store_commit(b).why, e.why); /* and nothing is synced again */
	return e;
}

static err put_three(struct store *s)
{
	return put_some(s, 3, 100000);
}

static int files(void)
{
	char out[300], line[32] = "";

	snprintf(out, sizeof out, "%s.count", dir);
	assert_int_equal(test_shell("find '%s' -type f | wc -l > '%s'", dir, out), 0);
	FILE *f = fopen(out, "r");
	assert_non_null(fgets(line, sizeof line, f));
	fclose(f);
	unlink(out);
	return atoi(line);
}

static void a_failing_call_loses_the_batch_and_leaves_nothing(void **state)
{
	static const struct {
		struct trap *trap;
		int turns, error;
		enum fate fate;
		enum why why;
	} rows[] = {
		{ &on_sync, 3, EIO, FATE_BROKEN, WHY_IO },
		{ &on_dir_sync, 1, EIO, FATE_BROKEN, WHY_IO },
		{ &on_rename, 3, EIO, FATE_BROKEN, WHY_IO },
		{ &on_write, 6, EIO, FATE_BROKEN, WHY_IO },
		{ &on_sync, 3, ENOSPC, FATE_LATER, WHY_DISK_FULL },
		{ &on_write, 6, ENOSPC, FATE_LATER, WHY_DISK_FULL },
		{ &on_write, 6, EDQUOT, FATE_LATER, WHY_DISK_FULL },
	};
	OWNED(store_done) struct store *s = NULL;

	assert_ok(store_open_disk(dir, &s, NULL));
	for (size_t i = 0; i < COUNT(rows); i++)
		for (int turn = 1; turn <= rows[i].turns; turn++) {
			*rows[i].trap = (struct trap){ turn, rows[i].error };
			err e = put_three(s);
			assert_int_equal(rows[i].trap->countdown, 0); /* it was reached */
			assert_int_equal(e.fate, rows[i].fate);
			assert_int_equal(e.why, rows[i].why);
			assert_int_equal(files(), 0);
		}
	assert_ok(put_three(s));
	assert_int_equal(files(), 3);
}

static void a_failing_sync_of_all_loses_a_large_batch(void **state)
{
	OWNED(store_done) struct store *s = NULL;

	assert_ok(store_open_disk(dir, &s, NULL));
	on_syncfs = (struct trap){ 1, EIO };
	assert_why(BROKEN, IO, put_some(s, 32, 1000));
	assert_int_equal(files(), 0);
	on_syncfs = (struct trap){ 1, ENOSPC };
	assert_why(LATER, DISK_FULL, put_some(s, 32, 1000));
	assert_int_equal(files(), 0);
	/* One call for all of them; only the directory has one of its own. */
	on_syncfs = on_sync = on_dir_sync = (struct trap){ 100, EIO };
	assert_ok(put_some(s, 32, 1000));
	assert_int_equal(on_syncfs.countdown, 99);
	assert_int_equal(on_sync.countdown, 100);
	assert_int_equal(on_dir_sync.countdown, 99);
	assert_int_equal(files(), 32);
}

struct counts {
	struct store *store;
	unsigned finished, parts;
};
static err sweep_all(void *state, const struct store_entry *entry)
{
	struct counts *c = state;

	*(entry->finished ? &c->finished : &c->parts) += 1;
	return store_destroy(c->store, &entry->object, 1);
}

static int killed_at(struct trap *trap, int turn)
{
	int status;

	pid_t child = fork();
	if (child == 0) {
		struct store *s = NULL;
		if (failed(store_open_disk(dir, &s, NULL)))
			_exit(98);
		*trap = (struct trap){ turn, 0 };
		_exit(failed(put_three(s)) ? 99 : 0);
	}
	waitpid(child, &status, 0);
	return WEXITSTATUS(status);
}

/* Before every write, sync and rename: what is left is listed, whole or in part, and can be swept; no other file. */
static void a_killed_process_leaves_what_the_sweep_finds(void **state)
{
	static const struct {
		struct trap *trap;
		int turns;
	} rows[] = { { &on_write, 6 }, { &on_sync, 3 }, { &on_rename, 3 }, { &on_dir_sync, 1 } };
	OWNED(store_done) struct store *s = NULL;
	bool seen_parts = false, seen_finished = false;

	assert_ok(store_open_disk(dir, &s, NULL));
	for (size_t i = 0; i < COUNT(rows); i++)
		for (int turn = 1; turn <= rows[i].turns; turn++) {
			struct counts c = { .store = s };
			assert_int_equal(killed_at(rows[i].trap, turn), 7);
			assert_ok(store_list(s, arena, sweep_all, &c));
			assert_true(c.finished + c.parts >= 1 && c.finished + c.parts <= 3);
			seen_parts |= c.parts > 0;
			seen_finished |= c.finished > 0;
			assert_int_equal(files(), 0);
		}
	assert_true(seen_parts && seen_finished);
}

static void a_full_disk_is_said_and_leaves_nothing(void **state)
{
	OWNED(store_done) struct store *s = NULL;
	struct counts c = { 0 };
	err e = OK;

	if (mount("none", dir, "tmpfs", MS_NOSUID | MS_NODEV, "size=4m,mode=700")) {
		print_message("a small tmpfs cannot be mounted here (it needs root): skipped\n");
		skip();
	}
	assert_ok(store_open_disk(dir, &s, NULL));
	for (int i = 0; i < 100 && !failed(e); i++)
		e = put_three(s);
	int left = files();
	c.store = s;
	err swept = store_list(s, arena, sweep_all, &c);
	err again = put_three(s);
	umount2(dir, MNT_DETACH);
	assert_why(LATER, DISK_FULL, e);
	assert_true(left > 0 && left % 3 == 0);
	assert_ok(swept);
	assert_int_equal(c.finished, left);
	assert_int_equal(c.parts, 0);
	assert_ok(again);
}

/* The order of calls: nothing is renamed before all is synced, the directory comes last. */
static void all_is_synced_before_a_name_is_given(void **state)
{
	OWNED(store_done) struct store *s = NULL;

	assert_ok(store_open_disk(dir, &s, NULL));
	for (int turn = 1; turn <= 3; turn++) {
		/* At the turn-th rename, all three syncs are behind; at the directory's, all three renames. */
		on_sync = (struct trap){ 100, EIO };
		on_rename = (struct trap){ turn, EIO };
		assert_why(BROKEN, IO, put_three(s));
		assert_int_equal(on_sync.countdown, 97);
	}
	on_rename = (struct trap){ 100, EIO };
	on_dir_sync = (struct trap){ 1, EIO };
	assert_why(BROKEN, IO, put_three(s));
	assert_int_equal(on_rename.countdown, 97);
}

#define kept_test(f) cmocka_unit_test_setup_teardown(f, begin, end)
TESTS(store_crash, kept_test(a_failing_call_loses_the_batch_and_leaves_nothing),
      kept_test(a_failing_sync_of_all_loses_a_large_batch), kept_test(a_killed_process_leaves_what_the_sweep_finds),
      kept_test(a_full_disk_is_said_and_leaves_nothing), kept_test(all_is_synced_before_a_name_is_given))
