/* What feeder, couriers and the frame of flow/dispatch share. */
#ifndef LETTERLOCK_FLOW_DISPATCH_INSIDE_H
#define LETTERLOCK_FLOW_DISPATCH_INSIDE_H

#include "flow/dispatch.h"
#include "flow/settler.h"
#include "flow/way_out.h"

#include <pthread.h>

enum {
	CONNECTIONS_MAX = 256,
	GROUP_MAX = 64,   /* deliveries leased in one transaction */
	HELD_MAX = 1024,  /* leased and not settled, together */
	STUBBORN_MAX = 3, /* failures of the transport with one message in hand, until it is that message's failure */
	NEAR_TICKS = 2 * SECOND,  /* a turn that is held for; who has a farther one goes back into the queue */
	EARLY_TICKS = 1 * SECOND, /* until so long before its turn */
};

/* A delivery that is leased to us and not yet sent. */
struct held {
	id delivery;
	struct lease lease; /* read when it is first taken: lease.arena is set then */
	int64_t not_before; /* ticks: its domain's slot, or 0 */
	moment due;         /* not 0: it is to go back into the queue until then */
	bool in_line;       /* it has a turn in its domain's line */
	unsigned failures;  /* of the transport while it was in hand */
};

/* A message that the transport failed with, remembered while it is back in the queue. */
struct stubborn {
	id delivery;
	unsigned failures;
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
	struct queue_untried untried[HELD_MAX]; /* to be given back by the feeder */
	size_t untried_count;
	struct stubborn stubborn[CONNECTIONS_MAX]; /* the oldest is forgotten first */
	size_t stubborn_next;
	unsigned in_flight;
	size_t group;      /* how much is leased at once */
	bool starved;      /* since then a courier came and found nothing */
	int64_t leased_at; /* ticks */
	int64_t slot_at;   /* ticks: the last slot of the whole transport that was taken */
	int64_t lined_up;  /* ticks: the last turn in a domain's line */
	bool ending, woken;
	int64_t down_since, down_until, down_wait; /* ticks; the transport's health, shared by all couriers */
	int64_t works_ticks;                       /* when it last served somebody; 0: never */
	char trouble[512];
	bool trouble_is_queue; /* and not the transport's */
	bool stopped;          /* the way out allows nothing now, or nobody knows yet what it allows */
	int64_t stopped_since; /* ticks */
	char stopped_words[512], notice[512];
	int64_t ask_at, ask_wait;      /* ticks: when it is asked again, and the last wait */
	int64_t fast_until, fast_wait; /* ticks: it wants us slower */
	int64_t reclaim_at;            /* the feeder's: ticks when leases of the dead are looked for again */
	err broken;
	moment next_due; /* as of the last time nothing was due */

	pthread_t feeder;
	bool feeding;
	pthread_t courier[CONNECTIONS_MAX];
	unsigned couriers;
};

/* Asks what the way out allows, and keeps to it; on the feeder's thread, without the lock. */
void dispatch_ask(struct dispatch *d);
/* A courier heard that it has changed; the lock is held. */
void dispatch_ask_soon(struct dispatch *d, const char *words);
/* A courier heard that we are too fast; the lock is held. All slow down together, and the first who is served ends it.
 */
void dispatch_slow_down(struct dispatch *d);
/* The next wait of who is turned away again and again: from a second to a minute. */
int64_t dispatch_longer(int64_t wait);

void *dispatch_feed(void *dispatch);
void *dispatch_carry(void *dispatch);               /* a courier */
size_t dispatch_runnable(const struct dispatch *d); /* how many could go now; the lock is held */
/* The lock is held: what is leased and unsent goes back to where it was in the queue, or waits until it is due. */
void dispatch_give_back(struct dispatch *d, struct held *h);
void dispatch_give_back_held(struct dispatch *d); /* all that is not in a courier's hands */
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
