/* When a run is over: every row has ended, or what is left waits longer than our patience. */
#include "flow/send_inside.h"

#include <stdio.h>

enum { QUIET_TICKS = SECOND / 2, QUIET_IN_LINE_TICKS = 10 * SECOND };

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

/* Everything of ours is waiting for a time beyond our patience, or has been in another process' hands for as long. What
 * is in line for a slow domain is not waiting in vain. */
static err look_at_queue(struct send *s, struct send_quiet *q, bool in_line)
{
	struct queue_count left;
	int64_t now = clock_ticks(&s->line->clock);

	if (now - q->looked_ticks < (in_line ? QUIET_IN_LINE_TICKS : QUIET_TICKS))
		return OK;
	q->looked_ticks = now;
	/* Else we would leave for what only seems to be due late, since the clock was set back. */
	TRY(queue_unwind(s->db, clock_now(&s->line->clock), 2 * s->line->config->retry.most));
	TRY(queue_count(s->db, (struct queue_scope){ s->sub->id }, &left));
	TRY(refresh(s));
	if (in_line)
		return OK;
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

err send_is_over(struct send *s, struct send_quiet *q, bool *over)
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
	snprintf(s->notice, sizeof s->notice, "%s", view.notice);
	TRY(view.broken);
	if (working || *over)
		return OK;
	if (view.down_since && clock_ticks(&s->line->clock) - view.down_since > s->options.patience)
		q->nothing_to_do = true;
	else if (!view.down_since && view.in_flight == 0)
		TRY(look_at_queue(s, q, clock_ticks(&s->line->clock) < view.lined_up));
	*over = q->nothing_to_do;
	return OK;
}
