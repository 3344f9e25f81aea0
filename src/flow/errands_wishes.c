/* Wishes for a new link. */
#include "flow/errands_inside.h"

#include "flow/renew.h"

enum { MEMORY = 16 * 1024 * 1024 };

/* Asked, or not to be granted: either way the wish is answered. */
static err answer(struct errands *run, const struct link_view *link, bool tell_sender)
{
	OWNED(db_rollback) struct db_transaction change = { 0 };

	TRY(db_begin(run->db, &change));
	if (tell_sender)
		TRY(track_notice(run->db, link->submission, link->id, NOTICE_RENEWAL, run->now));
	TRY(link_answered(run->db, link->id));
	return db_commit(&change);
}

static err grant(struct errands *run, const struct link_view *link)
{
	OWNED(arena_done) struct arena *a = NULL;
	const struct standing what = { .submission = link->submission, .recipient = link->recipient };
	const struct renewal_order order = { .by_recipient = true };
	struct renewed fresh;

	TRY(arena_open(MEMORY, &a));
	TRY(flow_renew(run->line, run->db, a, &what, &order, &fresh, run->fault));
	run->count->renewed++;
	return OK;
}

/* The page looked already; meanwhile the sender may have renewed or revoked it, or changed his mind. */
static err wish(struct errands *run, id which)
{
	enum config_renewal policy = run->line->config->link.renewal;
	struct link_view link;

	TRY(link_by_id(run->db, which, run->now, &link));
	if (link.state != LINK_EXPIRED || policy == RENEWAL_NEVER)
		return answer(run, &link, false);
	if (policy == RENEWAL_ASK) {
		run->count->asked++;
		return answer(run, &link, true);
	}
	err e = grant(run, &link);
	if (e.fate == FATE_NEVER)
		TRY(answer(run, &link, false)); /* it is not kept any more, or its template is broken: once is enough */
	return e;
}

err errands_wishes(struct errands *run)
{
	OWNED(db_rows_done) struct db_rows rows = { 0 };
	id due[ERRANDS_AT_ONCE];
	size_t count;

	TRY(db_ask(run->db, QUERY_LINKS_WANTED, DB(db_number(ERRANDS_AT_ONCE)), &rows));
	TRY(errands_due(&rows, due, &count));
	db_rows_done(&rows);
	for (size_t i = 0; i < count; i++)
		TRY(errands_one(run, wish(run, due[i])));
	return OK;
}
