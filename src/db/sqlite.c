/* A connection to SQLite: opened strictly, and what its results mean. */
#include "db/inside.h"

#include "sys/sys.h"

#include <pthread.h>

/* Refused by the engine itself: extensions, triggers and views (the schema has none), double-quoted strings, writing to
 * the schema behind its back, trusting what a planted schema calls. */
static err harden(struct db *db)
{
	static const struct {
		int what, value;
	} settings[] = {
		{ SQLITE_DBCONFIG_ENABLE_FKEY, 1 },    { SQLITE_DBCONFIG_ENABLE_TRIGGER, 0 },
		{ SQLITE_DBCONFIG_ENABLE_VIEW, 0 },    { SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0 },
		{ SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0 }, { SQLITE_DBCONFIG_DEFENSIVE, 1 },
		{ SQLITE_DBCONFIG_DQS_DDL, 0 },        { SQLITE_DBCONFIG_DQS_DML, 0 },
	};

	for (size_t i = 0; i < sizeof settings / sizeof *settings; i++) {
		int is = -1;
		int result = sqlite3_db_config(db->engine, settings[i].what, settings[i].value, &is);
		if (result != SQLITE_OK || is != settings[i].value)
			return BROKEN(DATABASE, "the database engine does not take a setting that safety needs");
	}
	(void)sqlite3_extended_result_codes(db->engine, 1);
	(void)sqlite3_limit(db->engine, SQLITE_LIMIT_ATTACHED, 0);
	return OK;
}

static err configure(struct db *db)
{
	static const enum query settings[] = { QUERY_SET_JOURNAL,    QUERY_SET_SYNCHRONOUS, QUERY_SET_SECURE_DELETE,
					       QUERY_SET_TEMP_STORE, QUERY_SET_CHECKPOINT,  QUERY_SET_CELL_CHECK };

	for (size_t i = 0; i < sizeof settings / sizeof *settings; i++)
		TRY(db_engine(db, settings[i], NULL));
	OWNED(db_rows_done) struct db_rows rows = { 0 };
	TRY(db_one(db, QUERY_GET_JOURNAL, DB_NOTHING, &rows));
	if (!str_same(db_row_peek(&rows, 0), STR("wal")))
		return BROKEN(DATABASE, "the database cannot keep a write-ahead log where it is");
	return OK;
}

/* Nobody asks how much memory it uses, and counting takes a lock that all connections share. */
static void count_no_memory(void)
{
	(void)sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}

static err connect(struct db *db, const char *path)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE | SQLITE_OPEN_EXRESCODE;

	pthread_once(&once, count_no_memory);
	int result = sqlite3_open_v2(path, &db->engine, flags, NULL);

	if (result != SQLITE_OK)
		return db_failure(db, result);
	const char *file = sqlite3_db_filename(db->engine, "main");
	db->path = strdup(file ? file : path);
	if (!db->path)
		return LATER(MEMORY, "no memory for a connection");
	TRY(turn_join(db->path, &db->turn));
	db_patience(db, MINUTE);
	return harden(db);
}

struct followed {
	const struct db_follower *by; /* null: nobody new */
	uint64_t handed;
};

static err open_file(const char *path, const struct followed *f, struct db **out, struct fault *fault)
{
	OWNED(db_done) struct db *db = calloc(1, sizeof *db);

	if (!db)
		return LATER(MEMORY, "no memory for a connection");
	TRY(connect(db, path));
	if (f->by)
		follow_by(db, f->by, f->handed);
	/* One at a time: bringing a file into log mode and migrating it need it alone. */
	TRY(turn_take(db->turn, db->patience));
	err e = configure(db);
	turn_give(db->turn);
	TRY(e);
	follow_open(db);
	TRY(migrate(db, fault));
	*out = db;
	db = NULL;
	return OK;
}

/* Nobody but the engine opens the file: closing another descriptor of it would drop the locks (POSIX fcntl locks
 * belong to the process and the file, not to the descriptor). */
static err open_there(const char *path, const struct followed *f, struct db **out, struct fault *fault)
{
	if (!file_exists(path)) {
		fault_set(fault, "there is no database at %s; `letterlock init` makes one", path);
		return NEVER(NOT_FOUND, "there is no database");
	}
	err e = open_file(path, f, out, fault);
	if (failed(e) && fault_empty(fault))
		fault_set(fault, "the database %s cannot be used: %s", path, e.note);
	return e;
}

err db_open(const char *path, struct db **out, struct fault *fault)
{
	return open_there(path, &(struct followed){ 0 }, out, fault);
}

err db_open_followed(const char *path, const struct db_follower *follower, uint64_t handed, struct db **out,
		     struct fault *fault)
{
	return open_there(path, &(struct followed){ follower, handed }, out, fault);
}

err db_create(const char *path, struct fault *fault)
{
	OWNED(db_done) struct db *db = NULL;
	/* The engine gives its log and its index the mode of the file. */
	err e = file_write_new(path, STR_NONE, 0600);

	if (e.why == WHY_EXISTS)
		fault_set(fault, "there is something at %s already; it is left as it is", path);
	TRY(e);
	return db_open(path, &db, fault);
}

void db_done(struct db **db)
{
	struct db *gone = *db;

	if (!gone)
		return;
	must(!gone->in_transaction);
	for (size_t i = 0; i < QUERY_COUNT; i++)
		(void)sqlite3_finalize(gone->cached[i].statement);
	/* A connection that saw a sync fail must not write what it believes to be in the log into the file. */
	if (gone->engine && failed(gone->broken))
		(void)sqlite3_db_config(gone->engine, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
	(void)sqlite3_close_v2(gone->engine);
	turn_leave(&gone->turn);
	free(gone->path);
	free(gone);
	*db = NULL;
}

void db_patience(struct db *db, span at_most)
{
	db->patience = at_most;
	(void)sqlite3_busy_timeout(db->engine, (int)(at_most / 1000));
}

err db_room(const struct db *db, uint64_t least)
{
	uint64_t room;

	TRY(disk_room(db->path, &room));
	return room < least ? LATER(DISK_FULL, "no space is left for the database") : OK;
}

const char *db_path(const struct db *db)
{
	return db->path;
}

static err constraint(int result)
{
	bool taken = result == SQLITE_CONSTRAINT_UNIQUE || result == SQLITE_CONSTRAINT_PRIMARYKEY;

	return taken ? NEVER(EXISTS, "a row with that value exists already")
		     : NEVER(STATE, "a rule of the database forbids it");
}

static err input_output(int result)
{
	if (result == SQLITE_IOERR_NOMEM)
		return LATER(MEMORY, "no memory for the database");
	/* The index of the log grew and found no room. */
	if (result == SQLITE_IOERR_SHMSIZE)
		return LATER(DISK_FULL, "no space is left for the database");
	return BROKEN(IO, "reading, writing or syncing the database failed");
}

static err meaning(int result)
{
	switch (result & 0xFF) {
	case SQLITE_FULL:
		return LATER(DISK_FULL, "no space is left for the database");
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return LATER(BUSY, "another process is writing to the database");
	case SQLITE_NOMEM:
		return LATER(MEMORY, "no memory for the database");
	case SQLITE_CONSTRAINT:
		return constraint(result);
	case SQLITE_TOOBIG:
		return NEVER(LIMIT, "a value is larger than the database takes");
	case SQLITE_READONLY:
	case SQLITE_PERM:
		return NEVER(DENIED, "the database may not be written");
	case SQLITE_IOERR:
		return input_output(result);
	case SQLITE_CORRUPT:
		return BROKEN(DATABASE, "the database is damaged");
	case SQLITE_NOTADB:
		return BROKEN(DATABASE, "the file is not a database");
	default:
		return BROKEN(DATABASE, "the database engine failed");
	}
}

err db_failure(struct db *db, int result)
{
	err e = meaning(result);

	if (e.fate == FATE_BROKEN)
		db->broken = e;
	/* After some errors the engine has rolled back by itself. */
	if (db->in_transaction && !failed(db->lost) && sqlite3_get_autocommit(db->engine))
		db->lost = e;
	return e;
}
