#include "door/cli/frame.h"

#include "sys/sys.h"

#include <string.h>

enum { HELP_MAX = 64 * 1024, NAME_COLUMN = 30 };

static size_t columns(void)
{
	int wide = sys_is_terminal(1) ? sys_columns(1) : 80;

	return wide < 60 ? 60 : wide > 100 ? 100 : (size_t)wide;
}

static void heading(struct buf *b, const struct cli *cli, const char *text)
{
	buf_add_format(b, cli->colour ? "\n\033[1m%s\033[0m\n" : "\n%s\n", text);
}

/* "  name   summary", the summary wrapped in its own column. */
static void row(struct buf *b, str name, const char *text, size_t column)
{
	buf_add(b, STR("  "));
	buf_add(b, name);
	size_t used = 2 + name.len;
	if (used + 2 > column) {
		buf_add_char(b, '\n');
		used = 0;
	}
	wrap_text(b, str_of(text), column - used, column, columns());
}

static size_t name_column(void)
{
	size_t widest = 0;

	for (size_t i = 0; i < cli_table_count; i++)
		if (cli_table[i].command && strlen(cli_table[i].command->name) > widest)
			widest = strlen(cli_table[i].command->name);
	return widest + 4;
}

void help_all(struct cli *cli)
{
	SCRATCH(cli->arena);
	struct buf b;

	if (failed(buf_open(cli->arena, HELP_MAX, &b)))
		return;
	buf_add(&b, STR("Letterlock mails documents that only their recipient can open.\n\n"
			"Usage: letterlock COMMAND [options]\n\n"
			"To start: letterlock init DIR --domain DOMAIN, then letterlock send LIST.csv\n"));
	for (size_t i = 0; i < cli_table_count; i++) {
		const struct cli_command *c = cli_table[i].command;
		if (cli_table[i].group)
			heading(&b, cli, cli_table[i].group);
		else
			row(&b, str_of(c->name), c->summary, name_column());
	}
	buf_add(&b, STR("\nEvery command explains itself: letterlock help COMMAND\n"));
	cli_out(cli, buf_str(&b));
}

void help_family(const char *word, struct buf *to)
{
	buf_add_format(to, "letterlock %s has these commands:\n\n", word);
	for (size_t i = 0; i < cli_table_count; i++) {
		const struct cli_command *c = cli_table[i].command;
		str first, second;
		if (!c)
			continue;
		str_cut(str_of(c->name), ' ', &first, &second);
		if (str_same(first, str_of(word)))
			row(to, str_of(c->name), c->summary, name_column());
	}
}

static bool shadowed(const struct cli_command *c, const char *name)
{
	for (const struct cli_option *o = c->options; o && o->name; o++)
		if (!strcmp(o->name, name))
			return true;
	return false;
}

static void option_rows(struct buf *b, const struct cli_option *o, const struct cli_command *hidden_by)
{
	for (; o && o->name; o++) {
		char room[128];
		struct buf name = BUF_ON(room);

		if (hidden_by && shadowed(hidden_by, o->name))
			continue;
		buf_add(&name, str_of(o->name));
		if (o->value)
			buf_add_format(&name, " %s", o->value);
		row(b, buf_str(&name), o->help, NAME_COLUMN);
	}
}

void help_command(struct cli *cli, const struct cli_command *c)
{
	SCRATCH(cli->arena);
	struct buf b;

	if (failed(buf_open(cli->arena, HELP_MAX, &b)))
		return;
	buf_add_format(&b, "letterlock %s: %s\n\n", c->name, c->summary);
	buf_add_format(&b, "Usage: letterlock %s %s\n", c->name, c->usage ? c->usage : "[options]");
	if (c->details) {
		buf_add_char(&b, '\n');
		wrap_text(&b, str_of(c->details), 0, 0, columns());
	}
	if (c->examples) {
		heading(&b, cli, "Examples");
		str rest = str_of(c->examples), line;
		while (str_cut(rest, '\n', &line, &rest) || line.len)
			buf_add_format(&b, line.len ? "  %.*s\n" : "\n", STR_ARG(line));
	}
	if (c->options && c->options->name) {
		heading(&b, cli, "Options");
		option_rows(&b, c->options, NULL);
	}
	heading(&b, cli, "Options of every command");
	option_rows(&b, cli_common_options, c);
	cli_out(cli, buf_str(&b));
}

/* The word at fault is the second one if the first begins a family: "address chekc". */
err help_unknown(struct cli *cli, const char *const *words, size_t count)
{
	char room[128];
	struct buf name = BUF_ON(room);

	buf_add(&name, str_of(words[0]));
	if (count > 1 && table_is_family(words[0]) && words[1][0] != '-')
		buf_add_format(&name, " %s", words[1]);
	str near = table_nearest(buf_str(&name));
	if (near.len)
		fault_set(&cli->fault, "there is no command %.*s; did you mean %.*s?", STR_ARG(buf_str(&name)),
			  STR_ARG(near));
	else
		fault_set(&cli->fault, "there is no command %.*s", STR_ARG(buf_str(&name)));
	return NEVER(USAGE, "no such command");
}
