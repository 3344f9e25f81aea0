/* Reminders, without a link: see errands.h. */
#include "flow/errands_inside.h"

#include "flow/suppressions.h"

enum { MEMORY = 16 * 1024 * 1024 };

static err compose(struct errands *run, const struct link_view *link, struct submission *sub, struct recipient *to,
		   struct message *message)
{
	TRY(id_new(&run->line->entropy, &to->delivery));
	to->link.id = link->id;
	to->link.expires_at = link->expires_at;
	to->link.proof = link->proof;
	TRY(link_prompt(run->db, sub->arena, sub->key, link->id, &to->link.prompt));
	return compose_reminder(run->line->compose, sub, to, run->now, &run->line->entropy, sub->arena, message,
				run->fault);
}

static err mark(struct errands *run, id link)
{
	return db_run_one(run->db, QUERY_LINK_REMINDED, DB(db_id(link), db_number(run->now), db_number(LINK_LIVE)));
}

static err write(struct errands *run, const struct link_view *link, struct submission *sub, struct recipient *to,
		 struct message *message)
{
	OWNED(db_rollback) struct db_transaction change = { 0 };

	TRY(db_begin(run->db, &change));
	TRY(mark(run, link->id));
	TRY(errands_queue(run, sub, to, message, link->expires_at, EVENT_LINK_REMINDED));
	return db_commit(&change);
}

static err remind_of(struct errands *run, const struct link_view *link)
{
	OWNED(arena_done) struct arena *a = NULL;
	OWNED(submission_done) struct submission *sub = NULL;
	struct message message = { 0 };
	struct recipient *to;

	TRY(arena_open(MEMORY, &a));
	TRY(submission_load(run->db, a, run->line->keys, link->submission, &sub));
	TRY(recipient_load(run->db, a, sub, link->recipient, &to));
	/* An address that must not be mailed is not reminded either. */
	err e = flow_suppression_check(run->line, run->db, a, to->address.text, NULL);
	if (e.why == WHY_SUPPRESSED)
		return mark(run, link->id);
	TRY(e);
	TRY(compose(run, link, sub, to, &message));
	TRY(write(run, link, sub, to, &message));
	run->count->reminded++;
	return OK;
}

/* What cannot be composed now cannot be in a second either: it is marked, so that it holds nobody up. */
static err remind(struct errands *run, id which)
{
	struct link_view link;

	TRY(link_by_id(run->db, which, run->now, &link));
	err e = remind_of(run, &link);
	if (e.fate == FATE_NEVER && e.why != WHY_STATE)
		(void)failed(mark(run, which));
	return e;
}

err errands_reminders(struct errands *run)
{
	OWNED(db_rows_done) struct db_rows rows = { 0 };
	span before = run->line->config->link.reminder;
	id due[ERRANDS_AT_ONCE];
	size_t count;

	if (before == 0)
		return OK;
	TRY(db_ask(run->db, QUERY_LINKS_TO_REMIND,
		   DB(db_number(run->now), db_number(run->now + before), db_number(2 * before),
		      db_number(ERRANDS_AT_ONCE)),
		   &rows));
	TRY(errands_due(&rows, due, &count));
	db_rows_done(&rows);
	for (size_t i = 0; i < count; i++)
		TRY(errands_one(run, remind(run, due[i])));
	return OK;
}
