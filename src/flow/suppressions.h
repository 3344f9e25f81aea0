/* flow/suppressions: who must not be mailed. Every way to a recipient asks here first: `send` for each row, `renew`, a
 * new link that a recipient asks for, a reminder. The operator's own additions and removals are events. */
#ifndef LETTERLOCK_FLOW_SUPPRESSIONS_H
#define LETTERLOCK_FLOW_SUPPRESSIONS_H

#include "flow/line.h"
#include "model/suppression.h"

/* NEVER SUPPRESSED, with words that say since when, why, and how it is undone. */
err flow_suppression_check(struct line *line, struct db *db, struct arena *a, str address, struct fault *fault);
/* s->address, s->reason; the rest is set. NEVER EXISTS if it is suppressed already, saying why. */
err flow_suppression_add(struct line *line, struct db *db, struct arena *a, struct suppression *s, struct fault *fault);
/* NEVER NOT_FOUND. */
err flow_suppression_remove(struct line *line, struct db *db, struct arena *a, str address, struct suppression *gone,
			    struct fault *fault);

#endif
