#include "link/link.h"

/* Who breaks off before the last byte, again and again, has what he wanted, too: an opening is also the weight of all
 * objects, this many times, in pieces. So a bad line may begin anew a few times. */
enum { BEGINNINGS = 4 };

static err carried_off(struct db *db, const struct link_view *view)
{
	OWNED(db_rows_done) struct db_rows rows = { 0 };

	TRY(db_one(db, QUERY_LINK_WEIGHT, DB(db_id(view->recipient)), &rows));
	uint64_t weight = (uint64_t)db_row_number(&rows, 0);
	if (weight > 0 && view->sent / weight / BEGINNINGS >= view->opens_max)
		return NEVER(LIMIT, "as many bytes left as that many openings take, and more");
	return OK;
}

static err used_up(struct db *db, const struct link_session *session, const struct link_view *view)
{
	OWNED(db_rows_done) struct db_rows rows = { 0 };

	if (view->opens_max == 0)
		return OK;
	TRY(carried_off(db, view));
	if (view->opens < view->opens_max)
		return OK;
	TRY(db_one(db, QUERY_LINK_COUNTED, DB(db_id(view->id)), &rows));
	if (str_same(db_row_peek(&rows, 0), str_bytes(session->serial, sizeof session->serial)))
		return OK; /* the session that used the last opening may go on */
	return NEVER(LIMIT, "it was opened as often as it may be");
}

err link_may_open(struct db *db, const struct link_session *session, moment now)
{
	struct link_view view;

	if (session->until <= now)
		return NEVER(DENIED, "the session is over");
	TRY(link_by_id(db, session->link, now, &view));
	switch (view.state) {
	case LINK_LIVE:
		return used_up(db, session, &view);
	case LINK_LOCKED:
		return NEVER(LOCKED, "the link is locked");
	case LINK_EXPIRED:
		return NEVER(EXPIRED, "the link has expired");
	case LINK_REVOKED:
	case LINK_RENEWED:
		break;
	}
	return NEVER(CANCELLED, "the link was withdrawn");
}

err link_sent(struct db *db, const struct link_session *session, uint64_t bytes, bool whole, moment now)
{
	return db_run_one(db, QUERY_LINK_SENT,
			  DB(db_id(session->link), db_number((int64_t)bytes), db_number(whole),
			     db_bytes(str_bytes(session->serial, sizeof session->serial)), db_number(now)));
}
