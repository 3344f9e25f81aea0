#include "door/cli/frame.h"

static err family(struct cli *cli, const char *word)
{
	char room[4096];
	struct buf b = BUF_ON(room);

	help_family(word, &b);
	cli_out(cli, buf_str(&b));
	return OK;
}

static err run(struct cli *cli)
{
	size_t count = (size_t)cli->operand_count, taken;

	if (cli_value(cli, "--man"))
		return manual_write(cli->arena, cli_value(cli, "--man"), &cli->fault);
	if (count == 0) {
		help_all(cli);
		return OK;
	}
	const struct cli_command *c = table_match(cli->operands, count, &taken);
	if (c && taken == count) {
		help_command(cli, c);
		return OK;
	}
	if (count == 1 && table_is_family(cli->operands[0]))
		return family(cli, cli->operands[0]);
	return help_unknown(cli, cli->operands, count);
}

const struct cli_command command_help = {
	.name = "help",
	.usage = "[COMMAND | --man DIR]",
	.summary = "list the commands, or explain one",
	.examples = "# everything there is to know about sending\n"
		    "$ letterlock help send",
	.options = (const struct cli_option[]){ { "--man", "DIR", "write all manual pages into a folder" }, { 0 } },
	.operands_max = 2,
	.run = run,
};
