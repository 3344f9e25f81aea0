/* A sync that fails, a write that finds no room, a process killed between any two system calls of a commit. The system
 * calls are the program's own here: a definition in the executable comes before the library's, for SQLite too. */
#include "test/support/kept.h"
#include "test/support/support.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* The nth call fails with `error`, or ends the process where error is 0. */
struct trap {
	int countdown, error;
};
static struct trap on_sync, on_write, on_any;

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
	return sprung(&on_any) || sprung(&on_sync) ? -1 : (int)syscall(SYS_fdatasync, fd);
}
int fsync(int fd)
{
	return sprung(&on_any) || sprung(&on_sync) ? -1 : (int)syscall(SYS_fsync, fd);
}
ssize_t pwrite64(int fd, const void *from, size_t len, off64_t at)
{
	return sprung(&on_any) || sprung(&on_write) ? -1 : syscall(SYS_pwrite64, fd, from, len, at);
}
static id id_of(uint32_t n)
{
	id i = { { 1 } };
	put_u32be(i.byte + 4, n);
	return i;
}

static char filler[20000];

static err add(struct db *db, uint32_t n)
{
	return db_run(db, QUERY_SUBMISSION_ADD,
		      DB(db_id(id_of(n)), db_number(0), db_number(1), db_number(2), db_number(3), db_number(0),
			 db_number(0), db_none(), db_none(), db_bytes(str_bytes(filler, sizeof filler)), db_none(),
			 db_none()));
}

/* Two rows in one transaction. */
static err add_pair(struct db *db, uint32_t n)
{
	OWNED(db_rollback) struct db_transaction change = { 0 };

	TRY(db_begin(db, &change));
	TRY(add(db, n));
	TRY(add(db, n + 1));
	return db_commit(&change);
}

static int count(struct db *db)
{
	OWNED(db_rows_done) struct db_rows rows = { 0 };
	err e = OK;
	int n = 0;

	assert_ok(db_ask(db, QUERY_SUBMISSIONS_OF_STATE, DB(db_number(0)), &rows));
	while (db_next(&rows, &e))
		n++;
	assert_ok(e);
	return n;
}

static void a_failing_sync_ends_the_connection(void **state)
{
	const char *path = test_db();

	{
		OWNED(db_done) struct db *db = test_db_open(path);
		assert_ok(add_pair(db, 10));
		on_sync = (struct trap){ 1, EIO };
		assert_why(BROKEN, IO, add_pair(db, 20));
		assert_int_equal(on_sync.countdown, 0);
		/* No second try: not the same transaction, not another, not a checkpoint, not a question. */
		struct db_rows rows = { 0 };
		assert_why(BROKEN, IO, add_pair(db, 30));
		assert_why(BROKEN, IO, add(db, 30));
		assert_why(BROKEN, IO, db_checkpoint(db));
		assert_why(BROKEN, IO, db_ask(db, QUERY_SUBMISSIONS_OF_STATE, DB(db_number(0)), &rows));
	}
	OWNED(db_done) struct db *db = test_db_open(path);
	assert_ok(db_check(db, NULL));
	int n = count(db);
	assert_true(n == 2 || n == 4); /* nobody knows, but it is whole */
	assert_ok(add_pair(db, 40));
	assert_int_equal(count(db), n + 2);
}

static void a_failing_sync_in_another_thread_s_connection_leaves_ours(void **state)
{
	const char *path = test_db();
	OWNED(db_done) struct db *one = test_db_open(path);
	OWNED(db_done) struct db *two = test_db_open(path);

	on_sync = (struct trap){ 1, EIO };
	assert_why(BROKEN, IO, add_pair(one, 10));
	assert_ok(add_pair(two, 20));
	assert_true(count(two) >= 2);
	assert_ok(db_check(two, NULL));
}

static void a_full_disk_changes_nothing_and_passes(void **state)
{
	OWNED(db_done) struct db *db = test_db_open(test_db());

	assert_ok(add_pair(db, 10));
	for (int turn = 1; turn <= 200; turn++) {
		on_write = (struct trap){ turn, ENOSPC };
		err e = add_pair(db, 20);
		if (on_write.countdown) { /* more turns than writes */
			assert_ok(e);
			break;
		}
		assert_why(LATER, DISK_FULL, e);
		assert_int_equal(count(db), 2);
		assert_false(db_in_transaction(db));
	}
	assert_true(on_write.countdown > 0);
	on_write = (struct trap){ 0 };
	assert_int_equal(count(db), 4);
	assert_ok(db_check(db, NULL));
}

static void a_small_file_system_fills_and_empties(void **state)
{
	const char *dir = test_dir();
	char path[300];
	err e = OK;
	int n = 0, kept = 0;

	if (mount("none", dir, "tmpfs", MS_NOSUID | MS_NODEV, "size=2m,mode=700")) {
		print_message("a small tmpfs cannot be mounted here (it needs root): skipped\n");
		skip();
	}
	snprintf(path, sizeof path, "%s/full.db", dir);
	assert_ok(db_create(path, NULL));
	struct db *db = test_db_open(path);
	while (!failed(e) && n < 1000) {
		e = add_pair(db, (uint32_t)(10 * ++n));
		kept += !failed(e) ? 2 : 0;
	}
	assert_why(LATER, DISK_FULL, e);
	assert_int_equal(count(db), kept);
	assert_true(kept > 0);
	assert_int_equal(mount("none", dir, NULL, MS_REMOUNT | MS_NOSUID | MS_NODEV, "size=32m,mode=700"), 0);
	assert_ok(add_pair(db, 5));
	assert_int_equal(count(db), kept + 2);
	assert_ok(db_check(db, NULL));
	db_done(&db);
	umount2(dir, MNT_DETACH);
}

/* The child tells through the pipe that its commit returned. */
static bool killed_at(const char *path, int turn, bool *committed)
{
	int told[2], status;
	char byte;

	assert_int_equal(pipe(told), 0);
	pid_t child = fork();
	if (child == 0) {
		struct db *db = NULL;
		if (failed(db_open(path, &db, NULL)))
			_exit(98);
		on_any = (struct trap){ turn, 0 };
		if (failed(add_pair(db, (uint32_t)(100 * turn))))
			_exit(99);
		_exit(write(told[1], "c", 1) == 1 ? 0 : 97);
	}
	close(told[1]);
	*committed = read(told[0], &byte, 1) == 1;
	close(told[0]);
	waitpid(child, &status, 0);
	assert_true(WEXITSTATUS(status) == 7 || WEXITSTATUS(status) == 0);
	return WEXITSTATUS(status) == 7;
}

static void a_commit_that_is_cut_off_is_whole_or_not_at_all(void **state)
{
	const char *path = test_db();
	int before = 0, turn = 1;
	bool committed;

	while (killed_at(path, turn, &committed)) {
		OWNED(db_done) struct db *db = test_db_open(path);
		int n = count(db);
		assert_false(committed);
		assert_true(n == before || n == before + 2);
		assert_ok(db_check(db, NULL));
		before = n;
		turn++;
	}
	assert_true(committed);
	assert_true(turn > 5); /* it was killed at several places */
	OWNED(db_done) struct db *db = test_db_open(path);
	assert_int_equal(count(db), before + 2);
}

static int disarm(void **state)
{
	on_sync = on_write = on_any = (struct trap){ 0 };
	return 0;
}

#define trapped(f) cmocka_unit_test_teardown(f, disarm)
TESTS(db_fault, trapped(a_failing_sync_ends_the_connection),
      trapped(a_failing_sync_in_another_thread_s_connection_leaves_ours),
      trapped(a_full_disk_changes_nothing_and_passes), trapped(a_small_file_system_fills_and_empties),
      trapped(a_commit_that_is_cut_off_is_whole_or_not_at_all))
