#include "door/cli/suppression.h"

static err run(struct cli *cli)
{
	OWNED(house_done) struct house h = { 0 };
	struct suppression gone;
	str address;

	TRY(suppression_operand(cli, &address));
	TRY(house_open(cli, &h));
	TRY(flow_suppression_remove(h.line, h.db, cli->arena, address, &gone, &cli->fault));
	if (cli->json)
		suppression_print(cli, &gone);
	else
		cli_say(cli, "Removed. The address can be mailed again.");
	return OK;
}

const struct cli_command command_suppression_remove = {
	.name = "suppression remove",
	.usage = "ADDRESS",
	.summary = "let an address be mailed again",
	.details =
		"After a bounce, once the mailbox works again; after a complaint, only if its owner asks for it. SES "
		"keeps a suppression list of its own, for the account: where it is in use, remove the address there "
		"too (`aws sesv2 delete-suppressed-destination`).",
	.examples = "$ letterlock suppression remove ada@example.com\n",
	.operands_min = 1,
	.operands_max = 1,
	.run = run,
};
