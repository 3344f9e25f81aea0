/* Changes of state. The table stands in each UPDATE's WHERE, so that two who change at once cannot both succeed. */
#include "model/model.h"

static err changed(struct db *db, enum query exists, id which)
{
	OWNED(db_rows_done) struct db_rows rows = { 0 };

	if (db_changed(db) == 1)
		return OK;
	TRY(db_one(db, exists, DB(db_id(which)), &rows));
	return NEVER(STATE, "not possible in the state it is in");
}

err submission_set_state(struct db *db, id which, enum submission_state to)
{
	TRY(db_run(db, QUERY_SUBMISSION_SET_STATE, DB(db_id(which), db_number(to), db_number(submission_before(to)))));
	return changed(db, QUERY_SUBMISSION_STATE, which);
}

err delivery_set_state(struct db *db, id which, enum delivery_state to)
{
	TRY(db_run(db, QUERY_DELIVERY_SET_STATE, DB(db_id(which), db_number(to), db_number(delivery_before(to)))));
	return changed(db, QUERY_DELIVERY_STATE, which);
}

err submission_expire(struct db *db, id which, moment now)
{
	TRY(submission_set_state(db, which, SUBMISSION_EXPIRED));
	TRY(db_run(db, QUERY_LINKS_EXPIRE,
		   DB(db_id(which), db_number(LINK_EXPIRED), db_number(now), db_number(link_before(LINK_EXPIRED)))));
	return db_run(db, QUERY_OBJECTS_DESTROY, DB(db_id(which)));
}

err submission_keep(struct db *db, id which, moment until, moment erase_at)
{
	TRY(db_run(db, QUERY_SUBMISSION_EXTEND,
		   DB(db_id(which), db_number(until), db_number(erase_at), db_number(SUBMISSION_ACCEPTED))));
	return db_changed(db) == 1 ? OK : NEVER(EXPIRED, "the documents are not kept any more");
}

err submission_erase(struct db *db, id which)
{
	static const enum query emptied[] = {
		QUERY_SUBMISSION_ERASE, QUERY_RECIPIENTS_ERASE, QUERY_DOCUMENTS_ERASE, QUERY_OBJECTS_DESTROY,
		QUERY_LINKS_ERASE,      QUERY_MESSAGES_ERASE,   QUERY_EVENTS_ERASE,    QUERY_REFUSALS_ERASE,
		QUERY_NOTICES_ERASE,    QUERY_DELIVERIES_ERASE,
	};

	TRY(submission_set_state(db, which, SUBMISSION_ERASED));
	for (size_t i = 0; i < sizeof emptied / sizeof *emptied; i++)
		TRY(db_run(db, emptied[i], DB(db_id(which))));
	return OK;
}

err submission_forget(struct db *db, id which)
{
	/* Who refers to a row goes before it. */
	static const enum query gone[] = {
		QUERY_EVENTS_FORGET,  QUERY_REFUSALS_FORGET,  QUERY_LINKS_FORGET,      QUERY_DELIVERIES_FORGET,
		QUERY_OBJECTS_FORGET, QUERY_DOCUMENTS_FORGET, QUERY_RECIPIENTS_FORGET, QUERY_SUBMISSION_FORGET,
	};
	OWNED(db_rows_done) struct db_rows rows = { 0 };

	err e = db_one(db, QUERY_SUBMISSION_MAY_GO, DB(db_id(which)), &rows);
	if (e.fate == FATE_NEVER && e.why == WHY_NOT_FOUND)
		return NEVER(STATE, "the submission is not erased");
	TRY(e);
	db_rows_done(&rows);
	for (size_t i = 0; i < sizeof gone / sizeof *gone; i++)
		TRY(db_run(db, gone[i], DB(db_id(which))));
	return OK;
}
