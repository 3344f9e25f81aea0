/* The steward: sweeps every minute, and mails what nobody has to ask for. */
#include "proc/role.h"

#include "flow/errands.h"
#include "flow/objects.h"
#include "flow/sweep.h"

enum { EVERY_SECONDS = 60, HOUR_SECONDS = 60 * 60, DAY_SECONDS = 24 * 60 * 60 };

/* A store that fails, until it is well again. */
struct store_trouble {
	bool lasts;
	unsigned say_at; /* second */
};

/* At once, then once an hour: removing may wait, mails may not. */
static void tell_store(const struct duty *d, err e, unsigned second, struct store_trouble *t)
{
	if (failed(e) && (!t->lasts || second >= t->say_at)) {
		log_say(&d->log, e.fate == FATE_LATER ? LOG_LEVEL_WARNING : LOG_LEVEL_ERROR,
			"what was deleted cannot be removed from the store now: %s (%s); all else goes on",
			err_verdict(e)->words, e.note);
		t->say_at = second + HOUR_SECONDS;
	} else if (!failed(e) && t->lasts) {
		log_say(&d->log, LOG_LEVEL_INFO, "what was deleted is removed from the store again");
	}
	t->lasts = failed(e);
}

/* What fails for now is tried again in a minute; anything else ends the process, and its parent says when it is back.
 */
static err sweep(const struct duty *d, struct db *db, unsigned second, struct store_trouble *store)
{
	struct sweep_count done;

	err e = flow_sweep(d->line, db, &done);
	if (!failed(e))
		tell_store(d, done.store, second, store);
	if (e.fate == FATE_LATER) {
		log_say(&d->log, LOG_LEVEL_WARNING, "sweeping has to wait: %s (%s)", err_verdict(e)->words, e.note);
		return OK;
	}
	return e;
}

/* A recipient waits for the mail that was promised: every second. After a failure that is not the last word, and while
 * one lasts, every minute. */
static err run_errands(const struct duty *d, struct db *db, unsigned second, unsigned *again)
{
	struct errand_count done = { 0 };
	struct fault fault = { 0 };

	if (second < *again)
		return OK;
	err e = flow_errands(d->line, db, &done, &fault);
	if (!failed(e) || e.fate == FATE_BROKEN)
		return e;
	log_failure(&d->log, "a mail of our own could not be made", e, &fault);
	*again = second + EVERY_SECONDS;
	return OK;
}

/* At the start and once a day, so that it is read before nothing can be stored or opened any more. */
static void watch_store_key(const struct duty *d)
{
	struct objects_key k;

	if (!objects_key_look(d->config, clock_now(&d->clock), &k) || !k.alarm)
		return;
	log_say(&d->log, k.refused ? LOG_LEVEL_ERROR : LOG_LEVEL_WARNING,
		"the bucket's access key %.*s is %lld days old; from %lld days on nothing is signed with "
		"it: " OBJECTS_KEY_ROTATE,
		STR_ARG(k.id), (long long)(k.age / DAY), (long long)(d->config->s3.refuse_after / DAY));
}

err steward_run(struct duty *d, struct fault *fault)
{
	OWNED(db_done) struct db *db = NULL;
	struct store_trouble store = { 0 };
	unsigned again = 0;

	TRY(line_db(d->line, &db, fault));
	TRY(duty_ready(d));
	for (unsigned second = 0; second == 0 || duty_goes_on(d); second++) {
		if (second % DAY_SECONDS == 0)
			watch_store_key(d);
		if (second % EVERY_SECONDS == 0)
			TRY(sweep(d, db, second, &store));
		TRY(run_errands(d, db, second, &again));
	}
	return duty_outcome();
}
