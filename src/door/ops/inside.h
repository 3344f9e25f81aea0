/* What the files of door/ops share. Not for others. */
#ifndef LETTERLOCK_DOOR_OPS_INSIDE_H
#define LETTERLOCK_DOOR_OPS_INSIDE_H

#include "door/ops/ops.h"
#include "flow/report.h"

#include <pthread.h>

enum { READY_DATABASE, READY_STORE, READY_KEEPER, READY_CERTIFICATE, READY_COUNT };

struct ops {
	struct ops_options options;
	struct http_server *http;
	pthread_mutex_t lock; /* over what follows: several may ask at the same time */
	struct db *db;
	uint64_t events[EVENT_COUNT]; /* since we began */
	int64_t event_seen;           /* the sequence up to which they are counted */
};

/* What was found now; `overview` only if `known`. */
struct readiness {
	bool ready[READY_COUNT];
	struct overview overview;
	bool known;
};
str readiness_name(size_t what);
void ops_look(struct ops *o, struct arena *a, struct readiness *out);
void ops_metrics(struct ops *o, const struct readiness *r, struct buf *b);

#endif
