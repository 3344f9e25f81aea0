/* The frame of the command line: which command was meant, its options, its end. */
#include "door/cli/frame.h"

#include "sys/sys.h"

#include <stdlib.h>
#include <string.h>

enum { ARENA_MAX = 1024 * 1024 * 1024 };

/* https://no-color.org: set and not empty means no colours. */
static bool colours_wanted(void)
{
	const char *no = getenv("NO_COLOR"), *term = getenv("TERM");

	return sys_is_terminal(1) && !(no && no[0]) && !(term && !strcmp(term, "dumb"));
}

static err prepare(struct cli *cli, int argc)
{
	struct buf window;

	TRY(NEW(cli->arena, cli->given));
	TRY(NEW_ARRAY(cli->arena, (size_t)argc + 1, cli->given->pairs));
	TRY(NEW_ARRAY(cli->arena, (size_t)argc + 1, cli->given->operands));
	TRY(buf_open(cli->arena, OUT_WINDOW, &window));
	output_open(cli, window);
	cli->operands = cli->given->operands;
	cli->clock = sys_clock();
	cli->entropy = sys_entropy();
	cli->colour = colours_wanted();
	return OK;
}

/* "address" alone: its commands, and wrong usage unless help was asked for. */
static err half_a_command(struct cli *cli, const char *word, const char *next)
{
	char room[4096];
	struct buf b = BUF_ON(room);

	help_family(word, &b);
	if (next && (!strcmp(next, "--help") || !strcmp(next, "-h"))) {
		cli_out(cli, buf_str(&b));
		return OK;
	}
	if (!cli->json)
		(void)file_write(2, buf_str(&b));
	fault_set(&cli->fault, "letterlock %s needs a second word", word);
	return NEVER(USAGE, "half a command");
}

static err no_command(struct cli *cli, const char *const *words, size_t count)
{
	if (table_is_family(words[0]) && (count == 1 || words[1][0] == '-'))
		return half_a_command(cli, words[0], count > 1 ? words[1] : NULL);
	return help_unknown(cli, words, count);
}

static err check_operands(struct cli *cli, const struct cli_command *c)
{
	bool many = c->operands_max >= 0 && cli->operand_count > c->operands_max;

	if (cli->operand_count >= c->operands_min && !many)
		return OK;
	if (many)
		fault_set(&cli->fault, "%s: what is %s? Usage: letterlock %s %s", c->name,
			  cli->operands[c->operands_max], c->name, c->usage ? c->usage : "");
	else
		fault_set(&cli->fault, "%s: something is missing. Usage: letterlock %s %s", c->name, c->name,
			  c->usage ? c->usage : "");
	return NEVER(USAGE, "wrong number of operands");
}

static err run(struct cli *cli, const struct cli_command *c)
{
	if (cli_flag(cli, "--help")) {
		help_command(cli, c);
		return OK;
	}
	if (cli_flag(cli, "--version"))
		return table_find("version")->run(cli);
	TRY(check_operands(cli, c));
	return c->run(cli);
}

/* Without a command: help and version are fine alone, anything else is not. */
static err run_nothing(struct cli *cli)
{
	if (cli_flag(cli, "--version"))
		return table_find("version")->run(cli);
	help_all(cli);
	return OK;
}

static err read_and_run(struct cli *cli, int argc, char **argv)
{
	int at = 1;
	size_t taken;

	TRY(options_read(cli, argc, argv, &at, true));
	if (at == argc) {
		TRY(options_apply(cli));
		return run_nothing(cli);
	}
	const char *const *words = (const char *const *)argv + at;
	const struct cli_command *c = table_match(words, (size_t)(argc - at), &taken);
	if (!c)
		return no_command(cli, words, (size_t)(argc - at));
	cli->given->command = c;
	at += (int)taken;
	TRY(options_read(cli, argc, argv, &at, false));
	TRY(options_apply(cli));
	return run(cli, c);
}

/* Errors in the options are to be JSON too, so the flag is looked for before they are read. */
static bool json_asked(int argc, char **argv)
{
	for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
		if (!strcmp(argv[i], "--json"))
			return true;
	return false;
}

int cli_main(int argc, char **argv)
{
	struct cli cli = { 0 };

	sys_harden();
	err e = arena_open(ARENA_MAX, &cli.arena);
	OWNED(arena_done) struct arena *owner = cli.arena;
	if (!failed(e))
		e = prepare(&cli, argc);
	if (failed(e)) {
		(void)file_write(2, STR("letterlock: no memory to begin\n"));
		return err_verdict(e)->exit_status;
	}
	cli.json = json_asked(argc, argv);
	e = read_and_run(&cli, argc, argv);
	if (failed(e))
		output_flush(&cli);
	else
		e = output_close(&cli);
	if (failed(e)) {
		output_error(&cli, e);
		return err_verdict(e)->exit_status;
	}
	return cli.exit_status;
}
