#include "door/cli/recipient_key.h"

static err run(struct cli *cli)
{
	OWNED(house_done) struct house h = { 0 };
	struct recipient_key gone;
	str address;

	TRY(recipient_key_address(cli, cli->operands[0], &address));
	TRY(house_open(cli, &h));
	TRY(flow_recipient_key_remove(h.line, h.db, cli->arena, address, str_of(cli->operands[1]), &gone, &cli->fault));
	if (cli->json)
		cli_out_json(cli, recipient_key_json(&gone));
	else
		cli_say(cli, "Removed. Nothing more is encrypted to it; mail that was queued before stays as it is.");
	return OK;
}

const struct cli_command command_recipient_key_remove = {
	.name = "recipient key remove",
	.usage = "ADDRESS FINGERPRINT",
	.summary = "take a recipient's key off file",
	.details =
		"The whole fingerprint, as `recipient key list` shows it, with or without blanks. An earlier key does "
		"not come back into use by it: add it again for that.",
	.examples = "$ letterlock recipient key remove ada@example.com ECD1646BC72A014A2308B9E4499C9BBBC2512A02\n",
	.operands_min = 2,
	.operands_max = 2,
	.run = run,
};
