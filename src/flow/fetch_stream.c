#include "flow/fetch_tell.h"

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

err fetch_watch(struct fetch *f, struct arena *a, const struct fetch_view *v, const struct link_session *session,
		struct source *below, struct source *out)
{
	static const struct source_ops ops = { .read = read_watched, .done = watched_done };
	struct watched *w;

	if (v->link.opens_max > 0) /* that it is live, the view has just seen */
		TRY(may_open(f, session));
	TRY(NEW(a, w));
	*w = (struct watched){ .fetch = f, .session = *session, .looked_at = clock_ticks(&f->parts.clock) };
	/* A transfer that began within the session may end after it. */
	w->session.until = MOMENT_NEVER;
	w->below = *below;
	*below = (struct source){ 0 };
	*out = (struct source){ &ops, w };
	return OK;
}

err flow_fetch_stream(struct fetch *f, struct arena *a, const struct fetch_view *v, const struct link_session *session,
		      const struct object *object, uint64_t first, uint64_t len, struct source *out)
{
	OWNED(source_done) struct source stored = { 0 };

	TRY(store_read(f->parts.store, a, f->parts.keys, v->sub->id, object, first, len, &stored));
	return fetch_watch(f, a, v, session, &stored, out);
}

/* Takes the view's key. */
static err tell(struct fetch *f, struct fetch_view *v, const struct object *object, struct note *note, bool durable)
{
	note->key = v->sub->key;
	note->submission = v->sub->id;
	note->recipient = v->to->id;
	note->object = *object;
	note->times = 1;
	note->object.name = str_upto(object->name, NOTE_NAME);
	if (note->object.name.len)
		memcpy(note->name, note->object.name.at, note->object.name.len);
	v->sub->key = NULL; /* the note's now */
	return teller_note(f->teller, note, durable);
}

err flow_fetch_sent(struct fetch *f, struct fetch_view *v, const struct link_session *session,
		    const struct object *object, uint64_t bytes, bool whole)
{
	struct note note = { .session = *session, .bytes = bytes, .whole = whole };

	return tell(f, v, object, &note, whole && (v->link.opened_at == 0 || v->link.opens_max > 0));
}

/* What the store's login cannot do is no damage of the document. */
static err share(struct fetch *f, struct arena *a, const struct object *object, str *url)
{
	moment now = fetch_now(f);
	err e = store_share(f->parts.store, a, object->id, now - now % SECOND, STORE_LENT, url);

	return failed(e) ? LATER(STORE, "no URL of the store can be signed now") : OK;
}

err flow_fetch_lend(struct fetch *f, struct arena *a, struct fetch_view *v, const struct link_session *session,
		    const struct object *object, str *url)
{
	struct note note = { .session = *session, .whole = true, .handed_over = true };
	str lent;

	TRY(may_open(f, session));
	TRY(share(f, a, object, &lent));
	TRY(tell(f, v, object, &note, true));
	*url = lent;
	return OK;
}
