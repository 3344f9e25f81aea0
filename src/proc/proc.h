/* proc: which process does what, with which rights. `serve` is a parent that reads nothing from outside and its
 * children, forked before any thread exists:
 *
 *     parent    binds the listening socket, starts the others, watches them, passes on what signals ask
 *     keeper    holds the keys and answers questions about them; no file, no network, no program, no new thread
 *     front     the recipients' page; holds the TLS key and one request's plaintext
 *     courier   delivers what is due
 *     steward   sweeps every minute: expiry, erasure, repair; mails new links, reminders and notices
 *     certifier gets certificates, where an authority is configured
 *
 * A child that dies is started again, after 1 s and then after twice as long each time, up to 60 s, while the others
 * go on; nothing is lost, because whatever was promised is in the database. Only when the keeper dies do the others
 * leave too, finishing what they have in hand, and new ones come with the new keeper. If the parent dies, all die.
 *
 * SIGHUP loads the certificate again, and the keys if there are new ones: a second keeper begins, and with it other
 * processes, while the first ones finish what they have in hand. SIGTERM and SIGINT ask once to finish what is in
 * flight, which may take 30 s; a second one ends everything at once. `--role` runs one role and its keeper, so that
 * several machines share the work. The front cannot read keys: they were never in its memory, and the keeper neither
 * signs nor wraps for it. */
#ifndef LETTERLOCK_PROC_H
#define LETTERLOCK_PROC_H

#include "config/config.h"

struct role;
err role_find(str name, const struct role **out); /* front, courier, steward, certifier */

struct serve_options {
	struct arena *arena; /* lives as long as serving */
	const struct config *config;
	struct clock clock;
	struct entropy entropy;
	const struct role *only; /* null: all */
	bool quiet;              /* nothing below a warning is said */
};
/* Returns when stopping was wanted and everything in flight is finished, or when a child could not begin: then with
 * its error and fault. LATER TIMEOUT if something had to be ended before it was finished. */
err proc_serve(const struct serve_options *options, struct fault *fault);

#endif
