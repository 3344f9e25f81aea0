/* A worker is another program that parses hostile bytes for us and is not trusted with anything else. It is started
 * with an empty environment, one socket that is both its standard input and its standard output, standard error into
 * nothing, the signals of terminals and service managers blocked, and hard limits. It shuts the doors behind itself
 * (sys/cage.h), and may do each job in a process of its own; what a job may use is limited from here, from outside, so
 * that no call for it need be open inside.
 *
 * It is killed by the kernel when the thread that started it ends (PR_SET_PDEATHSIG is about threads): who starts
 * workers is a thread that lives as long as they. No worker is waited for without an end. */
#ifndef LETTERLOCK_SYS_WORKER_H
#define LETTERLOCK_SYS_WORKER_H

#include "base/base.h"

#include <sys/types.h>

struct worker_limits {
	uint64_t address_space; /* bytes; not under the address sanitizer, whose shadow is address space too */
	uint64_t cpu_seconds;   /* from now on */
};
struct worker {
	pid_t pid;                /* 0: none */
	int fd, rested_fd;        /* the latter -1: it does not stand by */
	struct worker_limits now; /* as the kernel has them: CPU counted from the worker's beginning */
};
#define WORKER_NONE ((struct worker){ .fd = -1, .rested_fd = -1 })

/* `stands_by`: it is to do each job in a process of its own (cage_stand_by). */
err worker_start(const char *program, bool stands_by, struct worker *out); /* NEVER NOT_FOUND, DENIED; LATER MEMORY */
err worker_limit(struct worker *w, const struct worker_limits *limits);

/* Writes what the socket takes of *out and reads what it has into `in`, waiting until one of both moved; *got may be 0
 * if only *out did. LATER TIMEOUT at `until` (ticks of the monotonic clock), LATER CLOSED when the worker is gone. */
err worker_talk(const struct worker *w, str *out, void *in, size_t max, size_t *got, int64_t until);
/* One that stands by is told that its job was sent to the last byte: what of it is unread when its process is gone was
 * left for the next one, and ends the worker. Once for each job; false if it is gone. */
bool worker_sent(const struct worker *w);
/* That the process of its last job is gone, which it cannot say itself. Waits until then; false if it is not by
 * `until`. Once for each job. */
bool worker_rested(const struct worker *w, int64_t until);
bool worker_quiet(const struct worker *w); /* alive, and saying nothing unasked */

/* It is killed if it still runs; *signal is what had ended it before that, 0 if nothing had. */
void worker_end(struct worker *w, int *signal);

enum worker_signal { WORKER_CPU, WORKER_REFUSED_CALL, WORKER_KILLED, WORKER_OTHER_SIGNAL };
enum worker_signal worker_signal_means(int signal);

/* Where a program lies that belongs to this one: beside it, or in ../libexec. NEVER NOT_FOUND. */
err program_beside(struct arena *a, const char *name, const char **out);

#endif
