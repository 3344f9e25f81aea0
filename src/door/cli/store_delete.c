#include "door/cli/store.h"

#include "flow/objects.h"

/* The key first: from then on nothing opens the bytes, wherever copies of them are. */
static err destroy(struct cli *cli, struct kept *k, const struct object *o)
{
	id which = o->id;

	TRY(db_run_one(k->db, QUERY_OBJECT_DESTROY, DB(db_id(which))));
	TRY(objects_remove(k->store, o));
	TRY(db_run_one(k->db, QUERY_OBJECT_REMOVED, DB(db_id(which))));
	TRY(db_run(k->db, QUERY_OBJECT_FORGET, DB(db_id(which))));
	err e = db_checkpoint(k->db);
	if (e.why == WHY_BUSY)
		cli_warn(cli, "destroyed; traces of the wrapped key stay in the database's log until nobody reads it");
	return e.why == WHY_BUSY ? OK : e;
}

static err run(struct cli *cli)
{
	OWNED(kept_done) struct kept k = { 0 };
	struct object object;
	id which, owner;
	bool by_hand;

	TRY(store_read_id(cli, cli->operands[0], &which));
	TRY(kept_open(cli, &k));
	TRY(store_find(cli, &k, which, &owner, &object, &by_hand));
	if (!by_hand && !cli_flag(cli, "--force")) {
		fault_set(&cli->fault, "the object belongs to a recipient: end the link with `letterlock revoke`, or "
				       "destroy the object now with --force");
		return NEVER(STATE, "the object is in use");
	}
	return cli->dry_run ? OK : destroy(cli, &k, &object);
}

static const struct cli_option options[] = {
	{ "--force", NULL, "also an object that a recipient has a link to" },
	{ 0 },
};

const struct cli_command command_store_delete = {
	.name = "store delete",
	.usage = "ID [--force]",
	.summary = "destroy an object and its key",
	.details =
		"Destroys the wrapped key in the database, then removes the bytes. Copies of the bytes, in backups for "
		"instance, open no more.",
	.examples = "$ letterlock store delete 3v9k0q8z7m1x5c2b4n6p8r0t2w",
	.options = options,
	.operands_min = 1,
	.operands_max = 1,
	.run = run,
};
