/* A recipient who comes after the link's end asks for a new one to the same mailbox. */
#include "link/link.h"

bool link_may_want(const struct link_view *newest, const struct link_renewal_rules *rules, moment now)
{
	bool ended_by_time = newest->state == LINK_EXPIRED && newest->tries < newest->tries_max;
	bool has_openings = newest->opens_max == 0 || newest->opens < newest->opens_max;
	bool paused = newest->renewals > 0 && now - newest->created_at < rules->pause;

	return ended_by_time && has_openings && !paused && newest->renewals < rules->most && newest->wanted_at == 0;
}

err link_want(struct db *db, id link, moment now)
{
	return db_run_one(db, QUERY_LINK_WANT, DB(db_id(link), db_number(now)));
}

err link_answered(struct db *db, id link)
{
	return db_run_one(db, QUERY_LINK_ANSWERED, DB(db_id(link)));
}

err link_count_renewal(struct db *db, id fresh, id old)
{
	return db_run_one(db, QUERY_LINK_COUNT_RENEWAL, DB(db_id(fresh), db_id(old)));
}
