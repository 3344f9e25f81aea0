/* Room on the disk for what was heard. A message that was sent is sent again after a crash unless its outcome is
 * written down, and a disk may fill between the two. So dispatching holds some room, in the file that shows it is
 * alive: when there is no other left, the outcomes that are in flight get it, and nothing more is sent until it is
 * whole again. Thread-safe. */
#ifndef LETTERLOCK_FLOW_RESERVE_H
#define LETTERLOCK_FLOW_RESERVE_H

#include "db/db.h"

#include <pthread.h>
#include <stdatomic.h>

struct reserve {
	struct db_presence *where;
	uint64_t bytes;
	pthread_mutex_t lock; /* over its filling and spending */
	atomic_bool whole;
};
/* LATER DISK_FULL if there is no such room. */
err reserve_open(struct reserve *r, struct db_presence *where, unsigned connections);
void reserve_done(struct reserve *r);
bool reserve_spend(struct reserve *r); /* true: there is room now that was not */
err reserve_refill(struct reserve *r); /* OK at once if it is whole */
bool reserve_whole(const struct reserve *r);

#endif
