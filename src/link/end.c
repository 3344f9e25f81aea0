#include "link/token.h"

static err end(struct db *db, id link, enum link_state to, moment now)
{
	return db_run_one(db, QUERY_LINK_END,
			  DB(db_id(link), db_number(to), db_number(now), db_number(link_before(to))));
}

err link_disown(struct db *db, id link, moment now, bool *first)
{
	TRY(db_run(db, QUERY_LINK_DISOWN, DB(db_id(link), db_number(now))));
	*first = db_changed(db) == 1;
	return OK;
}

/* Ended first, looked at afterwards: what it says is true of all time after it. */
err link_revoke(struct db *db, id link, moment now, struct link_view *out)
{
	TRY(link_by_id(db, link, now, out)); /* NEVER NOT_FOUND is not NEVER STATE */
	TRY(end(db, link, LINK_REVOKED, now));
	return link_by_id(db, link, now, out);
}

static err add_successor(struct db *db, struct arena *scratch, struct keyring *k, const struct entropy *e,
			 const struct submission *sub, const struct recipient *to, moment now)
{
	SCRATCH(scratch);
	const struct link *l = &to->link;
	uint8_t token[MAC_LEN];
	struct db_value prompt;

	TRY(token_mac(k, 0, l->token, token));
	TRY(seal_prompt(scratch, e, sub, l, &prompt));
	return db_run(db, QUERY_LINK_ADD,
		      DB(db_id(l->id), db_id(to->id), db_id(sub->id), db_bytes(str_bytes(token, sizeof token)),
			 db_number(LINK_LIVE), db_number(now), db_number(l->expires_at), db_number((int64_t)l->proof),
			 prompt, db_none(), db_none(), db_number(l->tries_max), db_number(l->opens_max)));
}

/* A code belongs to the link it was sent for: the new link sends its own. */
static err inherit(struct db *db, const struct link *l, id old)
{
	return l->proof == PROOF_CODE ? OK : db_run_one(db, QUERY_LINK_INHERIT, DB(db_id(l->id), db_id(old)));
}

static err renew(struct db *db, struct arena *scratch, struct keyring *k, const struct entropy *e,
		 const struct submission *sub, const struct recipient *to, id old, moment now)
{
	TRY(end(db, old, LINK_RENEWED, now));
	if (to->link.secret.len)
		return record_at(db, scratch, k, e, sub, to, now);
	TRY(add_successor(db, scratch, k, e, sub, to, now));
	return inherit(db, &to->link, old);
}

err link_renew(struct db *db, struct arena *scratch, struct keyring *k, const struct entropy *e,
	       const struct submission *sub, const struct recipient *to, id old, moment now)
{
	OWNED(db_rollback) struct db_transaction change = { 0 };

	if (db_in_transaction(db))
		return renew(db, scratch, k, e, sub, to, old, now);
	TRY(db_begin(db, &change));
	TRY(renew(db, scratch, k, e, sub, to, old, now));
	return db_commit(&change);
}

err link_expire_due(struct db *db, moment now, uint64_t *count)
{
	TRY(db_run(db, QUERY_LINKS_END_DUE,
		   DB(db_number(LINK_EXPIRED), db_number(now), db_number(link_before(LINK_EXPIRED)))));
	*count = db_changed(db);
	return OK;
}
