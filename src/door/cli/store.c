#include "door/cli/store.h"

#include "config/config.h"
#include "flow/objects.h"

err kept_open(struct cli *cli, struct kept *out)
{
	OWNED(kept_done) struct kept k = { 0 };
	const struct config *config;

	TRY(cli_config(cli, &config));
	TRY(db_open(config->database, &k.db, &cli->fault));
	TRY(keyring_open(config->keys, &cli->entropy, &k.keys, &cli->fault));
	TRY(objects_open(config, &k.store, &cli->fault));
	*out = k;
	k = (struct kept){ 0 };
	return OK;
}

void kept_done(struct kept *k)
{
	store_done(&k->store);
	keyring_done(&k->keys);
	db_done(&k->db);
}

err store_read_id(struct cli *cli, const char *operand, id *out)
{
	if (!failed(id_parse(str_of(operand), out)))
		return OK;
	fault_set(&cli->fault, "%s is not an id; `letterlock store list` shows them", operand);
	return NEVER(USAGE, "not an id");
}

err store_find(struct cli *cli, struct kept *k, id which, id *owner, struct object *out, bool *by_hand)
{
	err e = object_find(k->db, which, owner, out, by_hand);

	if (e.why == WHY_NOT_FOUND)
		fault_set(&cli->fault, "there is no object with the id %s", cli->operands[0]);
	else if (e.why == WHY_EXPIRED)
		fault_set(&cli->fault, "the object %s is destroyed: its key is gone", cli->operands[0]);
	return e;
}

str store_id_text(id object, char into[ID_TEXT])
{
	struct buf b = { .at = into, .max = ID_TEXT };

	buf_add_id(&b, object);
	return buf_str(&b);
}
