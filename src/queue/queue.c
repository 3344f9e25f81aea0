#include "queue/queue.h"

#include "queue/envelope.h"

err queue_add(struct db *db, const struct entropy *e, const struct submission *sub, const struct recipient *to,
	      const struct message *message, moment due)
{
	SCRATCH(sub->arena);
	str envelope, content;

	TRY(message_seal(sub->arena, sub->key, e, to->delivery, message, &envelope, &content));
	TRY(db_run(db, QUERY_DELIVERY_ADD,
		   DB(db_id(to->delivery), db_id(sub->id), db_id(to->id), db_id_or_none(to->link.id), db_number(due),
		      db_number(to->link.expires_at), db_number(due))));
	return db_run(db, QUERY_MESSAGE_ADD,
		      DB(db_id(to->delivery), db_id(sub->id), db_bytes(envelope), db_bytes(content)));
}

err queue_settle(struct db *db, const struct settlement *s)
{
	bool ended = delivery_ended(s->state);

	must(delivery_may(DELIVERY_TRYING, s->state));
	TRY(db_run_one(db, QUERY_QUEUE_SETTLE,
		       DB(db_id(s->delivery), db_number(s->state), db_number(s->due),
			  ended ? db_number(s->now) : db_none(), db_number(s->reply_code), db_text(s->enhanced),
			  db_text(str_of(err_verdict((err){ .why = (uint16_t)s->why })->name)), db_id(s->owner),
			  s->provider_id.len ? db_text(s->provider_id) : db_none())));
	return ended ? db_run(db, QUERY_MESSAGE_ERASE, DB(db_id(s->delivery))) : OK;
}

err queue_of_provider(struct db *db, str provider_id, struct queue_owner *out)
{
	OWNED(db_rows_done) struct db_rows rows = { 0 };

	if (provider_id.len == 0 || provider_id.len > PROVIDER_ID_MAX)
		return NEVER(NOT_FOUND, "no service calls a message that");
	TRY(db_one(db, QUERY_DELIVERY_OF_PROVIDER, DB(db_text(provider_id)), &rows));
	*out = (struct queue_owner){ db_row_id(&rows, 0), db_row_id(&rows, 1), db_row_id(&rows, 2) };
	return OK;
}

err queue_of_delivery(struct db *db, id delivery, struct queue_owner *out)
{
	OWNED(db_rows_done) struct db_rows rows = { 0 };

	TRY(db_one(db, QUERY_DELIVERY_GET, DB(db_id(delivery)), &rows));
	*out = (struct queue_owner){ db_row_id(&rows, 0), db_row_id(&rows, 1), db_row_id(&rows, 2) };
	return OK;
}

err queue_cancel(struct db *db, id delivery, moment now)
{
	TRY(db_run_one(db, QUERY_QUEUE_CANCEL, DB(db_id(delivery), db_number(now))));
	return db_run(db, QUERY_MESSAGE_ERASE, DB(db_id(delivery)));
}

static err expire_rows(struct db *db, moment now, size_t max, struct queue_expired *out, size_t *count)
{
	OWNED(db_rows_done) struct db_rows rows = { 0 };
	const err past = NEVER(EXPIRED, "past its deadline");
	size_t have = 0;
	err e = OK;

	TRY(db_ask(db, QUERY_QUEUE_EXPIRE,
		   DB(db_number(now), db_text(str_of(err_verdict(past)->name)), db_number((int64_t)max)), &rows));
	while (have < max && db_next(&rows, &e))
		out[have++] = (struct queue_expired){ db_row_id(&rows, 0), db_row_id(&rows, 1) };
	*count = have;
	return e;
}

err queue_expire(struct db *db, moment now, size_t max, struct queue_expired *out, size_t *count)
{
	TRY(expire_rows(db, now, max, out, count));
	for (size_t i = 0; i < *count; i++)
		TRY(db_run(db, QUERY_MESSAGE_ERASE, DB(db_id(out[i].delivery))));
	return OK;
}

err queue_unsent(struct db *db, id recipient, size_t max, id *out, size_t *count)
{
	OWNED(db_rows_done) struct db_rows rows = { 0 };
	size_t have = 0;
	err e = OK;

	TRY(db_ask(db, QUERY_QUEUE_UNSENT, DB(db_id(recipient), db_number((int64_t)max)), &rows));
	while (have < max && db_next(&rows, &e))
		out[have++] = db_row_id(&rows, 0);
	*count = have;
	return e;
}

err queue_unwind(struct db *db, moment now, span most)
{
	OWNED(db_rows_done) struct db_rows rows = { 0 };
	err e = db_one(db, QUERY_QUEUE_AHEAD, DB(db_number(now), db_number(now + most)), &rows);

	if (e.fate == FATE_NEVER && e.why == WHY_NOT_FOUND)
		return OK;
	TRY(e);
	db_rows_done(&rows);
	return db_run(db, QUERY_QUEUE_UNWIND, DB(db_number(now), db_number(now + most)));
}

static err read_count(struct db_rows *rows, struct queue_count *out)
{
	struct queue_count count = { .next_due = MOMENT_NEVER };
	err e = OK;

	while (db_next(rows, &e)) {
		int64_t state = db_row_number(rows, 0);
		must(state >= 0 && state <= DELIVERY_CANCELLED);
		count.by_state[state] = (uint64_t)db_row_number(rows, 1);
		bool open = state == DELIVERY_QUEUED || state == DELIVERY_WAITING;
		if (open && db_row_number(rows, 2) < count.next_due)
			count.next_due = db_row_number(rows, 2);
	}
	TRY(e);
	*out = count;
	return OK;
}

static err count_of(struct db *db, id submission, struct queue_count *out)
{
	OWNED(db_rows_done) struct db_rows rows = { 0 };

	TRY(db_ask(db, QUERY_QUEUE_COUNT_OF, DB(db_id(submission)), &rows));
	return read_count(&rows, out);
}

static err count_all(struct db *db, struct queue_count *out)
{
	OWNED(db_rows_done) struct db_rows rows = { 0 };

	TRY(db_ask(db, QUERY_QUEUE_COUNT, DB_NOTHING, &rows));
	return read_count(&rows, out);
}

err queue_count(struct db *db, struct queue_scope scope, struct queue_count *out)
{
	return id_none(scope.submission) ? count_all(db, out) : count_of(db, scope.submission, out);
}

err queue_next_due(struct db *db, struct queue_scope scope, moment *out)
{
	OWNED(db_rows_done) struct db_rows rows = { 0 };

	if (id_none(scope.submission))
		TRY(db_one(db, QUERY_QUEUE_NEXT, DB_NOTHING, &rows));
	else
		TRY(db_one(db, QUERY_QUEUE_NEXT_OF, DB(db_id(scope.submission)), &rows));
	*out = db_row_none(&rows, 0) ? MOMENT_NEVER : db_row_number(&rows, 0);
	return OK;
}

err queue_retry_at(const struct queue_patience *p, const struct entropy *e, unsigned attempts, moment now,
		   moment deadline, moment *out)
{
	span wait = p->first;
	uint32_t chance;

	for (unsigned i = 1; i < attempts && wait < p->most; i++)
		wait *= 2;
	if (wait > p->most)
		wait = p->most;
	TRY(entropy_fill(e, &chance, sizeof chance));
	span spread = wait / 100 * p->jitter_percent;
	if (spread > 0)
		wait += (span)(chance % (uint64_t)(2 * spread)) - spread;
	moment at = now + wait;
	/* A try at the deadline itself would come too late: what is left is halved, and halved again. */
	if (at >= deadline)
		at = now + (deadline - now) / 2;
	*out = deadline - now < SECOND ? MOMENT_NEVER : at;
	return OK;
}
