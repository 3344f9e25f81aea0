#include "door/cli/cli.h"

#include <jansson.h>

static err run(struct cli *cli)
{
	if (cli->json)
		cli_out_json(cli, json_pack("{s:s, s:s}", "program", "letterlock", "version", LETTERLOCK_VERSION));
	else
		cli_out(cli, STR("letterlock " LETTERLOCK_VERSION "\n"));
	return OK;
}

const struct cli_command command_version = {
	.name = "version",
	.usage = "[--json]",
	.summary = "say which version this is",
	.examples = "$ letterlock version\nletterlock " LETTERLOCK_VERSION,
	.run = run,
};
