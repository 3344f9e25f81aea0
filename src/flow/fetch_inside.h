/* What the files of flow/fetch share. Not for others. */
#ifndef LETTERLOCK_FLOW_FETCH_INSIDE_H
#define LETTERLOCK_FLOW_FETCH_INSIDE_H

#include "flow/db_pool.h"
#include "flow/fetch.h"
#include "track/track.h"
#include "wire/json.h"

struct seen;
struct teller;
struct fetch {
	struct fetch_parts parts;
	struct db_pool *pool;
	struct teller *teller;
	struct seen *seen;
};

static inline moment fetch_now(const struct fetch *f)
{
	return clock_now(&f->parts.clock);
}

/* An event about a link: who, and for transfers what and how much. */
struct fetch_event {
	enum event_kind kind;
	id submission, recipient, link;
	const struct object *object; /* null if it is about none */
	uint64_t bytes, times;
};
/* Takes *below: it goes on as long as the session's link may be opened, which is looked at again every second. */
err fetch_watch(struct fetch *f, struct arena *a, const struct fetch_view *v, const struct link_session *session,
		struct source *below, struct source *out);
err fetch_tell(struct fetch *f, struct db *db, struct column_key *key, const struct fetch_event *event);

#endif
