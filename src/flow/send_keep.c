/* What is kept of a run beside its deliveries: the submission's row, the rows that were refused, the results file. */
#include "flow/send_inside.h"

enum {
	RESULTS_LEAST_TICKS = 2 * SECOND,
	RESULTS_SHARE = 20, /* writing the results takes a twentieth of the time at most */
};

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

err send_save_submission(struct send *s)
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
	TRY(submission_keep(s->db, s->sub->id, expires, expires + s->line->config->link.records_after));
	return db_run(s->db, QUERY_QUEUE_HURRY, DB(db_id(s->sub->id), db_number(now)));
}

static err write_results(struct send *s, struct send_keeping *k)
{
	struct results copy = s->results;

	SCRATCH(k->arena);
	TRY(NEW_ARRAY(k->arena, s->results.count, copy.rows));
	pthread_mutex_lock(&s->lock);
	memcpy(copy.rows, s->results.rows, s->results.count * sizeof *copy.rows);
	s->changed = false;
	pthread_mutex_unlock(&s->lock);
	TRY(results_write(k->arena, s->options.results_path, &copy, true));
	return s->options.elsewhere.results ? s->options.elsewhere.results(s->options.elsewhere.state, false) : OK;
}

err send_keep_results(struct send *s, struct send_keeping *k, bool now_or_never)
{
	int64_t now = clock_ticks(&s->line->clock);
	pthread_mutex_lock(&s->lock);
	bool changed = s->changed;
	pthread_mutex_unlock(&s->lock);
	bool due = changed && now - k->written_ticks >= RESULTS_LEAST_TICKS &&
		   now - k->written_ticks >= RESULTS_SHARE * k->cost_ticks;

	if (!due && !now_or_never)
		return OK;
	err e = write_results(s, k);
	k->written_ticks = clock_ticks(&s->line->clock);
	k->cost_ticks = k->written_ticks - now;
	/* A full disk must not stop the sending: the file that is there stays, and the next one is tried later. */
	return e.fate == FATE_LATER && !now_or_never ? OK : e;
}
