/* The settler: outcomes of many couriers, written down together. settler_put() returns when what it was given
 * is durable; while one transaction is being synced, the next group gathers. */
#ifndef LETTERLOCK_FLOW_SETTLER_H
#define LETTERLOCK_FLOW_SETTLER_H

#include "flow/line.h"
#include "flow/reserve.h"

struct verdict_of_try {
	struct verdict_of_try *next;
	struct settlement settlement;
	struct column_key *key;
	id submission;
	bool uncertain;
	str detail; /* JSON */
	bool durable;
};

struct settler;
/* `patience`: how long it tries to write when the reserve is spent too, or until stopping is wanted. */
err settler_begin(struct line *line, struct reserve *reserve, span patience, struct settler **out, struct fault *fault);
/* Blocks until durable, or until the settler is broken (then nothing more may be sent). */
err settler_put(struct settler *s, struct verdict_of_try *v);
void settler_end(struct settler **s); /* after the last courier */

#endif
