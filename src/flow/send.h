/* flow/send: a list of people and a folder of documents. The whole list is read and judged first; each row that
 * may go gets its ids, link and password, and the results file is written; then threads take the rows down the
 * line in chunks while couriers carry what is queued.
 *
 *     plan    read the list, judge its rows, mint, write the results file      nothing is accepted yet
 *     work    submit chunks, dispatch, rewrite the results now and then
 *     end     every row has an outcome, or what is left waits for later        the results file is final
 *
 * A run that is stopped, killed or out of disk is resumed with its results file: rows whose delivery the
 * database knows are carried on, the others are submitted with the ids, links and passwords they were given. */
#ifndef LETTERLOCK_FLOW_SEND_H
#define LETTERLOCK_FLOW_SEND_H

#include "flow/line.h"
#include "flow/results.h"

/* Where what a run needs and knows lies elsewhere than on this machine. What is null is here. */
struct send_elsewhere {
	/* Puts the document of that name into `to`, which is not finished. NEVER NOT_FOUND if there is none; any other
	 * NEVER refuses the row, with the fault. Many threads ask. */
	err (*document)(void *state, struct arena *a, str name, struct sink *to, struct fault *fault);
	/* The results file was written; `planned`: nothing may be accepted before it is safe. */
	err (*results)(void *state, bool planned);
	err (*may_mail)(void *state); /* before each mail; anything but OK ends the run */
	void *state;
};

struct send_options {
	const char *list_path;
	const char *documents_dir; /* with elsewhere.document: an empty one, for what is fetched */
	const char *results_path;  /* where the results go */
	bool resume;               /* results_path exists and tells what was done */
	str template_name;
	enum seal_kind seal;
	enum proof_kind proof;
	enum link_mode mode;
	str proof_columns; /* joined by '+'; empty for a password */
	bool hide_names;
	span expires;
	bool wait; /* for outcomes; else only queue */
	bool once; /* resuming: a delivery that failed for good has failed, and is not sent anew */
	struct send_elsewhere elsewhere;
	span patience; /* how long it waits when nothing can be done */
	bool dry_run;
	uint64_t rows_max;
};

struct send_count {
	uint64_t rows, folded; /* of the list */
	uint64_t by_status[ROW_CANCELLED + 1];
	uint64_t accepted;           /* now in the database */
	uint64_t ended;              /* rows with nothing left to do */
	uint64_t held;               /* rows that wait because a document could not be judged */
	uint64_t by_seal[SEAL_AUTO]; /* of those accepted by this run, or that would be */
	uint64_t weak;               /* passwords below the floor that a written reason let through */
	uint64_t flagged;            /* rows whose documents hold something active, let in by check.active: flag */
	uint32_t active;             /* ACTIVE_BIT of what those hold */
};

struct send;
err send_plan(struct line *line, const struct send_options *options, struct send **out, struct fault *fault);
void send_done(struct send **s);
id send_submission(const struct send *s);
/* The sentences for people that planning gave rise to: folded rows, warnings. `say` is called for each. */
void send_notes(const struct send *s, void (*say)(void *state, const char *line), void *state);

/* Returns when there is nothing left to do now. `tick` is called every tenth of a second. OK even if rows failed:
 * see the counts. An error is one of the whole run; the results file is true in either case. */
struct send_watch {
	void (*tick)(void *state, const struct send_count *count, const char *trouble);
	void *state;
};
err send_work(struct send *s, const struct send_watch *watch, struct fault *fault);
void send_counts(const struct send *s, struct send_count *out);
bool send_stopped(const struct send *s);        /* by a signal */
const char *send_trouble(const struct send *s); /* why what waits is waiting; empty if nothing is the matter */
const char *send_notice(const struct send *s);  /* what to know about the way out; empty until it is known, if ever */
const struct results *send_results(const struct send *s);

#endif
