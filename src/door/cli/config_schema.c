#include "door/cli/cli.h"

#include "config/config.h"

static err run(struct cli *cli)
{
	struct buf b;

	TRY(buf_open(cli->arena, 1024 * 1024, &b));
	TRY(config_write_schema(&b));
	cli_out(cli, buf_str(&b));
	return OK;
}

const struct cli_command command_config_schema = {
	.name = "config schema",
	.usage = "",
	.summary = "print the JSON Schema of letterlock.yaml",
	.details =
		"For editors that complete and check YAML. The program itself is stricter: `letterlock config check`.",
	.examples = "$ letterlock config schema > letterlock.schema.json",
	.run = run,
};
