#include "flow/db_pool.h"

#include <pthread.h>

enum { KEPT = 16 }; /* idle ones; more are opened when all are out */

struct db_pool {
	pthread_mutex_t lock;
	struct db *idle[KEPT];
	unsigned count;
	char path[4096];
};

err db_pool_open(const char *path, struct db_pool **out)
{
	OWNED(db_pool_done) struct db_pool *p = calloc(1, sizeof *p);

	if (!p)
		return LATER(MEMORY, "no memory for connections to the database");
	struct buf copy = BUF_ON(p->path);
	pthread_mutex_init(&p->lock, NULL);
	buf_add(&copy, str_of(path));
	if (!buf_c(&copy) || copy.overflow)
		return NEVER(LIMIT, "the path of the database is too long");
	TRY(db_open(p->path, &p->idle[0], NULL));
	p->count = 1;
	*out = p;
	p = NULL;
	return OK;
}

void db_pool_done(struct db_pool **pool)
{
	struct db_pool *p = *pool;

	*pool = NULL;
	if (!p)
		return;
	for (unsigned i = 0; i < p->count; i++)
		db_done(&p->idle[i]);
	pthread_mutex_destroy(&p->lock);
	free(p);
}

err db_pool_borrow(struct db_pool *p, struct db **out)
{
	struct db *db = NULL;

	pthread_mutex_lock(&p->lock);
	if (p->count > 0)
		db = p->idle[--p->count];
	pthread_mutex_unlock(&p->lock);
	if (!db)
		return db_open(p->path, out, NULL);
	*out = db;
	return OK;
}

err db_pool_return(struct db_pool *p, struct db **db, err e)
{
	pthread_mutex_lock(&p->lock);
	if (*db && e.fate != FATE_BROKEN && p->count < KEPT) {
		p->idle[p->count++] = *db;
		*db = NULL;
	}
	pthread_mutex_unlock(&p->lock);
	db_done(db);
	return e;
}
