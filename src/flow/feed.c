/* The feeder: leases what is due, a group at a time, and sleeps until something can be due. */
#include "flow/dispatch_inside.h"

#include <stdio.h>

enum {
	LOOK_LEAST_TICKS = SECOND / 5,
	LOOK_MOST_TICKS = 10 * SECOND,
	RECLAIM_EVERY_TICKS = 5 * SECOND,
	REST_TICKS = SECOND,
};

/* How long nothing can be due: until the next one is, unless somebody wakes us. */
static int64_t idle_ticks(const struct dispatch *d)
{
	int64_t wait = LOOK_MOST_TICKS;
	int64_t now = clock_ticks(&d->line->clock);

	if (!reserve_whole(&d->reserve))
		return REST_TICKS;
	if (wait > d->reclaim_at - now)
		wait = d->reclaim_at - now;
	if (d->left.next_due != MOMENT_NEVER && d->left.next_due - clock_now(&d->line->clock) < wait)
		wait = d->left.next_due - clock_now(&d->line->clock);
	if (now + wait < d->down_until)
		wait = d->down_until - now;
	return wait < LOOK_LEAST_TICKS ? LOOK_LEAST_TICKS : wait;
}

static size_t runnable(const struct dispatch *d)
{
	int64_t now = clock_ticks(&d->line->clock);
	size_t count = 0;

	for (size_t i = 0; i < d->held_count; i++)
		count += d->held[i]->not_before <= now;
	return count;
}

static bool may_lease(const struct dispatch *d)
{
	/* What is in flight may be put back. */
	return d->held_count + d->in_flight <= HELD_MAX - LEASE_GROUP && runnable(d) <= LEASE_GROUP / 2 &&
	       clock_ticks(&d->line->clock) >= d->down_until;
}

static err hold(struct dispatch *d, const id *fresh, size_t count, size_t *kept)
{
	for (*kept = 0; *kept < count; (*kept)++) {
		struct held *h = calloc(1, sizeof *h);
		if (!h)
			return LATER(MEMORY, "no memory");
		h->delivery = fresh[*kept];
		must(d->held_count < HELD_MAX);
		d->held[d->held_count++] = h;
	}
	return OK;
}

static err lease_more(struct dispatch *d, bool *some)
{
	id fresh[LEASE_GROUP];
	struct queue_count left = { 0 };
	size_t count = 0, kept;

	TRY(queue_lease(d->db, d->options.scope, d->owner, clock_now(&d->line->clock), LEASE_GROUP, fresh, &count));
	if (count == 0)
		TRY(queue_count_open(d->db, d->options.scope, &left));
	pthread_mutex_lock(&d->lock);
	err e = hold(d, fresh, count, &kept);
	if (count == 0)
		d->left = left;
	pthread_cond_broadcast(&d->work);
	pthread_mutex_unlock(&d->lock);
	*some = kept > 0;
	/* If not even that is possible, the leases end with our presence. */
	if (failed(e) && failed(queue_release(d->db, fresh + kept, count - kept, clock_now(&d->line->clock))))
		return BROKEN(MEMORY, "no memory for what was leased");
	return e;
}

/* A full disk, say: couriers rest, because what they would send could not be written down. */
static void queue_failed(struct dispatch *d, err e)
{
	pthread_mutex_lock(&d->lock);
	if (!d->down_since)
		d->down_since = clock_ticks(&d->line->clock);
	d->down_until = clock_ticks(&d->line->clock) + REST_TICKS;
	d->trouble_is_queue = true;
	snprintf(d->trouble, sizeof d->trouble, "nothing can be taken from the queue now: %s", e.note);
	pthread_mutex_unlock(&d->lock);
}

static void queue_works(struct dispatch *d)
{
	pthread_mutex_lock(&d->lock);
	if (d->trouble_is_queue) {
		d->trouble_is_queue = false;
		d->down_since = d->down_until = 0;
		d->trouble[0] = 0;
	}
	pthread_mutex_unlock(&d->lock);
}

/* Another process may have been killed with deliveries in its hands, and the clock may have been set back. */
static err reclaim_now_and_then(struct dispatch *d)
{
	int64_t now = clock_ticks(&d->line->clock);
	uint64_t reclaimed;

	if (now < d->reclaim_at)
		return OK;
	d->reclaim_at = now + RECLAIM_EVERY_TICKS;
	TRY(queue_reclaim(d->db, clock_now(&d->line->clock), &reclaimed));
	/* Twice: a wait may be varied by as much as itself. */
	return queue_unwind(d->db, clock_now(&d->line->clock), 2 * d->line->config->retry.most);
}

static bool feed_once(struct dispatch *d, bool more)
{
	bool some = false;
	err e = reserve_refill(&d->reserve);

	if (!failed(e))
		e = reclaim_now_and_then(d);
	if (!failed(e) && more)
		e = lease_more(d, &some);
	if (!failed(e))
		queue_works(d);
	else if (e.fate == FATE_LATER)
		queue_failed(d, e);
	else
		dispatch_break(d, e);
	return some;
}

void *dispatch_feed(void *dispatch)
{
	struct dispatch *d = dispatch;

	pthread_mutex_lock(&d->lock);
	while (!d->ending) {
		bool some = false, more = may_lease(d), looked = more || !reserve_whole(&d->reserve);
		if (looked) {
			d->woken = false;
			pthread_mutex_unlock(&d->lock);
			some = feed_once(d, more);
			pthread_mutex_lock(&d->lock);
		}
		if (!some && !(looked && d->woken) && !d->ending)
			dispatch_wait(d, &d->empty, looked ? idle_ticks(d) : LOOK_LEAST_TICKS);
	}
	pthread_mutex_unlock(&d->lock);
	return NULL;
}
