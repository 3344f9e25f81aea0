/* flow/dispatch: the way out. Leased deliveries go through a transport on several connections at once, at the
 * pace that was configured, and every outcome is made durable, as a state and as an event.
 *
 *     feeder    leases what is due, as much as goes in a moment, and gives back what will not go soon
 *     courier   one thread, one connection: takes a delivery, waits for its slot, sends it, hears the verdict
 *     settler   writes the outcomes of all couriers down, a group in one transaction
 *
 * A courier says nothing more on its connection until what it heard is durable: that is why a crash can leave
 * at most one delivery a connection in doubt. When the transport itself fails (nobody answers, TLS or the login
 * is refused), deliveries are given back untried and the transport is left alone for a while.
 *
 * Hardly more is leased than goes at once: what is leased cannot be cancelled and keeps others waiting. A message whose
 * domain's turn is not near goes back into the queue, due shortly before its turn. */
#ifndef LETTERLOCK_FLOW_DISPATCH_H
#define LETTERLOCK_FLOW_DISPATCH_H

#include "flow/line.h"

/* What became of one attempt, after it is durable. */
struct dispatched {
	id delivery;
	enum delivery_state state;
	moment due;       /* when it is waiting */
	const char *text; /* escaped, for people: what the server said */
};

struct dispatch_options {
	struct queue_scope scope;
	span patience; /* how long outcomes that cannot be written down are kept in memory before all ends */
	struct transport *transport;  /* becomes the dispatcher's; null: as configured */
	err (*may_mail)(void *state); /* before each mail; anything but OK ends all; may be null */
	void (*heard)(void *state, const struct dispatched *what); /* on a courier's thread; may be null */
	void *state;
};

struct dispatch;
err dispatch_begin(struct line *line, const struct dispatch_options *options, struct dispatch **out,
		   struct fault *fault);
void dispatch_wake(struct dispatch *d); /* something new may be due */

struct dispatch_view {
	unsigned in_flight; /* leased and not settled */
	int64_t lined_up;   /* ticks of the last turn that was given to a message of a slow domain; 0: none */
	int64_t down_since; /* ticks since when nothing can be sent; 0: all works */
	char trouble[512];  /* why, for people: a whole sentence */
	char notice[512];   /* what to know about the way out before anything fails; may be empty */
	err broken;         /* not OK: dispatching has ended by itself */
};
void dispatch_look(struct dispatch *d, struct dispatch_view *out);
/* What is in flight is finished (bounded by the transport's own deadlines); what is only leased is given back. */
void dispatch_end(struct dispatch **d);

#endif
