/* What feeder, couriers and the frame of flow/dispatch share. */
#ifndef LETTERLOCK_FLOW_DISPATCH_INSIDE_H
#define LETTERLOCK_FLOW_DISPATCH_INSIDE_H

#include "flow/dispatch.h"
#include "flow/settler.h"

#include <pthread.h>

enum {
	CONNECTIONS_MAX = 256,
	LEASE_GROUP = 64, /* deliveries leased in one transaction */
	HELD_MAX = 1024,  /* leased and not yet sent: those whose domain must wait do not keep others from going */
	STUBBORN_MAX = 3, /* failures of the transport with one message in hand, until it is that message's failure */
};

/* A delivery that is leased to us and not yet sent. */
struct held {
	id delivery;
	struct lease lease; /* read when it is first taken: lease.arena is set then */
	int64_t not_before; /* ticks: its domain's slot, or 0 */
	unsigned failures;  /* of the transport while it was in hand */
};

struct dispatch {
	struct line *line;
	struct dispatch_options options;
	struct settler *settler;
	struct transport *transport;
	struct pace *pace;
	id owner;
	struct db *db; /* the feeder's */
	struct db_presence presence;
	struct reserve reserve;

	pthread_mutex_t lock; /* over all that follows */
	pthread_cond_t work;  /* there is something for couriers */
	pthread_cond_t empty; /* the feeder should look */
	struct held *held[HELD_MAX];
	size_t held_count;
	unsigned in_flight;
	bool ending, woken;
	int64_t down_since, down_until, down_wait; /* ticks; the transport's health, shared by all couriers */
	int64_t works_ticks;                       /* when it last served somebody; 0: never */
	char trouble[512];
	bool trouble_is_queue; /* and not the transport's */
	int64_t reclaim_at;    /* the feeder's: ticks when leases of the dead are looked for again */
	err broken;
	struct queue_count left; /* as of the last time nothing was due */

	pthread_t feeder;
	bool feeding;
	pthread_t courier[CONNECTIONS_MAX];
	unsigned couriers;
};

void *dispatch_feed(void *dispatch);
void *dispatch_carry(void *dispatch); /* a courier */
/* Something failed that no retry mends: everything stops. */
void dispatch_break(struct dispatch *d, err e);
/* Waits on `cond` for at most that many ticks; the lock is held. */
void dispatch_wait(struct dispatch *d, pthread_cond_t *cond, int64_t ticks);
/* Writes an outcome down, durably, and tells who asked to hear of it. */
err dispatch_settle(struct dispatch *d, const struct lease *l, const struct outcome *o);
/* An end that no server pronounced. */
err dispatch_settle_ourselves(struct dispatch *d, const struct lease *l, err e, const char *words);
void held_done(struct held **h);

#endif
