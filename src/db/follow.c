/* Following: what a commit added to the log is handed on before the commit's caller goes on. The engine never writes
 * the log back into the file while it is followed, so file and log only grow at the log's end, and a commit is a range
 * of bytes that never changes again. */
#include "db/inside.h"

#include <stdlib.h>

enum { LOG_HEADER = 32, FRAME_HEADER = 24, PAGE_SIZE_AT = 8 };

/* Called by the engine within a commit, by the thread that commits. */
static int note_log(void *state, sqlite3 *engine, const char *name, int frames)
{
	struct db *db = state;

	(void)engine, (void)name;
	db->log_frames = (uint64_t)frames;
	return SQLITE_OK;
}

/* The engine's own descriptor of the log. */
static err log_file(struct db *db, sqlite3_file **out)
{
	sqlite3_file *file = NULL;

	if (sqlite3_file_control(db->engine, "main", SQLITE_FCNTL_JOURNAL_POINTER, &file) != SQLITE_OK || !file ||
	    !file->pMethods)
		return BROKEN(DATABASE, "the database engine does not show its log");
	*out = file;
	return OK;
}

static err read_log(sqlite3_file *file, uint64_t at, void *to, size_t len)
{
	if (len > INT32_MAX || file->pMethods->xRead(file, to, (int)len, (sqlite3_int64)at) != SQLITE_OK)
		return BROKEN(IO, "the log of the database cannot be read");
	return OK;
}

static err log_length(sqlite3_file *file, uint64_t frames, uint64_t *out)
{
	uint8_t page_size[4];

	TRY(read_log(file, PAGE_SIZE_AT, page_size, sizeof page_size));
	struct reader r = READER(str_bytes(page_size, sizeof page_size));
	*out = LOG_HEADER + frames * (FRAME_HEADER + (uint64_t)reader_u32be(&r));
	return OK;
}

static err hand_on(struct db *db, struct following *f)
{
	sqlite3_file *file;
	uint64_t until;

	TRY(log_file(db, &file));
	TRY(log_length(file, db->log_frames, &until));
	must(until >= f->handed);
	if (until == f->handed)
		return OK;
	size_t len = (size_t)(until - f->handed);
	char *bytes = malloc(len);
	if (!bytes)
		return LATER(MEMORY, "no memory to hand a commit on");
	err e = read_log(file, f->handed, bytes, len);
	if (!failed(e))
		e = f->follower.commit(f->follower.state, f->handed, str_bytes(bytes, len));
	free(bytes);
	if (!failed(e))
		f->handed = until;
	return e;
}

err follow_commit(struct db *db)
{
	struct following *f = turn_following(db->turn);

	if (!f->follower.commit || !db->log_frames)
		return OK;
	err e = hand_on(db, f);
	db->log_frames = 0;
	if (!failed(e))
		return OK;
	/* It is committed here, and nobody knows what is elsewhere: nothing may be built on it. */
	f->why = e.why;
	f->note = e.note;
	atomic_store(&f->broken, true);
	return follow_broken(db);
}

err follow_broken(const struct db *db)
{
	const struct following *f = turn_following(db->turn);

	return atomic_load(&f->broken) ? (err){ FATE_BROKEN, f->why, __LINE__, f->note } : OK;
}

void follow_open(struct db *db)
{
	if (!turn_following(db->turn)->follower.commit)
		return;
	/* In the place of the engine's own hook, which would write the log back now and then. */
	(void)sqlite3_wal_hook(db->engine, note_log, db);
	(void)sqlite3_db_config(db->engine, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
}

void follow_by(struct db *db, const struct db_follower *follower, uint64_t handed)
{
	struct following *f = turn_following(db->turn);

	must(!f->follower.commit);
	f->follower = *follower;
	f->handed = handed;
}
