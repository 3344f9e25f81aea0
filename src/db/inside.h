/* Inside db: what a connection is. Only db's own files look here. */
#ifndef LETTERLOCK_DB_INSIDE_H
#define LETTERLOCK_DB_INSIDE_H

#include "db/db.h"

#include <sqlite3.h>
#include <stdatomic.h>

/* The writers of one file within this process, served in order of arrival. */
struct turn;
err turn_join(const char *file, struct turn **out);
void turn_leave(struct turn **turn);
err turn_take(struct turn *turn, span patience); /* LATER BUSY when it did not come in time */
void turn_give(struct turn *turn);

/* Whoever follows the commits to that file, in this process. */
struct following {
	struct db_follower follower; /* .commit null: nobody */
	uint64_t handed;             /* bytes of the log; changed by who has the turn */
	uint16_t why;                /* of `broken`, set before it */
	const char *note;
	atomic_bool broken;
};
struct following *turn_following(struct turn *turn);
void follow_by(struct db *db, const struct db_follower *follower, uint64_t handed);
void follow_open(struct db *db);        /* a connection to a file that is followed */
err follow_commit(struct db *db);       /* after each commit, before the turn is given away */
err follow_broken(const struct db *db); /* whether a commit could not be handed on */

struct cached {
	sqlite3_stmt *statement;
	bool in_use;
};

struct db {
	sqlite3 *engine;
	char *path;
	struct turn *turn;
	span patience;
	uint64_t epoch; /* rises with each begin, commit and rollback */
	uint64_t changed;
	bool in_transaction;
	err lost;            /* the transaction ended under us: everything in it fails with this */
	err broken;          /* the connection is no longer to be trusted */
	uint64_t log_frames; /* of a file that is followed: its log after the commit that was just made; else 0 */
	struct cached cached[QUERY_COUNT];
};

extern const char *const query_text[QUERY_COUNT];

/* Turns an engine's result into an err and remembers what makes the connection unfit. */
err db_failure(struct db *db, int result);
/* Runs a statement of the engine's own, past all bookkeeping; *first, if not null, is the first column of its row. */
err db_engine(struct db *db, enum query query, int64_t *first);
void db_end_rows(struct db *db);

err migrate(struct db *db, struct fault *fault);

#endif
