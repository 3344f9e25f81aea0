#include "link/link.h"

static err used_up(struct db *db, const struct link_session *session, const struct link_view *view)
{
	OWNED(db_rows_done) struct db_rows rows = { 0 };

	if (view->opens_max == 0 || view->opens < view->opens_max)
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
