/* What clamd.c, clamd_scan.c and clamd_ready.c share, inside check. */
#ifndef LETTERLOCK_CHECK_CLAMD_INSIDE_H
#define LETTERLOCK_CHECK_CLAMD_INSIDE_H

#include "check/clamd.h"
#include "sys/sys.h"

#include <stdatomic.h>

struct clamd {
	struct clamd_options options;
	const char *path; /* of a Unix socket; else */
	const char *host;
	uint16_t port;
	_Atomic int64_t silent_until; /* ticks: it did not answer, and is not asked before */
};

/* A connection, and room for the answer. */
struct clamd_talk {
	struct clamd *clamd;
	int fd;
	struct wait wait;
	char answer[CLAMD_ANSWER_MAX + 1]; /* one more, to notice that it is too long */
	size_t answered;
};

err clamd_dial(struct clamd *c, struct clamd_talk *t, struct fault *fault);
err clamd_say(struct clamd_talk *t, str bytes, struct fault *fault);
err clamd_hear(struct clamd_talk *t, struct fault *fault); /* to the end of the connection */
bool clamd_spoke(struct clamd_talk *t);                    /* unasked, or it has hung up; never waits */
void clamd_talk_done(struct clamd_talk *t);                /* for OWNED */

/* The one error there is, in words: "clamd at /run/clamd.sock …". */
err clamd_trouble(const struct clamd *c, struct fault *fault, const char *words);
/* An answer that is neither clean nor a finding. */
err clamd_refused(const struct clamd *c, struct fault *fault, enum clamd_answer answer, str bytes);

#endif
