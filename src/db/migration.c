/* The schema's versions, applied in order, all of them or none: SQLite's schema changes are part of the transaction. */
#include "db/inside.h"

enum { APPLICATION = 1280066155 };

static const struct step {
	int64_t version;
	enum query query;
} steps[] = {
#define MIGRATION(version, name, sql) { version, QUERY_##name },
#include "db/schema.def"
#undef MIGRATION
};
enum { STEPS = sizeof steps / sizeof *steps };

/* Version 0 is a file without anything in it. */
static err look(struct db *db, int64_t *version, struct fault *fault)
{
	int64_t application, tables;

	TRY(db_engine(db, QUERY_GET_APPLICATION, &application));
	TRY(db_engine(db, QUERY_COUNT_TABLES, &tables));
	TRY(db_engine(db, QUERY_GET_VERSION, version));
	if (tables == 0 && application == 0 && *version == 0)
		return OK;
	if (application != APPLICATION) {
		fault_set(fault, "%s is a database of another program", db->path);
		return NEVER(CONFIG, "a database of another program");
	}
	if (*version > steps[STEPS - 1].version) {
		fault_set(fault, "%s was written by a newer letterlock (schema %lld, this one knows %lld)", db->path,
			  (long long)*version, (long long)steps[STEPS - 1].version);
		return NEVER(CONFIG, "the database is newer than the program");
	}
	return OK;
}

static err apply(struct db *db, struct fault *fault)
{
	OWNED(db_rollback) struct db_transaction change = { 0 };
	int64_t version;

	TRY(db_begin(db, &change));
	TRY(look(db, &version, fault)); /* another process may have been quicker */
	for (size_t i = 0; i < STEPS; i++)
		if (steps[i].version > version)
			TRY(db_engine(db, steps[i].query, NULL));
	return db_commit(&change);
}

err migrate(struct db *db, struct fault *fault)
{
	int64_t version;

	TRY(look(db, &version, fault));
	return version == steps[STEPS - 1].version ? OK : apply(db, fault);
}
