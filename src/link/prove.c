#include "link/token.h"

#define FIRST_WAIT (5 * SECOND)
#define LONGEST_WAIT (5 * MINUTE)
enum { TRIES_WITHOUT_WAIT = 3 };

/* What a try is judged by, read while it is counted. */
struct trial {
	uint32_t tries, tries_max; /* with this one */
	uint8_t mac[MAC_LEN], salt[PROOF_SALT];
};

static span wait_after(uint32_t tries)
{
	span wait = FIRST_WAIT;

	if (tries < TRIES_WITHOUT_WAIT)
		return 0;
	for (uint32_t i = TRIES_WITHOUT_WAIT; i < tries && wait < LONGEST_WAIT; i++)
		wait *= 2;
	return wait < LONGEST_WAIT ? wait : LONGEST_WAIT;
}

/* How long until the next try; a clock that was set back never makes it longer than it ever was. */
static span wait_left(uint32_t tries, moment tried_at, moment now)
{
	span wait = wait_after(tries), left = tried_at + wait - now;

	return left < 0 ? 0 : left < wait ? left : wait;
}

static err read_exactly(const struct db_rows *rows, int column, uint8_t *to, size_t len)
{
	str bytes = db_row_peek(rows, column);

	if (bytes.len != len)
		return NEVER(EXPIRED, "the proof is erased");
	memcpy(to, bytes.at, len);
	return OK;
}

/* Columns of QUERY_LINK_TRIAL. LINK_RIGHT means: may be compared. */
static err look_at(struct db *db, id link, moment now, struct trial *trial, struct link_outcome *out)
{
	OWNED(db_rows_done) struct db_rows rows = { 0 };

	out->answer = LINK_CLOSED;
	TRY(db_one(db, QUERY_LINK_TRIAL, DB(db_id(link)), &rows));
	trial->tries = (uint32_t)db_row_number(&rows, 2) + 1;
	trial->tries_max = (uint32_t)db_row_number(&rows, 3);
	if (db_row_number(&rows, 0) != LINK_LIVE || db_row_number(&rows, 1) <= now || trial->tries > trial->tries_max)
		return OK;
	if (db_row_number(&rows, 7) != PROOF_CODE || db_row_number(&rows, 8) > now) {
		TRY(read_exactly(&rows, 5, trial->mac, sizeof trial->mac));
		TRY(read_exactly(&rows, 6, trial->salt, sizeof trial->salt));
	} /* else no code is out, or none that is still good: nothing is right, and guessing costs as ever */
	out->wait = wait_left(trial->tries - 1, db_row_number(&rows, 4), now);
	out->answer = out->wait > 0 ? LINK_TOO_EARLY : LINK_RIGHT;
	return OK;
}

static err count_try(struct db *db, id link, moment now, struct trial *trial, struct link_outcome *out)
{
	OWNED(db_rollback) struct db_transaction change = { 0 };

	TRY(db_begin(db, &change));
	TRY(look_at(db, link, now, trial, out));
	if (out->answer != LINK_RIGHT)
		return OK;
	TRY(db_run_one(db, QUERY_LINK_COUNT_TRY, DB(db_id(link), db_number(now))));
	return db_commit(&change);
}

/* Every age is tried whatever the one before said. */
static err compare(struct keyring *k, const struct trial *trial, str shown, bool *right)
{
	uint8_t mac[MAC_LEN];

	*right = false;
	for (unsigned age = 0;; age++) {
		err e = proof_mac(k, age, trial->salt, shown, mac);
		if (failed(e))
			return age > 0 && e.why == WHY_NOT_FOUND ? OK : e;
		*right |= crypt_same(str_bytes(mac, sizeof mac), str_bytes(trial->mac, sizeof trial->mac));
	}
}

static err note_right(struct db *db, id link, moment now, const struct trial *trial, struct link_outcome *out)
{
	TRY(db_run(db, QUERY_LINK_PROVED,
		   DB(db_id(link), db_number(now), db_number(LINK_LIVE), db_number(PROOF_CODE),
		      db_bytes(str_bytes(trial->mac, sizeof trial->mac)))));
	if (db_changed(db) != 1)
		out->answer = LINK_CLOSED; /* it ended while we compared */
	return OK;
}

static err note_wrong(struct db *db, id link, moment now, const struct trial *trial, struct link_outcome *out)
{
	out->answer = LINK_WRONG;
	out->tries_left = trial->tries_max - trial->tries;
	out->wait = wait_after(trial->tries);
	if (out->tries_left > 0)
		return OK;
	TRY(db_run(db, QUERY_LINK_LOCK, DB(db_id(link), db_number(LINK_LOCKED), db_number(now), db_number(LINK_LIVE))));
	out->now_locked = db_changed(db) == 1;
	return OK;
}

err link_prove(struct db *db, struct keyring *k, id link, str shown, moment now, struct link_outcome *out)
{
	struct link_outcome o = { .answer = LINK_CLOSED };
	struct trial trial = { 0 };
	bool right;

	must(!db_in_transaction(db));
	if (shown.len == 0 || shown.len > LINK_PROOF_MAX)
		return NEVER(PROOF, "no proof that could be right");
	TRY(count_try(db, link, now, &trial, &o));
	TRY(compare(k, &trial, shown, &right));
	if (o.answer == LINK_RIGHT)
		TRY(right ? note_right(db, link, now, &trial, &o) : note_wrong(db, link, now, &trial, &o));
	*out = o;
	return OK;
}

err link_prove_nothing(struct keyring *k, str shown)
{
	const struct trial nothing = { 0 };
	bool right;

	return compare(k, &nothing, str_upto(shown, LINK_PROOF_MAX), &right);
}
