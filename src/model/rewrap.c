/* Rotation of the master key: every data key is opened with the old one and wrapped with the one in use. Only rows
 * change; a run that is killed has done some of them, the next does the rest. */
#include "model/model.h"

enum { BATCH = 256 };

struct kind {
	enum query find, change;
	str (*context)(id which, char into[WRAP_CONTEXT]);
};

struct row {
	id which;
	uint8_t wrapped[WRAPPED_KEY];
};

/* Rows whose key does not open come first in every search, so they are stepped over: `from` is the last id seen. */
static err find(struct db *db, const struct kind *kind, uint32_t number, id from, struct row *rows, size_t *count)
{
	OWNED(db_rows_done) struct db_rows found = { 0 };
	err e = OK;
	size_t have = 0;

	TRY(db_ask(db, kind->find, DB(db_number(number), db_id(from), db_number(BATCH)), &found));
	while (have < BATCH && db_next(&found, &e)) {
		str wrapped = db_row_peek(&found, 1);
		must(wrapped.len == WRAPPED_KEY); /* the schema's CHECK */
		rows[have].which = db_row_id(&found, 0);
		memcpy(rows[have++].wrapped, wrapped.at, WRAPPED_KEY);
	}
	*count = have;
	return e;
}

static err wrap_again(struct keyring *k, const struct kind *kind, const struct row *row, uint8_t wrapped[WRAPPED_KEY])
{
	uint8_t key[AEAD_KEY];
	char context[WRAP_CONTEXT];
	str bound = kind->context(row->which, context);

	TRY(keyring_unwrap(k, bound, row->wrapped, key));
	err e = keyring_wrap(k, bound, key, wrapped);
	crypt_wipe(key, sizeof key);
	return e;
}

/* A key that no master key opens is lost already; that must not keep the others from being turned. */
static err change_row(struct db *db, struct keyring *k, const struct kind *kind, const struct row *row, uint64_t *done,
		      uint64_t *lost)
{
	uint8_t wrapped[WRAPPED_KEY];
	err e = wrap_again(k, kind, row, wrapped);

	if (e.fate == FATE_NEVER) {
		++*lost;
		return OK;
	}
	TRY(e);
	TRY(db_run(db, kind->change,
		   DB(db_id(row->which), db_bytes(str_bytes(wrapped, WRAPPED_KEY)),
		      db_number(wrapped_key_number(wrapped)), db_bytes(str_bytes(row->wrapped, WRAPPED_KEY)))));
	*done += db_changed(db);
	return OK;
}

static err change_batch(struct db *db, struct keyring *k, const struct kind *kind, const struct row *rows, size_t count,
			uint64_t *done, uint64_t *lost)
{
	OWNED(db_rollback) struct db_transaction change = { 0 };

	TRY(db_begin(db, &change));
	for (size_t i = 0; i < count; i++)
		TRY(change_row(db, k, kind, &rows[i], done, lost));
	return db_commit(&change);
}

static err rewrap(struct db *db, struct arena *scratch, struct keyring *k, const struct kind *kind, uint64_t *done,
		  uint64_t *lost)
{
	uint32_t number = keyring_master_in_use(k);
	struct row *rows;
	size_t count;
	id from = { 0 };

	SCRATCH(scratch);
	TRY(NEW_ARRAY(scratch, BATCH, rows));
	for (;;) {
		TRY(find(db, kind, number, from, rows, &count));
		if (count == 0)
			return OK;
		TRY(change_batch(db, k, kind, rows, count, done, lost));
		from = rows[count - 1].which;
	}
}

err model_rewrap(struct db *db, struct arena *scratch, struct keyring *k, struct rewrapped *out)
{
	static const struct kind objects = { QUERY_OBJECTS_TO_REWRAP, QUERY_OBJECT_REWRAP, wrap_context_object };
	static const struct kind submissions = { QUERY_SUBMISSIONS_TO_REWRAP, QUERY_SUBMISSION_REWRAP,
						 wrap_context_submission };
	static const struct kind recipient_keys = { QUERY_RECIPIENT_KEYS_TO_REWRAP, QUERY_RECIPIENT_KEY_REWRAP,
						    wrap_context_recipient_key };

	*out = (struct rewrapped){ 0 };
	if (keyring_master_in_use(k) == 0)
		return NEVER(KEY, "there is no master key to wrap with");
	TRY(rewrap(db, scratch, k, &recipient_keys, &out->recipient_keys, &out->lost));
	TRY(rewrap(db, scratch, k, &submissions, &out->submissions, &out->lost));
	return rewrap(db, scratch, k, &objects, &out->objects, &out->lost);
}

err wrapped_in_use(struct db *db, uint32_t number, uint64_t *out)
{
	OWNED(db_rows_done) struct db_rows rows = { 0 };

	TRY(db_one(db, QUERY_WRAPPED_IN_USE, DB(db_number(number)), &rows));
	*out = (uint64_t)db_row_number(&rows, 0);
	return OK;
}
