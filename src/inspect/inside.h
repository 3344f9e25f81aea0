/* Inside inspect only: the pool lends a worker, a call talks with it, the pool gets it back or ends it. */
#ifndef LETTERLOCK_INSPECT_INSIDE_H
#define LETTERLOCK_INSPECT_INSIDE_H

#include "inspect/frame.h"
#include "inspect/inspect.h"
#include "sys/worker.h"

struct one {
	struct worker worker;
	struct one *next;
	bool ready;    /* it has said so */
	bool alone;    /* it does each job in a process of its own */
	bool working;  /* its last job has a process, as far as is known */
	unsigned jobs; /* it has done */
	unsigned landlock;
	struct buf in, out;  /* what came; what must be sent */
	size_t looked, sent; /* of each */
	char in_room[FRAME_MAX + FRAME_WINDOW], out_room[FRAME_MAX + FRAME_WINDOW + 2 * FRAME_HEAD];
};

err pool_take(struct inspectors *p, bool alone, struct one **out, struct fault *fault);
const struct inspectors_options *pool_options(const struct inspectors *p);
/* Fit for another job, or ended: *signal as in worker_end(). */
void pool_give_back(struct inspectors *p, struct one *o);
void pool_end(struct inspectors *p, struct one *o, int *signal);

/* Is the process of its last job gone? One that answered and stays is not to see the next document. */
bool one_rests(struct one *o);
/* Waits for its first words, and judges them by the pool's options. */
err one_ready(const struct inspectors_options *options, struct one *o, struct fault *fault);
/* The next frame the worker sends, sending o->out meanwhile; *f is none if only that moved. Its body is good until the
 * next call. */
err one_talk(struct one *o, int64_t until, struct frame *f, bool *whole);

#endif
