/* The steward: sweeps every minute. */
#include "proc/role.h"

#include "flow/sweep.h"

enum { EVERY_SECONDS = 60 };

/* What fails for now is tried again in a minute; anything else ends the process, and its parent says when it is back.
 */
static err sweep(const struct duty *d, struct db *db)
{
	struct sweep_count done;

	err e = flow_sweep(d->line, db, &done);
	if (e.fate == FATE_LATER) {
		log_say(&d->log, LOG_LEVEL_WARNING, "sweeping has to wait: %s (%s)", err_verdict(e)->words, e.note);
		return OK;
	}
	return e;
}

err steward_run(struct duty *d, struct fault *fault)
{
	OWNED(db_done) struct db *db = NULL;

	TRY(line_db(d->line, &db, fault));
	TRY(duty_ready(d));
	for (unsigned second = 0; second == 0 || duty_goes_on(d); second++)
		if (second % EVERY_SECONDS == 0)
			TRY(sweep(d, db));
	return duty_outcome();
}
