/* A submission's own row, its state, and the refused rows of its list. */
#include "model/column.h"

static str wrap_context(const char *kind, id which, char into[WRAP_CONTEXT])
{
	struct buf b = { .at = into, .max = WRAP_CONTEXT };

	buf_add(&b, str_of(kind));
	buf_add(&b, id_bytes(&which));
	must(!b.overflow);
	return buf_str(&b);
}

str wrap_context_object(id object, char into[WRAP_CONTEXT])
{
	return wrap_context("object ", object, into);
}

str wrap_context_submission(id submission, char into[WRAP_CONTEXT])
{
	return wrap_context("submission ", submission, into);
}

str wrap_context_recipient_key(id key, char into[WRAP_CONTEXT])
{
	return wrap_context("recipient key ", key, into);
}

err submission_key_open(struct keyring *k, id which, str wrapped, struct column_key **out)
{
	uint8_t key[AEAD_KEY];
	char context[WRAP_CONTEXT];

	if (wrapped.len != WRAPPED_KEY)
		return NEVER(EXPIRED, "the submission is erased");
	TRY(keyring_unwrap(k, wrap_context_submission(which, context), (const uint8_t *)wrapped.at, key));
	err e = column_key_open(key, out);
	crypt_wipe(key, sizeof key);
	return e;
}

err submission_new(struct arena *a, struct keyring *k, const struct entropy *e, moment now, struct submission **out)
{
	struct submission *sub;
	uint8_t key[AEAD_KEY];
	char context[WRAP_CONTEXT];

	TRY(NEW(a, sub));
	sub->arena = a;
	sub->created_at = now;
	TRY(id_new(e, &sub->id));
	TRY(keyring_new_key(k, e, wrap_context_submission(sub->id, context), key, sub->wrapped));
	err opened = column_key_open(key, &sub->key);
	crypt_wipe(key, sizeof key);
	TRY(opened);
	*out = sub;
	return OK;
}

void submission_done(struct submission **sub)
{
	if (*sub)
		column_key_done(&(*sub)->key);
	*sub = NULL;
}

err submission_save(struct db *db, struct arena *scratch, const struct entropy *e, const struct submission *sub)
{
	struct sealing s = { .scratch = scratch, .entropy = e, .key = sub->key, .owner = sub->id };

	SCRATCH(scratch);
	const struct db_value row[] = {
		db_id(sub->id),
		db_number(sub->state),
		db_number(sub->created_at),
		db_number(sub->expires_at),
		db_number(sub->erase_at),
		db_number(sub->seal),
		db_number(sub->mode),
		db_bytes(str_bytes(sub->wrapped, WRAPPED_KEY)),
		db_number(wrapped_key_number(sub->wrapped)),
		sealed(&s, STR("submission.sender"), sub->from.text),
		sealed(&s, STR("submission.sender_name"), sub->from_name),
		sealed(&s, STR("submission.template"), sub->template_name),
	};
	TRY(s.failed);
	return db_run(db, QUERY_SUBMISSION_ADD, row, sizeof row / sizeof *row);
}

/* Columns as in SUBMISSION_BY_ID. */
static err read_plain(const struct db_rows *rows, struct submission *sub)
{
	unsigned state, seal, mode;
	str wrapped = db_row_peek(rows, 6);

	TRY(row_below(rows, 0, SUBMISSION_ERASED + 1, &state));
	TRY(row_below(rows, 4, SEAL_AUTO + 1, &seal));
	TRY(row_below(rows, 5, LINK_PRESIGNED + 1, &mode));
	if (state == SUBMISSION_ERASED || wrapped.len != WRAPPED_KEY)
		return NEVER(EXPIRED, "the submission is erased");
	sub->state = (enum submission_state)state;
	sub->created_at = db_row_number(rows, 1);
	sub->expires_at = db_row_number(rows, 2);
	sub->erase_at = db_row_number(rows, 3);
	sub->seal = (enum seal_kind)seal;
	sub->mode = (enum link_mode)mode;
	memcpy(sub->wrapped, wrapped.at, WRAPPED_KEY);
	return OK;
}

static err read_sealed(const struct db_rows *rows, struct arena *a, struct submission *sub)
{
	struct unsealing u = { .arena = a, .key = sub->key, .owner = sub->id, .rows = rows };
	str sender = unsealed(&u, STR("submission.sender"), 7);

	sub->from_name = unsealed(&u, STR("submission.sender_name"), 8);
	sub->template_name = unsealed(&u, STR("submission.template"), 9);
	TRY(u.failed);
	return address_parse(a, sender, &sub->from, NULL);
}

err submission_load(struct db *db, struct arena *a, struct keyring *k, id which, struct submission **out)
{
	OWNED(db_rows_done) struct db_rows rows = { 0 };
	OWNED(submission_done) struct submission *sub = NULL;

	TRY(db_one(db, QUERY_SUBMISSION_BY_ID, DB(db_id(which)), &rows));
	TRY(NEW(a, sub));
	sub->arena = a;
	sub->id = which;
	TRY(read_plain(&rows, sub));
	TRY(submission_key_open(k, sub->id, str_bytes(sub->wrapped, WRAPPED_KEY), &sub->key));
	TRY(read_sealed(&rows, a, sub));
	*out = sub;
	sub = NULL;
	return OK;
}

err submission_state_of(struct db *db, id which, enum submission_state *out)
{
	OWNED(db_rows_done) struct db_rows rows = { 0 };
	unsigned state;

	TRY(db_one(db, QUERY_SUBMISSION_STATE, DB(db_id(which)), &rows));
	TRY(row_below(&rows, 0, SUBMISSION_ERASED + 1, &state));
	*out = (enum submission_state)state;
	return OK;
}

err refusal_save(struct db *db, struct arena *scratch, const struct entropy *e, const struct submission *sub,
		 const struct refusal *r)
{
	struct sealing s = { .scratch = scratch, .entropy = e, .key = sub->key, .owner = sub->id };

	SCRATCH(scratch);
	const struct db_value row[] = {
		db_id(sub->id),
		db_number((int64_t)r->row),
		sealed(&s, STR("refusal.address"), r->address),
		db_number(r->why),
		sealed(&s, STR("refusal.problem"), r->problem),
	};
	TRY(s.failed);
	return db_run(db, QUERY_REFUSAL_ADD, row, sizeof row / sizeof *row);
}

err refusals_load(struct db *db, struct arena *a, const struct submission *sub, struct refusal **out)
{
	OWNED(db_rows_done) struct db_rows rows = { 0 };
	struct refusal *first = NULL, **end = &first;
	err e = OK;

	TRY(db_ask(db, QUERY_REFUSALS_OF_SUBMISSION, DB(db_id(sub->id)), &rows));
	while (db_next(&rows, &e)) {
		struct unsealing u = { .arena = a, .key = sub->key, .owner = sub->id, .rows = &rows };
		unsigned why;
		TRY(NEW(a, *end));
		TRY(row_below(&rows, 2, WHY_COUNT, &why));
		(*end)->row = (uint64_t)db_row_number(&rows, 0);
		(*end)->why = (enum why)why;
		(*end)->address = unsealed(&u, STR("refusal.address"), 1);
		(*end)->problem = unsealed(&u, STR("refusal.problem"), 3);
		TRY(u.failed);
		end = &(*end)->next;
	}
	TRY(e);
	*out = first;
	return OK;
}
