/* What a recipient asks for, instead of showing a proof: a code, or a new link. Written down here, done by others. */
#include "flow/fetch_inside.h"

enum { MEMORY = 1 << 20 };

static err tell(struct fetch *f, struct db *db, const struct link_view *link, enum event_kind kind)
{
	OWNED(arena_done) struct arena *a = NULL;
	OWNED(submission_done) struct submission *sub = NULL;
	const struct fetch_event event = {
		.kind = kind, .submission = link->submission, .recipient = link->recipient, .link = link->id
	};

	TRY(arena_open(MEMORY, &a));
	TRY(submission_load(db, a, f->parts.keys, link->submission, &sub));
	return fetch_tell(f, db, sub->key, &event);
}

static err want_code(struct fetch *f, struct db *db, str token)
{
	struct link_view link;

	TRY(link_find(db, f->parts.keys, token, fetch_now(f), &link));
	if (link.state != LINK_LIVE || link.proof != PROOF_CODE)
		return NEVER(STATE, "no link that opens by code");
	return link_code_want(db, link.id, f->parts.rules.codes, fetch_now(f));
}

/* An old mail leads to the newest link of the same mailbox. */
static err want_link(struct fetch *f, struct db *db, str token)
{
	OWNED(db_rollback) struct db_transaction change = { 0 };
	enum submission_state kept;
	struct link_view link;
	moment now = fetch_now(f);

	TRY(link_find(db, f->parts.keys, token, now, &link));
	TRY(link_of_recipient(db, link.recipient, now, &link));
	TRY(submission_state_of(db, link.submission, &kept));
	if (kept != SUBMISSION_ACCEPTED || !link_may_want(&link, &f->parts.rules.renewal, now))
		return NEVER(STATE, "this link is not renewed by asking");
	TRY(db_begin(db, &change));
	TRY(link_want(db, link.id, now));
	TRY(tell(f, db, &link, EVENT_LINK_RENEWAL_WANTED));
	return db_commit(&change);
}

static err ask(struct fetch *f, str token, err (*want)(struct fetch *f, struct db *db, str token))
{
	struct db *db;

	TRY(db_pool_borrow(f->pool, &db));
	err e = db_pool_return(f->pool, &db, want(f, db, token));
	return e.fate == FATE_NEVER ? OK : e;
}

err flow_fetch_want_code(struct fetch *f, str token)
{
	return ask(f, token, want_code);
}

err flow_fetch_want_link(struct fetch *f, str token)
{
	return ask(f, token, want_link);
}
