/* proc: which process does what. `serve` runs the roles until it is asked to stop, then drains.
 *
 *     front     the recipients' page
 *     courier   delivers what is due
 *     steward   sweeps every minute: expiry, erasure, repair
 *
 * One machine runs them all; `--role` runs one, so that several machines can share the work. */
#ifndef LETTERLOCK_PROC_H
#define LETTERLOCK_PROC_H

#include "flow/line.h"

enum role { ROLE_ALL, ROLE_FRONT, ROLE_COURIER, ROLE_STEWARD };
err role_parse(str name, enum role *out);

struct serve_options {
	enum role role;
	void (*say)(void *state, const char *line); /* for people: what was started, what failed */
	void *state;
};
/* Returns when SIGTERM or SIGINT was seen and everything in flight is finished. */
err proc_serve(struct line *line, const struct serve_options *options, struct fault *fault);

#endif
