#include "link/token.h"

/* The columns of the LINK_BY_… queries. */
static void read_view(const struct db_rows *rows, moment now, struct link_view *out)
{
	*out = (struct link_view){
		.id = db_row_id(rows, 0),
		.recipient = db_row_id(rows, 1),
		.submission = db_row_id(rows, 2),
		.state = (enum link_state)db_row_number(rows, 3),
		.created_at = db_row_number(rows, 4),
		.expires_at = db_row_number(rows, 5),
		.ended_at = db_row_number(rows, 6),
		.proof = (enum proof_kind)db_row_number(rows, 7),
		.tries = (uint32_t)db_row_number(rows, 8),
		.tries_max = (uint32_t)db_row_number(rows, 9),
		.tried_at = db_row_number(rows, 10),
		.proved_at = db_row_number(rows, 11),
		.opens = (uint32_t)db_row_number(rows, 12),
		.opens_max = (uint32_t)db_row_number(rows, 13),
		.opened_at = db_row_number(rows, 14),
		.sent = (uint64_t)db_row_number(rows, 15),
		.fetched_at = db_row_number(rows, 16),
		.fetches = (uint64_t)db_row_number(rows, 17),
		.codes = (uint32_t)db_row_number(rows, 18),
		.code_until = db_row_number(rows, 19),
		.renewals = (uint32_t)db_row_number(rows, 20),
		.wanted_at = db_row_number(rows, 21),
		.mode = (enum link_mode)db_row_number(rows, 22),
		.direct = db_row_number(rows, 23) != 0,
	};
	/* A crash between the last try and the lock leaves it live on paper. */
	if (out->state == LINK_LIVE && out->tries >= out->tries_max)
		out->state = LINK_LOCKED;
	if ((out->state == LINK_LIVE || out->state == LINK_LOCKED) && out->expires_at <= now)
		out->state = LINK_EXPIRED;
}

static err look(struct db *db, enum query query, struct db_value by, moment now, struct link_view *out)
{
	OWNED(db_rows_done) struct db_rows rows = { 0 };

	TRY(db_one(db, query, DB(by), &rows));
	read_view(&rows, now, out);
	return OK;
}

/* A link minted under an earlier link key is found by that key's MAC. */
err link_find(struct db *db, struct keyring *k, str token, moment now, struct link_view *out)
{
	uint8_t mac[MAC_LEN];

	for (unsigned age = 0;; age++) {
		TRY(token_mac(k, age, token, mac)); /* NEVER NOT_FOUND after the oldest key */
		err e = look(db, QUERY_LINK_BY_TOKEN, db_bytes(str_bytes(mac, sizeof mac)), now, out);
		if (!failed(e) || e.why != WHY_NOT_FOUND)
			return e;
	}
}

err link_by_id(struct db *db, id link, moment now, struct link_view *out)
{
	return look(db, QUERY_LINK_BY_ID, db_id(link), now, out);
}

err link_of_recipient(struct db *db, id recipient, moment now, struct link_view *out)
{
	return look(db, QUERY_LINK_NEWEST_OF_RECIPIENT, db_id(recipient), now, out);
}

err link_history(struct db *db, id recipient, struct link_view *out)
{
	OWNED(db_rows_done) struct db_rows rows = { 0 };

	TRY(db_one(db, QUERY_LINK_HISTORY, DB(db_id(recipient)), &rows));
	out->opened_at = db_row_number(&rows, 0);
	out->proved_at = db_row_number(&rows, 1);
	out->opens = (uint32_t)db_row_number(&rows, 2);
	out->sent = (uint64_t)db_row_number(&rows, 3);
	out->fetched_at = db_row_number(&rows, 4);
	out->fetches = (uint64_t)db_row_number(&rows, 5);
	return OK;
}

err link_prompt(struct db *db, struct arena *a, struct column_key *key, id link, str *out)
{
	OWNED(db_rows_done) struct db_rows rows = { 0 };

	TRY(db_one(db, QUERY_LINK_PROMPT, DB(db_id(link)), &rows));
	if (db_row_none(&rows, 0))
		return NEVER(EXPIRED, "what was asked for is erased");
	return column_unseal(key, a, LINK_PROMPT_PLACE, link, db_row_peek(&rows, 0), out);
}
