/* What is told beside proofs and transfers: that a link came to the wrong person, that stored bytes are damaged. */
#include "flow/fetch_inside.h"

enum { SUBMISSION_ROOM = 256 * 1024 };

static err tell_disowned(struct fetch *f, struct db *db, struct arena *a, const struct link_view *link)
{
	OWNED(submission_done) struct submission *sub = NULL;
	OWNED(db_rollback) struct db_transaction change = { 0 };
	bool first = false;

	TRY(submission_load(db, a, f->parts.keys, link->submission, &sub));
	TRY(db_begin(db, &change));
	TRY(link_disown(db, link->id, fetch_now(f), &first));
	if (first) {
		TRY(fetch_tell(f, db, sub->key,
			       &(struct fetch_event){ .kind = EVENT_LINK_NOT_FOR_ME,
						      .submission = link->submission,
						      .recipient = link->recipient,
						      .link = link->id }));
		TRY(track_notice(db, link->submission, link->id, NOTICE_NOT_FOR_ME, fetch_now(f)));
	}
	return db_commit(&change);
}

static err disown(struct fetch *f, struct db *db, str token)
{
	OWNED(arena_done) struct arena *a = NULL;
	struct link_view link;

	err e = link_find(db, f->parts.keys, token, fetch_now(f), &link);
	if (e.why == WHY_NOT_FOUND || (!failed(e) && link.state != LINK_LIVE && link.state != LINK_LOCKED))
		return OK;
	TRY(e);
	TRY(arena_open(SUBMISSION_ROOM, &a));
	return tell_disowned(f, db, a, &link);
}

err flow_fetch_disown(struct fetch *f, str token)
{
	struct db *db;

	TRY(db_pool_borrow(f->pool, &db));
	return db_pool_return(f->pool, &db, disown(f, db, token));
}

/* Nothing is counted, so a second telling harms nobody; a session is short, and each costs a proof. */
err flow_fetch_damaged(struct fetch *f, const struct fetch_view *v, const struct object *object)
{
	const struct fetch_event event = { .kind = EVENT_LINK_DAMAGED,
					   .submission = v->sub->id,
					   .recipient = v->to->id,
					   .link = v->link.id,
					   .object = object };
	struct db *db;

	TRY(db_pool_borrow(f->pool, &db));
	return db_pool_return(f->pool, &db, fetch_tell(f, db, v->sub->key, &event));
}
