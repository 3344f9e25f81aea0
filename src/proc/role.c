#include "proc/role.h"

#include "proc/word.h"
#include "sys/sys.h"

/* What every line needs: opening what was sealed, looking up addresses and tokens, and which keys there are. */
enum { READING = MAY(UNWRAP) | MAY(MAC) | MAY(LIST) };

/* Nobody but the keeper reads a key file. None of the others wraps: new keys are made by `send`. The steward signs,
 * since it mails new links, reminders and notices; they are sealed under the key of the submission they belong to, so
 * it needs to wrap nothing. */
const struct role roles[ROLES] = {
	[KEEPER] = { "keeper", "ll-keeper", .run = keeper_run },
	[FRONT] = { "front", "ll-front", .asks = READING, .listens = true, .run = front_run },
	[COURIER] = { "courier", "ll-courier", .asks = READING, .run = courier_run },
	[STEWARD] = { "steward", "ll-steward", .asks = READING | MAY(SIGN), .run = steward_run },
	[CERTIFIER] = { "certifier", "ll-certifier", .run = certifier_run },
};

/* How long the front remembers what the keeper answered. */
#define REMEMBERED (2 * SECOND)

static err open_line(struct duty *d, struct fault *fault)
{
	OWNED(keyring_done) struct keyring *asked = NULL;
	OWNED(keyring_done) struct keyring *keys = NULL;

	TRY(keeper_client_open(d->sockets, &asked, &d->client));
	if (d->role->listens)
		TRY(keyring_remember(&asked, d->clock, REMEMBERED, &keys, &d->memory));
	return line_open_with(d->arena, d->config, d->clock, d->entropy, keys ? &keys : &asked, &d->line, fault);
}

static err work(struct duty *d, struct fault *fault)
{
	if (d->role->asks)
		TRY(open_line(d, fault));
	return d->role->run(d, fault);
}

void duty_do(struct duty *d)
{
	struct fault fault = { 0 };

	err e = work(d, &fault);
	if (failed(e) && d->ready)
		log_failure(&d->log, "ending", e, &fault);
	else if (failed(e))
		(void)failed(word_tell(d->parent, WORD_FAILED, e, &fault));
	line_done(&d->line);
	exit(failed(e) ? err_verdict(e)->exit_status : 0);
}

err duty_ready(struct duty *d)
{
	d->ready = true;
	return word_tell(d->parent, WORD_READY, OK, &(struct fault){ 0 });
}

bool duty_goes_on(struct duty *d)
{
	keyring_memory_sweep(d->memory);
	return !(d->client && keeper_client_lost(d->client)) && sys_sleep(SECOND);
}

err duty_outcome(void)
{
	return stop_wanted() ? OK : LATER(CLOSED, "the keeper of the keys is gone");
}
