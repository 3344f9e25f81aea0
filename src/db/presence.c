/* Who holds leases shows that he lives by a lock: the kernel lets go of it the moment the process ends. */
#include "db/db.h"

#include "sys/sys.h"

static void lock_name(const struct db *db, str name, struct buf *to)
{
	str path = str_of(db_path(db));
	size_t end = path.len;

	while (end && path.at[end - 1] != '/')
		end--;
	buf_add(to, str_upto(path, end));
	buf_add(to, STR("presence"));
	if (name.len)
		buf_add_char(to, '/');
	buf_add(to, name);
}

static err lock_path(const struct db *db, str name, char *to, size_t max)
{
	struct buf b = { .at = to, .max = max };

	lock_name(db, name, &b);
	(void)buf_c(&b);
	return buf_check(&b);
}

static err path_of(const struct db *db, id owner, char *to, size_t max)
{
	char name[ID_TEXT];
	struct buf b = BUF_ON(name);

	buf_add_id(&b, owner);
	return lock_path(db, buf_str(&b), to, max);
}

err db_presence_open(struct db *db, id owner, struct db_presence *out)
{
	char dir[4096];

	TRY(lock_path(db, STR_NONE, dir, sizeof dir));
	TRY(dir_make(dir, 0700));
	out->fd = -1;
	TRY(path_of(db, owner, out->path, sizeof out->path));
	/* A sweep may hold or remove the file between its making and its locking: then once more. */
	for (unsigned tries = 0; tries < 100; tries++) {
		err e = lock_take(out->path, &out->fd);
		if (failed(e) && e.why != WHY_BUSY)
			return e;
		if (!failed(e) && lock_held(out->path))
			return OK;
		fd_done(&out->fd);
	}
	return LATER(BUSY, "the lock that shows this process is alive could not be had");
}

/* Removed while still held: nobody else ever takes this lock, ids are not used twice. */
void db_presence_done(struct db_presence *p)
{
	if (p->fd < 0)
		return;
	(void)failed(file_remove(p->path));
	fd_done(&p->fd);
}

err db_presence_reserve(struct db_presence *p, uint64_t bytes)
{
	return file_reserve(p->fd, bytes);
}

void db_presence_release(struct db_presence *p)
{
	file_release(p->fd);
}

bool db_presence_alive(struct db *db, id owner)
{
	char path[4096];

	return !failed(path_of(db, owner, path, sizeof path)) && lock_held(path);
}

/* Removed under its own lock, so that no process believes it holds what nobody can find. */
static err remove_if_left(const char *path)
{
	OWNED(fd_done) int fd = -1;
	err e = lock_take(path, &fd);

	if (failed(e))
		return e.why == WHY_BUSY ? OK : e;
	return file_remove(path);
}

err db_presence_sweep(struct db *db, struct arena *a)
{
	char dir[4096];
	str *names;
	size_t count;

	SCRATCH(a);
	TRY(lock_path(db, STR_NONE, dir, sizeof dir));
	if (!file_exists(dir))
		return OK;
	TRY(dir_list(a, dir, &names, &count));
	for (size_t i = 0; i < count; i++) {
		char path[4096];
		TRY(lock_path(db, names[i], path, sizeof path));
		TRY(remove_if_left(path));
	}
	return OK;
}
