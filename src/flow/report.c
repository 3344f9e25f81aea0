#include "flow/report.h"

/* ── One story ── */

static bool gone(err e)
{
	return e.fate == FATE_NEVER && (e.why == WHY_EXPIRED || e.why == WHY_NOT_FOUND);
}

static err load_people(struct line *line, struct db *db, struct arena *a, struct story *s)
{
	err e = submission_load(db, a, line->keys, s->standing->submission, &s->sub);

	if (gone(e))
		return OK;
	TRY(e);
	e = recipient_load(db, a, s->sub, s->standing->recipient, &s->to);
	return gone(e) ? OK : e;
}

err report_story(struct line *line, struct db *db, struct arena *a, const struct standing *what, struct story *out)
{
	OWNED(report_story_done) struct story s = { .standing = what };

	TRY(load_people(line, db, a, &s));
	err e = link_by_id(db, what->link, clock_now(&line->clock), &s.link);
	s.has_link = !failed(e);
	if (failed(e) && !gone(e))
		return e;
	TRY(track_list(db, s.sub ? s.sub->key : NULL, what->submission, what->delivery, a, &s.events));
	*out = s;
	s = (struct story){ 0 };
	return OK;
}

void report_story_done(struct story *s)
{
	submission_done(&s->sub);
}

err report_refusals(struct line *line, struct db *db, struct arena *a, id submission, struct refusal **out)
{
	OWNED(submission_done) struct submission *sub = NULL;
	err e = submission_load(db, a, line->keys, submission, &sub);

	*out = NULL;
	if (failed(e))
		return gone(e) ? OK : e;
	return refusals_load(db, a, sub, out);
}

/* ── The list ── */

static err newest(struct db *db, struct arena *a, int state, uint64_t max, id **out, size_t *count)
{
	OWNED(db_rows_done) struct db_rows rows = { 0 };
	size_t have = 0;
	err e = OK;
	id *ids;

	TRY(NEW_ARRAY(a, max + 1, ids));
	TRY(db_ask(db, QUERY_DELIVERY_LIST,
		   DB(state == DELIVERY_ANY ? db_none() : db_number(state), db_number((int64_t)max)), &rows));
	while (have < max && db_next(&rows, &e))
		ids[have++] = db_row_id(&rows, 0);
	*out = ids;
	*count = have;
	return e;
}

/* Deliveries of one submission come in a row: its key is opened once for them all. */
static err address_of(struct line *line, struct db *db, struct arena *a, const struct standing *s,
		      struct submission **sub, str *out)
{
	struct recipient *to;

	if (*sub && !id_same((*sub)->id, s->submission))
		submission_done(sub);
	if (!*sub) {
		err e = submission_load(db, a, line->keys, s->submission, sub);
		if (failed(e))
			return gone(e) ? OK : e;
	}
	err e = recipient_load(db, a, *sub, s->recipient, &to);
	if (failed(e))
		return gone(e) ? OK : e;
	*out = to->address.text;
	return OK;
}

err report_list(struct line *line, struct db *db, struct arena *a, int state, uint64_t max, struct listed **out)
{
	OWNED(submission_done) struct submission *sub = NULL;
	struct listed *first = NULL, **last = &first;
	bool is_submission;
	size_t count;
	id *ids;

	TRY(newest(db, a, state, max, &ids, &count));
	for (size_t i = 0; i < count; i++) {
		TRY(NEW(a, *last));
		TRY(flow_find(db, a, ids[i], &(*last)->standing, &is_submission));
		TRY(address_of(line, db, a, (*last)->standing, &sub, &(*last)->address));
		last = &(*last)->next;
	}
	*out = first;
	return OK;
}

/* ── At a glance ── */

static err count_states(struct db *db, enum query query, uint64_t *counts, size_t states)
{
	OWNED(db_rows_done) struct db_rows rows = { 0 };
	err e = OK;

	TRY(db_ask(db, query, DB_NOTHING, &rows));
	while (db_next(&rows, &e)) {
		int64_t state = db_row_number(&rows, 0);
		must(state >= 0 && (size_t)state < states);
		counts[state] = (uint64_t)db_row_number(&rows, 1);
	}
	return e;
}

static err oldest_open(struct db *db, moment *out)
{
	OWNED(db_rows_done) struct db_rows rows = { 0 };

	TRY(db_one(db, QUERY_QUEUE_OLDEST, DB_NOTHING, &rows));
	*out = db_row_none(&rows, 0) ? 0 : db_row_number(&rows, 0);
	return OK;
}

static err count_presigned(struct db *db, uint64_t *out)
{
	OWNED(db_rows_done) struct db_rows rows = { 0 };

	TRY(db_one(db, QUERY_LINKS_LIVE_OF_MODE, DB(db_number(LINK_PRESIGNED)), &rows));
	*out = (uint64_t)db_row_number(&rows, 0);
	return OK;
}

err report_overview(struct line *line, struct db *db, struct arena *a, struct overview *out)
{
	struct overview o = { 0 };

	TRY(queue_count(db, (struct queue_scope){ 0 }, &o.queue));
	TRY(oldest_open(db, &o.oldest_open));
	TRY(count_states(db, QUERY_SUBMISSIONS_BY_STATE, o.submissions, SUBMISSION_ERASED + 1));
	TRY(count_states(db, QUERY_LINKS_BY_STATE, o.links, LINK_RENEWED + 1));
	TRY(count_presigned(db, &o.presigned));
	TRY(keyring_list(line->keys, a, &o.keys));
	*out = o;
	return OK;
}
