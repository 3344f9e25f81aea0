/* What the settings promise is looked at, one probe after the other. A probe that fails does not stop those after it,
 * so that everything wrong is seen at once. */
#include "door/cli/config_check.h"

#include <jansson.h>

static const char *const judgement_names[] = { "ok", "warn", "fail" };

static void print_text(struct check *c)
{
	for (size_t i = 0; i < c->count; i++) {
		const struct finding *f = &c->findings[i];

		cli_out_format(c->cli, "%-5s %-12s %s\n", judgement_names[f->judgement], f->name, f->found);
		if (f->todo[0])
			cli_out_format(c->cli, "%-5s %-12s   -> %s\n", "", "", f->todo);
	}
}

static void print_json(struct check *c, bool good)
{
	json_t *list = json_array();

	for (size_t i = 0; i < c->count; i++) {
		const struct finding *f = &c->findings[i];
		json_array_append_new(list,
				      json_pack("{s:s, s:s, s:s, s:s}", "name", f->name, "judgement",
						judgement_names[f->judgement], "found", f->found, "todo", f->todo));
	}
	cli_out_json(c->cli, json_pack("{s:b, s:o}", "good", good, "checks", list));
}

static err run(struct cli *cli)
{
	struct check *c;
	bool good = true;

	TRY(NEW(cli->arena, c));
	c->cli = cli;
	TRY(cli_config(cli, &c->config));
	for (size_t i = 0; i < config_probe_count; i++) {
		c->probe = config_probes[i].name;
		if (!(config_probes[i].dials && cli_flag(cli, "--offline")))
			config_probes[i].look(c);
	}
	keyring_done(&c->keys);
	for (size_t i = 0; i < c->count; i++)
		good = good && c->findings[i].judgement != FAILED;
	if (cli->json)
		print_json(c, good);
	else
		print_text(c);
	cli->exit_status = good ? 0 : 1;
	return OK;
}

const struct cli_command command_config_check = {
	.name = "config check",
	.usage = "[--offline]",
	.summary = "judge the settings, keys, modes, store, database, transport and certificate",
	.details =
		"Looks at everything that sending and serving need and prints a line for each: ok, warn or fail, and "
		"what to do. It changes nothing. Exit status 1 if anything failed, 18 if the file itself cannot be "
		"read.",
	.examples = "# before the first mail, and after each change\n"
		    "$ letterlock config check\n"
		    "\n"
		    "# without dialling the relay\n"
		    "$ letterlock config check --offline --json",
	.options = (const struct cli_option[]){ { "--offline", NULL, "ask nobody over the network" }, { 0 } },
	.run = run,
};
