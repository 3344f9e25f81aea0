/* Who looked at a page: a scanner, a preview, a person; nobody can tell, so only that it happened is written down. A
 * flood costs memory for some hundred links and a commit now and then: the first look is an event, the rest is a count.
 * A crash may forget the last seconds of it. */
#include "flow/fetch_seen.h"

#include <pthread.h>

enum { SEEN_MAX = 256 };
#define WRITE_EVERY (2 * SECOND)

struct seen_link {
	id link, submission, recipient;
	moment first;
	uint64_t times;
	bool is_first;
};

struct seen {
	pthread_mutex_t lock;
	struct seen_link links[SEEN_MAX];
	size_t count;
	int64_t written; /* ticks */
};

err seen_open(struct seen **out)
{
	struct seen *s = calloc(1, sizeof *s);

	if (!s)
		return LATER(MEMORY, "no memory to count looks");
	pthread_mutex_init(&s->lock, NULL);
	*out = s;
	return OK;
}

static err tell_first(struct fetch *f, struct db *db, const struct seen_link *l)
{
	OWNED(arena_done) struct arena *a = NULL;
	OWNED(submission_done) struct submission *sub = NULL;
	const struct fetch_event event = {
		.kind = EVENT_LINK_FETCHED, .submission = l->submission, .recipient = l->recipient, .link = l->link
	};

	TRY(arena_open(1 << 20, &a));
	TRY(submission_load(db, a, f->parts.keys, l->submission, &sub));
	return fetch_tell(f, db, sub->key, &event);
}

/* Of several who look for the first time at once, one is the first. */
static err write_one(struct fetch *f, struct db *db, const struct seen_link *l)
{
	TRY(db_run(db, QUERY_LINK_FETCHED, DB(db_id(l->link), db_number((int64_t)l->times))));
	TRY(db_run(db, QUERY_LINK_FETCHED_FIRST, DB(db_id(l->link), db_number(l->first))));
	if (db_changed(db) != 1)
		return OK;
	err e = tell_first(f, db, l);
	return e.fate == FATE_NEVER ? OK : e; /* erased meanwhile: nobody is left to be told */
}

static err write_all(struct fetch *f, struct db *db, const struct seen_link *links, size_t count)
{
	OWNED(db_rollback) struct db_transaction change = { 0 };

	TRY(db_begin(db, &change));
	for (size_t i = 0; i < count; i++)
		TRY(write_one(f, db, &links[i]));
	return db_commit(&change);
}

/* What cannot be written is forgotten: no document was given out, and memory is not for ever. */
static void write_down(struct fetch *f, const struct seen_link *links, size_t count)
{
	struct db *db;

	if (count && !failed(db_pool_borrow(f->pool, &db)))
		(void)failed(db_pool_return(f->pool, &db, write_all(f, db, links, count)));
}

static struct seen_link *find(struct seen *s, id link)
{
	for (size_t i = 0; i < s->count; i++)
		if (id_same(s->links[i].link, link))
			return &s->links[i];
	return NULL;
}

static void add(struct seen *s, const struct link_view *link, moment now)
{
	struct seen_link *l = find(s, link->id);

	if (!l && s->count < SEEN_MAX) {
		l = &s->links[s->count++];
		*l = (struct seen_link){ .link = link->id,
					 .submission = link->submission,
					 .recipient = link->recipient,
					 .first = now,
					 .is_first = link->fetched_at == 0 };
	}
	if (l)
		l->times++;
}

static bool has_first(const struct seen *s)
{
	for (size_t i = 0; i < s->count; i++)
		if (s->links[i].is_first)
			return true;
	return false;
}

/* A copy to be written without the lock; the first look at anything goes at once. */
static size_t take(struct seen *s, int64_t ticks, struct seen_link out[SEEN_MAX])
{
	size_t count = s->count;

	if (!has_first(s) && count < SEEN_MAX && ticks - s->written < WRITE_EVERY)
		return 0;
	memcpy(out, s->links, count * sizeof *out);
	s->count = 0;
	s->written = ticks;
	return count;
}

void flow_fetch_seen(struct fetch *f, const struct fetch_view *v)
{
	struct seen_link due[SEEN_MAX];

	pthread_mutex_lock(&f->seen->lock);
	add(f->seen, &v->link, fetch_now(f));
	size_t count = take(f->seen, clock_ticks(&f->parts.clock), due);
	pthread_mutex_unlock(&f->seen->lock);
	write_down(f, due, count);
}

void seen_done(struct fetch *f)
{
	struct seen *s = f->seen;

	f->seen = NULL;
	if (!s)
		return;
	write_down(f, s->links, s->count);
	pthread_mutex_destroy(&s->lock);
	free(s);
}
