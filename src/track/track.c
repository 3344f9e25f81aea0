#include "track/track.h"

static const struct {
	str name, words;
} kinds[EVENT_COUNT] = {
#define EVENT(kind, text, sentence) [EVENT_##kind] = { { text, sizeof text - 1 }, { sentence, sizeof sentence - 1 } },
#include "track/events.def"
#undef EVENT
};

#define DETAIL_PLACE STR("event.detail")
enum { DETAIL_MAX = 16 * 1024 };

str event_name(enum event_kind k)
{
	return kinds[k].name;
}

str event_words(enum event_kind k)
{
	return kinds[k].words;
}

static bool kind_of(str name, enum event_kind *out)
{
	for (size_t i = 0; i < EVENT_COUNT; i++)
		if (str_same(kinds[i].name, name)) {
			*out = (enum event_kind)i;
			return true;
		}
	return false;
}

err track_add(struct db *db, const struct entropy *e, struct column_key *key, const struct event *event)
{
	char room[DETAIL_MAX + COLUMN_OVERHEAD];
	struct buf sealed = BUF_ON(room);

	must(event->kind < EVENT_COUNT && (key || event->detail.len == 0));
	/* The submission is the owner of the sealed detail: it is known before the row has a number. */
	if (event->detail.len)
		TRY(column_seal(key, e, DETAIL_PLACE, event->submission, event->detail, &sealed));
	return db_run(db, QUERY_EVENT_ADD,
		      DB(db_number(event->at), db_text(event_name(event->kind)), db_id_or_none(event->submission),
			 db_id_or_none(event->delivery), sealed.len ? db_bytes(buf_str(&sealed)) : db_none()));
}

err track_notice(struct db *db, id submission, id link, enum notice_kind kind, moment at)
{
	return db_run(db, QUERY_NOTICE_ADD,
		      DB(db_id(submission), db_id(link), db_number(kind), db_number(at), db_number(DAY)));
}

static err read_event(struct db_rows *rows, struct column_key *key, struct arena *a, struct event *out)
{
	if (!kind_of(db_row_peek(rows, 1), &out->kind))
		return NEVER(CONFIG, "the database holds an event that this version does not know");
	out->at = db_row_number(rows, 0);
	out->submission = db_row_id(rows, 2);
	out->delivery = db_row_id(rows, 3);
	if (key && !db_row_none(rows, 4) &&
	    failed(column_unseal(key, a, DETAIL_PLACE, out->submission, db_row_peek(rows, 4), &out->detail)))
		out->detail = STR_NONE;
	return OK;
}

err track_list(struct db *db, struct column_key *key, id submission, id delivery, struct arena *a, struct event **out)
{
	OWNED(db_rows_done) struct db_rows rows = { 0 };
	struct event *first = NULL, **last = &first;
	err e = OK;

	TRY(db_ask(db, QUERY_EVENT_LIST, DB(db_id(submission), db_id_or_none(delivery)), &rows));
	while (db_next(&rows, &e)) {
		TRY(NEW(a, *last));
		TRY(read_event(&rows, key, a, *last));
		last = &(*last)->next;
	}
	TRY(e);
	*out = first;
	return OK;
}

err track_last(struct db *db, int64_t *sequence)
{
	OWNED(db_rows_done) struct db_rows rows = { 0 };
	err e = OK;

	TRY(db_ask(db, QUERY_EVENT_LAST, DB_NOTHING, &rows));
	if (db_next(&rows, &e))
		*sequence = db_row_number(&rows, 0);
	return e;
}

err track_count(struct db *db, int64_t *since, uint64_t counts[EVENT_COUNT])
{
	OWNED(db_rows_done) struct db_rows rows = { 0 };
	uint64_t more[EVENT_COUNT] = { 0 };
	int64_t newest = *since;
	enum event_kind kind;
	err e = OK;

	TRY(db_ask(db, QUERY_EVENT_COUNT_SINCE, DB(db_number(*since)), &rows));
	while (db_next(&rows, &e)) {
		if (kind_of(db_row_peek(&rows, 0), &kind))
			more[kind] += (uint64_t)db_row_number(&rows, 1);
		if (db_row_number(&rows, 2) > newest)
			newest = db_row_number(&rows, 2);
	}
	TRY(e);
	for (size_t i = 0; i < EVENT_COUNT; i++)
		counts[i] += more[i];
	*since = newest;
	return OK;
}
