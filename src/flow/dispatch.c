#include "flow/dispatch_inside.h"

#include "sys/sys.h"

#include <stdio.h>

void held_done(struct held **h)
{
	if (*h)
		lease_done(&(*h)->lease);
	free(*h);
	*h = NULL;
}

void dispatch_wait(struct dispatch *d, pthread_cond_t *cond, int64_t ticks)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	int64_t at = (int64_t)t.tv_sec * SECOND + t.tv_nsec / 1000 + (ticks > 0 ? ticks : 0);
	t = (struct timespec){ .tv_sec = at / SECOND, .tv_nsec = at % SECOND * 1000 };
	(void)pthread_cond_timedwait(cond, &d->lock, &t);
}

void dispatch_break(struct dispatch *d, err e)
{
	pthread_mutex_lock(&d->lock);
	if (!failed(d->broken))
		d->broken = e;
	d->ending = true;
	pthread_cond_broadcast(&d->work);
	pthread_cond_broadcast(&d->empty);
	pthread_mutex_unlock(&d->lock);
}

static err open_parts(struct dispatch *d, struct fault *fault)
{
	const struct config *c = d->line->config;
	const struct pace_limits limits = {
		.messages = c->pace.messages_per_second,
		.recipients = c->pace.recipients_per_second,
		.domain_messages = c->pace.per_domain_per_second,
	};
	uint64_t reclaimed;

	TRY(id_new(&d->line->entropy, &d->owner));
	TRY(line_db(d->line, &d->db, fault));
	TRY(db_presence_open(d->db, d->owner, &d->presence));
	TRY(reserve_open(&d->reserve, &d->presence, (unsigned)c->transport.connections));
	/* What a killed courier had in hand is due again at once. */
	TRY(queue_reclaim(d->db, clock_now(&d->line->clock), &reclaimed));
	/* What waits for its domain's turn may get an earlier one: the pace may be another now. */
	if (id_none(d->options.scope.submission))
		TRY(queue_reline(d->db));
	TRY(pace_open(&limits, &d->pace));
	if (!d->transport)
		TRY(way_out_open(d->line, &d->transport, fault));
	return settler_begin(d->line, &d->reserve, d->options.patience, &d->settler, fault);
}

static err start_threads(struct dispatch *d)
{
	unsigned wanted = (unsigned)d->line->config->transport.connections;

	if (pthread_create(&d->feeder, NULL, dispatch_feed, d))
		return LATER(MEMORY, "no thread could be started");
	d->feeding = true;
	for (; d->couriers < wanted && d->couriers < CONNECTIONS_MAX; d->couriers++)
		if (pthread_create(&d->courier[d->couriers], NULL, dispatch_carry, d))
			break;
	return d->couriers ? OK : LATER(MEMORY, "no thread could be started");
}

err dispatch_begin(struct line *line, const struct dispatch_options *options, struct dispatch **out,
		   struct fault *fault)
{
	pthread_condattr_t monotonic;
	struct dispatch *d = calloc(1, sizeof *d);

	if (!d)
		return LATER(MEMORY, "no memory");
	d->line = line;
	d->options = *options;
	d->presence.fd = -1;
	d->transport = options->transport;
	d->next_due = MOMENT_NEVER;
	d->group = 1;
	d->stopped = true; /* until it is known what the way out allows */
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_mutex_init(&d->lock, NULL);
	pthread_cond_init(&d->work, &monotonic);
	pthread_cond_init(&d->empty, &monotonic);
	pthread_condattr_destroy(&monotonic);
	err e = open_parts(d, fault);
	if (!failed(e))
		e = start_threads(d);
	if (failed(e))
		dispatch_end(&d);
	else
		*out = d;
	return e;
}

void dispatch_wake(struct dispatch *d)
{
	pthread_mutex_lock(&d->lock);
	d->woken = true;
	pthread_cond_signal(&d->empty);
	pthread_mutex_unlock(&d->lock);
}

void dispatch_look(struct dispatch *d, struct dispatch_view *out)
{
	pthread_mutex_lock(&d->lock);
	*out = (struct dispatch_view){
		.in_flight = d->in_flight + (unsigned)(d->held_count + d->untried_count),
		.lined_up = d->lined_up,
		.down_since = d->stopped_since ? d->stopped_since : d->down_since,
		.broken = d->broken,
	};
	snprintf(out->trouble, sizeof out->trouble, "%s", d->stopped ? d->stopped_words : d->trouble);
	snprintf(out->notice, sizeof out->notice, "%s", d->notice);
	pthread_mutex_unlock(&d->lock);
}

static void remember_stubborn(struct dispatch *d, const struct held *h)
{
	d->stubborn[d->stubborn_next++ % CONNECTIONS_MAX] = (struct stubborn){ h->delivery, h->failures };
}

void dispatch_give_back(struct dispatch *d, struct held *h)
{
	must(d->untried_count < HELD_MAX);
	d->untried[d->untried_count++] = (struct queue_untried){ h->delivery, h->due };
	if (h->failures)
		remember_stubborn(d, h);
	held_done(&h);
	pthread_cond_signal(&d->empty);
}

void dispatch_give_back_held(struct dispatch *d)
{
	while (d->held_count)
		dispatch_give_back(d, d->held[--d->held_count]);
}

static void give_all_back(struct dispatch *d)
{
	dispatch_give_back_held(d);
	/* If this fails, our presence ends with us and the leases with it. */
	if (d->db)
		(void)failed(queue_release(d->db, d->owner, d->untried, d->untried_count));
	d->untried_count = 0;
}

void dispatch_end(struct dispatch **dispatch)
{
	struct dispatch *d = *dispatch;

	if (!d)
		return;
	dispatch_break(d, OK);
	for (unsigned i = 0; i < d->couriers; i++)
		pthread_join(d->courier[i], NULL);
	if (d->feeding)
		pthread_join(d->feeder, NULL);
	settler_end(&d->settler);
	give_all_back(d);
	transport_done(&d->transport);
	pace_done(&d->pace);
	reserve_done(&d->reserve);
	db_presence_done(&d->presence);
	db_done(&d->db);
	pthread_cond_destroy(&d->work);
	pthread_cond_destroy(&d->empty);
	pthread_mutex_destroy(&d->lock);
	free(d);
	*dispatch = NULL;
}
