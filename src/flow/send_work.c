/* Working: threads submit the rows in chunks, couriers carry what is queued, the results file is kept true. */
#include "flow/send_inside.h"

#include "sys/sys.h"

#include <stdio.h>

enum {
	CHUNK_MOST = 32,
	THREADS_MAX = 256,
	TICK = SECOND / 10,
	RESULTS_LEAST_TICKS = 2 * SECOND,
	RESULTS_SHARE = 20, /* writing the results takes a twentieth of the time at most */
	QUIET_TICKS = SECOND / 2,
};
#define CHUNK_MEMORY ((size_t)512 * 1024 * 1024)

/* ── Submitting ── */

static void fill_intake(const struct send_row *row, struct intake *in)
{
	*in = (struct intake){
		.to = row->to,
		.document_names = row->document_names,
		.document_count = row->document_count,
		.container_password = row->container_password,
		.weak_reason = row->weak_reason,
	};
}

static err problem_text(struct arena *a, const struct intake *in, str *out)
{
	struct buf b;

	TRY(buf_open(a, 2048, &b));
	buf_add_fault(&b, &in->fault, in->problem);
	*out = buf_str(&b);
	return OK;
}

/* A refused row has no link and no password: nobody could use them. */
static void refuse_row(struct send *s, size_t row, const struct intake *in)
{
	struct result *r = &s->results.rows[row];
	str problem = STR("refused");

	(void)failed(problem_text(s->arena, in, &problem));
	send_set_status(s, row, in->suppressed ? ROW_SUPPRESSED : ROW_REFUSED, problem, true);
	r->delivery = (id){ 0 };
	r->link = r->password = STR_NONE;
}

static void chunk_over(struct send *s, const size_t *todo, const struct intake *intakes, size_t count)
{
	pthread_mutex_lock(&s->lock);
	for (size_t i = 0; i < count; i++) {
		if (failed(intakes[i].problem)) {
			refuse_row(s, todo[i], &intakes[i]);
		} else {
			s->rows[todo[i]].accepted = true;
			s->count.accepted++;
			s->changed = true;
		}
		s->rows[todo[i]].to->documents = NULL; /* they were the chunk's */
		s->rows[todo[i]].to->objects = NULL;
	}
	pthread_mutex_unlock(&s->lock);
	if (s->dispatch)
		dispatch_wake(s->dispatch);
}

static void stop_working(struct send *s, err e, const struct fault *fault)
{
	pthread_mutex_lock(&s->lock);
	if (!failed(s->broken)) {
		s->broken = e;
		if (fault)
			s->fault = *fault;
	}
	pthread_mutex_unlock(&s->lock);
}

static const struct fault *first_fault(const struct intake *intakes, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (!failed(intakes[i].problem) && !fault_empty(&intakes[i].fault))
			return &intakes[i].fault;
	return NULL;
}

static err submit_chunk(struct send *s, struct workbench *bench, struct arena *a, const size_t *todo, size_t count)
{
	struct intake *intakes;
	struct submission view = *s->sub;

	SCRATCH(a);
	view.arena = a;
	TRY(NEW_ARRAY(a, count, intakes));
	for (size_t i = 0; i < count; i++)
		fill_intake(&s->rows[todo[i]], &intakes[i]);
	struct chunk chunk = { &view, s->documents_fd, s->options.hide_names, intakes, count };
	err e = flow_submit(s->line, bench, &chunk);
	if (failed(e))
		stop_working(s, e, first_fault(intakes, count));
	else
		chunk_over(s, todo, intakes, count);
	return e;
}

static err submit_chunks(struct send *s)
{
	OWNED(workbench_done) struct workbench *bench = NULL;
	OWNED(arena_done) struct arena *a = NULL;

	TRY(workbench_open(s->line, &bench));
	TRY(arena_open(CHUNK_MEMORY, &a));
	while (!stop_wanted() && !failed(s->broken)) {
		size_t at = atomic_fetch_add(&s->next, s->chunk_size);
		if (at >= s->todo_count)
			break;
		size_t count = s->todo_count - at < s->chunk_size ? s->todo_count - at : s->chunk_size;
		TRY(submit_chunk(s, bench, a, s->todo + at, count));
	}
	return OK;
}

static void *work(void *state)
{
	struct send *s = state;
	err e = submit_chunks(s);

	if (failed(e))
		stop_working(s, e, NULL);
	pthread_mutex_lock(&s->lock);
	s->working--;
	pthread_mutex_unlock(&s->lock);
	return NULL;
}

/* ── Hearing ── */

static void heard(void *state, const struct dispatched *what)
{
	struct send *s = state;
	enum row_status status;
	str problem = STR_NONE;
	size_t row;

	bool ended = status_of_delivery(what->state, &status);
	pthread_mutex_lock(&s->lock);
	if (send_find(s, what->delivery, &row)) {
		if (status != ROW_DELIVERED)
			(void)failed(str_copy(s->arena, str_of(what->text), &problem));
		send_set_status(s, row, status, problem, ended);
	}
	pthread_mutex_unlock(&s->lock);
}

/* Another process (serve) may carry our deliveries too; what it did is read from the database. */
static err refresh(struct send *s)
{
	for (size_t i = 0; i < s->results.count; i++) {
		OWNED(db_rows_done) struct db_rows rows = { 0 };
		enum row_status status;
		if (!s->rows[i].accepted || s->rows[i].ended)
			continue;
		TRY(db_one(s->db, QUERY_DELIVERY_STATE, DB(db_id(s->results.rows[i].delivery)), &rows));
		bool ended = status_of_delivery((enum delivery_state)db_row_number(&rows, 0), &status);
		if (!ended)
			continue;
		pthread_mutex_lock(&s->lock);
		send_set_status(s, i, status, STR_NONE, true);
		pthread_mutex_unlock(&s->lock);
	}
	return OK;
}

/* ── Results ── */

struct keeping {
	struct arena *arena;
	int64_t written_ticks, cost_ticks;
};

static err write_results(struct send *s, struct keeping *k)
{
	struct results copy = s->results;

	SCRATCH(k->arena);
	TRY(NEW_ARRAY(k->arena, s->results.count, copy.rows));
	pthread_mutex_lock(&s->lock);
	memcpy(copy.rows, s->results.rows, s->results.count * sizeof *copy.rows);
	s->changed = false;
	pthread_mutex_unlock(&s->lock);
	return results_write(k->arena, s->options.results_path, &copy, true);
}

static err keep_results(struct send *s, struct keeping *k, bool now_or_never)
{
	int64_t now = clock_ticks(&s->line->clock);
	bool due = s->changed && now - k->written_ticks >= RESULTS_LEAST_TICKS &&
		   now - k->written_ticks >= RESULTS_SHARE * k->cost_ticks;

	if (!due && !now_or_never)
		return OK;
	err e = write_results(s, k);
	k->written_ticks = clock_ticks(&s->line->clock);
	k->cost_ticks = k->written_ticks - now;
	/* A full disk must not stop the sending: the file that is there stays, and the next one is tried later. */
	return e.fate == FATE_LATER && !now_or_never ? OK : e;
}

/* ── When is it over? ── */

struct quiet {
	int64_t looked_ticks, others_ticks; /* since when only another process has something in hand; 0: it has not */
	bool nothing_to_do;
};

/* Everything of ours is waiting for a time beyond our patience, or has been in another process' hands for as long. */
static err look_at_queue(struct send *s, struct quiet *q)
{
	struct queue_count left;
	int64_t now = clock_ticks(&s->line->clock);

	if (now - q->looked_ticks < QUIET_TICKS)
		return OK;
	q->looked_ticks = now;
	TRY(queue_count(s->db, (struct queue_scope){ s->sub->id }, &left));
	TRY(refresh(s));
	if (left.by_state[DELIVERY_TRYING]) {
		if (!q->others_ticks)
			q->others_ticks = now;
		q->nothing_to_do = now - q->others_ticks > s->options.patience;
		return OK;
	}
	q->others_ticks = 0;
	if (left.next_due == MOMENT_NEVER || left.next_due > clock_now(&s->line->clock) + s->options.patience)
		q->nothing_to_do = true;
	else
		dispatch_wake(s->dispatch);
	return OK;
}

static err is_over(struct send *s, struct quiet *q, bool *over)
{
	struct dispatch_view view;

	pthread_mutex_lock(&s->lock);
	bool working = s->working > 0;
	bool all_ended = s->count.ended == s->results.count;
	pthread_mutex_unlock(&s->lock);
	*over = !working && (all_ended || !s->dispatch || failed(s->broken));
	if (!s->dispatch)
		return OK;
	dispatch_look(s->dispatch, &view);
	snprintf(s->trouble, sizeof s->trouble, "%s", view.trouble);
	TRY(view.broken);
	if (working || *over)
		return OK;
	if (view.down_since && clock_ticks(&s->line->clock) - view.down_since > s->options.patience)
		q->nothing_to_do = true;
	else if (view.in_flight == 0)
		TRY(look_at_queue(s, q));
	*over = q->nothing_to_do;
	return OK;
}

/* ── The run ── */

static unsigned thread_count(const struct send *s)
{
	/* Twice the processors: while one chunk waits for the disk, another is sealed. */
	uint64_t wanted = s->line->config->threads ? s->line->config->threads : 2 * (uint64_t)sys_processors();
	size_t chunks = (s->todo_count + s->chunk_size - 1) / s->chunk_size;

	if (wanted > THREADS_MAX)
		wanted = THREADS_MAX;
	return (unsigned)(wanted < chunks ? wanted : chunks);
}

static size_t chunk_size(const struct send *s)
{
	/* Small lists are shared among the processors too. */
	size_t even = s->todo_count / (4 * (size_t)sys_processors()) + 1;
	return even < CHUNK_MOST ? even : CHUNK_MOST;
}

static err start_dispatch(struct send *s, struct fault *fault)
{
	const struct dispatch_options options = {
		.scope = { s->sub->id },
		.heard = heard,
		.state = s,
	};

	if (!s->options.wait)
		return OK;
	return dispatch_begin(s->line, &options, &s->dispatch, fault);
}

/* Rows that were refused while planning are kept beside the others, for `show`. */
static err save_refusals(struct send *s)
{
	OWNED(db_rollback) struct db_transaction change = { 0 };

	TRY(db_begin(s->db, &change));
	for (size_t i = 0; i < s->results.count; i++) {
		const struct result *row = &s->results.rows[i];
		struct refusal r = { .row = s->rows[i].number, .why = WHY_LIST, .problem = row->problem };
		if (row->status != ROW_REFUSED)
			continue;
		TRY(refusal_save(s->db, s->arena, &s->line->entropy, s->sub, &r));
	}
	return db_commit(&change);
}

static err save_submission(struct send *s)
{
	moment now = clock_now(&s->line->clock);
	moment expires = now + s->options.expires + s->line->config->link.erase_after;

	if (s->todo_count == 0 && !s->submission_saved)
		return OK;
	if (!s->submission_saved)
		TRY(flow_submission(s->line, s->db, s->sub));
	TRY(save_refusals(s));
	if (!s->submission_saved)
		return OK;
	TRY(db_run(
		s->db, QUERY_SUBMISSION_EXTEND,
		DB(db_id(s->sub->id), db_number(expires), db_number(expires + s->line->config->link.records_after))));
	return db_run(s->db, QUERY_QUEUE_HURRY, DB(db_id(s->sub->id), db_number(now)));
}

static unsigned start_workers(struct send *s, pthread_t *threads)
{
	unsigned started = 0, wanted = thread_count(s);

	pthread_mutex_lock(&s->lock);
	for (; started < wanted; started++)
		if (pthread_create(&threads[started], NULL, work, s))
			break;
	s->working = started;
	pthread_mutex_unlock(&s->lock);
	return started;
}

static err watch_over(struct send *s, const struct send_watch *watch, struct keeping *k)
{
	struct quiet quiet = { 0 };
	bool over = false;

	for (;;) {
		TRY(is_over(s, &quiet, &over));
		watch->tick(watch->state, &s->count, s->trouble);
		if (over)
			return OK;
		TRY(keep_results(s, k, false));
		if (!sys_sleep(TICK)) {
			s->stopped = true;
			return OK;
		}
	}
}

static err finish(struct send *s, struct keeping *k, struct fault *fault)
{
	dispatch_end(&s->dispatch);
	if (failed(s->broken) && fault)
		*fault = s->fault;
	return err_first(s->broken, keep_results(s, k, true));
}

static err run(struct send *s, const struct send_watch *watch, struct keeping *k, struct fault *fault)
{
	pthread_t threads[THREADS_MAX];

	TRY(save_submission(s));
	TRY(start_dispatch(s, fault));
	unsigned started = start_workers(s, threads);
	err e = started || s->todo_count == 0 ? watch_over(s, watch, k) : LATER(MEMORY, "no thread could be started");
	if (failed(e))
		stop_working(s, e, NULL);
	for (unsigned i = 0; i < started; i++)
		pthread_join(threads[i], NULL);
	return e;
}

/* ── Trying out ── */

static err try_row(struct send *s, struct arena *a, struct intake *in)
{
	struct list_row row = { .documents = (str *)(uintptr_t)in->document_names,
				.document_count = in->document_count };

	TRY(check_documents(s->documents_fd, &row, s->line->config->limits.document_bytes, a, &in->to->documents,
			    &in->fault));
	err e = compose_check(s->line->compose, s->sub, in->to, &in->fault);
	in->to->documents = NULL;
	return e;
}

/* --dry-run: all that can be judged without storing or sending. */
static err try_all(struct send *s, const struct send_watch *watch, struct arena *a)
{
	for (size_t i = 0; i < s->todo_count && !stop_wanted(); i++) {
		struct intake in;
		SCRATCH(a);
		fill_intake(&s->rows[s->todo[i]], &in);
		in.problem = try_row(s, a, &in);
		if (failed(in.problem) && in.problem.fate != FATE_NEVER)
			return in.problem;
		if (failed(in.problem))
			refuse_row(s, s->todo[i], &in);
		watch->tick(watch->state, &s->count, "");
	}
	return OK;
}

err send_work(struct send *s, const struct send_watch *watch, struct fault *fault)
{
	OWNED(arena_done) struct arena *scratch = NULL;
	struct keeping k = { .written_ticks = clock_ticks(&s->line->clock) };

	TRY(arena_open_secret(SIZE_MAX / 4, &scratch));
	if (s->options.dry_run)
		return try_all(s, watch, scratch);
	k.arena = scratch;
	s->chunk_size = chunk_size(s);
	err e = run(s, watch, &k, fault);
	return err_first(e, finish(s, &k, fault));
}
