/* What the files of flow/run share. */
#ifndef LETTERLOCK_FLOW_RUN_INSIDE_H
#define LETTERLOCK_FLOW_RUN_INSIDE_H

#include "flow/run.h"

#include <pthread.h>

/* Numbers are on disk: never changed. */
enum run_kind { RUN_HEAD, RUN_CLAIM, RUN_BASE, RUN_COMMIT, RUN_RESULTS, RUN_BEAT, RUN_REST, RUN_END, RUN_KINDS };

#define RUN_ENTRY_MAX ((uint64_t)1 << 30)

struct run {
	struct run_options options;
	id owner; /* ours: new each time */
	uint8_t wrapped[WRAPPED_KEY];
	struct aead *cipher;
	char database[4096], results[4096];
	struct arena *arena; /* secret: the answer of a run that has ended */
	str answer;
	bool ended, has_results, has_base, rested;
	uint64_t log_length; /* of the database's log, as far as it is in the bucket */
	struct db *db;       /* keeps the database open, and followed */

	pthread_mutex_t lock; /* over all that follows, and one entry at a time */
	pthread_cond_t changed;
	uint64_t next;     /* number of the entry that comes next */
	int64_t held_from; /* ticks when the newest entry of ours was begun */
	moment held_since; /* the same by the wall: ticks may stand still while a machine is frozen */
	err lost;
	bool ending, beating;
	pthread_t beat;
};

/* One entry, sealed and put under its number. NEVER EXISTS if the number is somebody else's. */
err run_put(struct run *r, uint64_t number, enum run_kind kind, str bytes);
/* NEVER NOT_FOUND behind the last. `bytes` is in `a`. */
err run_get(struct run *r, struct arena *a, uint64_t number, enum run_kind *kind, str *bytes);

/* A key for a run that is new. */
err run_new_key(struct run *r);

/* Text beside the entries, by whoever wrote last; NEVER NOT_FOUND. */
err run_hint(struct run *r, struct arena *a, str *out);
err run_set_hint(struct run *r, str text);

/* The next entry, by whoever has something to say. */
err run_append(struct run *r, enum run_kind kind, str bytes);
err run_begin_beating(struct run *r);
void run_end_beating(struct run *r);

#endif
