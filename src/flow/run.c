#include "flow/run_inside.h"

#include "sys/sys.h"

#include <stdio.h>
#include <stdlib.h>

enum { LOOKS_A_LEASE = 8 };
#define STEP_MEMORY ((size_t)3 * RUN_ENTRY_MAX)

/* ── Reading what there is ───────────────────────────────────────────────────────────────────────── */

/* The first eight bytes say where; nothing is ever missing between. */
static err take_commit(struct run *r, int log, str bytes)
{
	struct reader in = READER(bytes);

	if (reader_u64be(&in) != r->log_length || in.failed || !r->has_base)
		return NEVER(TAMPERED, "a step of the run is missing");
	TRY(file_write(log, in.rest));
	r->log_length += in.rest.len;
	return OK;
}

/* All that was before is in it, and the log begins anew. */
static err take_base(struct run *r, int log, str bytes)
{
	r->has_base = true;
	r->log_length = 0;
	file_release(log);
	return file_write_atomic(r->database, bytes, 0600);
}

static err take_entry(struct run *r, int log, enum run_kind kind, str bytes)
{
	r->rested = kind == RUN_REST;
	switch (kind) {
	case RUN_BASE:
		return take_base(r, log, bytes);
	case RUN_COMMIT:
		return take_commit(r, log, bytes);
	case RUN_RESULTS:
		r->has_results = true;
		return file_write_atomic(r->results, bytes, 0600);
	case RUN_END:
		r->ended = true;
		return str_copy(r->arena, bytes, &r->answer);
	default:
		return OK;
	}
}

/* From `next` on to the last; *some: there was one. */
static err read_on(struct run *r, int log, bool *some)
{
	OWNED(arena_done) struct arena *a = NULL;

	*some = false;
	TRY(arena_open_secret(STEP_MEMORY, &a));
	for (;; r->next++) {
		SCRATCH(a);
		enum run_kind kind;
		str bytes;
		err e = run_get(r, a, r->next, &kind, &bytes);
		if (e.why == WHY_NOT_FOUND)
			return OK;
		TRY(e);
		TRY(take_entry(r, log, kind, bytes));
		*some = true;
	}
}

/* Where whoever rested last has put everything together: what is before need not be read. A hint that anybody could
 * have written: it leads to a base, or the run is not believed. */
static err skip_old(struct run *r)
{
	OWNED(arena_done) struct arena *a = NULL;
	enum run_kind kind;
	uint64_t from;
	str hint, bytes;

	TRY(arena_open_secret(STEP_MEMORY, &a));
	err e = run_hint(r, a, &hint);
	if (e.why == WHY_NOT_FOUND)
		return OK;
	TRY(e);
	e = str_number(hint, &from) && from > 0 ? run_get(r, a, from, &kind, &bytes) : NEVER(NOT_FOUND, "no number");
	if (e.why == WHY_NOT_FOUND || (!failed(e) && kind != RUN_BASE))
		return NEVER(TAMPERED, "the run does not begin where its hint says");
	TRY(e);
	r->next = from;
	return OK;
}

static err read_all(struct run *r, int log, bool *some)
{
	OWNED(arena_done) struct arena *a = NULL;
	enum run_kind kind;
	str bytes;

	*some = false;
	TRY(arena_open_secret(STEP_MEMORY, &a));
	err e = run_get(r, a, 0, &kind, &bytes);
	if (e.why == WHY_NOT_FOUND)
		return OK;
	TRY(e);
	r->next = 1;
	TRY(skip_old(r));
	TRY(read_on(r, log, some));
	*some = true;
	return OK;
}

static err busy(struct fault *fault)
{
	fault_set(fault, "somebody else works on this list at this moment");
	return LATER(BUSY, "somebody else works on the run");
}

/* ── Making a new one ────────────────────────────────────────────────────────────────────────────── */

/* A store that lets us put the same name twice would let two mail the same list. The second time is somebody else's. */
static err try_store(struct run *r, struct fault *fault)
{
	id ours = r->owner;

	TRY(id_new(&r->options.entropy, &r->owner));
	err e = run_put(r, 0, RUN_HEAD, STR_NONE);
	r->owner = ours;
	if (e.why == WHY_EXISTS)
		return OK;
	TRY(e);
	fault_set(fault,
		  "the store does not honour If-None-Match: *, and two could work on one list without knowing of "
		  "each other; S3 does, and so does Ceph");
	return NEVER(UNSUPPORTED, "a store without conditional writes");
}

/* Whoever put the head works on the run: it stands for the first claim. */
static err make_head(struct run *r, struct fault *fault)
{
	r->held_from = clock_ticks(&r->options.clock);
	r->held_since = clock_now(&r->options.clock);
	TRY(run_new_key(r));
	err e = run_put(r, 0, RUN_HEAD, STR_NONE);
	if (e.why == WHY_EXISTS) /* somebody else, at the same moment */
		return busy(fault);
	TRY(e);
	TRY(try_store(r, fault));
	r->next = 1;
	return OK;
}

static err make_base(struct run *r)
{
	OWNED(arena_done) struct arena *a = NULL;
	str bytes;

	TRY(db_create(r->database, NULL));
	TRY(arena_open(STEP_MEMORY, &a));
	TRY(file_read_all(a, r->database, RUN_ENTRY_MAX / 2, &bytes));
	TRY(run_append(r, RUN_BASE, bytes));
	r->has_base = true;
	return OK;
}

/* ── Taking it over ──────────────────────────────────────────────────────────────────────────────── */

/* A whole lease without anything new, unless whoever worked said that it stopped. */
static err wait_for_silence(struct run *r, int log, struct fault *fault)
{
	for (int i = 0; i < LOOKS_A_LEASE && !r->rested; i++) {
		bool some;
		if (!sys_sleep(r->options.lease / LOOKS_A_LEASE))
			return busy(fault);
		TRY(read_on(r, log, &some));
		if (r->ended)
			return OK;
		if (some && !r->rested)
			return busy(fault);
	}
	return OK;
}

static err claim(struct run *r, struct fault *fault)
{
	int64_t ticks = clock_ticks(&r->options.clock);
	moment now = clock_now(&r->options.clock);

	err e = run_put(r, r->next, RUN_CLAIM, STR_NONE);
	if (e.why == WHY_EXISTS)
		return busy(fault);
	TRY(e);
	r->next++;
	r->held_from = ticks;
	r->held_since = now;
	return OK;
}

static err take_over(struct run *r, struct fault *fault)
{
	OWNED(fd_done) int log = -1;
	char path[sizeof r->database + 8];
	bool some;

	snprintf(path, sizeof path, "%s-wal", r->database);
	TRY(file_open(path, FILE_NEW, 0600, &log));
	TRY(read_all(r, log, &some));
	if (r->ended)
		return OK;
	if (!some)
		return make_head(r, fault);
	TRY(wait_for_silence(r, log, fault));
	return r->ended ? OK : claim(r, fault);
}

/* ── The database ────────────────────────────────────────────────────────────────────────────────── */

static err keep_commit(void *state, uint64_t at, str bytes)
{
	OWNED(arena_done) struct arena *a = NULL;
	struct run *r = state;
	struct buf b;
	char be[8];

	put_u64be(be, at);
	TRY(arena_open(bytes.len + 64 * 1024, &a));
	TRY(buf_open(a, bytes.len + sizeof be, &b));
	buf_add(&b, str_bytes(be, sizeof be));
	buf_add(&b, bytes);
	return run_append(r, RUN_COMMIT, buf_str(&b));
}

static err open_database(struct run *r, struct fault *fault)
{
	const struct db_follower follower = { .commit = keep_commit, .state = r };

	if (!r->has_base)
		TRY(make_base(r));
	return db_open_followed(r->database, &follower, r->log_length, &r->db, fault);
}

/* ── Opening and closing ─────────────────────────────────────────────────────────────────────────── */

static err prepare(struct run *r)
{
	pthread_condattr_t monotonic;
	int a = snprintf(r->database, sizeof r->database, "%s/letterlock.db", r->options.dir);
	int b = snprintf(r->results, sizeof r->results, "%s/results.csv", r->options.dir);

	must(a > 0 && b > 0 && (size_t)a < sizeof r->database && (size_t)b < sizeof r->results);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_mutex_init(&r->lock, NULL);
	pthread_cond_init(&r->changed, &monotonic);
	pthread_condattr_destroy(&monotonic);
	TRY(arena_open_secret(STEP_MEMORY, &r->arena));
	return id_new(&r->options.entropy, &r->owner);
}

err run_open(const struct run_options *options, struct run **out, struct fault *fault)
{
	OWNED(run_done) struct run *r = calloc(1, sizeof *r);

	if (!r)
		return LATER(MEMORY, "no memory for a run");
	r->options = *options;
	TRY(prepare(r));
	TRY(take_over(r, fault));
	if (!r->ended) {
		TRY(run_begin_beating(r));
		TRY(open_database(r, fault));
	}
	*out = r;
	r = NULL;
	return OK;
}

void run_done(struct run **run)
{
	struct run *r = *run;

	if (!r)
		return;
	run_end_beating(r);
	db_done(&r->db);
	aead_done(&r->cipher);
	arena_done(&r->arena);
	pthread_cond_destroy(&r->changed);
	pthread_mutex_destroy(&r->lock);
	free(r);
	*run = NULL;
}

bool run_has_ended(const struct run *r, str *answer)
{
	if (r->ended)
		*answer = r->answer;
	return r->ended;
}

bool run_has_results(const struct run *r)
{
	return r->has_results;
}

const char *run_database(const struct run *r)
{
	return r->database;
}

const char *run_results(const struct run *r)
{
	return r->results;
}

err run_keep_results(struct run *r)
{
	OWNED(arena_done) struct arena *a = NULL;
	str bytes;

	TRY(arena_open_secret(STEP_MEMORY, &a));
	TRY(file_read_private(a, r->results, RUN_ENTRY_MAX / 2, &bytes));
	return run_append(r, RUN_RESULTS, bytes);
}

/* The last entry: nothing of ours may follow it, not even a beat. */
static err say_last(struct run *r, enum run_kind kind, str bytes)
{
	run_end_beating(r);
	db_done(&r->db);
	return run_append(r, kind, bytes);
}

/* Everything in one entry, for whoever goes on: else it would read each step that was ever made. */
static err put_together(struct run *r, uint64_t *base)
{
	OWNED(arena_done) struct arena *a = NULL;
	OWNED(db_done) struct db *db = NULL;
	str bytes;

	TRY(db_open(r->database, &db, NULL));
	TRY(db_checkpoint(db));
	db_done(&db);
	TRY(arena_open(STEP_MEMORY, &a));
	TRY(file_read_all(a, r->database, RUN_ENTRY_MAX / 2, &bytes));
	*base = r->next;
	TRY(run_append(r, RUN_BASE, bytes));
	return file_exists(r->results) ? run_keep_results(r) : OK;
}

err run_rest(struct run *r)
{
	char text[24];
	struct buf b = BUF_ON(text);
	uint64_t base = 0;

	run_end_beating(r);
	db_done(&r->db);
	if (failed(put_together(r, &base))) /* then there is more to read, and no more than that */
		base = 0;
	TRY(run_append(r, RUN_REST, STR_NONE));
	if (!base)
		return OK;
	buf_add_number(&b, base);
	return run_set_hint(r, buf_str(&b));
}

err run_end(struct run *r, str answer)
{
	return say_last(r, RUN_END, answer);
}
