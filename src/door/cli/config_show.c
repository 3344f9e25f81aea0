#include "door/cli/cli.h"

#include "config/config.h"

#include <jansson.h>
#include <string.h>

enum { VALUE_MAX = 8192 };

struct shown {
	str name, value;
	uint64_t line;
};

static void show_line(struct cli *cli, const struct config *c, const struct shown *s)
{
	cli_out_format(cli, "%-34.*s %-40.*s ", STR_ARG(s->name), STR_ARG(s->value.len ? s->value : STR("-")));
	if (s->line)
		cli_out_format(cli, "%s:%llu\n", strrchr(c->path, '/') + 1, (unsigned long long)s->line);
	else
		cli_out(cli, STR("default\n"));
}

static void show_json(json_t *list, const struct shown *s)
{
	json_array_append_new(list, json_pack("{s:s%, s:s%, s:b, s:I}", "name", s->name.at, s->name.len, "value",
					      s->value.at ? s->value.at : "", s->value.len, "default", s->line == 0,
					      "line", (json_int_t)s->line));
}

/* "signing[].domain" of the second record is "signing[1].domain". */
static void add_name(struct buf *b, const struct config_setting *s, size_t n)
{
	const char *list = strstr(s->name, "[].");

	if (!list) {
		buf_add(b, str_of(s->name));
		return;
	}
	buf_add(b, str_bytes(s->name, (size_t)(list - s->name) + 1));
	buf_add_number(b, n);
	buf_add(b, str_of(list + 1));
}

static void show_setting(struct cli *cli, const struct config *c, const struct config_setting *s, json_t *list)
{
	for (size_t n = 0; n < config_records(c, s); n++) {
		char name_room[128], value_room[VALUE_MAX];
		struct buf name = BUF_ON(name_room), value = BUF_ON(value_room);

		add_name(&name, s, n);
		config_print(c, s, n, &value);
		struct shown shown = { buf_str(&name), buf_str(&value), config_line(c, s, n) };
		if (cli_flag(cli, "--diff") && shown.line == 0)
			continue;
		if (list)
			show_json(list, &shown);
		else
			show_line(cli, c, &shown);
	}
}

static err run(struct cli *cli)
{
	const struct config *c;
	size_t count;
	const struct config_setting *table = config_settings(&count);

	TRY(cli_config(cli, &c));
	json_t *list = cli->json ? json_array() : NULL;
	for (size_t i = 0; i < count; i++)
		if (table[i].kind != KIND_SECTION && table[i].kind != KIND_RECORDS)
			show_setting(cli, c, &table[i], list);
	if (list)
		cli_out_json(cli, json_pack("{s:s, s:o}", "file", c->path, "settings", list));
	return OK;
}

const struct cli_command command_config_show = {
	.name = "config show",
	.usage = "[--diff] [--json]",
	.summary = "show the settings in force and where each came from",
	.details = "Of a secret it shows where it is kept, never what it is; of a command that prints one, only the "
		   "program's name.",
	.examples = "# what differs from the defaults\n"
		    "$ letterlock config show --diff",
	.options = (const struct cli_option[]){ { "--diff", NULL, "only what the file sets" }, { 0 } },
	.run = run,
};
