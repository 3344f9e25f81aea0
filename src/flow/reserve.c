#include "flow/reserve.h"

/* An outcome changes a row or two and erases a message of some tens of kilobytes, page by page. */
enum { RESERVE_LEAST = 1024 * 1024, RESERVE_EACH = 64 * 1024 };

err reserve_open(struct reserve *r, struct db_presence *where, unsigned connections)
{
	r->bytes = RESERVE_LEAST + (uint64_t)connections * RESERVE_EACH;
	pthread_mutex_init(&r->lock, NULL);
	r->where = where;
	return reserve_refill(r);
}

void reserve_done(struct reserve *r)
{
	if (r->where)
		pthread_mutex_destroy(&r->lock);
	r->where = NULL;
}

bool reserve_whole(const struct reserve *r)
{
	return atomic_load(&r->whole);
}

bool reserve_spend(struct reserve *r)
{
	pthread_mutex_lock(&r->lock);
	bool had = atomic_exchange(&r->whole, false);
	db_presence_release(r->where);
	pthread_mutex_unlock(&r->lock);
	return had;
}

err reserve_refill(struct reserve *r)
{
	err e = OK;

	if (reserve_whole(r))
		return OK;
	pthread_mutex_lock(&r->lock);
	e = db_presence_reserve(r->where, r->bytes);
	if (failed(e))
		db_presence_release(r->where); /* half of it helps nobody here, and may help others */
	atomic_store(&r->whole, !failed(e));
	pthread_mutex_unlock(&r->lock);
	return e;
}
