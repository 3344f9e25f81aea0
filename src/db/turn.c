/* SQLite admits one writer at a time and lets the others poll, which starves the unlucky. Threads of one process
 * therefore stand in line here before they ask the engine. One line a file, shared by its connections. */
#include "db/inside.h"

#include <pthread.h>

struct waiting {
	struct waiting *next;
	pthread_cond_t called;
	bool served;
};

struct turn {
	struct turn *next;
	char *file;
	unsigned connections;
	bool taken;
	struct waiting *first;
	struct following following;
};

/* The lines of all files, and everything in them. Held for a few instructions at a time. */
static pthread_mutex_t guard = PTHREAD_MUTEX_INITIALIZER;
static struct turn *all;

static void guard_release(bool *held)
{
	if (*held)
		must(pthread_mutex_unlock(&guard) == 0);
}
#define GUARDED                                                                                                        \
	OWNED(guard_release) bool guarded = pthread_mutex_lock(&guard) == 0;                                           \
	must(guarded)

static struct turn *find(const char *file)
{
	struct turn *t = all;

	while (t && strcmp(t->file, file) != 0)
		t = t->next;
	return t;
}

static struct turn *found(const char *file)
{
	struct turn *t = calloc(1, sizeof *t);

	if (!t)
		return NULL;
	t->file = strdup(file);
	if (!t->file) {
		free(t);
		return NULL;
	}
	t->next = all;
	all = t;
	return t;
}

err turn_join(const char *file, struct turn **out)
{
	GUARDED;
	struct turn *t = find(file);

	if (!t)
		t = found(file);
	if (!t)
		return LATER(MEMORY, "no memory for a connection");
	t->connections++;
	*out = t;
	return OK;
}

void turn_leave(struct turn **turn)
{
	struct turn *t = *turn;

	if (!t)
		return;
	GUARDED;
	*turn = NULL;
	if (--t->connections)
		return;
	struct turn **at = &all;
	while (*at != t)
		at = &(*at)->next;
	*at = t->next;
	free(t->file);
	free(t);
}

static struct timespec deadline(span patience)
{
	struct timespec t;

	must(clock_gettime(CLOCK_MONOTONIC, &t) == 0);
	t.tv_sec += patience / SECOND;
	t.tv_nsec += (patience % SECOND) * 1000;
	if (t.tv_nsec >= 1000000000) {
		t.tv_sec++;
		t.tv_nsec -= 1000000000;
	}
	return t;
}

static void step_out(struct turn *turn, struct waiting *me)
{
	struct waiting **at = &turn->first;

	while (*at != me)
		at = &(*at)->next;
	*at = me->next;
}

static void step_in(struct turn *turn, struct waiting *me)
{
	struct waiting **at = &turn->first;

	while (*at)
		at = &(*at)->next;
	*at = me;
}

static err wait_in_line(struct turn *turn, span patience)
{
	struct waiting me = { 0 };
	struct timespec until = deadline(patience);
	pthread_condattr_t monotonic;

	must(pthread_condattr_init(&monotonic) == 0);
	must(pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC) == 0);
	must(pthread_cond_init(&me.called, &monotonic) == 0);
	step_in(turn, &me);
	while (!me.served && pthread_cond_timedwait(&me.called, &guard, &until) == 0)
		;
	if (!me.served)
		step_out(turn, &me);
	(void)pthread_cond_destroy(&me.called);
	(void)pthread_condattr_destroy(&monotonic);
	return me.served ? OK : LATER(BUSY, "other writers of this process did not finish in time");
}

err turn_take(struct turn *turn, span patience)
{
	GUARDED;

	if (turn->taken)
		return wait_in_line(turn, patience);
	turn->taken = true;
	return OK;
}

/* Handed from hand to hand: `taken` stays true, so nobody slips in between. */
void turn_give(struct turn *turn)
{
	GUARDED;
	struct waiting *next = turn->first;

	must(turn->taken);
	if (!next) {
		turn->taken = false;
		return;
	}
	turn->first = next->next;
	next->served = true;
	must(pthread_cond_signal(&next->called) == 0);
}

struct following *turn_following(struct turn *turn)
{
	return &turn->following;
}
