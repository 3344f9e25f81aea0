/* flow/db_pool: connections to the database for threads that come and go. One is borrowed for a moment and given back;
 * one that failed badly is closed instead, because what it would say afterwards is not to be trusted. */
#ifndef LETTERLOCK_FLOW_DB_POOL_H
#define LETTERLOCK_FLOW_DB_POOL_H

#include "db/db.h"

struct db_pool;
err db_pool_open(const char *path, struct db_pool **out); /* opens a first one, to see that it can */
void db_pool_done(struct db_pool **pool);
err db_pool_borrow(struct db_pool *pool, struct db **out);
/* `e` is how the work with it ended; returned as it is. */
err db_pool_return(struct db_pool *pool, struct db **db, err e);

#endif
