#include "door/cli/recipient_key.h"

static void print_all(struct cli *cli, const struct recipient_key *keys)
{
	json_t *list = cli->json ? json_array() : NULL;

	for (; keys; keys = keys->next)
		if (list)
			json_array_append_new(list, recipient_key_json(keys));
		else
			recipient_key_print(cli, keys);
	if (list)
		cli_out_json(cli, json_pack("{s:o}", "keys", list));
}

static err run(struct cli *cli)
{
	OWNED(house_done) struct house h = { 0 };
	struct recipient_key *keys;
	str address = STR_NONE;

	if (cli->operand_count)
		TRY(recipient_key_address(cli, cli->operands[0], &address));
	TRY(house_open(cli, &h));
	TRY(recipient_keys_load(h.db, cli->arena, h.line->keys, address, &keys));
	print_all(cli, keys);
	return OK;
}

const struct cli_command command_recipient_key_list = {
	.name = "recipient key list",
	.usage = "[ADDRESS]",
	.summary = "the keys on file, with their fingerprints",
	.details = "Of one address or of all: the keys in use first, then those that were replaced. Fingerprints are "
		   "shown in full, for comparing.",
	.examples = "$ letterlock recipient key list ada@example.com\n",
	.operands_min = 0,
	.operands_max = 1,
	.run = run,
};
