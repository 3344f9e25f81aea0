#include "model/recipient_key.h"

#include "model/column.h"

static str pick(const char *const *names, unsigned count, unsigned which)
{
	must(which < count);
	return str_of(names[which]);
}

str recipient_key_kind_name(enum recipient_key_kind k)
{
	static const char *const names[] = { "pgp", "smime" };
	return pick(names, RECIPIENT_KEY_KINDS, k);
}

str recipient_key_origin_name(enum recipient_key_origin o)
{
	static const char *const names[] = { "file", "wkd" };
	return pick(names, RECIPIENT_KEY_ORIGINS, o);
}

/* ── Writing ─────────────────────────────────────────────────────────────────────────────────────── */

/* A data key of the row's own, and its wrapped form. */
static err new_column_key(struct keyring *k, const struct entropy *e, id which, uint8_t wrapped[WRAPPED_KEY],
			  struct column_key **out)
{
	uint8_t key[AEAD_KEY];
	char context[WRAP_CONTEXT];

	TRY(keyring_new_key(k, e, wrap_context_recipient_key(which, context), key, wrapped));
	err opened = column_key_open(key, out);
	crypt_wipe(key, sizeof key);
	return opened;
}

err recipient_key_save(struct db *db, struct arena *scratch, struct keyring *k, const struct entropy *e,
		       struct recipient_key *key)
{
	SCRATCH(scratch);
	OWNED(column_key_done) struct column_key *columns = NULL;
	uint8_t wrapped[WRAPPED_KEY], mac[MAC_LEN];
	id which;

	TRY(id_new(e, &which));
	TRY(address_mac(k, key->address, mac));
	TRY(new_column_key(k, e, which, wrapped, &columns));
	struct sealing s = { .scratch = scratch, .entropy = e, .key = columns, .owner = which };
	const struct db_value row[] = {
		db_id(which),
		db_bytes(str_bytes(mac, sizeof mac)),
		db_number(key->kind),
		db_number(key->origin),
		db_text(key->algorithm),
		db_number(key->bits),
		db_number(key->expires_at),
		db_number(key->added_at),
		db_number(key->replaced_at),
		db_bytes(str_bytes(wrapped, WRAPPED_KEY)),
		db_number(wrapped_key_number(wrapped)),
		sealed(&s, STR("recipient_key.address"), key->address),
		sealed(&s, STR("recipient_key.fingerprint"), key->fingerprint),
		sealed(&s, STR("recipient_key.bytes"), key->bytes),
	};
	TRY(s.failed);
	TRY(db_run(db, QUERY_RECIPIENT_KEY_ADD, row, sizeof row / sizeof *row));
	key->id = which;
	return OK;
}

err recipient_key_retire(struct db *db, id which, moment now)
{
	return db_run_one(db, QUERY_RECIPIENT_KEY_RETIRE, DB(db_id(which), db_number(now)));
}

err recipient_key_remove(struct db *db, id which)
{
	return db_run_one(db, QUERY_RECIPIENT_KEY_REMOVE, DB(db_id(which)));
}

/* ── Reading ─────────────────────────────────────────────────────────────────────────────────────── */

static err open_columns(struct keyring *k, const struct db_rows *rows, id which, struct column_key **out)
{
	uint8_t key[AEAD_KEY];
	char context[WRAP_CONTEXT];
	str wrapped = db_row_peek(rows, 8);

	must(wrapped.len == WRAPPED_KEY); /* the schema's CHECK */
	TRY(keyring_unwrap(k, wrap_context_recipient_key(which, context), (const uint8_t *)wrapped.at, key));
	err opened = column_key_open(key, out);
	crypt_wipe(key, sizeof key);
	return opened;
}

/* Columns as in RECIPIENT_KEYS. */
static err read_row(struct arena *a, struct keyring *k, const struct db_rows *rows, struct recipient_key *key)
{
	OWNED(column_key_done) struct column_key *columns = NULL;
	int64_t kind = db_row_number(rows, 1), origin = db_row_number(rows, 2);

	if (kind < 0 || kind >= RECIPIENT_KEY_KINDS || origin < 0 || origin >= RECIPIENT_KEY_ORIGINS)
		return BROKEN(DATABASE, "a number stands for nothing");
	key->id = db_row_id(rows, 0);
	key->kind = (enum recipient_key_kind)kind;
	key->origin = (enum recipient_key_origin)origin;
	key->bits = (unsigned)db_row_number(rows, 4);
	key->expires_at = db_row_number(rows, 5);
	key->added_at = db_row_number(rows, 6);
	key->replaced_at = db_row_number(rows, 7);
	TRY(open_columns(k, rows, key->id, &columns));
	struct unsealing u = { .arena = a, .key = columns, .owner = key->id, .rows = rows };
	key->address = unsealed(&u, STR("recipient_key.address"), 9);
	key->fingerprint = unsealed(&u, STR("recipient_key.fingerprint"), 10);
	key->bytes = unsealed(&u, STR("recipient_key.bytes"), 11);
	TRY(u.failed);
	return db_row_bytes(rows, 3, a, &key->algorithm);
}

err recipient_keys_load(struct db *db, struct arena *a, struct keyring *k, str address, struct recipient_key **out)
{
	OWNED(db_rows_done) struct db_rows rows = { 0 };
	struct recipient_key *first = NULL, **end = &first;
	uint8_t mac[MAC_LEN];
	err e = OK;

	if (address.len)
		TRY(address_mac(k, address, mac));
	TRY(db_ask(db, QUERY_RECIPIENT_KEYS, DB(address.len ? db_bytes(str_bytes(mac, sizeof mac)) : db_none()),
		   &rows));
	while (db_next(&rows, &e)) {
		TRY(NEW(a, *end));
		TRY(read_row(a, k, &rows, *end));
		end = &(*end)->next;
	}
	TRY(e);
	*out = first;
	return OK;
}

err recipient_key_find(struct db *db, struct arena *a, struct keyring *k, str address, enum recipient_key_kind kind,
		       struct recipient_key **out)
{
	struct recipient_key *all;

	TRY(recipient_keys_load(db, a, k, address, &all));
	for (; all; all = all->next)
		if (all->kind == kind && all->replaced_at == 0) {
			all->next = NULL;
			*out = all;
			return OK;
		}
	return NEVER(NOT_FOUND, "no such key is on file");
}
