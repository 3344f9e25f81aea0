/* db: one query face over the database. SQLite today; the words are chosen so that PostgreSQL can stand
 * behind the same face.
 *
 * All SQL stands in compile-time lists: queries/<topic>.def (what the program asks), queries/engine.def and schema.def
 * (what SQLite needs). None is put together at run time: values travel only as parameters ?1, ?2, …
 *
 *     OWNED(db_rollback) struct db_transaction change = { 0 };
 *     TRY(db_begin(db, &change));
 *     TRY(db_run(db, QUERY_LINK_REVOKE, DB(db_id(link), db_number(now))));
 *     return db_commit(&change);
 *
 *     OWNED(db_rows_done) struct db_rows rows = { 0 };
 *     err e = OK;
 *     TRY(db_ask(db, QUERY_LINK_BY_TOKEN, DB(db_bytes(mac)), &rows));
 *     while (db_next(&rows, &e))
 *             … db_row_id(&rows, 0), db_row_number(&rows, 1) …
 *     TRY(e);
 *
 * A connection is used by one thread at a time; each thread opens its own. Writers within the process queue up
 * in order of arrival, between processes by the engine's lock; who waits longer than the patience gets LATER BUSY.
 * What db_commit() has returned OK for survives a crash of process and machine (WAL, synchronous=FULL).
 *
 * LATER DISK_FULL, LATER BUSY, LATER MEMORY: nothing was changed, try again. NEVER EXISTS: a unique value is there.
 * NEVER STATE: a rule of the schema forbids it. BROKEN DATABASE, BROKEN IO: the file is damaged or a sync failed,
 * nobody knows what the disk holds, and every later call on this connection says the same; open another. */
#ifndef LETTERLOCK_DB_H
#define LETTERLOCK_DB_H

#include "base/base.h"

enum query {
#define QUERY(name, sql) QUERY_##name,
#include "db/queries/all.def"
#undef QUERY
	QUERY_COUNT
};

struct db;

/* A new, empty database with the whole schema, mode 0600; NEVER EXISTS if the path is taken. */
err db_create(const char *path, struct fault *fault);
/* Brings an older schema up to date, all or nothing; NEVER CONFIG for a newer one or a foreign file, NEVER NOT_FOUND
 * if there is none. */
err db_open(const char *path, struct db **out, struct fault *fault);
void db_done(struct db **db);
void db_patience(struct db *db, span at_most); /* how long to wait for other writers; 60 s unless told */

/* ── Parameters: DB(db_id(i), db_number(n)), or DB_NOTHING ── */

struct db_value {
	enum { DB_VALUE_NONE, DB_VALUE_NUMBER, DB_VALUE_BYTES, DB_VALUE_TEXT, DB_VALUE_ID } kind;
	int64_t number;
	str bytes;
	id id;
};
static inline struct db_value db_none(void)
{
	return (struct db_value){ .kind = DB_VALUE_NONE };
}
static inline struct db_value db_number(int64_t n)
{
	return (struct db_value){ .kind = DB_VALUE_NUMBER, .number = n };
}
static inline struct db_value db_bytes(str s)
{
	return (struct db_value){ .kind = DB_VALUE_BYTES, .bytes = s };
}
static inline struct db_value db_text(str s)
{
	return (struct db_value){ .kind = DB_VALUE_TEXT, .bytes = s };
}
static inline struct db_value db_id(id i)
{
	return (struct db_value){ .kind = DB_VALUE_ID, .id = i };
}
/* NULL for the id that is none. */
static inline struct db_value db_id_or_none(id i)
{
	return id_none(i) ? db_none() : db_id(i);
}
#define DB(...)                                                                                                        \
	(const struct db_value[]){ __VA_ARGS__ },                                                                      \
		sizeof((const struct db_value[]){ __VA_ARGS__ }) / sizeof(struct db_value)
#define DB_NOTHING ((const struct db_value *)0), (size_t)0

/* ── Changing ── */

struct db_transaction {
	struct db *db; /* null when it is over */
};
/* Waits for the turn to write. Transactions do not nest: what runs inside one simply uses the connection. Rows that
 * were being read end with the transaction they were read in. */
err db_begin(struct db *db, struct db_transaction *out);
err db_commit(struct db_transaction *t);    /* on failure the transaction is rolled back */
void db_rollback(struct db_transaction *t); /* for OWNED; nothing after db_commit */
bool db_in_transaction(const struct db *db);

/* Outside a transaction it is one of its own. */
err db_run(struct db *db, enum query query, const struct db_value *values, size_t count);
/* As db_run, but NEVER STATE unless exactly one row was changed. */
err db_run_one(struct db *db, enum query query, const struct db_value *values, size_t count);
uint64_t db_changed(const struct db *db); /* rows changed by the last db_run */

/* ── Asking ── */

struct db_rows {
	struct db *db; /* null when there is nothing to give back */
	void *statement;
	enum query query;
	uint64_t epoch; /* of the transaction the rows belong to */
	bool alone;     /* the statement is not the cached one */
};
/* A query that changes rows and returns some (RETURNING) is asked inside a transaction only. */
err db_ask(struct db *db, enum query query, const struct db_value *values, size_t count, struct db_rows *out);
/* As db_ask, and steps to the one row; NEVER NOT_FOUND if there is none. */
err db_one(struct db *db, enum query query, const struct db_value *values, size_t count, struct db_rows *out);
bool db_next(struct db_rows *rows, err *e); /* false at the end and on failure; *e tells which */
void db_rows_done(struct db_rows *rows);

/* Columns count from 0. */
bool db_row_none(const struct db_rows *rows, int column);
int64_t db_row_number(const struct db_rows *rows, int column);
id db_row_id(const struct db_rows *rows, int column);                                /* none for NULL */
str db_row_peek(const struct db_rows *rows, int column);                             /* good until the next step */
err db_row_bytes(const struct db_rows *rows, int column, struct arena *a, str *out); /* a copy */

/* ── Keeping house ── */

/* Writes everything into the file and empties the log, so that what was erased is gone from both (secure_delete
 * overwrote it). LATER BUSY while someone reads an older state. */
err db_checkpoint(struct db *db);
err db_check(struct db *db, struct fault *fault); /* reads everything: BROKEN DATABASE if it does not hold together */
/* LATER DISK_FULL if less than that is left on its disk. */
err db_room(const struct db *db, uint64_t least);
const char *db_path(const struct db *db);

/* ── Following ──
 *
 * For a database whose durability is elsewhere than on this machine's disk. Each commit to the file, by any connection
 * of this process, is handed on as the bytes it added to the log, in order and one at a time, before its caller goes
 * on. The log is never written back into the file: the file as it was plus all that was handed on is the database. If a
 * commit cannot be handed on, nobody knows what is elsewhere, and from then on everything asked of the file is BROKEN.
 */
struct db_follower {
	err (*commit)(void *state, uint64_t at, str bytes); /* from the log's byte `at` on; called with the turn held */
	void *state;
};
/* The first connection to the file; `handed`: bytes of its log that are elsewhere already. It is followed for as long
 * as any connection to it is open, by whatever function. */
err db_open_followed(const char *path, const struct db_follower *follower, uint64_t handed, struct db **out,
		     struct fault *fault);

/* "Presence": a process that holds leases is there as long as it lives, and everyone can tell, at once and exactly.
 * A lock below <directory of the database>/presence/; the kernel lets go of it however the process ends. */
struct db_presence {
	int fd; /* -1 when there is none */
	char path[4096];
};
err db_presence_open(struct db *db, id owner, struct db_presence *out);
void db_presence_done(struct db_presence *p); /* for OWNED; start with { .fd = -1 } */
/* Room on the database's disk, held in the lock's file until it is released: LATER DISK_FULL if there is none. */
err db_presence_reserve(struct db_presence *p, uint64_t bytes);
void db_presence_release(struct db_presence *p);
bool db_presence_alive(struct db *db, id owner);
err db_presence_sweep(struct db *db, struct arena *a); /* removes what dead processes left */

#endif
