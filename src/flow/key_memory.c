#include "flow/key_memory.h"

#include <pthread.h>
#include <stdlib.h>

enum { SLOTS = 1 << 14, FAILURES_MAX = 3 };
#define MEMORY_MAX ((size_t)1024 * 1024 * 1024)
#define QUICK SECOND
#define SLOW_MAX (30 * SECOND)

/* A domain, a server that stands for all, or an address of which nothing more is to be known. */
struct place {
	struct place *next; /* in its slot */
	str name;
	bool known, busy; /* how it is reached; somebody is finding out */
	struct key_route route;
	bool answered, down, none; /* ever; is not asked again; has no directory */
	bool looked;               /* somebody looks, or looked, whether it has one */
	unsigned failures;         /* in a row */
	span slow;                 /* in all, beyond what is quick */
	err why;                   /* of what is down, and of an address */
	str words;
};

struct key_memory {
	struct arena *arena;
	struct place **slot;
	pthread_mutex_t lock; /* over all of it */
	pthread_cond_t found_out;
};

err key_memory_open(struct key_memory **out)
{
	OWNED(key_memory_done) struct key_memory *m = calloc(1, sizeof *m);

	if (!m)
		return LATER(MEMORY, "no memory");
	pthread_mutex_init(&m->lock, NULL);
	pthread_cond_init(&m->found_out, NULL);
	TRY(arena_open(MEMORY_MAX, &m->arena));
	TRY(NEW_ARRAY(m->arena, SLOTS, m->slot));
	*out = m;
	m = NULL;
	return OK;
}

void key_memory_done(struct key_memory **memory)
{
	struct key_memory *m = *memory;

	*memory = NULL;
	if (!m)
		return;
	pthread_cond_destroy(&m->found_out);
	pthread_mutex_destroy(&m->lock);
	arena_close(m->arena);
	free(m);
}

/* ── Finding. The lock is held ───────────────────────────────────────────────────────────────────── */

static size_t slot_of(str name)
{
	uint64_t h = 14695981039346656037u; /* FNV-1a: names are bounded by the list, and the list is the sender's */

	for (size_t i = 0; i < name.len; i++)
		h = (h ^ (unsigned char)name.at[i]) * 1099511628211u;
	return (size_t)(h % SLOTS);
}

static struct place *known_place(const struct key_memory *m, str name)
{
	struct place *p = m->slot[slot_of(name)];

	while (p && !str_same(p->name, name))
		p = p->next;
	return p;
}

static err find(struct key_memory *m, str name, struct place **out)
{
	struct place *p = known_place(m, name);

	if (!p) {
		struct place **slot = &m->slot[slot_of(name)];
		TRY(NEW(m->arena, p));
		TRY(str_copy(m->arena, name, &p->name));
		p->next = *slot;
		*slot = p;
	}
	*out = p;
	return OK;
}

static str asked_at(const struct key_asking *w)
{
	return w->server.len ? w->server : w->domain;
}

static err address_of(struct arena *a, const struct key_asking *w, str *out)
{
	return str_format(a, out, "%.*s@%.*s", STR_ARG(w->folded), STR_ARG(w->domain));
}

/* ── Before ──────────────────────────────────────────────────────────────────────────────────────── */

static err no_directory(str domain, struct fault *fault)
{
	fault_set(fault, "%.*s has no key directory", STR_ARG(domain));
	return NEVER(NOT_FOUND, "the domain has no key directory");
}

static err say(const struct place *p, struct fault *fault)
{
	fault_set(fault, "%.*s", STR_ARG(p->words));
	return p->why;
}

static err remembered(struct key_memory *m, const struct key_asking *w, struct fault *fault)
{
	SCRATCH(m->arena);
	const struct place *domain = known_place(m, w->domain), *p;
	str address;

	if (domain && domain->none)
		return no_directory(w->domain, fault);
	TRY(address_of(m->arena, w, &address));
	p = known_place(m, address);
	if (!p)
		return OK;
	return say(p, fault);
}

static err begin(struct key_memory *m, struct key_asking *w, struct fault *fault)
{
	struct place *p;

	TRY(find(m, asked_at(w), &p));
	while (p->busy)
		pthread_cond_wait(&m->found_out, &m->lock);
	TRY(remembered(m, w, fault));
	if (p->down)
		return say(p, fault);
	w->first = p->busy = !p->known;
	w->route = p->route;
	return OK;
}

err key_memory_begin(struct key_memory *m, struct key_asking *w, struct fault *fault)
{
	pthread_mutex_lock(&m->lock);
	err e = begin(m, w, fault);
	pthread_mutex_unlock(&m->lock);
	return e;
}

/* ── After ───────────────────────────────────────────────────────────────────────────────────────── */

static bool is_failing(err e)
{
	return e.fate != FATE_OK && e.fate != FATE_NEVER;
}

static void keep_words(struct key_memory *m, struct place *p, err e, const struct fault *fault)
{
	char room[1280];
	struct buf words = BUF_ON(room);

	p->why = e;
	buf_add_fault(&words, fault, e);
	(void)failed(str_copy(m->arena, buf_str(&words), &p->words));
}

static void give_up(struct key_memory *m, struct place *p, err e, const struct fault *fault)
{
	keep_words(m, p, e, fault);
	p->down = true;
}

/* Where it may not be asked, no other address of it may either. */
static void judge(struct key_memory *m, struct place *p, err e, span took, const struct fault *fault)
{
	bool failing = is_failing(e);

	p->failures = failing ? p->failures + 1 : 0;
	p->slow += took > QUICK ? took - QUICK : 0;
	if ((failing && (!p->answered || p->failures >= FAILURES_MAX)) || e.why == WHY_DENIED) {
		give_up(m, p, e, fault);
	} else if (p->slow > SLOW_MAX && !p->down) {
		struct fault slow = { 0 };
		fault_set(&slow, "the key directory of %.*s answers too slowly", STR_ARG(p->name));
		give_up(m, p, LATER(TIMEOUT, "a key directory that is too slow"), &slow);
	}
	p->answered = p->answered || !failing;
}

static err remember_address(struct key_memory *m, const struct key_asking *w, err e, const struct fault *fault)
{
	struct place *p;
	str address;

	TRY(address_of(m->arena, w, &address));
	TRY(find(m, address, &p));
	keep_words(m, p, e, fault);
	return OK;
}

/* Where there is a key there is a directory, and one look is enough for all that have none. */
static bool should_look(struct key_memory *m, const struct key_asking *w, err e)
{
	struct place *domain;

	if (is_failing(e) || failed(find(m, w->domain, &domain)))
		return false;
	bool look = e.why == WHY_NOT_FOUND && !domain->looked;
	domain->looked = true;
	return look;
}

bool key_memory_end(struct key_memory *m, const struct key_asking *w, const struct key_route *route, err e, span took,
		    const struct fault *fault)
{
	struct place *p;

	pthread_mutex_lock(&m->lock);
	if (!failed(find(m, asked_at(w), &p))) {
		if (w->first) {
			p->busy = false;
			if (route && !failed(str_copy(m->arena, route->host, &p->route.host))) {
				p->route.direct = route->direct;
				p->known = true;
			}
		}
		judge(m, p, e, took, fault);
	}
	if (e.fate == FATE_NEVER)
		(void)failed(remember_address(m, w, e, fault)); /* without room it is asked again */
	bool look = should_look(m, w, e);
	pthread_cond_broadcast(&m->found_out);
	pthread_mutex_unlock(&m->lock);
	return look;
}

void key_memory_none(struct key_memory *m, const struct key_asking *w)
{
	struct place *p;

	pthread_mutex_lock(&m->lock);
	if (!failed(find(m, w->domain, &p)))
		p->none = true;
	pthread_mutex_unlock(&m->lock);
}
