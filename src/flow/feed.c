/* The feeder: leases what is due, a group at a time, and sleeps until something can be due. */
#include "flow/dispatch_inside.h"

enum { LOOK_LEAST_TICKS = SECOND / 5, LOOK_MOST_TICKS = 10 * SECOND };

/* How long nothing can be due: until the next one is, unless somebody wakes us. */
static int64_t idle_ticks(const struct dispatch *d)
{
	int64_t wait = LOOK_MOST_TICKS;
	int64_t now = clock_ticks(&d->line->clock);

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
	return d->held_count <= HELD_MAX - LEASE_GROUP && runnable(d) <= LEASE_GROUP / 2 &&
	       clock_ticks(&d->line->clock) >= d->down_until;
}

static err hold(struct dispatch *d, const id *fresh, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct held *h = calloc(1, sizeof *h);
		if (!h)
			return LATER(MEMORY, "no memory"); /* the rest comes back when our presence ends */
		h->delivery = fresh[i];
		d->held[d->held_count++] = h;
	}
	return OK;
}

static err lease_more(struct dispatch *d, bool *some)
{
	id fresh[LEASE_GROUP];
	struct queue_count left = { 0 };
	size_t count = 0;

	TRY(queue_lease(d->db, d->options.scope, d->owner, clock_now(&d->line->clock), LEASE_GROUP, fresh, &count));
	if (count == 0)
		TRY(queue_count(d->db, d->options.scope, &left));
	pthread_mutex_lock(&d->lock);
	err e = hold(d, fresh, count);
	if (count == 0)
		d->left = left;
	pthread_cond_broadcast(&d->work);
	pthread_mutex_unlock(&d->lock);
	*some = count > 0;
	return e;
}

void *dispatch_feed(void *dispatch)
{
	struct dispatch *d = dispatch;

	pthread_mutex_lock(&d->lock);
	while (!d->ending) {
		bool some = false, looked = may_lease(d);
		if (looked) {
			d->woken = false;
			pthread_mutex_unlock(&d->lock);
			err e = lease_more(d, &some);
			if (failed(e) && e.fate != FATE_LATER)
				dispatch_break(d, e);
			pthread_mutex_lock(&d->lock);
		}
		if (!some && !(looked && d->woken) && !d->ending)
			dispatch_wait(d, &d->empty, looked ? idle_ticks(d) : LOOK_LEAST_TICKS);
	}
	pthread_mutex_unlock(&d->lock);
	return NULL;
}
