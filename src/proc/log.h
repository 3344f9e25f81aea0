/* Inside proc: what the operator reads. One line for one thing, written at once to standard error:
 *
 *     2026-11-21T19:50:00Z info front: the page of https://docs.example.com is served at [::]:443
 *     {"time":"2026-11-21T19:50:00Z","level":"info","process":"front","message":"…"}
 *
 * Bytes that are not printable are escaped. No line holds a secret, a token or an address: callers know the first two
 * and leave them out, and a word with '@' in it, which another server may have said, is replaced here. */
#ifndef LETTERLOCK_PROC_LOG_H
#define LETTERLOCK_PROC_LOG_H

#include "config/config.h"

struct log {
	enum config_log_level least;
	enum config_log_format format;
	struct clock clock;
	const char *process;
};
void log_say(const struct log *l, enum config_log_level level, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* Of a failure; its fault says more than its reason, if it is filled. */
void log_failure(const struct log *l, const char *what, err e, const struct fault *fault);
void log_print(const struct log *l, enum config_log_level level, str message, struct buf *line);

#endif
