/* A recipient's row with its documents and objects. */
#include "model/column.h"

err address_mac(struct keyring *k, str address, uint8_t mac[MAC_LEN])
{
	char lower[320]; /* RFC 5321 4.5.3.1: 64 + 1 + 255 */
	struct buf b = BUF_ON(lower);

	for (size_t i = 0; i < address.len; i++) {
		char c = address.at[i];
		buf_add_char(&b, c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c);
	}
	TRY(buf_check(&b));
	return keyring_mac(k, MAC_ADDRESS, 0, buf_str(&b), mac);
}

static err save_self(struct db *db, struct arena *scratch, struct keyring *k, const struct entropy *e,
		     const struct submission *sub, const struct recipient *to)
{
	struct sealing s = { .scratch = scratch, .entropy = e, .key = sub->key, .owner = to->id };
	uint8_t mac[MAC_LEN];
	str details;

	TRY(address_mac(k, to->address.text, mac));
	TRY(values_pack(scratch, to->values, &details));
	const struct db_value row[] = {
		db_id(to->id),
		db_id(sub->id),
		db_number((int64_t)to->row),
		db_bytes(str_bytes(mac, sizeof mac)),
		sealed(&s, STR("recipient.address"), to->address.text),
		sealed(&s, STR("recipient.name"), to->name),
		sealed(&s, STR("recipient.language"), to->language),
		sealed(&s, STR("recipient.details"), details),
		db_number(to->seal),
	};
	TRY(s.failed);
	return db_run(db, QUERY_RECIPIENT_ADD, row, sizeof row / sizeof *row);
}

static err save_document(struct db *db, struct sealing *s, const struct submission *sub, const struct recipient *to,
			 const struct document *doc, int64_t place)
{
	s->owner = doc->id;
	const struct db_value row[] = {
		db_id(doc->id),
		db_id(to->id),
		db_id(sub->id),
		db_number(place),
		sealed(s, STR("document.name"), doc->name),
		db_text(doc->type),
		db_number((int64_t)doc->size),
		sealed(s, STR("document.sha256"), str_bytes(doc->sha256, SHA256_LEN)),
	};
	TRY(s->failed);
	return db_run(db, QUERY_DOCUMENT_ADD, row, sizeof row / sizeof *row);
}

static err save_object(struct db *db, struct sealing *s, const struct submission *sub, const struct recipient *to,
		       const struct object *o, int64_t place)
{
	s->owner = o->id;
	const struct db_value row[] = {
		db_id(o->id),
		db_id(to->id),
		db_id(sub->id),
		db_number(place),
		sealed(s, STR("object.name"), o->name),
		db_text(o->type),
		db_number((int64_t)o->size),
		sealed(s, STR("object.sha256"), str_bytes(o->sha256, SHA256_LEN)),
		o->signature.len ? sealed(s, STR("object.signature"), o->signature) : db_none(),
		db_bytes(str_bytes(o->wrapped, WRAPPED_KEY)),
		db_number(wrapped_key_number(o->wrapped)),
		db_number(sub->created_at),
		db_number(o->direct),
	};
	TRY(s->failed);
	return db_run(db, QUERY_OBJECT_ADD, row, sizeof row / sizeof *row);
}

err object_replace(struct db *db, struct arena *scratch, const struct entropy *e, const struct submission *sub,
		   const struct recipient *to, id old, int64_t place, const struct object *fresh)
{
	SCRATCH(scratch);
	struct sealing s = { .scratch = scratch, .entropy = e, .key = sub->key };

	TRY(db_run_one(db, QUERY_OBJECT_REPLACE, DB(db_id(old), db_id(to->id), db_number(place))));
	return save_object(db, &s, sub, to, fresh, place);
}

err recipient_save(struct db *db, struct arena *scratch, struct keyring *k, const struct entropy *e,
		   const struct submission *sub, const struct recipient *to)
{
	struct sealing s = { .scratch = scratch, .entropy = e, .key = sub->key };
	int64_t place = 0;

	SCRATCH(scratch);
	TRY(save_self(db, scratch, k, e, sub, to));
	for (const struct document *doc = to->documents; doc; doc = doc->next)
		TRY(save_document(db, &s, sub, to, doc, ++place));
	place = 0;
	for (const struct object *o = to->objects; o; o = o->next)
		TRY(save_object(db, &s, sub, to, o, ++place));
	return OK;
}

static err load_documents(struct db *db, struct arena *a, const struct submission *sub, struct recipient *to)
{
	OWNED(db_rows_done) struct db_rows rows = { 0 };
	struct document **end = &to->documents;
	err e = OK;

	TRY(db_ask(db, QUERY_DOCUMENTS_OF_RECIPIENT, DB(db_id(to->id)), &rows));
	while (db_next(&rows, &e)) {
		struct document *doc;
		TRY(NEW(a, doc));
		doc->id = db_row_id(&rows, 0);
		struct unsealing u = { .arena = a, .key = sub->key, .owner = doc->id, .rows = &rows };
		doc->name = unsealed(&u, STR("document.name"), 1);
		TRY(db_row_bytes(&rows, 2, a, &doc->type));
		doc->size = (uint64_t)db_row_number(&rows, 3);
		unsealed_digest(&u, STR("document.sha256"), 4, doc->sha256);
		TRY(u.failed);
		*end = doc;
		end = &doc->next;
	}
	return e;
}

/* Columns name, type, size, sha256, signature, wrapped, direct, from `column` on. */
static err read_object(struct arena *a, const struct submission *sub, const struct db_rows *rows, int column,
		       struct object *o)
{
	struct unsealing u = { .arena = a, .key = sub->key, .owner = o->id, .rows = rows };
	str wrapped = db_row_peek(rows, column + 5);

	o->name = unsealed(&u, STR("object.name"), column);
	TRY(db_row_bytes(rows, column + 1, a, &o->type));
	o->size = (uint64_t)db_row_number(rows, column + 2);
	unsealed_digest(&u, STR("object.sha256"), column + 3, o->sha256);
	o->signature = unsealed(&u, STR("object.signature"), column + 4);
	if (wrapped.len == WRAPPED_KEY)
		memcpy(o->wrapped, wrapped.at, WRAPPED_KEY);
	o->direct = db_row_number(rows, column + 6) != 0;
	return u.failed;
}

static err load_objects(struct db *db, struct arena *a, const struct submission *sub, struct recipient *to)
{
	OWNED(db_rows_done) struct db_rows rows = { 0 };
	struct object **end = &to->objects;
	err e = OK;

	TRY(db_ask(db, QUERY_OBJECTS_OF_RECIPIENT, DB(db_id(to->id)), &rows));
	while (db_next(&rows, &e)) {
		struct object *o;
		TRY(NEW(a, o));
		o->id = db_row_id(&rows, 0);
		TRY(read_object(a, sub, &rows, 1, o));
		*end = o;
		end = &o->next;
	}
	return e;
}

err object_load(struct db *db, struct arena *a, const struct submission *sub, id which, struct object *out,
		id *recipient)
{
	OWNED(db_rows_done) struct db_rows rows = { 0 };
	struct object o = { .id = which };

	TRY(db_one(db, QUERY_OBJECT_BY_ID, DB(db_id(which)), &rows));
	if (!id_same(db_row_id(&rows, 1), sub->id))
		return NEVER(NOT_FOUND, "the object belongs to another submission");
	if (db_row_none(&rows, 7))
		return NEVER(EXPIRED, "the object's key is destroyed");
	TRY(read_object(a, sub, &rows, 2, &o));
	*recipient = db_row_id(&rows, 0);
	*out = o;
	return OK;
}

static err load_self(struct db *db, struct arena *a, const struct submission *sub, struct recipient *to)
{
	OWNED(db_rows_done) struct db_rows rows = { 0 };
	struct unsealing u = { .arena = a, .key = sub->key, .owner = to->id, .rows = &rows };
	unsigned seal;

	TRY(db_one(db, QUERY_RECIPIENT_BY_ID, DB(db_id(to->id)), &rows));
	if (!id_same(db_row_id(&rows, 0), sub->id))
		return NEVER(NOT_FOUND, "the recipient belongs to another submission");
	to->row = (uint64_t)db_row_number(&rows, 1);
	TRY(row_below(&rows, 6, SEAL_AUTO, &seal));
	to->seal = (enum seal_kind)seal;
	str address = unsealed(&u, STR("recipient.address"), 2);
	to->name = unsealed(&u, STR("recipient.name"), 3);
	to->language = unsealed(&u, STR("recipient.language"), 4);
	str details = unsealed(&u, STR("recipient.details"), 5);
	TRY(u.failed);
	TRY(values_unpack(a, details, &to->values));
	return address_parse(a, address, &to->address, NULL);
}

static err load_whole(struct db *db, struct arena *a, const struct submission *sub, struct recipient *to)
{
	TRY(load_self(db, a, sub, to));
	TRY(load_documents(db, a, sub, to));
	return load_objects(db, a, sub, to);
}

err recipient_load(struct db *db, struct arena *a, const struct submission *sub, id which, struct recipient **out)
{
	struct recipient *to;

	TRY(NEW(a, to));
	to->id = which;
	TRY(load_whole(db, a, sub, to));
	*out = to;
	return OK;
}

err recipients_load(struct db *db, struct arena *a, struct submission *sub)
{
	OWNED(db_rows_done) struct db_rows rows = { 0 };
	struct recipient *first = NULL, **end = &first;
	err e = OK;

	TRY(db_ask(db, QUERY_RECIPIENTS_OF_SUBMISSION, DB(db_id(sub->id)), &rows));
	while (db_next(&rows, &e)) {
		struct recipient *to;
		TRY(NEW(a, to));
		to->id = db_row_id(&rows, 0);
		TRY(load_whole(db, a, sub, to));
		*end = to;
		end = &to->next;
	}
	TRY(e);
	sub->recipients = first;
	return OK;
}
