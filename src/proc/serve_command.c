#include "door/cli/cli.h"
#include "flow/scanner.h"
#include "proc/proc.h"

static const struct cli_option options[] = {
	{ "--role", "ROLE",
	  "only front (the page), courier (delivery), steward (sweeping) or certifier (certificates)" },
	{ 0 },
};

static err run(struct cli *cli)
{
	struct serve_options o = {
		.arena = cli->arena, .clock = cli->clock, .entropy = cli->entropy, .quiet = cli->quiet
	};
	const char *role = cli_value(cli, "--role");
	struct clamd *scanner;

	if (role && failed(role_find(str_of(role), &o.only))) {
		fault_set(&cli->fault, "--role takes front, courier, steward or certifier");
		return NEVER(USAGE, "no such role");
	}
	TRY(cli_config(cli, &o.config));
	TRY(scanner_open(cli->arena, o.config, clock_now(&cli->clock), &scanner, NULL, &cli->fault));
	return proc_serve(&o, &cli->fault);
}

const struct cli_command command_serve = {
	.name = "serve",
	.usage = "[--role ROLE]",
	.summary = "serve the recipients' page, deliver what is due, sweep",
	.details = "Each role is a process of its own: the keeper holds the keys and gives them to nobody, the front "
		   "serves "
		   "the page, the courier delivers, the steward sweeps every minute, the certifier gets certificates "
		   "if serve.acme_directory names an authority. One that dies is started again, "
		   "while the others go on. --role runs one of the last four, with a keeper.\n\n"
		   "Runs until SIGTERM or Ctrl-C, then finishes what is in flight, within 30 seconds; a second signal "
		   "ends it "
		   "at once. SIGHUP loads the certificate again, whose change "
		   "is seen without, too, and new keys: the processes that use them are replaced, each when it has "
		   "finished what it has in hand.\n\n"
		   "With check.clamd it does not begin unless clamd is there, with signatures that are not too old.\n\n"
		   "What happens is written to standard error, a line each, as log.level and log.format say; --quiet "
		   "leaves "
		   "warnings and errors. A service manager that waits for it is told when all roles are at work "
		   "(sd_notify(3)).",
	.examples = "# everything on one machine\n$ letterlock serve\n"
		    "# only delivery, where another machine serves the page\n$ letterlock serve --role courier\n",
	.options = options,
	.operands_min = 0,
	.operands_max = 0,
	.run = run,
};
