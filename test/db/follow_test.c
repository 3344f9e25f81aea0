/* A database that is followed: what was handed on is the database. */
#include "test/support/support.h"

#include "db/inside.h"
#include "sys/sys.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct elsewhere {
	char *log;
	size_t len, commits;
	size_t fails_at; /* the commit, from 1; 0: none */
};

static err keep(void *state, uint64_t at, str bytes)
{
	struct elsewhere *e = state;

	assert_int_equal(at, e->len);
	assert_true(bytes.len > 0);
	if (++e->commits == e->fails_at)
		return LATER(STORE, "elsewhere is out of reach");
	e->log = realloc(e->log, e->len + bytes.len);
	assert_non_null(e->log);
	memcpy(e->log + e->len, bytes.at, bytes.len);
	e->len += bytes.len;
	return OK;
}

static const char *path_of(const char *name)
{
	static char paths[8][300];
	static unsigned many;
	char *path = paths[many++ % COUNT(paths)];

	snprintf(path, sizeof paths[0], "%s/%s.db", test_dir(), name);
	return path;
}

static id id_of(uint32_t n)
{
	id i = { { 1 } };
	put_u32be(i.byte + 4, n);
	return i;
}

static err add(struct db *db, uint32_t n, size_t sender_len)
{
	static char sender[100000];

	return db_run(db, QUERY_SUBMISSION_ADD,
		      DB(db_id(id_of(n)), db_number(0), db_number(1), db_number(2), db_number(3), db_number(0),
			 db_number(0), db_none(), db_none(), db_bytes(str_bytes(sender, sender_len)), db_none(),
			 db_none()));
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

struct copy {
	struct arena *arena;
	str base;
};

static void make(const char *path, struct copy *c)
{
	assert_ok(arena_open(64 << 20, &c->arena));
	assert_ok(db_create(path, NULL));
	c->base = test_file(c->arena, path);
}

/* What another machine would make of it. */
static int count_elsewhere(const struct copy *c, const struct elsewhere *e, struct elsewhere *next)
{
	const char *path = path_of("copy");
	char log[400];
	OWNED(db_done) struct db *db = NULL;

	snprintf(log, sizeof log, "%s-wal", path);
	assert_ok(file_remove(path));
	assert_ok(file_remove(log));
	test_file_write(path, c->base);
	test_file_write(log, str_bytes(e->log, e->len));
	*next = (struct elsewhere){ .len = e->len, .log = malloc(e->len + 1) };
	memcpy(next->log, e->log, e->len);
	const struct db_follower follower = { keep, next };
	assert_ok(db_open_followed(path, &follower, e->len, &db, NULL));
	assert_ok(db_check(db, NULL));
	int n = count(db);
	assert_ok(add(db, 1000000, 10)); /* and goes on from there */
	assert_int_equal(count(db), n + 1);
	return n;
}

static void file_and_log_are_the_database_after_every_commit(void **state)
{
	struct elsewhere e = { 0 };
	struct copy c;
	const char *path = path_of("one");
	OWNED(db_done) struct db *a = NULL;
	OWNED(db_done) struct db *b = NULL;

	make(path, &c);
	assert_ok(db_open_followed(path, &(struct db_follower){ keep, &e }, 0, &a, NULL));
	assert_ok(db_open(path, &b, NULL));
	for (uint32_t n = 0; n < 40; n++) {
		struct elsewhere next;
		OWNED(db_rollback) struct db_transaction t = { 0 };
		assert_ok(db_begin(n % 2 ? a : b, &t));
		assert_ok(add(n % 2 ? a : b, 2 * n, n * 2000));
		assert_ok(add(n % 2 ? a : b, 2 * n + 1, 10));
		assert_ok(db_commit(&t));
		if (n % 8)
			continue;
		assert_int_equal(count_elsewhere(&c, &e, &next), 2 * (int)n + 2);
		assert_int_equal(next.commits, 1);
		free(next.log);
	}
	assert_int_equal(e.commits, 40);
	assert_ok(add(a, 500, 10)); /* a statement by itself is a commit too */
	assert_int_equal(e.commits, 41);
	free(e.log);
	arena_close(c.arena);
}

static void what_is_rolled_back_is_nobodys(void **state)
{
	struct elsewhere e = { 0 }, next;
	struct copy c;
	const char *path = path_of("two");
	OWNED(db_done) struct db *a = NULL;

	make(path, &c);
	assert_ok(db_open_followed(path, &(struct db_follower){ keep, &e }, 0, &a, NULL));
	for (uint32_t n = 0; n < 10; n++) {
		OWNED(db_rollback) struct db_transaction t = { 0 };
		assert_ok(db_begin(a, &t));
		for (uint32_t i = 0; i < 50; i++) /* more than the engine keeps in memory: some of it is in the log */
			assert_ok(add(a, 100 * n + i, 90000));
	}
	assert_int_equal(e.commits, 0);
	assert_ok(add(a, 1, 10));
	assert_int_equal(count_elsewhere(&c, &e, &next), 1);
	free(next.log);
	free(e.log);
	arena_close(c.arena);
}

static void after_a_commit_that_could_not_be_handed_on_nothing_is_believed(void **state)
{
	struct elsewhere e = { .fails_at = 2 };
	struct copy c;
	const char *path = path_of("three");
	OWNED(db_done) struct db *a = NULL;
	OWNED(db_done) struct db *b = NULL;
	OWNED(db_rows_done) struct db_rows rows = { 0 };
	struct db_transaction t = { 0 };

	make(path, &c);
	assert_ok(db_open_followed(path, &(struct db_follower){ keep, &e }, 0, &a, NULL));
	assert_ok(db_open(path, &b, NULL));
	assert_ok(add(a, 1, 10));
	assert_why(BROKEN, STORE, add(a, 2, 10));
	assert_why(BROKEN, STORE, add(a, 3, 10));
	assert_why(BROKEN, STORE, add(b, 4, 10));
	assert_why(BROKEN, STORE, db_begin(b, &t));
	assert_why(BROKEN, STORE, db_ask(b, QUERY_SUBMISSIONS_OF_STATE, DB(db_number(0)), &rows));
	assert_int_equal(e.commits, 2);
	free(e.log);
	arena_close(c.arena);
}

static void closing_writes_nothing_back(void **state)
{
	struct elsewhere e = { 0 }, next;
	struct copy c;
	const char *path = path_of("four");
	struct db *a = NULL;

	make(path, &c);
	assert_ok(db_open_followed(path, &(struct db_follower){ keep, &e }, 0, &a, NULL));
	for (uint32_t n = 0; n < 200; n++) /* beyond what the engine would write back by itself */
		assert_ok(add(a, n, 90000));
	assert_why(NEVER, UNSUPPORTED, db_checkpoint(a));
	db_done(&a);
	assert_str(test_file(c.arena, path), c.base);
	assert_int_equal(count_elsewhere(&c, &e, &next), 200);
	free(next.log);
	free(e.log);
	arena_close(c.arena);
}

TESTS(follow, test(file_and_log_are_the_database_after_every_commit), test(what_is_rolled_back_is_nobodys),
      test(after_a_commit_that_could_not_be_handed_on_nothing_is_believed), test(closing_writes_nothing_back))
