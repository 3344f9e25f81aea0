/* The pace: virtual scheduling. Each limit knows when its next slot begins; a reservation takes the latest of
 * them and moves each on by what it costs. Since no burst is ever saved up, a limit whose slot has passed holds
 * no knowledge, and a domain that is due again can be forgotten: so a fixed table is enough. */
#include "deliver/deliver.h"

#include <math.h>
#include <pthread.h>
#include <stdlib.h>

/* Times are in nanoseconds: 40 a second is 25,000 us exactly, 3 a second is wrong by 1 s in 30 years. */
#define NANOSECONDS ((int64_t)1000)
#define LATENESS (10000 * NANOSECONDS) /* of a caller, that is made good */

enum { WAYS = 8, SETS = 1024 };

struct slots {
	int64_t message, recipient; /* when the next may go */
};
struct interval {
	int64_t message, recipient; /* 0: no limit */
};
struct place {
	uint64_t domain; /* its hash; 0: free */
	struct slots next;
	int64_t near, far; /* the next turns in its line */
};

struct pace {
	pthread_mutex_t lock;
	struct interval whole, each;
	int64_t configured; /* whole.recipient without a cap */
	struct slots next;
	struct place domains[SETS][WAYS];
};

static err interval_of(double per_second, int64_t *out)
{
	if (per_second == 0) {
		*out = 0;
		return OK;
	}
	if (!isfinite(per_second) || per_second < 1.0 / 86400 || per_second > 1e6)
		return NEVER(CONFIG, "a pace is between one a day and a million a second");
	*out = llround(1e9 / per_second);
	return OK;
}

static err set_limits(struct pace *p, const struct pace_limits *l)
{
	TRY(interval_of(l->messages, &p->whole.message));
	TRY(interval_of(l->recipients, &p->whole.recipient));
	p->configured = p->whole.recipient;
	TRY(interval_of(l->domain_messages, &p->each.message));
	return interval_of(l->domain_recipients, &p->each.recipient);
}

err pace_open(const struct pace_limits *limits, struct pace **out)
{
	struct pace *p = calloc(1, sizeof *p);

	if (!p)
		return LATER(MEMORY, "no memory");
	err e = set_limits(p, limits);
	if (failed(e)) {
		free(p);
		return e;
	}
	must(pthread_mutex_init(&p->lock, NULL) == 0);
	*out = p;
	return OK;
}

void pace_done(struct pace **p)
{
	if (*p)
		pthread_mutex_destroy(&(*p)->lock);
	free(*p);
	*p = NULL;
}

/* FNV-1a. Who finds two domains that collide makes them share a pace, and no more. */
static uint64_t hash_of(str domain)
{
	uint64_t h = 0xCBF29CE484222325u;

	for (size_t i = 0; i < domain.len; i++) {
		char c = domain.at[i];
		h = (h ^ (unsigned char)(c >= 'A' && c <= 'Z' ? c | 0x20 : c)) * 0x100000001B3u;
	}
	return h ? h : 1;
}

static int64_t later(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

static int64_t ready(const struct slots *s)
{
	return later(s->message, s->recipient);
}

/* When the next slot is: a little in the past if a late caller is to be made good, now after a longer pause. */
static int64_t due(const struct slots *s, int64_t now)
{
	return ready(s) < now - LATENESS ? now : ready(s);
}

static int64_t in_use_until(const struct place *d)
{
	return later(ready(&d->next), later(d->near, d->far));
}

/* The place of a domain. If its set is full of others that are still in use, it joins the one that is free soonest. */
static struct place *place_of(struct pace *p, str domain, int64_t now)
{
	uint64_t h = hash_of(domain);
	struct place *set = p->domains[(h >> 32) % SETS], *best = &set[0];

	for (size_t i = 0; i < WAYS; i++) {
		if (set[i].domain == h)
			return &set[i];
		if (in_use_until(&set[i]) < in_use_until(best))
			best = &set[i];
	}
	if (best->domain == 0 || in_use_until(best) < now - LATENESS)
		*best = (struct place){ .domain = h };
	return best;
}

static void take(struct slots *s, const struct interval *cost, unsigned recipients, int64_t at)
{
	if (cost->message)
		s->message = at + cost->message;
	if (cost->recipient)
		s->recipient = at + cost->recipient * (int64_t)recipients;
}

static bool reserve(struct pace *p, struct slots *domain, unsigned recipients, int64_t now, int64_t *at)
{
	int64_t whole = due(&p->next, now);
	int64_t each = domain ? due(domain, now) : whole;

	/* A domain that must wait longer than the transport would hold up all the others in its queue. */
	if (each > later(whole, now)) {
		*at = each;
		return false;
	}
	*at = later(whole, each);
	take(&p->next, &p->whole, recipients, *at);
	if (domain)
		take(domain, &p->each, recipients, *at);
	return true;
}

static int64_t ticks_of(int64_t nanoseconds, int64_t least)
{
	return later((nanoseconds + NANOSECONDS - 1) / NANOSECONDS, least);
}

void pace_cap(struct pace *p, double recipients_per_second)
{
	int64_t least = 0;

	/* A service that allows less than one a day allows that one. */
	if (recipients_per_second > 0 && failed(interval_of(recipients_per_second, &least)))
		least = recipients_per_second < 1 ? 86400 * SECOND * NANOSECONDS : 0;
	pthread_mutex_lock(&p->lock);
	p->whole.recipient = later(p->configured, least);
	pthread_mutex_unlock(&p->lock);
}

void pace_hold(struct pace *p, int64_t ticks)
{
	pthread_mutex_lock(&p->lock);
	p->next.recipient = later(p->next.recipient, ticks * NANOSECONDS);
	pthread_mutex_unlock(&p->lock);
}

bool pace_reserve(struct pace *p, str domain, unsigned recipients, int64_t now_ticks, int64_t *at)
{
	bool each = p->each.message || p->each.recipient;
	int64_t now = now_ticks * NANOSECONDS, slot;

	must(recipients > 0);
	pthread_mutex_lock(&p->lock);
	bool taken = reserve(p, each ? &place_of(p, domain, now)->next : NULL, recipients, now, &slot);
	pthread_mutex_unlock(&p->lock);
	*at = ticks_of(slot, now_ticks);
	return taken;
}

static int64_t line_up(struct place *d, int64_t step, int64_t now, int64_t near)
{
	int64_t turn = later(due(&d->next, now), d->near);

	if (turn <= now + near) {
		d->near = turn + step;
		return turn;
	}
	turn = later(d->far, turn);
	d->far = turn + step;
	return turn;
}

int64_t pace_line_up(struct pace *p, str domain, unsigned recipients, int64_t now_ticks, span near)
{
	int64_t now = now_ticks * NANOSECONDS;
	int64_t step = later(p->each.message, p->each.recipient * (int64_t)recipients);

	pthread_mutex_lock(&p->lock);
	int64_t turn = line_up(place_of(p, domain, now), step, now, near * NANOSECONDS);
	pthread_mutex_unlock(&p->lock);
	return ticks_of(turn, now_ticks);
}
