#include "model/suppression.h"

#include "model/column.h"

#define PLACE STR("suppression.address")

str suppression_words(const struct suppression *s)
{
	if (str_same(s->reason, SUPPRESSION_BOUNCE))
		return STR("mail to it came back for good");
	if (str_same(s->reason, SUPPRESSION_COMPLAINT))
		return STR("its reader reported our mail as unwanted");
	return s->reason;
}

/* The row's name within what is authenticated. */
static id owner_of(const uint8_t mac[MAC_LEN])
{
	id owner;

	memcpy(owner.byte, mac, sizeof owner.byte);
	return owner;
}

static err open_key(struct keyring *k, struct column_key **out)
{
	uint8_t key[MAC_LEN];

	_Static_assert((int)MAC_LEN == (int)AEAD_KEY, "a MAC is as long as a key");
	TRY(keyring_mac(k, MAC_SUPPRESSION, 0, PLACE, key));
	err e = column_key_open(key, out);
	crypt_wipe(key, sizeof key);
	return e;
}

/* Columns as in SUPPRESSIONS. */
static err read_row(struct arena *a, struct column_key *key, const struct db_rows *rows, struct suppression *s)
{
	str mac = db_row_peek(rows, 0);

	must(mac.len == MAC_LEN); /* the schema's CHECK */
	memcpy(s->mac, mac.at, MAC_LEN);
	s->at = db_row_number(rows, 4);
	struct unsealing u = { .arena = a, .key = key, .owner = owner_of(s->mac), .rows = rows };
	s->address = unsealed(&u, PLACE, 5);
	TRY(u.failed);
	TRY(db_row_bytes(rows, 1, a, &s->scope));
	TRY(db_row_bytes(rows, 2, a, &s->reason));
	return db_row_bytes(rows, 3, a, &s->origin);
}

err suppression_find(struct db *db, struct arena *a, struct keyring *k, str address, struct suppression *out)
{
	OWNED(column_key_done) struct column_key *key = NULL;
	OWNED(db_rows_done) struct db_rows rows = { 0 };
	struct suppression found = { 0 };
	uint8_t mac[MAC_LEN];

	TRY(address_mac(k, address, mac));
	TRY(db_one(db, QUERY_SUPPRESSION_FIND, DB(db_bytes(str_bytes(mac, sizeof mac))), &rows));
	TRY(open_key(k, &key));
	TRY(read_row(a, key, &rows, &found));
	*out = found;
	return OK;
}

err suppression_add(struct db *db, struct arena *scratch, struct keyring *k, const struct entropy *e,
		    struct suppression *s, bool *fresh)
{
	SCRATCH(scratch);
	OWNED(column_key_done) struct column_key *key = NULL;

	must(s->reason.len > 0 && s->reason.len <= SUPPRESSION_REASON_MAX);
	TRY(address_mac(k, s->address, s->mac));
	TRY(open_key(k, &key));
	struct sealing sealing = { .scratch = scratch, .entropy = e, .key = key, .owner = owner_of(s->mac) };
	const struct db_value row[] = {
		db_bytes(str_bytes(s->mac, sizeof s->mac)),
		db_text(s->scope),
		db_text(s->reason),
		db_text(s->origin),
		db_number(s->at),
		sealed(&sealing, PLACE, s->address),
	};
	TRY(sealing.failed);
	TRY(db_run(db, QUERY_SUPPRESSION_ADD, row, sizeof row / sizeof *row));
	*fresh = db_changed(db) > 0;
	return OK;
}

err suppression_remove(struct db *db, struct keyring *k, str address)
{
	uint8_t mac[MAC_LEN];

	TRY(address_mac(k, address, mac));
	TRY(db_run(db, QUERY_SUPPRESSION_REMOVE, DB(db_bytes(str_bytes(mac, sizeof mac)))));
	return db_changed(db) ? OK : NEVER(NOT_FOUND, "the address is not suppressed");
}

err suppressions_load(struct db *db, struct arena *a, struct keyring *k, const struct suppression *last, size_t most,
		      struct suppression **out)
{
	OWNED(column_key_done) struct column_key *key = NULL;
	OWNED(db_rows_done) struct db_rows rows = { 0 };
	struct suppression *first = NULL, **end = &first;
	err e = OK;

	TRY(open_key(k, &key));
	TRY(db_ask(db, QUERY_SUPPRESSIONS,
		   DB(db_number(last ? last->at : INT64_MIN), db_bytes(last ? str_bytes(last->mac, MAC_LEN) : STR_NONE),
		      db_number((int64_t)most)),
		   &rows));
	while (db_next(&rows, &e)) {
		TRY(NEW(a, *end));
		TRY(read_row(a, key, &rows, *end));
		end = &(*end)->next;
	}
	TRY(e);
	*out = first;
	return OK;
}
