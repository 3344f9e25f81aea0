/* inspect: asking the inspector. Everything that parses hostile bytes with a large library (HTML, MIME, archives, PDF,
 * XML, file types, foreign keys) does it in another program, `letterlock-inspector`, which has no network, no files and
 * no other process (sys/cage.h). This folder starts a few of them, hands them jobs, and believes them nothing.
 *
 *     struct inspection what = { .job = INSPECT_measure, .document = &document };
 *     TRY(inspect(pool, a, &what, &answer, fault));
 *
 * It never fails open: whatever goes wrong (a crash, a call that the sandbox refuses, a limit, silence, garbage) is a
 * failure of this one document, in words, and the worker is replaced. NEVER: this document does that; LATER: it may not
 * be the document's fault. A worker is replaced after a number of jobs; what
 * seals for a recipient or reads a stranger's key does each in a process of its own, which meets no other document.
 *
 * The answer is JSON that the caller still parses and doubts: a worker that was taken over can say anything about the
 * document that took it over. A result is written to the sink as it comes, so finish or keep it only after OK.
 *
 * A pool is for many threads at once. Its own thread starts the workers, so it must be opened after a process forked,
 * and they die with it. Parameters may hold secrets: they are wiped here and there after the job. */
#ifndef LETTERLOCK_INSPECT_H
#define LETTERLOCK_INSPECT_H

#include "base/base.h"

enum inspect_job {
#define JOB(name, ...) INSPECT_##name,
#include "inspect/jobs.def"
#undef JOB
	INSPECT_JOBS
};

struct inspectors;
struct inspectors_options {
	const char *program; /* null: beside this one, or in ../libexec */
	unsigned workers;    /* at the same time; 0: one for each processor */
	unsigned jobs_each;  /* then a worker is replaced; 0: 1000 */
	bool every_layer;    /* refuse too if only the filter of system calls holds, and Landlock does not */
	span patience_max;   /* for a job, if that is less than its row in jobs.def says; 0: as there */
	bool without;        /* go on where the kernel gives no sandbox at all: someone wrote down why */
};
/* Starts one and waits until it is ready. NEVER UNSUPPORTED without a sandbox, NEVER NOT_FOUND without the program,
 * NEVER CONFIG if others may write it or if it is of another version. */
err inspectors_open(const struct inspectors_options *options, struct inspectors **out, struct fault *fault);
void inspectors_done(struct inspectors **p);              /* for OWNED; no job is under way */
unsigned inspectors_landlock(const struct inspectors *p); /* version of its interface; 0: this kernel has none */

/* How a job ended, for those who want to know more than whether. */
enum inspect_end {
	INSPECT_ANSWERED,
	INSPECT_SAID_NO,      /* the handler's own words */
	INSPECT_REFUSED_CALL, /* killed for a system call */
	INSPECT_CPU,
	INSPECT_CRASHED,
	INSPECT_KILLED, /* from outside: by the operator, or for want of memory */
	INSPECT_SILENT, /* not done in time */
	INSPECT_TOO_MUCH,
	INSPECT_GARBAGE,
	INSPECT_NOT_ASKED, /* no worker, or the document could not be read, or the result not written */
};

struct inspection {
	enum inspect_job job;
	str parameters;          /* a JSON object of at most 250 KiB; empty: none */
	struct source *document; /* read no further than the job wants; null: none */
	struct sink *result;     /* not finished here; null: the job has none */
	size_t answer_max;       /* 0: 1 MiB */
	enum inspect_end *end;   /* may be null */
};
/* Blocks until the job is done, at most as long as its row in jobs.def says. The answer is in `a`. */
err inspect(struct inspectors *p, struct arena *a, const struct inspection *what, str *answer, struct fault *fault);

#endif
