/* What the files of flow/errands share. Not for others. */
#ifndef LETTERLOCK_FLOW_ERRANDS_INSIDE_H
#define LETTERLOCK_FLOW_ERRANDS_INSIDE_H

#include "flow/errands.h"

enum { ERRANDS_AT_ONCE = 256 };

struct errands {
	struct line *line;
	struct db *db;
	moment now;
	struct errand_count *count;
	struct fault *fault;
	err trouble; /* the first that concerned one errand alone */
};
err errands_wishes(struct errands *run);
err errands_reminders(struct errands *run);
err errands_notices(struct errands *run);

/* Signed as all mail is, from the bounce address, queued for now. In the caller's transaction. */
err errands_queue(struct errands *run, struct submission *sub, struct recipient *to, struct message *message,
		  moment give_up_at, enum event_kind kind);
/* Ids of a query whose last parameter is how many. */
err errands_due(struct db_rows *rows, id *out, size_t *count);
/* Passes over what concerns one errand alone. */
err errands_one(struct errands *run, err e);

#endif
