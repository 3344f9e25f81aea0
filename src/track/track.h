/* track: facts, written once, in the same transaction as what they tell of. An event has a kind (one row in
 * events.def), a time, the ids it is about and a detail: a small JSON object, sealed with the submission's
 * key because replies of mail servers and file names are personal. Nothing updates or deletes an event but
 * the erasure of its submission, which leaves kind, time and ids and can no longer read the detail. */
#ifndef LETTERLOCK_TRACK_H
#define LETTERLOCK_TRACK_H

#include "db/db.h"
#include "model/model.h"

enum event_kind {
#define EVENT(name, text, words) EVENT_##name,
#include "track/events.def"
#undef EVENT
	EVENT_COUNT
};
str event_name(enum event_kind k);
str event_words(enum event_kind k);

struct event {
	struct event *next;
	enum event_kind kind;
	moment at;
	id submission, delivery; /* id_none where it is about neither */
	str detail;              /* JSON object, or empty */
};

/* `key` may be null when there is no detail. */
err track_add(struct db *db, const struct entropy *e, struct column_key *key, const struct event *event);
/* A cause to tell the sender of a submission by mail (table notice); the same about the same link counts once a day.
 * In the caller's transaction, with what it tells of. */
err track_notice(struct db *db, id submission, id link, enum notice_kind kind, moment at);
/* In the order they were written, of a submission or of one delivery (then with those of its submission). A
 * detail that can no longer be opened is left empty. */
err track_list(struct db *db, struct column_key *key, id submission, id delivery, struct arena *a, struct event **out);

/* For whoever counts: the newest event, and how many of each kind came after *since, which goes on to the newest. Kinds
 * of a newer version are passed over. */
err track_last(struct db *db, int64_t *sequence);
err track_count(struct db *db, int64_t *since, uint64_t counts[EVENT_COUNT]);

#endif
