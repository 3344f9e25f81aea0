/* The feeder: leases what is due, a group at a time, gives back what will not go soon, and sleeps until something can
 * be due. */
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
	if (d->next_due != MOMENT_NEVER && d->next_due - clock_now(&d->line->clock) < wait)
		wait = d->next_due - clock_now(&d->line->clock);
	if (now + wait < d->down_until)
		wait = d->down_until - now;
	if (wait > d->ask_at - now)
		wait = d->ask_at - now;
	return wait < LOOK_LEAST_TICKS ? LOOK_LEAST_TICKS : wait;
}

size_t dispatch_runnable(const struct dispatch *d)
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
	return d->held_count + d->in_flight + d->untried_count <= HELD_MAX - GROUP_MAX &&
	       dispatch_runnable(d) <= d->group / 2 && clock_ticks(&d->line->clock) >= d->down_until && !d->stopped;
}

/* As much as goes in a moment: twice as much when couriers had nothing to do, half when the last lasted for long. */
static void fit_group(struct dispatch *d)
{
	int64_t now = clock_ticks(&d->line->clock);

	if (d->starved)
		d->group = 2 * d->group < GROUP_MAX ? 2 * d->group : GROUP_MAX;
	else if (!d->starved && now - d->leased_at > EARLY_TICKS && d->group > 1)
		d->group /= 2;
	d->starved = false;
	d->leased_at = now;
}

static unsigned failures_before(struct dispatch *d, id delivery)
{
	for (size_t i = 0; i < CONNECTIONS_MAX; i++)
		if (d->stubborn[i].failures && id_same(d->stubborn[i].delivery, delivery)) {
			unsigned failures = d->stubborn[i].failures;
			d->stubborn[i].failures = 0;
			return failures;
		}
	return 0;
}

static err hold(struct dispatch *d, const id *fresh, size_t count, size_t *kept)
{
	for (*kept = 0; *kept < count; (*kept)++) {
		struct held *h = calloc(1, sizeof *h);
		if (!h)
			return LATER(MEMORY, "no memory");
		h->delivery = fresh[*kept];
		h->failures = failures_before(d, h->delivery);
		must(d->held_count < HELD_MAX);
		d->held[d->held_count++] = h;
	}
	return OK;
}

static err lease_more(struct dispatch *d, bool *some)
{
	id fresh[GROUP_MAX];
	moment next_due = MOMENT_NEVER;
	size_t count = 0, kept;

	fit_group(d);
	TRY(queue_lease(d->db, d->options.scope, d->owner, clock_now(&d->line->clock), d->group, fresh, &count));
	if (count == 0)
		TRY(queue_next_due(d->db, d->options.scope, &next_due));
	if (count < d->group)
		d->group = count ? count : 1;
	pthread_mutex_lock(&d->lock);
	err e = hold(d, fresh, count, &kept);
	for (size_t i = kept; i < count; i++)
		d->untried[d->untried_count++] = (struct queue_untried){ .delivery = fresh[i] };
	if (count == 0)
		d->next_due = next_due;
	pthread_cond_broadcast(&d->work);
	pthread_mutex_unlock(&d->lock);
	*some = kept > 0;
	return e;
}

/* Those that are given back meanwhile are left for the next time. */
static err release(struct dispatch *d)
{
	struct queue_untried untried[HELD_MAX];

	pthread_mutex_lock(&d->lock);
	size_t count = d->untried_count;
	memcpy(untried, d->untried, count * sizeof *untried);
	pthread_mutex_unlock(&d->lock);
	TRY(queue_release(d->db, d->owner, untried, count));
	pthread_mutex_lock(&d->lock);
	d->untried_count -= count;
	memmove(d->untried, d->untried + count, d->untried_count * sizeof *untried);
	pthread_mutex_unlock(&d->lock);
	return OK;
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

static err feed_once(struct dispatch *d, bool more, bool *some)
{
	err e = reserve_refill(&d->reserve);

	if (!failed(e))
		e = release(d);
	if (!failed(e))
		e = reclaim_now_and_then(d);
	if (!failed(e) && more)
		e = lease_more(d, some);
	if (!failed(e))
		queue_works(d);
	else if (e.fate == FATE_LATER)
		queue_failed(d, e);
	else
		dispatch_break(d, e);
	return e;
}

/* True: there is more to do at once. */
static bool feed(struct dispatch *d, bool more)
{
	bool some = false;

	d->woken = false;
	pthread_mutex_unlock(&d->lock);
	err e = feed_once(d, more, &some);
	pthread_mutex_lock(&d->lock);
	return !failed(e) && (some || d->woken || d->untried_count);
}

void *dispatch_feed(void *dispatch)
{
	struct dispatch *d = dispatch;

	pthread_mutex_lock(&d->lock);
	while (!d->ending) {
		if (clock_ticks(&d->line->clock) >= d->ask_at) {
			pthread_mutex_unlock(&d->lock);
			dispatch_ask(d);
			pthread_mutex_lock(&d->lock);
		}
		bool more = may_lease(d), look = more || d->untried_count || !reserve_whole(&d->reserve);
		if (!(look && feed(d, more)) && !d->ending)
			dispatch_wait(d, &d->empty, look ? idle_ticks(d) : LOOK_LEAST_TICKS);
	}
	pthread_mutex_unlock(&d->lock);
	return NULL;
}
