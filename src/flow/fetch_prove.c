#include "flow/fetch_range.h"

/* The submission's key is needed to seal the event's detail; a link whose submission is gone told nobody anything. */
static err tell(struct fetch *f, struct db *db, struct arena *a, const struct link_view *link,
		const struct link_outcome *o)
{
	OWNED(submission_done) struct submission *sub = NULL;
	struct fetch_event event = { .submission = link->submission, .recipient = link->recipient, .link = link->id };

	TRY(submission_load(db, a, f->parts.keys, link->submission, &sub));
	event.kind = o->answer == LINK_RIGHT ? EVENT_LINK_PROOF_RIGHT : EVENT_LINK_PROOF_WRONG;
	TRY(fetch_tell(f, db, sub->key, &event));
	event.kind = EVENT_LINK_LOCKED;
	return o->now_locked ? fetch_tell(f, db, sub->key, &event) : OK;
}

static err begin_session(struct fetch *f, struct arena *a, id link, str *session)
{
	struct buf text;

	TRY(buf_open(a, LINK_SESSION_TEXT, &text));
	TRY(link_session_new(f->parts.keys, &f->parts.entropy, link, fetch_now(f), &text));
	*session = buf_str(&text);
	return OK;
}

struct trying {
	str token, *session;
	const struct peer *from;
	const str *parts;
	size_t count;
	struct link_outcome outcome;
	id link;
};

static err prove(struct fetch *f, struct db *db, struct arena *a, struct trying *t)
{
	struct link_view link = { 0 };
	str shown;

	err found = link_find(db, f->parts.keys, t->token, fetch_now(f), &link);
	if (failed(found) && found.why != WHY_NOT_FOUND)
		return found;
	bool opens = !failed(found) && link.state == LINK_LIVE;
	/* What cannot be a proof is told to who holds a live link alone; to all others one thing is as good as another.
	 */
	TRY(link_proof_text(a, opens ? link.proof : PROOF_PASSWORD, t->parts, t->count, &shown));
	t->outcome = (struct link_outcome){ .answer = LINK_CLOSED };
	if (!opens)
		return link_prove_nothing(f->parts.keys, shown);
	TRY(link_prove(db, f->parts.keys, link.id, shown, fetch_now(f), &t->outcome));
	t->link = link.id;
	if (t->outcome.answer == LINK_RIGHT)
		TRY(begin_session(f, a, link.id, t->session));
	return t->outcome.answer == LINK_RIGHT || t->outcome.answer == LINK_WRONG ? tell(f, db, a, &link, &t->outcome)
										  : OK;
}

static bool is_wrong(const struct link_outcome *o)
{
	return o->answer == LINK_WRONG || o->answer == LINK_CLOSED;
}

static err prove_in_turn(struct fetch *f, struct db *db, struct arena *a, struct trying *t)
{
	span wait;

	TRY(range_wait(f, db, t->from, t->token, &wait));
	if (wait > 0) {
		t->outcome = (struct link_outcome){ .answer = LINK_TOO_EARLY, .wait = wait };
		return OK;
	}
	TRY(prove(f, db, a, t));
	return is_wrong(&t->outcome) ? range_count(f, db, t->from) : OK;
}

err flow_fetch_prove(struct fetch *f, struct arena *secret, str token, const struct peer *from, const str *parts,
		     size_t count, struct link_outcome *out, id *link, str *session)
{
	struct trying t = { .token = token, .from = from, .parts = parts, .count = count, .session = session };
	struct db *db;

	TRY(db_pool_borrow(f->pool, &db));
	TRY(db_pool_return(f->pool, &db, prove_in_turn(f, db, secret, &t)));
	*out = t.outcome;
	*link = t.link;
	return OK;
}
