/* Statements: prepared once a connection, bound, stepped, read. This is the only place that hands SQL to the
 * engine, and all it can hand over is an element of query_text. */
#include "db/inside.h"

const char *const query_text[QUERY_COUNT] = {
#define QUERY(name, sql) [QUERY_##name] = "" sql,
#include "db/queries/all.def"
#undef QUERY
};

static err prepare(struct db *db, enum query query, unsigned flags, sqlite3_stmt **out)
{
	int result = sqlite3_prepare_v3(db->engine, query_text[query], -1, flags, out, NULL);

	return result == SQLITE_OK ? OK : db_failure(db, result);
}

/* A query asked while its rows are still being read gets a statement of its own. */
static err take(struct db *db, enum query query, struct db_rows *out)
{
	struct cached *c = &db->cached[query];
	sqlite3_stmt *own = NULL;

	if (c->in_use)
		TRY(prepare(db, query, 0, &own));
	else if (!c->statement)
		TRY(prepare(db, query, SQLITE_PREPARE_PERSISTENT, &c->statement));
	*out = (struct db_rows){ .db = db, .query = query, .epoch = db->epoch, .alone = own };
	out->statement = own ? own : c->statement;
	c->in_use = true;
	return OK;
}

static void give_back(const struct db_rows *rows)
{
	if (rows->alone) {
		(void)sqlite3_finalize(rows->statement);
		return;
	}
	(void)sqlite3_reset(rows->statement);
	(void)sqlite3_clear_bindings(rows->statement);
	rows->db->cached[rows->query].in_use = false;
}

static int bind(sqlite3_stmt *statement, int at, const struct db_value *v)
{
	const char *bytes = v->bytes.at ? v->bytes.at : ""; /* a null pointer would be NULL, not empty */

	switch (v->kind) {
	case DB_VALUE_NONE:
		return sqlite3_bind_null(statement, at);
	case DB_VALUE_NUMBER:
		return sqlite3_bind_int64(statement, at, v->number);
	case DB_VALUE_BYTES:
		return sqlite3_bind_blob64(statement, at, bytes, v->bytes.len, SQLITE_TRANSIENT);
	case DB_VALUE_TEXT:
		return sqlite3_bind_text64(statement, at, bytes, v->bytes.len, SQLITE_TRANSIENT, SQLITE_UTF8);
	case DB_VALUE_ID:
		return sqlite3_bind_blob(statement, at, v->id.byte, sizeof v->id.byte, SQLITE_TRANSIENT);
	}
	return SQLITE_MISUSE;
}

static err bind_all(const struct db_rows *rows, const struct db_value *values, size_t count)
{
	must((size_t)sqlite3_bind_parameter_count(rows->statement) == count);
	for (size_t i = 0; i < count; i++) {
		int result = bind(rows->statement, (int)i + 1, &values[i]);
		if (result != SQLITE_OK)
			return db_failure(rows->db, result);
	}
	return OK;
}

/* What keeps a statement from being run at all. */
static err fit(const struct db *db)
{
	if (failed(db->broken))
		return db->broken;
	TRY(follow_broken(db));
	return db->in_transaction ? db->lost : OK;
}

err db_ask(struct db *db, enum query query, const struct db_value *values, size_t count, struct db_rows *out)
{
	OWNED(db_rows_done) struct db_rows rows = { 0 };

	TRY(fit(db));
	TRY(take(db, query, &rows));
	/* Half-read changes outside a transaction would hold the engine's lock out of turn. PRAGMAs only pretend. */
	must(db->in_transaction || query >= QUERY_BEGIN || sqlite3_stmt_readonly(rows.statement));
	TRY(bind_all(&rows, values, count));
	*out = rows;
	rows.db = NULL;
	return OK;
}

void db_rows_done(struct db_rows *rows)
{
	if (rows->db)
		give_back(rows);
	*rows = (struct db_rows){ 0 };
}

bool db_next(struct db_rows *rows, err *e)
{
	*e = OK;
	if (!rows->db)
		return false;
	*e = fit(rows->db);
	if (!failed(*e) && rows->epoch != rows->db->epoch)
		*e = BROKEN(DATABASE, "rows do not outlive the transaction they were asked in");
	if (failed(*e))
		return false;
	int result = sqlite3_step(rows->statement);
	if (result == SQLITE_ROW)
		return true;
	if (result != SQLITE_DONE)
		*e = db_failure(rows->db, result);
	db_rows_done(rows);
	return false;
}

err db_one(struct db *db, enum query query, const struct db_value *values, size_t count, struct db_rows *out)
{
	OWNED(db_rows_done) struct db_rows rows = { 0 };
	err e = OK;

	TRY(db_ask(db, query, values, count, &rows));
	if (!db_next(&rows, &e))
		return failed(e) ? e : NEVER(NOT_FOUND, "the database has no such row");
	*out = rows;
	rows.db = NULL;
	return OK;
}

/* Statements outside a transaction that change something wait for their turn like any other writer. */
static err run_in_turn(struct db *db, sqlite3_stmt *statement)
{
	bool take_turn = !db->in_transaction && !sqlite3_stmt_readonly(statement);

	if (take_turn)
		TRY(turn_take(db->turn, db->patience));
	int result = sqlite3_step(statement);
	while (result == SQLITE_ROW)
		result = sqlite3_step(statement);
	db->changed = (uint64_t)sqlite3_changes64(db->engine);
	err e = result == SQLITE_DONE ? OK : db_failure(db, result);
	(void)sqlite3_reset(statement);
	if (take_turn && !failed(e))
		e = follow_commit(db);
	if (take_turn)
		turn_give(db->turn);
	return e;
}

err db_run(struct db *db, enum query query, const struct db_value *values, size_t count)
{
	OWNED(db_rows_done) struct db_rows rows = { 0 };

	TRY(fit(db));
	TRY(take(db, query, &rows));
	TRY(bind_all(&rows, values, count));
	return run_in_turn(db, rows.statement);
}

err db_run_one(struct db *db, enum query query, const struct db_value *values, size_t count)
{
	TRY(db_run(db, query, values, count));
	return db->changed == 1 ? OK : NEVER(STATE, "not possible in the state it is in");
}

err db_engine(struct db *db, enum query query, int64_t *first)
{
	OWNED(db_rows_done) struct db_rows rows = { 0 };

	TRY(take(db, query, &rows));
	int result = sqlite3_step(rows.statement);
	if (result == SQLITE_ROW && first)
		*first = sqlite3_column_int64(rows.statement, 0);
	return result == SQLITE_DONE || result == SQLITE_ROW ? OK : db_failure(db, result);
}

uint64_t db_changed(const struct db *db)
{
	return db->changed;
}
