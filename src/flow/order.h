/* flow/order: a list that lies in a bucket, sent by a machine that keeps nothing. It is flow/send, with documents that
 * are fetched when their turn comes and a run whose state lies in the bucket of the store (flow/run), at
 * PREFIX/runs/<id>/. The run's id is made from what was asked for: the list by its bucket, name and content (ETag),
 * where its documents are, and how they are sent. Whoever asks for the same again is told how it ended, and nobody gets
 * a second mail; what was stopped in the middle goes on.
 *
 * The results are an object too, renewed as the work goes on, in the list's bucket below lambda.results. They hold the
 * passwords, as the results of `send` do. */
#ifndef LETTERLOCK_FLOW_ORDER_H
#define LETTERLOCK_FLOW_ORDER_H

#include "flow/send.h"

struct order {
	str bucket, list;        /* the list's */
	str etag;                /* that it must have, without quotes; empty: any */
	str documents_bucket;    /* empty: the list's */
	str documents;           /* prefix of their names */
	str label;               /* to send the same list anew; mostly empty */
	struct send_options how; /* without paths */
};

enum order_state {
	ORDER_DONE,     /* every row has ended */
	ORDER_WAITING,  /* rows wait, or there was no time: who asks again goes on */
	ORDER_REPLACED, /* the list is not the one that was meant: another has taken its place */
};

/* `dir` is empty and ours; it holds the run, and may be removed afterwards. `answer` is a JSON object. LATER BUSY while
 * somebody else works on the same list. */
err flow_order(struct arena *a, const struct config *config, struct clock clock, struct entropy entropy,
	       const char *dir, const struct order *order, enum order_state *state, str *answer, struct fault *fault);

#endif
