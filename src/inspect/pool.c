/* The pool: who is idle, who is lent, and the thread that starts new ones. */
#include "inspect/inside.h"

#include "sys/sys.h"

#include <pthread.h>

enum { JOBS_EACH = 1000, WORKERS_MAX = 1024, SPARE_AFTER = 16, PATH_MAX_BYTES = 4096 };
#define TRY_AGAIN_AFTER SECOND

/* Workers of one kind: those that do each job in a process of its own, and those that do not. */
struct crew {
	bool alone;
	struct one *idle;              /* the one that worked last comes first: its memory is warm */
	unsigned alive, lent, waiting; /* alive: idle, lent or being ended */
	uint64_t served;
	err trouble; /* why the last one could not be started */
};

struct inspectors {
	struct inspectors_options options;
	char program[PATH_MAX_BYTES];
	pthread_t starter;
	pthread_mutex_t lock;              /* over what follows */
	pthread_cond_t given_back, wanted; /* for those who wait for one; for the starter */
	struct crew crews[2];
	bool started, closing;
	unsigned landlock;
};

/* ── The thread that starts them ─────────────────────────────────────────────────────────────────── */

/* One more than may work: who is replaced is replaced by one that is warm. For a few jobs only it is not worth it. */
static bool one_more_wanted(const struct inspectors *p, const struct crew *c)
{
	unsigned idle = c->alive - c->lent;
	unsigned spare = c->served >= SPARE_AFTER;

	return c->alive < p->options.workers + spare && idle < c->waiting + spare && !failed(c->trouble);
}

static struct crew *crew_that_wants(struct inspectors *p)
{
	for (size_t i = 0; i < sizeof p->crews / sizeof *p->crews; i++)
		if (one_more_wanted(p, &p->crews[i]))
			return &p->crews[i];
	return NULL;
}

static err start_one(struct inspectors *p, bool alone, struct one **out)
{
	struct one *o = calloc(1, sizeof *o);

	if (!o)
		return LATER(MEMORY, "no memory for an inspector");
	o->in = BUF_ON(o->in_room);
	o->out = BUF_ON(o->out_room);
	o->alone = alone;
	err e = worker_start(p->program, alone, &o->worker);
	if (failed(e))
		free(o);
	else
		*out = o;
	return e;
}

/* A new one comes last: those that are ready go first. */
static void put_last(struct crew *c, struct one *o)
{
	struct one **end = &c->idle;

	while (*end)
		end = &(*end)->next;
	*end = o;
}

static void rest(struct inspectors *p, struct crew *c)
{
	struct timespec until;

	(void)clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += TRY_AGAIN_AFTER / SECOND;
	(void)pthread_cond_timedwait(&p->wanted, &p->lock, &until);
	c->trouble = OK;
}

static void start_and_tell(struct inspectors *p, struct crew *c)
{
	struct one *o = NULL;

	c->alive++;
	pthread_mutex_unlock(&p->lock);
	err e = start_one(p, c->alone, &o);
	pthread_mutex_lock(&p->lock);
	c->trouble = e;
	if (failed(e))
		c->alive--;
	else
		put_last(c, o);
	pthread_cond_broadcast(&p->given_back);
	if (failed(e))
		rest(p, c);
}

static void *start_them(void *state)
{
	struct inspectors *p = state;

	pthread_mutex_lock(&p->lock);
	while (!p->closing) {
		struct crew *c = crew_that_wants(p);
		if (c)
			start_and_tell(p, c);
		else
			pthread_cond_wait(&p->wanted, &p->lock);
	}
	pthread_mutex_unlock(&p->lock);
	return NULL;
}

/* ── Lending ─────────────────────────────────────────────────────────────────────────────────────── */

static void one_free(struct one *o, int *signal)
{
	worker_end(&o->worker, signal);
	free(o);
}

/* An idle one that was killed, or speaks unasked, is not lent. */
static struct one *take_idle(struct crew *c)
{
	struct one *o = c->idle;

	c->idle = o->next;
	o->next = NULL;
	if (!o->ready || worker_quiet(&o->worker))
		return o;
	one_free(o, NULL);
	c->alive--;
	return NULL;
}

static err wait_for_one(struct inspectors *p, struct crew *c, struct one **out)
{
	for (;;) {
		if (c->idle && p->crews[0].lent + p->crews[1].lent < p->options.workers) {
			*out = take_idle(c);
			if (*out)
				return OK;
			continue;
		}
		if (failed(c->trouble) && c->alive == 0)
			return c->trouble;
		pthread_cond_signal(&p->wanted);
		pthread_cond_wait(&p->given_back, &p->lock);
	}
}

err pool_take(struct inspectors *p, bool alone, struct one **out, struct fault *fault)
{
	struct crew *c = &p->crews[alone];
	struct one *o = NULL;

	pthread_mutex_lock(&p->lock);
	c->waiting++;
	err e = wait_for_one(p, c, &o);
	c->waiting--;
	if (!failed(e))
		c->lent++;
	pthread_mutex_unlock(&p->lock);
	if (failed(e)) {
		fault_set(fault, "%s could not be started: %s", p->program, err_verdict(e)->words);
		return e;
	}
	if (o->working && (!one_rests(o) || !worker_quiet(&o->worker))) {
		pool_end(p, o, NULL);
		return pool_take(p, alone, out, fault);
	}
	e = o->ready ? OK : one_ready(&p->options, o, fault);
	if (failed(e)) {
		pool_end(p, o, NULL);
		return e;
	}
	*out = o;
	return OK;
}

void pool_end(struct inspectors *p, struct one *o, int *signal)
{
	struct crew *c = &p->crews[o->alone];

	one_free(o, signal);
	pthread_mutex_lock(&p->lock);
	c->alive--;
	c->lent--;
	pthread_cond_signal(&p->wanted);
	pthread_cond_broadcast(&p->given_back);
	pthread_mutex_unlock(&p->lock);
}

void pool_give_back(struct inspectors *p, struct one *o)
{
	struct crew *c = &p->crews[o->alone];

	o->jobs++;
	pthread_mutex_lock(&p->lock);
	c->served++;
	bool worn = o->jobs >= p->options.jobs_each;
	if (!worn) {
		o->next = c->idle;
		c->idle = o;
		c->lent--;
		if (p->crews[0].waiting + p->crews[1].waiting)
			pthread_cond_broadcast(&p->given_back); /* who of them may go on, they know */
		if (c->served == SPARE_AFTER)
			pthread_cond_signal(&p->wanted);
	}
	pthread_mutex_unlock(&p->lock);
	if (worn)
		pool_end(p, o, NULL);
}

/* ── Opening and closing ─────────────────────────────────────────────────────────────────────────── */

/* A program that is named must be one that others cannot exchange. */
static err judge_program(const char *path, struct fault *fault)
{
	struct path_facts facts;

	err e = path_look(path, &facts);
	if (failed(e)) {
		fault_set(fault, "inspector.program: %s: %s", path, err_verdict(e)->words);
		return e;
	}
	if (facts.regular && facts.ours && !facts.others_write)
		return OK;
	fault_set(fault,
		  "inspector.program: %s must be a file that belongs to root or to the user that runs this, "
		  "and that nobody else may write: chmod go-w",
		  path);
	return NEVER(CONFIG, "a program that others may write");
}

static err find_program(struct inspectors *p, struct fault *fault)
{
	OWNED(arena_done) struct arena *a = NULL;
	const char *path = p->options.program;

	TRY(arena_open(64 * 1024, &a));
	err e = path ? judge_program(path, fault) : program_beside(a, "letterlock-inspector", &path);
	if (e.why == WHY_NOT_FOUND && !p->options.program)
		fault_set(fault, "letterlock-inspector is missing: it belongs beside letterlock, or in ../libexec");
	TRY(e);
	if (str_of(path).len >= sizeof p->program)
		return NEVER(LIMIT, "too long a path");
	memcpy(p->program, path, str_of(path).len + 1);
	return OK;
}

static err begin(struct inspectors *p, struct fault *fault)
{
	struct one *first;

	TRY(find_program(p, fault));
	if (pthread_create(&p->starter, NULL, start_them, p))
		return LATER(MEMORY, "no thread for the inspectors");
	p->started = true;
	TRY(pool_take(p, false, &first, fault));
	p->landlock = first->landlock;
	first->jobs--; /* it has done none */
	pool_give_back(p, first);
	return OK;
}

err inspectors_open(const struct inspectors_options *options, struct inspectors **out, struct fault *fault)
{
	struct inspectors *p = calloc(1, sizeof *p);

	if (!p)
		return LATER(MEMORY, "no memory for the inspectors");
	p->options = *options;
	p->crews[true].alone = true;
	if (p->options.workers == 0)
		p->options.workers = (unsigned)sys_processors();
	if (p->options.workers > WORKERS_MAX)
		p->options.workers = WORKERS_MAX;
	if (p->options.jobs_each == 0)
		p->options.jobs_each = JOBS_EACH;
	pthread_mutex_init(&p->lock, NULL);
	pthread_cond_init(&p->given_back, NULL);
	pthread_cond_init(&p->wanted, NULL);
	err e = begin(p, fault);
	if (failed(e))
		inspectors_done(&p);
	else
		*out = p;
	return e;
}

static void end_all(struct crew *c)
{
	while (c->idle) {
		struct one *o = c->idle;
		c->idle = o->next;
		one_free(o, NULL);
	}
}

void inspectors_done(struct inspectors **pool)
{
	struct inspectors *p = *pool;

	*pool = NULL;
	if (!p)
		return;
	if (p->started) {
		pthread_mutex_lock(&p->lock);
		p->closing = true;
		pthread_cond_signal(&p->wanted);
		pthread_mutex_unlock(&p->lock);
		(void)pthread_join(p->starter, NULL);
	}
	end_all(&p->crews[0]);
	end_all(&p->crews[1]);
	pthread_cond_destroy(&p->wanted);
	pthread_cond_destroy(&p->given_back);
	pthread_mutex_destroy(&p->lock);
	free(p);
}

unsigned inspectors_landlock(const struct inspectors *p)
{
	return p->landlock;
}

const struct inspectors_options *pool_options(const struct inspectors *p)
{
	return &p->options;
}
