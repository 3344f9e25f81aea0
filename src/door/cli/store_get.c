#include "door/cli/store.h"

/* Each chunk is written after its tag was checked; a damaged object ends with an error behind what was whole. */

static err write_out(void *state, const void *from, size_t len)
{
	cli_out(state, str_bytes(from, len));
	return OK;
}

static err run(struct cli *cli)
{
	static const struct sink_ops ops = { .write = write_out };
	OWNED(kept_done) struct kept k = { 0 };
	OWNED(source_done) struct source from = { 0 };
	struct sink to = { &ops, cli };
	struct object object;
	id which, owner;

	TRY(store_read_id(cli, cli->operands[0], &which));
	TRY(kept_open(cli, &k));
	TRY(store_find(cli, &k, which, &owner, &object, NULL));
	if (object.direct) {
		fault_set(&cli->fault,
			  "it lies in the bucket as it is, under the key that ends in mailed/%s, and only its "
			  "own password protects it: fetch it there",
			  cli->operands[0]);
		return NEVER(UNSUPPORTED, "the object has no envelope to open");
	}
	TRY(store_read(k.store, cli->arena, k.keys, owner, &object, 0, STORE_ALL, &from));
	return pump(&from, &to);
}

const struct cli_command command_store_get = {
	.name = "store get",
	.usage = "ID",
	.summary = "decrypt an object of the store to standard output",
	.details =
		"The exit status tells whether the whole object was authentic: use what was written only when it is 0.",
	.examples = "$ letterlock store get 3v9k0q8z7m1x5c2b4n6p8r0t2w > policy.pdf",
	.operands_min = 1,
	.operands_max = 1,
	.run = run,
};
