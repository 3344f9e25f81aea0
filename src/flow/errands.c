#include "flow/errands_inside.h"

err errands_one(struct errands *run, err e)
{
	if (e.fate != FATE_NEVER)
		return e;
	run->trouble = err_first(run->trouble, e);
	return OK;
}

err errands_due(struct db_rows *rows, id *out, size_t *count)
{
	size_t have = 0;
	err e = OK;

	while (have < ERRANDS_AT_ONCE && db_next(rows, &e))
		out[have++] = db_row_id(rows, 0);
	*count = have;
	return e;
}

err errands_queue(struct errands *run, struct submission *sub, struct recipient *to, struct message *message,
		  moment give_up_at, enum event_kind kind)
{
	struct line *line = run->line;
	struct event event = { .kind = kind, .at = run->now, .submission = sub->id, .delivery = to->delivery };

	message->from = line->bounce.text;
	to->link.expires_at = give_up_at;
	if (line->rules)
		TRY(sign_message(line->keys, line->rules, run->now, give_up_at, sub->arena, message, run->fault));
	TRY(queue_add(run->db, &line->entropy, sub, to, message, run->now));
	return track_add(run->db, &line->entropy, NULL, &event);
}

err flow_errands(struct line *line, struct db *db, struct errand_count *out, struct fault *fault)
{
	struct errand_count count = { 0 };
	struct errands run = {
		.line = line, .db = db, .now = clock_now(&line->clock), .count = &count, .fault = fault
	};

	TRY(errands_wishes(&run));
	TRY(errands_reminders(&run));
	TRY(errands_notices(&run));
	*out = count;
	return run.trouble;
}
