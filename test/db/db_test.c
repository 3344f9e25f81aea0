#include "test/support/support.h"

#include "db/inside.h"
#include "sys/sys.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *place(void)
{
	static char paths[64][300];
	static unsigned many;
	static const char *dir;

	if (!dir)
		dir = test_dir();
	assert_true(many < COUNT(paths));
	snprintf(paths[many], sizeof paths[0], "%s/%u.db", dir, many);
	return paths[many++];
}

static const char *fresh(void)
{
	const char *path = place();

	assert_ok(db_create(path, NULL));
	return path;
}

static id id_of(uint32_t n)
{
	id i = { { 1 } };
	put_u32be(i.byte + 4, n);
	return i;
}

static err add_submission(struct db *db, id i, str sender)
{
	return db_run(db, QUERY_SUBMISSION_ADD,
		      DB(db_id(i), db_number(0), db_number(1), db_number(2), db_number(3), db_number(0), db_number(0),
			 db_none(), db_none(), db_bytes(sender), db_none(), db_none()));
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

static void every_query_is_understood_by_the_engine(void **state)
{
	OWNED(db_done) struct db *db = NULL;

	assert_ok(db_open(fresh(), &db, NULL));
	for (int i = 0; i < QUERY_COUNT; i++) {
		sqlite3_stmt *s = NULL;
		if (str_starts(str_of(query_text[i]), STR("CREATE ")))
			continue;
		if (sqlite3_prepare_v2(db->engine, query_text[i], -1, &s, NULL) != SQLITE_OK)
			fail_msg("%s\n%s", query_text[i], sqlite3_errmsg(db->engine));
		sqlite3_finalize(s);
	}
}

static void what_is_written_is_read_back(void **state)
{
	OWNED(db_done) struct db *db = NULL;
	OWNED(arena_done) struct arena *a = NULL;
	OWNED(db_rows_done) struct db_rows rows = { 0 };
	str sender;

	assert_ok(arena_open(1 << 20, &a));
	assert_ok(db_open(fresh(), &db, NULL));
	assert_ok(add_submission(db, id_of(7), STR("a\0b")));
	assert_int_equal(db_changed(db), 1);
	assert_ok(db_one(db, QUERY_SUBMISSION_BY_ID, DB(db_id(id_of(7))), &rows));
	assert_int_equal(db_row_number(&rows, 1), 1);
	assert_true(db_row_none(&rows, 6));
	assert_ok(db_row_bytes(&rows, 7, a, &sender));
	assert_str(sender, STR("a\0b"));
	db_rows_done(&rows);
	assert_why(NEVER, NOT_FOUND, db_one(db, QUERY_SUBMISSION_BY_ID, DB(db_id(id_of(8))), &rows));
	assert_why(NEVER, EXISTS, add_submission(db, id_of(7), STR("c")));
}

static void empty_bytes_are_not_null(void **state)
{
	OWNED(db_done) struct db *db = NULL;
	OWNED(db_rows_done) struct db_rows rows = { 0 };

	assert_ok(db_open(fresh(), &db, NULL));
	assert_ok(add_submission(db, id_of(1), STR_NONE));
	assert_ok(db_one(db, QUERY_SUBMISSION_BY_ID, DB(db_id(id_of(1))), &rows));
	assert_false(db_row_none(&rows, 7));
	assert_int_equal(db_row_peek(&rows, 7).len, 0);
}

static void words_of_sql_in_a_value_stay_a_value(void **state)
{
	OWNED(db_done) struct db *db = NULL;
	OWNED(db_rows_done) struct db_rows rows = { 0 };
	static const str evil[] = { STR("'; DROP TABLE submission; --"), STR("\") OR 1=1 --"), STR("?1"), STR("%_\\"),
				    STR("\xff\xfe'\0--") };

	assert_ok(db_open(fresh(), &db, NULL));
	for (uint32_t i = 0; i < COUNT(evil); i++) {
		assert_ok(add_submission(db, id_of(i), evil[i]));
		assert_ok(db_one(db, QUERY_SUBMISSION_BY_ID, DB(db_id(id_of(i))), &rows));
		assert_str(db_row_peek(&rows, 7), evil[i]);
		db_rows_done(&rows);
	}
	assert_int_equal(count(db), COUNT(evil));
}

static void a_transaction_left_without_commit_leaves_nothing(void **state)
{
	OWNED(db_done) struct db *db = NULL;

	assert_ok(db_open(fresh(), &db, NULL));
	{
		OWNED(db_rollback) struct db_transaction change = { 0 };
		assert_ok(db_begin(db, &change));
		assert_ok(add_submission(db, id_of(1), STR("x")));
		assert_int_equal(count(db), 1);
	}
	assert_int_equal(count(db), 0);
	OWNED(db_rollback) struct db_transaction change = { 0 };
	assert_ok(db_begin(db, &change));
	assert_ok(add_submission(db, id_of(1), STR("x")));
	assert_ok(db_commit(&change));
	assert_int_equal(count(db), 1);
}

static void a_refused_row_leaves_the_transaction_as_it_was(void **state)
{
	OWNED(db_done) struct db *db = NULL;
	OWNED(db_rollback) struct db_transaction change = { 0 };

	assert_ok(db_open(fresh(), &db, NULL));
	assert_ok(db_begin(db, &change));
	assert_ok(add_submission(db, id_of(1), STR("x")));
	assert_why(NEVER, EXISTS, add_submission(db, id_of(1), STR("x")));
	assert_why(NEVER, STATE,
		   db_run(db, QUERY_RECIPIENT_ADD,
			  DB(db_id(id_of(5)), db_id(id_of(99)), db_number(0), db_none(), db_none(), db_none(),
			     db_none(), db_none(), db_number(0))));
	assert_why(NEVER, STATE, db_run_one(db, QUERY_SUBMISSION_ERASE, DB(db_id(id_of(99)))));
	assert_ok(db_commit(&change));
	assert_int_equal(count(db), 1);
}

static void rows_end_with_their_transaction(void **state)
{
	OWNED(db_done) struct db *db = NULL;
	OWNED(db_rollback) struct db_transaction change = { 0 };
	OWNED(db_rows_done) struct db_rows rows = { 0 };
	err e;

	assert_ok(db_open(fresh(), &db, NULL));
	assert_ok(add_submission(db, id_of(1), STR("x")));
	assert_ok(add_submission(db, id_of(2), STR("x")));
	assert_ok(db_ask(db, QUERY_SUBMISSIONS_OF_STATE, DB(db_number(0)), &rows));
	assert_true(db_next(&rows, &e));
	assert_ok(db_begin(db, &change));
	assert_false(db_next(&rows, &e));
	assert_why(BROKEN, DATABASE, e);
	assert_ok(db_commit(&change));
}

static void a_query_may_be_asked_while_it_is_being_read(void **state)
{
	OWNED(db_done) struct db *db = NULL;
	OWNED(db_rows_done) struct db_rows outer = { 0 };
	err e = OK;
	int n = 0;

	assert_ok(db_open(fresh(), &db, NULL));
	for (uint32_t i = 0; i < 3; i++)
		assert_ok(add_submission(db, id_of(i), STR("x")));
	assert_ok(db_ask(db, QUERY_SUBMISSIONS_OF_STATE, DB(db_number(0)), &outer));
	while (db_next(&outer, &e))
		n += count(db);
	assert_ok(e);
	assert_int_equal(n, 9);
}

static void files_are_for_their_owner_only(void **state)
{
	OWNED(db_done) struct db *db = NULL;
	const char *path;
	struct stat st;
	char side[400];
	mode_t was = umask(0);

	path = fresh();
	assert_ok(db_open(path, &db, NULL));
	assert_ok(add_submission(db, id_of(1), STR("x")));
	static const char *const ends[] = { "", "-wal", "-shm" };
	for (size_t i = 0; i < COUNT(ends); i++) {
		snprintf(side, sizeof side, "%s%s", path, ends[i]);
		assert_int_equal(stat(side, &st), 0);
		assert_int_equal(st.st_mode & 0777, 0600);
	}
	umask(was);
}

static int64_t setting(struct db *db, const char *pragma)
{
	sqlite3_stmt *s = NULL;

	assert_int_equal(sqlite3_prepare_v2(db->engine, pragma, -1, &s, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(s), SQLITE_ROW);
	int64_t n = sqlite3_column_int64(s, 0);
	sqlite3_finalize(s);
	return n;
}

static void the_engine_is_set_for_durability_and_forgetting(void **state)
{
	OWNED(db_done) struct db *db = NULL;

	assert_ok(db_open(fresh(), &db, NULL));
	assert_int_equal(setting(db, "PRAGMA synchronous"), 2);
	assert_int_equal(setting(db, "PRAGMA foreign_keys"), 1);
	assert_int_equal(setting(db, "PRAGMA secure_delete"), 1);
	assert_int_equal(setting(db, "PRAGMA trusted_schema"), 0);
	assert_int_equal(setting(db, "PRAGMA temp_store"), 2);
	assert_int_equal(setting(db, "PRAGMA busy_timeout"), 60000);
	assert_int_equal(setting(db, "SELECT count(*) FROM pragma_table_list WHERE schema = 'main' AND type = 'table'"
				     " AND name NOT LIKE 'sqlite_%' AND strict = 0"),
			 0);
	assert_ok(db_check(db, NULL));
}

static void a_missing_file_is_not_made_by_opening(void **state)
{
	OWNED(db_done) struct db *db = NULL;
	struct fault fault = { 0 };
	const char *path = place();

	assert_why(NEVER, NOT_FOUND, db_open(path, &db, &fault));
	assert_non_null(strstr(fault.what, "letterlock init"));
	assert_false(file_exists(path));
	assert_why(NEVER, EXISTS, db_create(fresh(), NULL));
}

static void newer_foreign_and_broken_files_are_refused_in_words(void **state)
{
	OWNED(db_done) struct db *db = NULL;
	struct fault fault = { 0 };
	const char *path = fresh();
	const char *other = place();

	assert_int_equal(test_shell("sqlite3 '%s' 'PRAGMA user_version = 999'", path), 0);
	assert_why(NEVER, CONFIG, db_open(path, &db, &fault));
	assert_non_null(strstr(fault.what, "newer"));
	assert_int_equal(test_shell("sqlite3 '%s' 'CREATE TABLE t(x)'", other), 0);
	assert_why(NEVER, CONFIG, db_open(other, &db, &fault));
	test_file_write(other,
			STR("this is not a database, however long one looks at it; not at all, and it never was"));
	assert_why(BROKEN, DATABASE, db_open(other, &db, &fault));
}

static void a_migration_that_was_cut_off_is_done_again_whole(void **state)
{
	OWNED(db_done) struct db *db = NULL;
	const char *path = place();

	/* What a kill between making the file and the commit leaves. */
	test_file_write(path, STR(""));
	assert_ok(db_open(path, &db, NULL));
	assert_int_equal(count(db), 0);
}

/* ── Several at once ── */

static void write_many(const char *path, uint32_t from, uint32_t many)
{
	OWNED(db_done) struct db *db = NULL;

	assert_ok(db_open(path, &db, NULL));
	for (uint32_t i = 0; i < many; i += 2) {
		OWNED(db_rollback) struct db_transaction change = { 0 };
		assert_ok(db_begin(db, &change));
		assert_ok(add_submission(db, id_of(from + i), STR("x")));
		assert_ok(add_submission(db, id_of(from + i + 1), STR("x")));
		assert_ok(db_commit(&change));
	}
}

struct job {
	const char *path;
	uint32_t from;
};

static void *write_in_thread(void *state)
{
	struct job *job = state;
	write_many(job->path, job->from, 40);
	return NULL;
}

static void eight_threads_and_two_processes_write_and_nobody_is_refused(void **state)
{
	const char *path = fresh();
	pthread_t threads[8];
	struct job jobs[8];
	int status;

	pid_t child = fork();
	if (child == 0) {
		write_many(path, 100000, 80);
		_exit(0);
	}
	for (uint32_t i = 0; i < 8; i++) {
		jobs[i] = (struct job){ path, 1000 * i };
		assert_int_equal(pthread_create(&threads[i], NULL, write_in_thread, &jobs[i]), 0);
	}
	for (int i = 0; i < 8; i++)
		pthread_join(threads[i], NULL);
	waitpid(child, &status, 0);
	assert_int_equal(status, 0);
	OWNED(db_done) struct db *db = NULL;
	assert_ok(db_open(path, &db, NULL));
	assert_int_equal(count(db), 8 * 40 + 80);
}

static void who_waits_too_long_is_told_to_come_later(void **state)
{
	OWNED(db_done) struct db *one = NULL;
	OWNED(db_done) struct db *two = NULL;
	OWNED(db_rollback) struct db_transaction held = { 0 };
	struct db_transaction other = { 0 };
	const char *path = fresh();
	int status;

	assert_ok(db_open(path, &one, NULL));
	assert_ok(db_open(path, &two, NULL));
	assert_ok(db_begin(one, &held));
	db_patience(two, 50000);
	assert_why(LATER, BUSY, db_begin(two, &other));
	assert_why(LATER, BUSY, add_submission(two, id_of(1), STR("x")));
	assert_int_equal(count(two), 0); /* readers are never kept */
	pid_t child = fork();
	if (child == 0) {
		execl("/bin/sh", "sh", "-c", "sqlite3 \"$0\" 'PRAGMA busy_timeout=50; BEGIN IMMEDIATE' >/dev/null 2>&1",
		      path, (char *)0);
		_exit(99);
	}
	waitpid(child, &status, 0);
	assert_int_not_equal(status, 0);
	db_rollback(&held);
	assert_ok(add_submission(two, id_of(1), STR("x")));
}

static void an_open_transaction_dies_with_its_process(void **state)
{
	OWNED(db_done) struct db *db = NULL;
	const char *path = fresh();
	int status;

	pid_t child = fork();
	if (child == 0) {
		struct db_transaction change = { 0 };
		assert_ok(db_open(path, &db, NULL));
		assert_ok(add_submission(db, id_of(1), STR("kept")));
		assert_ok(db_begin(db, &change));
		assert_ok(add_submission(db, id_of(2), STR("lost")));
		_exit(0);
	}
	waitpid(child, &status, 0);
	assert_int_equal(status, 0);
	assert_ok(db_open(path, &db, NULL));
	assert_int_equal(count(db), 1);
	assert_ok(add_submission(db, id_of(3), STR("x")));
}

/* ── Erasing, presence ── */

static bool found_in(const char *path, const char *end, const char *what)
{
	return test_shell("grep -qaF '%s' '%s%s'", what, path, end) == 0;
}

static void what_was_erased_is_in_no_file_after_a_checkpoint(void **state)
{
	OWNED(db_done) struct db *db = NULL;
	const char *path = fresh();

	assert_ok(db_open(path, &db, NULL));
	assert_ok(add_submission(db, id_of(1), STR("canary-in-the-database")));
	assert_true(found_in(path, "-wal", "canary-in-the-database"));
	assert_ok(db_checkpoint(db));
	assert_true(found_in(path, "", "canary-in-the-database"));
	assert_ok(db_run_one(db, QUERY_SUBMISSION_ERASE, DB(db_id(id_of(1)))));
	assert_ok(db_checkpoint(db));
	assert_false(found_in(path, "", "canary-in-the-database"));
	assert_false(found_in(path, "-wal", "canary-in-the-database"));
}

static void presence_ends_with_the_process_however_it_ends(void **state)
{
	OWNED(db_done) struct db *db = NULL;
	OWNED(arena_done) struct arena *a = NULL;
	OWNED(db_presence_done) struct db_presence mine = { .fd = -1 };
	const char *path = fresh();
	int ready[2], status;
	char byte;

	assert_int_equal(pipe(ready), 0);
	pid_t child = fork();
	if (child == 0) {
		struct db_presence its = { .fd = -1 };
		assert_ok(db_open(path, &db, NULL));
		assert_ok(db_presence_open(db, id_of(1), &its));
		assert_int_equal(write(ready[1], "r", 1), 1);
		pause();
	}
	assert_int_equal(read(ready[0], &byte, 1), 1);
	assert_ok(arena_open(1 << 16, &a));
	assert_ok(db_open(path, &db, NULL));
	assert_ok(db_presence_open(db, id_of(2), &mine));
	assert_true(db_presence_alive(db, id_of(1)));
	assert_true(db_presence_alive(db, id_of(2)));
	assert_false(db_presence_alive(db, id_of(3)));
	assert_ok(db_presence_sweep(db, a));
	assert_true(db_presence_alive(db, id_of(1)));
	kill(child, SIGKILL);
	waitpid(child, &status, 0);
	assert_false(db_presence_alive(db, id_of(1)));
	assert_ok(db_presence_sweep(db, a));
	assert_true(db_presence_alive(db, id_of(2)));
	db_presence_done(&mine);
	assert_false(db_presence_alive(db, id_of(2)));
}

TESTS(db, test(every_query_is_understood_by_the_engine), test(what_is_written_is_read_back),
      test(empty_bytes_are_not_null), test(words_of_sql_in_a_value_stay_a_value),
      test(a_transaction_left_without_commit_leaves_nothing), test(a_refused_row_leaves_the_transaction_as_it_was),
      test(rows_end_with_their_transaction), test(a_query_may_be_asked_while_it_is_being_read),
      test(files_are_for_their_owner_only), test(the_engine_is_set_for_durability_and_forgetting),
      test(a_missing_file_is_not_made_by_opening), test(newer_foreign_and_broken_files_are_refused_in_words),
      test(a_migration_that_was_cut_off_is_done_again_whole),
      test(eight_threads_and_two_processes_write_and_nobody_is_refused), test(who_waits_too_long_is_told_to_come_later),
      test(an_open_transaction_dies_with_its_process), test(what_was_erased_is_in_no_file_after_a_checkpoint),
      test(presence_ends_with_the_process_however_it_ends))
