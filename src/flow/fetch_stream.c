#include "flow/fetch_inside.h"

/* How long a transfer may go on after its link has ended. */
#define LOOK_AGAIN SECOND

struct watched {
	struct fetch *fetch;
	struct link_session session;
	struct source below;
	int64_t looked_at; /* ticks */
};

static err may_open(struct fetch *f, const struct link_session *session)
{
	struct db *db;

	TRY(db_pool_borrow(f->pool, &db));
	return db_pool_return(f->pool, &db, link_may_open(db, session, fetch_now(f)));
}

static err read_watched(void *state, void *to, size_t max, size_t *got)
{
	struct watched *w = state;
	int64_t ticks = clock_ticks(&w->fetch->parts.clock);

	if (ticks - w->looked_at >= LOOK_AGAIN) {
		TRY(may_open(w->fetch, &w->session));
		w->looked_at = ticks;
	}
	return source_read(&w->below, to, max, got);
}

static void watched_done(void *state)
{
	source_done(&((struct watched *)state)->below);
}

err flow_fetch_object(const struct fetch_view *v, id object, const struct object **out)
{
	for (const struct object *o = v->to->objects; o; o = o->next) {
		if (id_same(o->id, object)) {
			*out = o;
			return OK;
		}
	}
	return NEVER(NOT_FOUND, "no object of this recipient");
}

err flow_fetch_stream(struct fetch *f, struct arena *a, const struct fetch_view *v, const struct link_session *session,
		      const struct object *object, uint64_t first, uint64_t len, struct source *out)
{
	static const struct source_ops ops = { .read = read_watched, .done = watched_done };
	struct watched *w;

	TRY(may_open(f, session));
	TRY(NEW(a, w));
	*w = (struct watched){ .fetch = f, .session = *session, .looked_at = clock_ticks(&f->parts.clock) };
	/* A transfer that began within the session may end after it. */
	w->session.until = MOMENT_NEVER;
	TRY(store_read(f->parts.store, a, f->parts.keys, v->sub->id, object, first, len, &w->below));
	*out = (struct source){ &ops, w };
	return OK;
}

static err note_sent(struct fetch *f, struct db *db, const struct fetch_view *v, const struct link_session *session,
		     const struct fetch_event *event)
{
	OWNED(db_rollback) struct db_transaction change = { 0 };

	TRY(db_begin(db, &change));
	TRY(link_sent(db, session, event->bytes, event->kind == EVENT_LINK_OPENED, fetch_now(f)));
	TRY(fetch_tell(f, db, v->sub->key, event));
	return db_commit(&change);
}

err flow_fetch_sent(struct fetch *f, const struct fetch_view *v, const struct link_session *session,
		    const struct object *object, uint64_t bytes, bool whole)
{
	const struct fetch_event event = {
		.kind = whole ? EVENT_LINK_OPENED : EVENT_LINK_BROKEN_OFF,
		.submission = v->sub->id,
		.recipient = v->to->id,
		.link = v->link.id,
		.object = object,
		.bytes = bytes,
	};
	struct db *db;

	TRY(db_pool_borrow(f->pool, &db));
	return db_pool_return(f->pool, &db, note_sent(f, db, v, session, &event));
}
