/* Transactions. A writer takes its turn among the threads, then the engine's lock among the processes, and holds both
 * until commit or rollback. */
#include "db/inside.h"

/* A statement half read would keep a commit from ending, and would start anew afterwards. */
void db_end_rows(struct db *db)
{
	db->epoch++;
	for (sqlite3_stmt *s = sqlite3_next_stmt(db->engine, NULL); s; s = sqlite3_next_stmt(db->engine, s))
		if (sqlite3_stmt_busy(s))
			(void)sqlite3_reset(s);
}

err db_begin(struct db *db, struct db_transaction *out)
{
	must(!db->in_transaction);
	if (failed(db->broken))
		return db->broken;
	TRY(follow_broken(db));
	db_end_rows(db);
	TRY(turn_take(db->turn, db->patience));
	err e = db_engine(db, QUERY_BEGIN, NULL);
	if (failed(e)) {
		turn_give(db->turn);
		return e;
	}
	db->in_transaction = true;
	db->lost = OK;
	out->db = db;
	return OK;
}

static void over(struct db_transaction *t)
{
	t->db->in_transaction = false;
	t->db->epoch++;
	turn_give(t->db->turn);
	t->db = NULL;
}

err db_commit(struct db_transaction *t)
{
	struct db *db = t->db;

	must(db->in_transaction);
	db_end_rows(db);
	err e = failed(db->broken) ? db->broken : db->lost;
	if (!failed(e))
		e = db_engine(db, QUERY_COMMIT, NULL);
	if (failed(e)) {
		db_rollback(t);
		return e;
	}
	e = follow_commit(db);
	over(t);
	return e;
}

void db_rollback(struct db_transaction *t)
{
	struct db *db = t->db;

	if (!db)
		return;
	db_end_rows(db);
	if (!sqlite3_get_autocommit(db->engine)) {
		err e = db_engine(db, QUERY_ROLLBACK, NULL);
		/* A connection that cannot even go back would let the next writer write into this one's work. */
		if (failed(e) && !sqlite3_get_autocommit(db->engine))
			db->broken = BROKEN(DATABASE, "a transaction could not be rolled back");
	}
	over(t);
}

bool db_in_transaction(const struct db *db)
{
	return db->in_transaction;
}

err db_checkpoint(struct db *db)
{
	int64_t busy = 0;

	must(!db->in_transaction);
	if (failed(db->broken))
		return db->broken;
	if (turn_following(db->turn)->follower.commit)
		return NEVER(UNSUPPORTED, "a database that is followed is not written back into its file");
	TRY(turn_take(db->turn, db->patience));
	err e = db_engine(db, QUERY_CHECKPOINT, &busy);
	turn_give(db->turn);
	TRY(e);
	return busy ? LATER(BUSY, "someone still reads what was erased; try again") : OK;
}

/* The first row of a clean bill is the word ok; a violated foreign key is a row. */
err db_check(struct db *db, struct fault *fault)
{
	OWNED(db_rows_done) struct db_rows rows = { 0 };
	OWNED(db_rows_done) struct db_rows keys = { 0 };
	err e = OK;

	TRY(db_one(db, QUERY_INTEGRITY, DB_NOTHING, &rows));
	str first = db_row_peek(&rows, 0);
	if (!str_same(first, STR("ok"))) {
		fault_set(fault, "the database is damaged: %.*s", STR_ARG(first));
		return BROKEN(DATABASE, "the database is damaged");
	}
	TRY(db_ask(db, QUERY_FOREIGN_KEYS, DB_NOTHING, &keys));
	if (db_next(&keys, &e)) {
		fault_set(fault, "a row of %.*s refers to nothing", STR_ARG(db_row_peek(&keys, 0)));
		return BROKEN(DATABASE, "a row refers to nothing");
	}
	return e;
}
