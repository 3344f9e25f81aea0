/* Leasing: first the lease is durable, then the message is read and unsealed. */
#include "queue/envelope.h"
#include "queue/queue.h"

#define LEASE_MEMORY (QUEUE_MESSAGE_MAX + 1024 * 1024) /* at most: what is not there is not taken */

err queue_lease(struct db *db, struct queue_scope scope, id owner, moment now, size_t max, id *out, size_t *count)
{
	OWNED(db_rollback) struct db_transaction change = { 0 };
	OWNED(db_rows_done) struct db_rows rows = { 0 };
	size_t have = 0;
	err e = OK;

	TRY(db_begin(db, &change));
	TRY(db_ask(db, QUERY_QUEUE_LEASE,
		   DB(db_id(owner), db_number(now), db_id_or_none(scope.submission), db_number((int64_t)max)), &rows));
	while (have < max && db_next(&rows, &e))
		out[have++] = db_row_id(&rows, 0);
	TRY(e);
	db_rows_done(&rows);
	TRY(db_commit(&change));
	*count = have;
	return OK;
}

static err read_lease(struct db *db, struct keyring *keys, struct lease *l)
{
	OWNED(db_rows_done) struct db_rows rows = { 0 };

	TRY(db_one(db, QUERY_QUEUE_TAKE, DB(db_id(l->delivery)), &rows));
	l->submission = db_row_id(&rows, 0);
	l->attempts = (unsigned)db_row_number(&rows, 1);
	l->deadline = db_row_number(&rows, 2);
	if (db_row_none(&rows, 3) || db_row_none(&rows, 4) || db_row_none(&rows, 5))
		return NEVER(STATE, "the message was erased");
	TRY(submission_key_open(keys, l->submission, db_row_peek(&rows, 5), &l->key));
	return message_unseal(l->arena, l->key, l->delivery, db_row_peek(&rows, 3), db_row_peek(&rows, 4), &l->message);
}

err queue_take(struct db *db, struct keyring *keys, id delivery, struct lease *out)
{
	OWNED(lease_done) struct lease l = { .delivery = delivery };

	TRY(arena_open(LEASE_MEMORY, &l.arena));
	TRY(read_lease(db, keys, &l));
	*out = l;
	l = (struct lease){ 0 };
	return OK;
}

void lease_done(struct lease *l)
{
	column_key_done(&l->key);
	arena_done(&l->arena);
}

err queue_release(struct db *db, id owner, const struct queue_untried *untried, size_t count)
{
	OWNED(db_rollback) struct db_transaction change = { 0 };

	if (count == 0)
		return OK;
	TRY(db_begin(db, &change));
	for (size_t i = 0; i < count; i++)
		TRY(db_run(db, QUERY_QUEUE_RELEASE,
			   DB(db_id(untried[i].delivery), db_number(untried[i].due), db_id(owner))));
	return db_commit(&change);
}

err queue_reline(struct db *db)
{
	return db_run(db, QUERY_QUEUE_RELINE, DB_NOTHING);
}

/* The owners that hold leases, and are gone. Few: one a process that was killed. */
static err dead_owners(struct db *db, id *out, size_t max, size_t *count)
{
	OWNED(db_rows_done) struct db_rows rows = { 0 };
	err e = OK;
	size_t have = 0;

	TRY(db_ask(db, QUERY_QUEUE_OWNERS, DB_NOTHING, &rows));
	while (have < max && db_next(&rows, &e)) {
		id owner = db_row_id(&rows, 0);
		if (!db_presence_alive(db, owner))
			out[have++] = owner;
	}
	*count = have;
	return e;
}

err queue_reclaim(struct db *db, moment now, uint64_t *count)
{
	OWNED(db_rollback) struct db_transaction change = { 0 };
	id gone[64];
	size_t owners;
	uint64_t reclaimed = 0;

	TRY(dead_owners(db, gone, sizeof gone / sizeof *gone, &owners));
	if (owners) {
		TRY(db_begin(db, &change));
		for (size_t i = 0; i < owners; i++) {
			TRY(db_run(db, QUERY_QUEUE_RECLAIM, DB(db_id(gone[i]), db_number(now))));
			reclaimed += db_changed(db);
		}
		TRY(db_commit(&change));
	}
	*count = reclaimed;
	return OK;
}
