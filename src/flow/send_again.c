/* Resuming: what the database knows of a row that an earlier run wrote about. */
#include "flow/send_inside.h"

static err look_up(struct send *s, id delivery, enum delivery_state *state, id *submission, bool *known)
{
	OWNED(db_rows_done) struct db_rows rows = { 0 };
	err e = db_one(s->db, QUERY_DELIVERY_GET, DB(db_id(delivery)), &rows);

	*known = !failed(e);
	if (e.fate == FATE_NEVER && e.why == WHY_NOT_FOUND)
		return OK;
	TRY(e);
	*submission = db_row_id(&rows, 1);
	*state = (enum delivery_state)db_row_number(&rows, 4);
	return OK;
}

/* The submission of the earlier run is carried on, so that its deliveries and ours are one story. */
static err adopt_submission(struct send *s, id which)
{
	struct submission *sub;
	enum submission_state state;

	if (s->submission_saved)
		return OK;
	TRY(submission_state_of(s->db, which, &state));
	if (state != SUBMISSION_ACCEPTED)
		return OK;
	TRY(submission_load(s->db, s->arena, s->line->keys, which, &sub));
	submission_done(&s->sub);
	s->sub = sub;
	s->submission_saved = true;
	return OK;
}

/* True: the database knows this row's delivery, and it is carried on or has ended; there is nothing to plan. */
err send_carry_on(struct send *s, const struct earlier *before, struct send_row *out, struct result *result,
		  bool *carried)
{
	enum delivery_state state = DELIVERY_QUEUED;
	bool known = false;
	id submission;

	*carried = false;
	if (!before || id_none(before->delivery))
		return OK;
	TRY(look_up(s, before->delivery, &state, &submission, &known));
	if (!known || state == DELIVERY_FAILED)
		return OK;
	TRY(adopt_submission(s, submission));
	out->ended = status_of_delivery(state, &result->status);
	out->accepted = true;
	result->delivery = before->delivery;
	result->link = before->link;
	result->password = before->password;
	result->expires_at = before->expires_at;
	s->count.accepted++;
	*carried = true;
	return OK;
}

/* A delivery that failed for good is sent anew: under new ids, with a new link and password. */
err send_failed_before(struct send *s, const struct earlier **before)
{
	enum delivery_state state;
	bool known;
	id submission;

	if (!*before || id_none((*before)->delivery))
		return OK;
	TRY(look_up(s, (*before)->delivery, &state, &submission, &known));
	if (known)
		*before = NULL;
	return OK;
}
