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
	unsigned jobs; /* it has done */
	unsigned landlock;
	struct buf in, out;  /* what came; what must be sent */
	size_t looked, sent; /* of each */
	char in_room[FRAME_MAX + FRAME_WINDOW], out_room[FRAME_MAX + FRAME_WINDOW + 2 * FRAME_HEAD];
};

err pool_take(struct inspectors *p, struct one **out, struct fault *fault);
const struct inspectors_options *pool_options(const struct inspectors *p);
/* Fit for another job (unless it was its last), or ended: *signal as in worker_end(). */
void pool_give_back(struct inspectors *p, struct one *o, bool last);
void pool_end(struct inspectors *p, struct one *o, int *signal);

/* Waits for its first words, and judges them by the pool's options. */
err one_ready(const struct inspectors_options *options, struct one *o, struct fault *fault);
/* The next frame the worker sends, sending o->out meanwhile; *f is none if only that moved. Its body is good until the
 * next call. */
err one_talk(struct one *o, int64_t until, struct frame *f, bool *whole);

#endif
