/* Objects by themselves: what the store's plumbing needs of their rows. */
#include "model/model.h"

err object_keep(struct db *db, id owner, const struct object *o, moment now)
{
	const struct db_value row[] = {
		db_id(o->id),
		db_none(),
		db_id(owner),
		db_number(1),
		db_none(),
		db_text(o->type),
		db_number((int64_t)o->size),
		db_none(),
		db_none(),
		db_bytes(str_bytes(o->wrapped, WRAPPED_KEY)),
		db_number(wrapped_key_number(o->wrapped)),
		db_number(now),
		db_number(o->direct),
	};
	return db_run(db, QUERY_OBJECT_ADD, row, sizeof row / sizeof *row);
}

err object_find(struct db *db, id which, id *owner, struct object *out, bool *by_hand)
{
	OWNED(db_rows_done) struct db_rows rows = { 0 };
	struct object o = { .id = which };

	TRY(db_one(db, QUERY_OBJECT_BY_ID, DB(db_id(which)), &rows));
	str wrapped = db_row_peek(&rows, 7);
	if (wrapped.len != WRAPPED_KEY)
		return NEVER(EXPIRED, "the object's key is destroyed");
	memcpy(o.wrapped, wrapped.at, WRAPPED_KEY);
	o.size = (uint64_t)db_row_number(&rows, 4);
	o.direct = db_row_number(&rows, 8) != 0;
	if (by_hand)
		*by_hand = db_row_none(&rows, 0);
	*owner = db_row_id(&rows, 1);
	*out = o;
	return OK;
}
