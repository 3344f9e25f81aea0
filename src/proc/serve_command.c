#include "door/cli/cli.h"
#include "proc/proc.h"

static const struct cli_option options[] = {
	{ "--role", "ROLE", "only front (the page), courier (delivery) or steward (sweeping)" },
	{ 0 },
};

static void say(void *state, const char *line)
{
	cli_say(state, "%s", line);
}

static err run(struct cli *cli)
{
	OWNED(line_done) struct line *line = NULL;
	struct serve_options o = { .role = ROLE_ALL, .say = say, .state = cli };
	const struct config *config;
	const char *role = cli_value(cli, "--role");

	if (role && failed(role_parse(str_of(role), &o.role))) {
		fault_set(&cli->fault, "--role takes front, courier or steward");
		return NEVER(USAGE, "no such role");
	}
	TRY(cli_config(cli, &config));
	TRY(line_open(cli->arena, config, cli->clock, cli->entropy, &line, &cli->fault));
	return proc_serve(line, &o, &cli->fault);
}

const struct cli_command command_serve = {
	.name = "serve",
	.usage = "[--role ROLE]",
	.summary = "serve the recipients' page, deliver what is due, sweep",
	.details = "Runs until SIGTERM or Ctrl-C, then finishes what is in flight; a second signal ends it at once. "
		   "SIGHUP "
		   "loads the certificate again.",
	.examples = "# everything on one machine\n$ letterlock serve\n"
		    "# only delivery, where another machine serves the page\n$ letterlock serve --role courier\n",
	.options = options,
	.operands_min = 0,
	.operands_max = 0,
	.run = run,
};
