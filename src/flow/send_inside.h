/* What planning and working share. */
#ifndef LETTERLOCK_FLOW_SEND_INSIDE_H
#define LETTERLOCK_FLOW_SEND_INSIDE_H

#include "flow/dispatch.h"
#include "flow/send.h"
#include "flow/submit.h"

#include <pthread.h>
#include <stdatomic.h>

enum { PROOF_COLUMNS_MAX = 16, NOTES_MAX = 100 };

enum { CHUNK_MOST = 32 }; /* rows that are submitted together */

struct send_row {
	uint64_t number;      /* in the list, as a spreadsheet counts */
	struct recipient *to; /* null: refused while planning */
	const str *document_names;
	size_t document_count;
	str container_password, weak_reason;
	bool strong;   /* the password passes the floor */
	bool accepted; /* its delivery is in the database */
	bool ended;    /* it has its last status */
};

struct send {
	struct line *line;
	struct send_options options;
	struct arena *arena; /* secret: passwords and tokens are in it */
	struct db *db;       /* the main thread's */
	struct list list;
	struct results results;
	struct send_row *rows; /* as many as results.rows, in the same order */
	size_t room;
	struct submission *sub;
	bool submission_saved;
	enum proof_kind adopted_proof; /* of the run that is carried on, if submission_saved */
	int list_fd;                   /* locked as long as the run lasts */
	int documents_fd;

	size_t *todo; /* indexes of the rows to be submitted */
	size_t todo_count, chunk_size;
	atomic_size_t next;
	size_t *by_delivery; /* open addressing on the random id: index + 1, 0 is free */
	size_t slots;

	char (*notes)[512];
	size_t note_count;

	pthread_mutex_t lock; /* over statuses, counts and the arena while threads run */
	struct send_count count;
	atomic_bool halted; /* broken is set: nobody begins anything new */
	err broken;
	struct fault fault;
	unsigned working;
	struct dispatch *dispatch;
	char trouble[512], notice[512];
	bool changed, stopped;
};

/* ── Planning ── */

err send_read_list(struct send *s, struct fault *fault);

/* What an earlier run wrote about a row. */
struct earlier {
	struct earlier *next; /* in the order of its results file */
	enum row_status status;
	id delivery;
	str link, token, password;
	moment expires_at;
	const str *cells; /* one for each of the run's columns */
	bool in_list;     /* earlier_find() was asked for it */
};
struct earlier_run {
	const str *columns;
	size_t column_count;
	struct earlier *first, **last;
	struct earlier_entry **slot; /* by address and documents */
	size_t slots;
};
/* NEVER LIST also if a row that was given a delivery cannot be read: it would be taken for new, and mailed again. */
err earlier_read(struct arena *a, const char *path, const struct list_rules *rules, struct earlier_run **out,
		 struct fault *fault);
/* Null if that run did not know the row. */
err earlier_find(struct earlier_run *run, struct arena *scratch, const struct list_row *row,
		 const struct earlier **out);

/* A row that may go. `before`: what an earlier run gave it, or null. */
err send_plan_recipient(struct send *s, const struct list_row *row, const struct earlier *before, struct send_row *out,
			struct result *result, struct fault *fault);

/* Resuming. A row whose delivery the database knows is carried; *before becomes null if what it says is used up. */
err send_carry_on(struct send *s, const struct earlier **before, struct send_row *out, struct result *result,
		  bool *carried, struct fault *fault);
err send_keep_the_rest(struct send *s, const struct earlier_run *run);
err send_same_way(const struct send *s, struct fault *fault);

err send_more_room(struct send *s);
void send_row_planned(struct send *s); /* the row behind the last one is filled */
void send_note(struct send *s, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The lock is held, or no thread runs yet. */
void send_set_status(struct send *s, size_t row, enum row_status status, str problem, bool ended);
err send_index(struct send *s);
bool send_find(const struct send *s, id delivery, size_t *row);
bool status_of_delivery(enum delivery_state state, enum row_status *status); /* true: it has ended */

/* ── Working ── */

/* What writing the results takes, so that it is not done too often. */
struct send_keeping {
	struct arena *arena;
	int64_t written_ticks, cost_ticks;
};
/* What was seen while nothing was in hand. */
struct send_quiet {
	int64_t looked_ticks, others_ticks; /* since when only another process has something in hand; 0: it has not */
	bool nothing_to_do;
};

/* Documents that lie elsewhere, for as long as their chunk goes down the line: in a folder of its own. */
struct fetched {
	const char *dir; /* null: nothing is there */
	int fd;
};
#define FETCHED_NONE ((struct fetched){ .fd = -1 })
err fetch_documents(struct send *s, struct arena *a, struct chunk *chunk, struct fetched *out);
void fetched_done(struct fetched *f);

void *send_submit(void *send); /* a thread */
err send_try_all(struct send *s, const struct send_watch *watch, struct arena *a);
void send_halt(struct send *s, err e,
	       const struct fault *fault); /* nobody begins anything new; the first reason counts */
err send_save_submission(struct send *s);
err send_keep_results(struct send *s, struct send_keeping *k, bool now_or_never);
err send_is_over(struct send *s, struct send_quiet *q, bool *over);

#endif
