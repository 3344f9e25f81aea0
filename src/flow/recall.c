#include "flow/recall.h"

enum { DELIVERIES_MAX = 1000000, UNSENT_MAX = 64, GROUP = 64 };

/* ── Finding ── */

static err read_standing(struct db *db, struct arena *a, id delivery, struct standing **out)
{
	OWNED(db_rows_done) struct db_rows rows = { 0 };
	struct standing *s;

	TRY(db_one(db, QUERY_DELIVERY_GET, DB(db_id(delivery)), &rows));
	TRY(NEW(a, s));
	s->delivery = delivery;
	s->submission = db_row_id(&rows, 1);
	s->recipient = db_row_id(&rows, 2);
	s->link = db_row_id(&rows, 3);
	s->state = (enum delivery_state)db_row_number(&rows, 4);
	s->attempts = (unsigned)db_row_number(&rows, 5);
	s->due_at = db_row_number(&rows, 6);
	s->created_at = db_row_number(&rows, 7);
	s->ended_at = db_row_number(&rows, 8);
	s->reply_code = (unsigned)db_row_number(&rows, 9);
	TRY(db_row_bytes(&rows, 10, a, &s->enhanced));
	TRY(db_row_bytes(&rows, 11, a, &s->reason));
	s->give_up_at = db_row_number(&rows, 12);
	*out = s;
	return OK;
}

static err deliveries_of(struct db *db, struct arena *a, id submission, id **out, size_t *count)
{
	OWNED(db_rows_done) struct db_rows rows = { 0 };
	size_t room = 64, have = 0;
	id *list;
	err e = OK;

	TRY(NEW_ARRAY(a, room, list));
	TRY(db_ask(db, QUERY_DELIVERY_OF_SUBMISSION, DB(db_id(submission), db_number(DELIVERIES_MAX)), &rows));
	while (db_next(&rows, &e)) {
		if (have == room) {
			id *wider;
			TRY(NEW_ARRAY(a, 2 * room, wider));
			memcpy(wider, list, have * sizeof *list);
			list = wider;
			room *= 2;
		}
		list[have++] = db_row_id(&rows, 0);
	}
	*out = list;
	*count = have;
	return e;
}

err flow_find(struct db *db, struct arena *a, id which, struct standing **out, bool *is_submission)
{
	struct standing *first = NULL, **last = &first;
	enum submission_state state;
	size_t count;
	id *list;

	err e = read_standing(db, a, which, out);
	*is_submission = false;
	if (!failed(e) || e.why != WHY_NOT_FOUND)
		return e;
	TRY(submission_state_of(db, which, &state)); /* NEVER NOT_FOUND */
	*is_submission = true;
	TRY(deliveries_of(db, a, which, &list, &count));
	for (size_t i = 0; i < count; i++) {
		TRY(read_standing(db, a, list[i], last));
		last = &(*last)->next;
	}
	*out = first;
	return OK;
}

/* ── What was not sent ── */

static err add_event(struct line *line, struct db *db, enum event_kind kind, const struct standing *what)
{
	struct event event = {
		.kind = kind,
		.at = clock_now(&line->clock),
		.submission = what->submission,
		.delivery = what->delivery,
	};
	return track_add(db, &line->entropy, NULL, &event);
}

/* What was not sent yet to this recipient would only carry a link that opens nothing. */
err recall_unsent(struct line *line, struct db *db, const struct standing *what)
{
	id unsent[UNSENT_MAX];
	size_t count;

	TRY(queue_unsent(db, what->recipient, UNSENT_MAX, unsent, &count));
	for (size_t i = 0; i < count; i++) {
		const struct standing one = { .submission = what->submission, .delivery = unsent[i] };
		TRY(queue_cancel(db, unsent[i], clock_now(&line->clock)));
		TRY(add_event(line, db, EVENT_CANCELLED, &one));
	}
	return OK;
}

/* ── What only its removal ends ── */

static err direct_objects(struct db *db, id recipient, id *out, size_t max, size_t *count)
{
	OWNED(db_rows_done) struct db_rows rows = { 0 };
	err e = OK;
	size_t have = 0;

	TRY(db_ask(db, QUERY_OBJECTS_TO_REMOVE_OF_RECIPIENT, DB(db_id(recipient), db_number((int64_t)max)), &rows));
	while (have < max && db_next(&rows, &e))
		out[have++] = db_row_id(&rows, 0);
	*count = have;
	return e;
}

/* The mark goes with the bytes, so each round finds others. */
static err remove_direct(struct line *line, struct db *db, id recipient)
{
	id gone[GROUP];
	size_t count;

	for (;;) {
		TRY(direct_objects(db, recipient, gone, GROUP, &count));
		if (count == 0)
			return OK;
		TRY(store_destroy_direct(line->store, gone, count));
		for (size_t i = 0; i < count; i++)
			TRY(db_run(db, QUERY_OBJECT_REMOVED, DB(db_id(gone[i]))));
	}
}

err recall_direct(struct line *line, struct db *db, id recipient, struct fault *fault)
{
	err e = remove_direct(line, db, recipient);

	if (failed(e))
		fault_set(fault,
			  "a URL of the bucket opens until its object is removed from there, and that failed (%s); "
			  "`letterlock sweep` tries again, as `letterlock serve` does every minute",
			  e.note);
	return e;
}

/* ── Acting ── */

static err destroy_direct_keys(struct db *db, id recipient)
{
	return db_run(db, QUERY_OBJECTS_DESTROY_DIRECT, DB(db_id(recipient)));
}

/* Of a link's messages the first carries it; the others remind of it, and a notice to the sender has none. */
static err carries_link(struct db *db, const struct standing *what, bool *carries)
{
	OWNED(db_rows_done) struct db_rows rows = { 0 };

	*carries = false;
	if (id_none(what->link))
		return OK;
	TRY(db_one(db, QUERY_DELIVERY_OF_LINK, DB(db_id(what->recipient), db_id(what->link)), &rows));
	*carries = id_same(db_row_id(&rows, 0), what->delivery);
	return OK;
}

static err end_unsaid(struct db *db, const struct standing *what, moment now)
{
	struct link_view view;
	bool carries;

	TRY(carries_link(db, what, &carries));
	if (!carries)
		return OK;
	err e = link_revoke(db, what->link, now, &view);
	if (failed(e) && e.why != WHY_STATE)
		return e;
	return destroy_direct_keys(db, what->recipient);
}

/* The link goes with it: nobody was told of it, and nobody shall be. */
err flow_cancel(struct line *line, struct db *db, const struct standing *what)
{
	OWNED(db_rollback) struct db_transaction change = { 0 };
	moment now = clock_now(&line->clock);

	TRY(db_begin(db, &change));
	TRY(queue_cancel(db, what->delivery, now));
	TRY(end_unsaid(db, what, now));
	TRY(add_event(line, db, EVENT_CANCELLED, what));
	return db_commit(&change);
}

err flow_revoke(struct line *line, struct db *db, const struct standing *what, struct link_view *truth)
{
	OWNED(db_rollback) struct db_transaction change = { 0 };
	moment now = clock_now(&line->clock);
	struct link_view newest;

	TRY(db_begin(db, &change));
	TRY(link_of_recipient(db, what->recipient, now, &newest));
	TRY(link_revoke(db, newest.id, now, truth));
	TRY(link_history(db, what->recipient, truth));
	TRY(recall_unsent(line, db, what));
	TRY(destroy_direct_keys(db, what->recipient));
	TRY(add_event(line, db, EVENT_LINK_REVOKED, what));
	return db_commit(&change);
}
