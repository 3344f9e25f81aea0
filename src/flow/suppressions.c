#include "flow/suppressions.h"

static bool is_none(err e)
{
	return e.fate == FATE_NEVER && e.why == WHY_NOT_FOUND;
}

err flow_suppression_check(struct line *line, struct db *db, struct arena *a, str address, struct fault *fault)
{
	struct suppression s;
	char room[32];
	struct buf since = BUF_ON(room);

	err e = suppression_find(db, a, line->keys, address, &s);
	if (is_none(e))
		return OK;
	TRY(e);
	buf_add_moment(&since, s.at);
	fault_set(fault,
		  "this address must not be mailed, since %.*s: %.*s (%.*s); `letterlock suppression remove %.*s` lets "
		  "it be mailed again",
		  STR_ARG(buf_str(&since)), STR_ARG(suppression_words(&s)), STR_ARG(s.origin), STR_ARG(address));
	return NEVER(SUPPRESSED, "the address is suppressed");
}

static err add_event(struct line *line, struct db *db, enum event_kind kind)
{
	struct event event = { .kind = kind, .at = clock_now(&line->clock) };
	return track_add(db, &line->entropy, NULL, &event);
}

err flow_suppression_add(struct line *line, struct db *db, struct arena *a, struct suppression *s, struct fault *fault)
{
	OWNED(db_rollback) struct db_transaction change = { 0 };
	struct suppression old;
	bool fresh;

	s->scope = SUPPRESSION_EVERYWHERE;
	s->origin = STR("operator");
	s->at = clock_now(&line->clock);
	TRY(db_begin(db, &change));
	err e = suppression_find(db, a, line->keys, s->address, &old);
	if (!failed(e)) {
		fault_set(fault, "%.*s is suppressed already: %.*s", STR_ARG(s->address),
			  STR_ARG(suppression_words(&old)));
		return NEVER(EXISTS, "suppressed already");
	}
	TRY(is_none(e) ? OK : e);
	TRY(suppression_add(db, a, line->keys, &line->entropy, s, &fresh));
	TRY(add_event(line, db, EVENT_SUPPRESSION_ADDED));
	return db_commit(&change);
}

err flow_suppression_remove(struct line *line, struct db *db, struct arena *a, str address, struct suppression *gone,
			    struct fault *fault)
{
	OWNED(db_rollback) struct db_transaction change = { 0 };

	TRY(db_begin(db, &change));
	err e = suppression_find(db, a, line->keys, address, gone);
	if (is_none(e))
		fault_set(fault, "%.*s is not suppressed", STR_ARG(address));
	TRY(e);
	TRY(suppression_remove(db, line->keys, address));
	TRY(add_event(line, db, EVENT_SUPPRESSION_REMOVED));
	return db_commit(&change);
}
