#include "flow/sweep.h"

#include "sys/sys.h"

enum {
	GROUP = 64,
	ORPHANS_MAX = 1024,
};
/* Objects are written before their rows: what is younger may belong to a chunk that is still on its way.
 * A day, so that no jump of the clock makes fresh bytes look old. */
#define ORPHAN_AGE DAY

static err add_event(struct line *line, struct db *db, enum event_kind kind, id submission, id delivery)
{
	struct event event = {
		.kind = kind, .at = clock_now(&line->clock), .submission = submission, .delivery = delivery
	};
	return track_add(db, &line->entropy, NULL, &event);
}

static err expire_deliveries(struct line *line, struct db *db, uint64_t *done)
{
	struct queue_expired gone[GROUP];
	size_t count;

	do {
		OWNED(db_rollback) struct db_transaction change = { 0 };
		TRY(db_begin(db, &change));
		TRY(queue_expire(db, clock_now(&line->clock), GROUP, gone, &count));
		for (size_t i = 0; i < count; i++)
			TRY(add_event(line, db, EVENT_FAILED, gone[i].submission, gone[i].delivery));
		TRY(db_commit(&change));
		*done += count;
	} while (count == GROUP);
	return OK;
}

static err due_submissions(struct db *db, enum query query, moment now, id *out, size_t *count)
{
	OWNED(db_rows_done) struct db_rows rows = { 0 };
	err e = OK;
	size_t have = 0;

	TRY(db_ask(db, query, DB(db_number(now), db_number(GROUP)), &rows));
	while (have < GROUP && db_next(&rows, &e))
		out[have++] = db_row_id(&rows, 0);
	*count = have;
	return e;
}

static err expire_one(struct line *line, struct db *db, id which)
{
	OWNED(db_rollback) struct db_transaction change = { 0 };

	TRY(db_begin(db, &change));
	TRY(submission_expire(db, which, clock_now(&line->clock)));
	TRY(add_event(line, db, EVENT_EXPIRED, which, (id){ 0 }));
	return db_commit(&change);
}

static err erase_one(struct line *line, struct db *db, id which)
{
	OWNED(db_rollback) struct db_transaction change = { 0 };

	TRY(db_begin(db, &change));
	TRY(submission_erase(db, which));
	TRY(add_event(line, db, EVENT_ERASED, which, (id){ 0 }));
	return db_commit(&change);
}

static err each_due(struct line *line, struct db *db, enum query query, moment until,
		    err (*act)(struct line *line, struct db *db, id which), uint64_t *done)
{
	id due[GROUP];
	size_t count;

	uint64_t before;

	do {
		before = *done;
		TRY(due_submissions(db, query, until, due, &count));
		for (size_t i = 0; i < count; i++) {
			err e = act(line, db, due[i]);
			if (failed(e) && e.why != WHY_STATE)
				return e; /* in that state no more: another sweep was faster */
			*done += !failed(e);
		}
	} while (count == GROUP && *done > before);
	return OK;
}

/* First the bytes, then the mark: killed in between, the removal is simply repeated. */
static err remove_group(struct line *line, struct db *db, const id *gone, size_t count, bool direct)
{
	OWNED(db_rollback) struct db_transaction change = { 0 };

	TRY((direct ? store_destroy_direct : store_destroy)(line->store, gone, count));
	TRY(db_begin(db, &change));
	for (size_t i = 0; i < count; i++)
		TRY(db_run(db, QUERY_OBJECT_REMOVED, DB(db_id(gone[i]))));
	return db_commit(&change);
}

static err keyless_objects(struct db *db, bool direct, id *out, size_t *count)
{
	OWNED(db_rows_done) struct db_rows rows = { 0 };
	err e = OK;
	size_t have = 0;

	TRY(db_ask(db, QUERY_OBJECTS_TO_REMOVE, DB(db_number(GROUP), db_number(direct)), &rows));
	while (have < GROUP && db_next(&rows, &e))
		out[have++] = db_row_id(&rows, 0);
	*count = have;
	return e;
}

static err remove_keyless(struct line *line, struct db *db, bool direct, uint64_t *removed)
{
	id gone[GROUP];
	size_t count;

	for (;;) {
		TRY(keyless_objects(db, direct, gone, &count));
		if (count == 0)
			return OK;
		TRY(remove_group(line, db, gone, count, direct));
		*removed += count;
	}
}

/* ── Traces ── */

static err forget_one(struct line *line, struct db *db, id which)
{
	OWNED(db_rollback) struct db_transaction change = { 0 };
	(void)line;

	TRY(db_begin(db, &change));
	TRY(submission_forget(db, which));
	return db_commit(&change);
}

/* The event goes first: it keeps the numbers of events rising for those who count from the last one, though the last
 * ones may be among what goes. */
static err forget(struct line *line, struct db *db, moment until, uint64_t *done)
{
	const id nobody = { 0 };
	id due[GROUP];
	size_t count;

	TRY(due_submissions(db, QUERY_SUBMISSIONS_TO_FORGET, until, due, &count));
	if (count == 0)
		return OK;
	TRY(add_event(line, db, EVENT_FORGOTTEN, nobody, nobody));
	return each_due(line, db, QUERY_SUBMISSIONS_TO_FORGET, until, forget_one, done);
}

/* ── Orphans ── */

struct orphans {
	struct db *db;
	moment older_than;
	id found[2][ORPHANS_MAX]; /* by whether they are direct */
	size_t count[2];
};

static err look_at_object(void *state, const struct store_entry *entry)
{
	struct orphans *o = state;
	OWNED(db_rows_done) struct db_rows rows = { 0 };

	size_t *count = &o->count[entry->direct];

	if (entry->written_at >= o->older_than || *count == ORPHANS_MAX)
		return OK;
	err e = db_one(o->db, QUERY_OBJECT_KEPT, DB(db_id(entry->object)), &rows);
	if (e.fate == FATE_NEVER && e.why == WHY_NOT_FOUND) {
		o->found[entry->direct][(*count)++] = entry->object;
		return OK;
	}
	return e;
}

static err remove_orphans(struct line *line, struct db *db, uint64_t *removed)
{
	OWNED(arena_done) struct arena *scratch = NULL;
	struct orphans *o;

	TRY(arena_open(64 * 1024 * 1024, &scratch));
	TRY(NEW(scratch, o));
	o->db = db;
	/* By the system's own clock, as the files are dated, whatever --now says. */
	struct clock real = sys_clock();
	o->older_than = clock_now(&real) - ORPHAN_AGE;
	do {
		o->count[0] = o->count[1] = 0;
		TRY(store_list(line->store, scratch, look_at_object, o));
		TRY(store_destroy(line->store, o->found[0], o->count[0]));
		if (o->count[1])
			TRY(store_destroy_direct(line->store, o->found[1], o->count[1]));
		*removed += o->count[0] + o->count[1];
	} while (o->count[0] == ORPHANS_MAX || o->count[1] == ORPHANS_MAX);
	return OK;
}

static err remove_bytes(struct line *line, struct db *db, struct sweep_count *n)
{
	TRY(remove_keyless(line, db, false, &n->objects_removed));
	if (store_has_direct(line->store)) /* else they wait for the bucket they are in */
		TRY(remove_keyless(line, db, true, &n->objects_removed));
	return remove_orphans(line, db, &n->orphans_removed);
}

/* Lock files of processes that were killed; after their leases were taken back. */
static err remove_presences(struct db *db)
{
	OWNED(arena_done) struct arena *scratch = NULL;

	TRY(arena_open(64 * 1024 * 1024, &scratch));
	return db_presence_sweep(db, scratch);
}

err flow_sweep(struct line *line, struct db *db, struct sweep_count *out)
{
	struct sweep_count n = { 0 };
	moment now = clock_now(&line->clock);

	TRY(queue_reclaim(db, now, &n.reclaimed));
	TRY(remove_presences(db));
	TRY(expire_deliveries(line, db, &n.deliveries_expired));
	TRY(link_expire_due(db, now, &n.links_expired));
	TRY(db_run(db, QUERY_GUESSES_FORGET_DUE, DB(db_number(now))));
	TRY(db_run(db, QUERY_SNS_MESSAGES_FORGET, DB(db_number(now))));
	TRY(db_run(db, QUERY_SNS_CERTIFICATES_FORGET, DB(db_number(now), db_number(now - HOUR))));
	TRY(each_due(line, db, QUERY_SUBMISSIONS_TO_EXPIRE, now, expire_one, &n.submissions_expired));
	TRY(each_due(line, db, QUERY_SUBMISSIONS_TO_ERASE, now, erase_one, &n.submissions_erased));
	n.store = remove_bytes(line, db, &n);
	if (n.store.fate == FATE_BROKEN)
		return n.store;
	TRY(forget(line, db, now - line->config->link.traces_after, &n.submissions_forgotten));
	if (n.submissions_expired + n.submissions_erased + n.links_expired) {
		err e = db_checkpoint(db);
		if (failed(e) && e.why != WHY_BUSY)
			return e; /* busy: somebody reads; the next sweep empties the log */
	}
	*out = n;
	return OK;
}
