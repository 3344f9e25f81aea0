#include "flow/fetch_range.h"

#define ONE_MORE_EVERY (10 * MINUTE)
#define FIRST_WAIT (5 * SECOND)
#define LONGEST_WAIT (5 * MINUTE)
#define PLACE_IS_KEPT (15 * MINUTE)
enum { GUESSES_A_STEP = 5, ROWS_MAX = 20000 };

struct row {
	uint64_t count;
	moment at;
};

/* IPv4 is mapped into IPv6 (RFC 4291 2.5.5.2): its bits are the last 32. */
static void mask(const struct fetch_rules *r, const struct peer *from, uint8_t out[16])
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
	bool is_ipv4 = memcmp(from->address, mapped, sizeof mapped) == 0;
	unsigned bits = is_ipv4 ? 96 + r->range_ipv4 : r->range_ipv6;

	for (unsigned i = 0; i < 16; i++) {
		unsigned kept = bits >= 8 * i + 8 ? 8 : bits > 8 * i ? bits - 8 * i : 0;
		out[i] = from->address[i] & (uint8_t)(0xff00 >> kept);
	}
}

static err who_mac(struct fetch *f, const struct peer *from, str token, uint8_t mac[MAC_LEN])
{
	char bytes[128];
	struct buf b = BUF_ON(bytes);
	uint8_t range[16];

	mask(&f->parts.rules, from, range);
	buf_add(&b, STR("range"));
	buf_add(&b, str_bytes(range, sizeof range));
	buf_add(&b, str_upto(token, LINK_TOKEN_TEXT));
	TRY(buf_check(&b));
	return keyring_mac(f->parts.keys, MAC_SESSION, 0, buf_str(&b), mac);
}

static err get(struct db *db, const uint8_t who[MAC_LEN], moment now, struct row *out, bool *found)
{
	OWNED(db_rows_done) struct db_rows rows = { 0 };
	err e = db_one(db, QUERY_GUESS_GET, DB(db_bytes(str_bytes(who, MAC_LEN)), db_number(now)), &rows);

	*found = !failed(e);
	if (e.fate == FATE_NEVER && e.why == WHY_NOT_FOUND)
		return OK;
	TRY(e);
	*out = (struct row){ (uint64_t)db_row_number(&rows, 0), db_row_number(&rows, 1) };
	return OK;
}

static err put(struct db *db, const uint8_t who[MAC_LEN], uint64_t add, moment now, span kept)
{
	return db_run(db, QUERY_GUESS_ADD,
		      DB(db_bytes(str_bytes(who, MAC_LEN)), db_number(now), db_number(now + kept),
			 db_number((int64_t)add), db_number(ROWS_MAX)));
}

static err forget(struct db *db, const uint8_t who[MAC_LEN])
{
	return db_run(db, QUERY_GUESS_FORGET, DB(db_bytes(str_bytes(who, MAC_LEN))));
}

/* What is left of the count: one is forgiven every ten minutes. A clock set back forgives none. */
static uint64_t left(const struct row *r, moment now)
{
	uint64_t forgiven = now > r->at ? (uint64_t)((now - r->at) / ONE_MORE_EVERY) : 0;

	return r->count > forgiven ? r->count - forgiven : 0;
}

static span wait_for(uint64_t wrong, uint64_t free)
{
	span wait = FIRST_WAIT;

	if (wrong < free)
		return 0;
	for (uint64_t i = (wrong - free) / GUESSES_A_STEP; i > 0 && wait < LONGEST_WAIT; i--)
		wait *= 2;
	return wait < LONGEST_WAIT ? wait : LONGEST_WAIT;
}

/* A place's count is its wait in seconds. */
static err take_place(struct db *db, const uint8_t place[MAC_LEN], span wait, moment now)
{
	return put(db, place, (uint64_t)(wait / SECOND), now, wait + PLACE_IS_KEPT);
}

static err wait_in_place(struct db *db, const uint8_t place[MAC_LEN], span wait, moment now, span *out)
{
	struct row had;
	bool found;

	TRY(get(db, place, now, &had, &found));
	if (!found) {
		*out = wait;
		return take_place(db, place, wait, now);
	}
	span of_it = (span)had.count * SECOND, rest = had.at + of_it - now;
	*out = rest < 0 ? 0 : rest < of_it ? rest : of_it;
	return *out > 0 ? OK : forget(db, place);
}

err range_wait(struct fetch *f, struct db *db, const struct peer *from, str token, span *wait)
{
	uint8_t range[MAC_LEN], place[MAC_LEN];
	moment now = fetch_now(f);
	struct row wrong;
	bool found;

	*wait = 0;
	TRY(who_mac(f, from, STR_NONE, range));
	TRY(get(db, range, now, &wrong, &found));
	span least = found ? wait_for(left(&wrong, now), f->parts.rules.guesses_free) : 0;
	if (least == 0)
		return OK;
	TRY(who_mac(f, from, token, place));
	return wait_in_place(db, place, least, now, wait);
}

static err count(struct db *db, const uint8_t range[MAC_LEN], moment now)
{
	OWNED(db_rollback) struct db_transaction change = { 0 };
	struct row wrong = { 0 };
	bool found;

	TRY(db_begin(db, &change));
	TRY(get(db, range, now, &wrong, &found));
	uint64_t still = found ? left(&wrong, now) : 0;
	TRY(forget(db, range));
	TRY(put(db, range, still + 1, now, DAY));
	return db_commit(&change);
}

err range_count(struct fetch *f, struct db *db, const struct peer *from)
{
	uint8_t range[MAC_LEN];

	TRY(who_mac(f, from, STR_NONE, range));
	return count(db, range, fetch_now(f));
}
