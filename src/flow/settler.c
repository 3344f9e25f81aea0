#include "flow/settler.h"

#include <pthread.h>

struct settler {
	struct line *line;
	struct db *db;
	struct reserve *reserve;
	span patience;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t came, done;
	struct verdict_of_try *first, **last;
	bool ending;
	err broken;
};

static enum event_kind event_of(const struct verdict_of_try *v)
{
	switch (v->settlement.state) {
	case DELIVERY_DELIVERED:
		return EVENT_DELIVERED;
	case DELIVERY_FAILED:
		return EVENT_FAILED;
	default:
		return v->uncertain ? EVENT_UNCERTAIN : EVENT_TRIED;
	}
}

static err write_one(struct settler *s, struct verdict_of_try *v)
{
	struct event event = {
		.kind = event_of(v),
		.at = v->settlement.now,
		.submission = v->submission,
		.delivery = v->settlement.delivery,
		.detail = v->key ? v->detail : STR_NONE,
	};

	err e = queue_settle(s->db, &v->settlement);
	if (e.fate == FATE_NEVER && e.why == WHY_STATE)
		return OK; /* the lease was lost: who has it now tells the story, and the others of the group go on */
	TRY(e);
	return track_add(s->db, &s->line->entropy, v->key, &event);
}

static err write_group(struct settler *s, struct verdict_of_try *group)
{
	OWNED(db_rollback) struct db_transaction change = { 0 };

	TRY(db_begin(s->db, &change));
	for (struct verdict_of_try *v = group; v; v = v->next)
		TRY(write_one(s, v));
	return db_commit(&change);
}

/* A full disk or a busy database passes; what was heard is kept in memory and tried again until it is kept. */
static err write_group_stubbornly(struct settler *s, struct verdict_of_try *group)
{
	int64_t began = clock_ticks(&s->line->clock);
	err e = write_group(s, group);

	if (e.why == WHY_DISK_FULL && reserve_spend(s->reserve))
		e = write_group(s, group);
	while (e.fate == FATE_LATER && clock_ticks(&s->line->clock) - began < s->patience && sys_sleep(SECOND))
		e = write_group(s, group);
	return e;
}

static void announce(struct settler *s, struct verdict_of_try *group)
{
	for (struct verdict_of_try *next; group; group = next) {
		next = group->next; /* its courier may go on, and its memory with it, once it is marked */
		group->durable = true;
	}
	pthread_cond_broadcast(&s->done);
}

static void *run(void *state)
{
	struct settler *s = state;

	pthread_mutex_lock(&s->lock);
	for (;;) {
		while (!s->first && !s->ending)
			pthread_cond_wait(&s->came, &s->lock);
		if (!s->first)
			break;
		struct verdict_of_try *group = s->first;
		s->first = NULL;
		s->last = &s->first;
		pthread_mutex_unlock(&s->lock);
		err e = write_group_stubbornly(s, group);
		pthread_mutex_lock(&s->lock);
		if (failed(e)) {
			s->broken = e;
			pthread_cond_broadcast(&s->done);
			break;
		}
		announce(s, group);
	}
	pthread_mutex_unlock(&s->lock);
	return NULL;
}

err settler_begin(struct line *line, struct reserve *reserve, span patience, struct settler **out, struct fault *fault)
{
	struct settler *s = calloc(1, sizeof *s);

	if (!s)
		return LATER(MEMORY, "no memory");
	s->line = line;
	s->reserve = reserve;
	s->patience = patience;
	s->last = &s->first;
	err e = line_db(line, &s->db, fault);
	if (failed(e)) {
		free(s);
		return e;
	}
	pthread_mutex_init(&s->lock, NULL);
	pthread_cond_init(&s->came, NULL);
	pthread_cond_init(&s->done, NULL);
	if (pthread_create(&s->thread, NULL, run, s)) {
		db_done(&s->db);
		free(s);
		return LATER(MEMORY, "no thread could be started");
	}
	*out = s;
	return OK;
}

/* With the lock. */
static void line_up(struct settler *s, struct verdict_of_try *v)
{
	v->next = NULL;
	*s->last = v;
	s->last = &v->next;
	pthread_cond_signal(&s->came);
}

err settler_put(struct settler *s, struct verdict_of_try *v)
{
	v->durable = false;
	pthread_mutex_lock(&s->lock);
	/* Once it is broken nobody takes them from the line, and its end may lie in memory that is gone. */
	if (!failed(s->broken))
		line_up(s, v);
	while (!v->durable && !failed(s->broken))
		pthread_cond_wait(&s->done, &s->lock);
	err e = v->durable ? OK : s->broken;
	pthread_mutex_unlock(&s->lock);
	return e;
}

void settler_end(struct settler **s)
{
	if (!*s)
		return;
	pthread_mutex_lock(&(*s)->lock);
	(*s)->ending = true;
	pthread_cond_signal(&(*s)->came);
	pthread_mutex_unlock(&(*s)->lock);
	pthread_join((*s)->thread, NULL);
	db_done(&(*s)->db);
	pthread_cond_destroy(&(*s)->came);
	pthread_cond_destroy(&(*s)->done);
	pthread_mutex_destroy(&(*s)->lock);
	free(*s);
	*s = NULL;
}
