/* Holding a run: one entry after the other, a beat where there is nothing else to say, and no mail without the run. */
#include "flow/run_inside.h"

#include "sys/sys.h"

#include <time.h>

static span beat_every(const struct run *r)
{
	return r->options.lease / 4;
}

/* The lock is held. */
static void wait_a_while(struct run *r, span at_most)
{
	struct timespec t;

	must(clock_gettime(CLOCK_MONOTONIC, &t) == 0);
	int64_t at = (int64_t)t.tv_sec * SECOND + t.tv_nsec / 1000 + (at_most > 0 ? at_most : 0);
	t = (struct timespec){ .tv_sec = at / SECOND, .tv_nsec = at % SECOND * 1000 };
	(void)pthread_cond_timedwait(&r->changed, &r->lock, &t);
}

static err not_ours(err e)
{
	if (e.why == WHY_EXISTS)
		return BROKEN(BUSY, "somebody else has taken the run over");
	return (err){ FATE_BROKEN, e.why, e.line, e.note };
}

/* The lock is held: entries come one after the other. */
static err append(struct run *r, enum run_kind kind, str bytes)
{
	int64_t ticks = clock_ticks(&r->options.clock);
	moment now = clock_now(&r->options.clock);

	if (failed(r->lost))
		return r->lost;
	err e = run_put(r, r->next, kind, bytes);
	if (failed(e)) {
		r->lost = not_ours(e);
	} else {
		r->next++;
		r->held_from = ticks;
		r->held_since = now;
	}
	pthread_cond_broadcast(&r->changed);
	return r->lost;
}

err run_append(struct run *r, enum run_kind kind, str bytes)
{
	pthread_mutex_lock(&r->lock);
	err e = append(r, kind, bytes);
	pthread_mutex_unlock(&r->lock);
	return e;
}

static bool is_within(const struct run *r, span allowed)
{
	span since = clock_now(&r->options.clock) - r->held_since;

	return clock_ticks(&r->options.clock) - r->held_from < allowed && since < allowed && since > -allowed;
}

err run_may_mail(struct run *r)
{
	pthread_mutex_lock(&r->lock);
	while (!failed(r->lost) && !is_within(r, 3 * beat_every(r)))
		wait_a_while(r, beat_every(r));
	err e = r->lost;
	pthread_mutex_unlock(&r->lock);
	return e;
}

static void *beat(void *state)
{
	struct run *r = state;

	pthread_mutex_lock(&r->lock);
	while (!r->ending && !failed(r->lost)) {
		if (is_within(r, beat_every(r)))
			wait_a_while(r, r->held_from + beat_every(r) - clock_ticks(&r->options.clock));
		else
			(void)failed(append(r, RUN_BEAT, STR_NONE));
	}
	pthread_mutex_unlock(&r->lock);
	return NULL;
}

err run_begin_beating(struct run *r)
{
	r->beating = pthread_create(&r->beat, NULL, beat, r) == 0;
	return r->beating ? OK : LATER(MEMORY, "no thread could be started");
}

void run_end_beating(struct run *r)
{
	if (!r->beating)
		return;
	pthread_mutex_lock(&r->lock);
	r->ending = true;
	pthread_cond_broadcast(&r->changed);
	pthread_mutex_unlock(&r->lock);
	pthread_join(r->beat, NULL);
	r->beating = false;
}
