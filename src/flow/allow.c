/* What the way out allows: asked before anything is leased, every hour, and at once when it refuses what it should
 * allow. While it allows nothing, nothing is tried, and it is asked again and again. */
#include "flow/dispatch_inside.h"

#include "sys/sys.h"

#include <stdio.h>

#define ASK_EVERY HOUR
#define FAST_FIRST (SECOND / 10)
#define FAST_MOST (5 * SECOND)
enum { WAIT_FIRST = SECOND, WAIT_MOST = 60 * SECOND };

int64_t dispatch_longer(int64_t wait)
{
	wait = wait ? 2 * wait : WAIT_FIRST;
	return wait < WAIT_MOST ? wait : WAIT_MOST;
}

static void stop(struct dispatch *d, int64_t now, const char *words)
{
	if (!d->stopped || !d->stopped_since)
		d->stopped_since = now;
	d->stopped = true;
	dispatch_give_back_held(d); /* so that it can be cancelled meanwhile */
	snprintf(d->stopped_words, sizeof d->stopped_words, "%s", words);
}

static void go_on(struct dispatch *d)
{
	if (d->stopped)
		pthread_cond_broadcast(&d->work);
	d->stopped = false;
	d->stopped_since = 0;
	d->stopped_words[0] = 0;
}

static void ask_later(struct dispatch *d, int64_t now)
{
	d->ask_wait = dispatch_longer(d->ask_wait);
	d->ask_at = now + d->ask_wait;
}

/* What is known goes on to hold if it cannot be asked about now. */
static void nobody_knows(struct dispatch *d, int64_t now, err e, const struct fault *fault)
{
	char words[512];
	struct buf b = { .at = words, .max = sizeof words - 1 };

	buf_add(&b, STR("mail cannot leave now: "));
	buf_add_fault(&b, fault, e);
	ask_later(d, now);
	if (d->stopped)
		stop(d, now, buf_c(&b));
}

static void keep_to(struct dispatch *d, int64_t now, const struct way_out *w)
{
	pace_cap(d->pace, w->allowance.per_second);
	snprintf(d->notice, sizeof d->notice, "%s", w->notice);
	if (w->stopped[0]) {
		stop(d, now, w->stopped);
		ask_later(d, now);
		return;
	}
	go_on(d);
	/* Who may not ask today may tomorrow; who has nothing to tell is not asked again. */
	d->ask_at = w->told || w->notice[0] ? now + ASK_EVERY : INT64_MAX;
}

void dispatch_ask(struct dispatch *d)
{
	struct fault fault = { 0 };
	struct way_out w;
	err e = way_out_ask(d->line, d->db, d->transport, &w, &fault);

	pthread_mutex_lock(&d->lock);
	int64_t now = clock_ticks(&d->line->clock);
	if (failed(e))
		nobody_knows(d, now, e, &fault);
	else
		keep_to(d, now, &w);
	pthread_mutex_unlock(&d->lock);
}

void dispatch_ask_soon(struct dispatch *d, const char *words)
{
	int64_t now = clock_ticks(&d->line->clock);

	if (d->stopped)
		return; /* what was said to the question is better than what was said to a message */
	/* At once, unless that has not helped a moment ago. */
	d->ask_at = now + d->ask_wait;
	d->ask_wait = dispatch_longer(d->ask_wait);
	stop(d, now, words);
	pthread_cond_signal(&d->empty);
}

/* Half of each wait is by chance, so that those who share the account do not come back together. */
static int64_t vary(struct dispatch *d, int64_t wait)
{
	uint16_t dice = 0;

	if (failed(entropy_fill(&d->line->entropy, &dice, sizeof dice)))
		dice = 0;
	return wait / 2 + wait / 2 * dice / 65536;
}

void dispatch_slow_down(struct dispatch *d)
{
	int64_t now = clock_ticks(&d->line->clock);

	if (now < d->fast_until)
		return;
	d->fast_wait = d->fast_wait ? 2 * d->fast_wait : FAST_FIRST;
	if (d->fast_wait > FAST_MOST)
		d->fast_wait = FAST_MOST;
	d->fast_until = now + vary(d, d->fast_wait);
	pace_hold(d->pace, d->fast_until);
}
