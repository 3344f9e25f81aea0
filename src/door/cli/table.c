#include "door/cli/frame.h"

#include <string.h>

#define GROUP(title)
#define COMMAND(identifier) extern const struct cli_command command_##identifier;
#include "door/cli/commands.def"
#undef GROUP
#undef COMMAND

const struct cli_entry cli_table[] = {
#define GROUP(title) { .group = title },
#define COMMAND(identifier) { .command = &command_##identifier },
#include "door/cli/commands.def"
#undef GROUP
#undef COMMAND
};
const size_t cli_table_count = sizeof cli_table / sizeof *cli_table;

/* How many of the words the name has, if they are its words; else 0. */
static size_t words_of(str name, const char *const *words, size_t count)
{
	size_t taken = 0;
	str word;

	while (name.len) {
		str_cut(name, ' ', &word, &name);
		if (taken == count || !str_same(word, str_of(words[taken])))
			return 0;
		taken++;
	}
	return taken;
}

const struct cli_command *table_match(const char *const *words, size_t count, size_t *taken)
{
	const struct cli_command *best = NULL;

	*taken = 0;
	for (size_t i = 0; i < cli_table_count; i++) {
		const struct cli_command *c = cli_table[i].command;
		size_t match = c ? words_of(str_of(c->name), words, count) : 0;

		if (match > *taken) {
			*taken = match;
			best = c;
		}
	}
	return best;
}

const struct cli_command *table_find(const char *name)
{
	for (size_t i = 0; i < cli_table_count; i++)
		if (cli_table[i].command && !strcmp(cli_table[i].command->name, name))
			return cli_table[i].command;
	return NULL;
}

bool table_is_family(const char *word)
{
	for (size_t i = 0; i < cli_table_count; i++) {
		str first, second;

		if (cli_table[i].command && str_cut(str_of(cli_table[i].command->name), ' ', &first, &second) &&
		    str_same(first, str_of(word)))
			return true;
	}
	return false;
}

str table_nearest(str word)
{
	struct nearest n = NEAREST(word);

	for (size_t i = 0; i < cli_table_count; i++) {
		str first, second;

		if (!cli_table[i].command)
			continue;
		nearest_offer(&n, str_of(cli_table[i].command->name));
		str_cut(str_of(cli_table[i].command->name), ' ', &first, &second);
		nearest_offer(&n, first);
	}
	return n.best;
}
