/* Completion for shells, from the table of commands. */
#include "door/cli/frame.h"

#include <string.h>

static const char bash_head[] =
	"# bash completion for letterlock; written by `letterlock completion bash`\n"
	"_letterlock() {\n"
	"	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} word words=() i\n"
	"	for ((i = 1; i < COMP_CWORD; i++)); do\n"
	"		word=${COMP_WORDS[i]}\n"
	"		[[ $word == -* ]] || words+=(\"$word\")\n"
	"	done\n"
	"	case $prev in\n";

static const char bash_middle[] = "	esac\n"
				  "	local options='' next=''\n"
				  "	case \"${words[0]} ${words[1]} ${words[2]}\" in\n";

static const char bash_tail[] = "	if [[ $cur == -* ]]; then\n"
				"		COMPREPLY=($(compgen -W \"$options $common\" -- \"$cur\"))\n"
				"	elif [[ -n $next ]]; then\n"
				"		COMPREPLY=($(compgen -W \"$next\" -- \"$cur\"))\n"
				"	else\n"
				"		COMPREPLY=($(compgen -f -- \"$cur\"))\n"
				"	fi\n"
				"}\n"
				"complete -o filenames -F _letterlock letterlock\n";

/* A value that is a list of words is completed by them. */
static void value_cases(struct cli *cli, const struct cli_option *o, const char *command)
{
	for (; o && o->name; o++) {
		if (!o->value || !strchr(o->value, '|'))
			continue;
		cli_out_format(cli, "	%s) # of %s\n		COMPREPLY=($(compgen -W '", o->name, command);
		for (const char *c = o->value; *c; c++)
			cli_out(cli, *c == '|' ? STR(" ") : *c == '\'' ? STR("") : str_bytes(c, 1));
		cli_out(cli, STR("' -- \"$cur\"))\n		return ;;\n"));
	}
}

static void option_names(struct cli *cli, const struct cli_option *o)
{
	for (; o && o->name; o++)
		cli_out_format(cli, "%s%s", o->name, o[1].name ? " " : "");
}

static bool seen_before(size_t at, str first)
{
	for (size_t i = 0; i < at; i++) {
		str word, rest;
		if (!cli_table[i].command)
			continue;
		str_cut(str_of(cli_table[i].command->name), ' ', &word, &rest);
		if (str_same(word, first))
			return true;
	}
	return false;
}

static void first_words(struct cli *cli)
{
	cli_out(cli, STR("	'  ') next='"));
	for (size_t i = 0; i < cli_table_count; i++) {
		str first, rest;
		if (!cli_table[i].command)
			continue;
		str_cut(str_of(cli_table[i].command->name), ' ', &first, &rest);
		if (!seen_before(i, first))
			cli_out_format(cli, "%.*s ", STR_ARG(first));
	}
	cli_out(cli, STR("' ;;\n"));
}

/* The words that may follow `words`, each once: neighbours in the table that begin alike stand together. */
static void next_words(struct cli *cli, str words, const char *pattern)
{
	str last = STR_NONE;

	cli_out_format(cli, pattern, STR_ARG(words));
	for (size_t i = 0; i < cli_table_count; i++) {
		str next, rest, name = cli_table[i].command ? str_of(cli_table[i].command->name) : STR_NONE;
		if (!str_starts(name, words) || name.len <= words.len || name.at[words.len] != ' ')
			continue;
		str_cut(str_from(name, words.len + 1), ' ', &next, &rest);
		if (!str_same(next, last))
			cli_out_format(cli, "%.*s ", STR_ARG(next));
		last = next;
	}
	cli_out(cli, STR("' ;;\n"));
}

/* "recipient key" of "recipient key add", unless the command before it has it too. */
static bool begins_pair(size_t at, str name, str *pair)
{
	str first, second, third,
		before = at && cli_table[at - 1].command ? str_of(cli_table[at - 1].command->name) : STR_NONE;

	str_cut(name, ' ', &first, &second);
	if (!str_cut(second, ' ', &second, &third))
		return false;
	*pair = str_upto(name, first.len + 1 + second.len);
	return !str_starts(before, *pair);
}

static void command_cases(struct cli *cli)
{
	for (size_t i = 0; i < cli_table_count; i++) {
		const struct cli_command *c = cli_table[i].command;
		str first, rest, pair;
		if (!c)
			continue;
		if (str_cut(str_of(c->name), ' ', &first, &rest) && !seen_before(i, first))
			next_words(cli, first, "	'%.*s  ') next='");
		if (begins_pair(i, str_of(c->name), &pair))
			next_words(cli, pair, "	'%.*s ') next='");
		cli_out_format(cli, str_has(rest, ' ') ? "	'%s') options='" : "	'%s '*) options='", c->name);
		option_names(cli, c->options);
		cli_out(cli, STR("' ;;\n"));
	}
}

static void bash(struct cli *cli)
{
	cli_out(cli, str_of(bash_head));
	for (size_t i = 0; i < cli_table_count; i++)
		if (cli_table[i].command)
			value_cases(cli, cli_table[i].command->options, cli_table[i].command->name);
	cli_out(cli, STR("	--config|--*-file|--documents|--results|-o)\n"
			 "		COMPREPLY=($(compgen -f -- \"$cur\"))\n		return ;;\n"));
	cli_out(cli, str_of(bash_middle));
	first_words(cli);
	command_cases(cli);
	cli_out(cli, STR("	esac\n	local common='"));
	option_names(cli, cli_common_options);
	cli_out(cli, STR("'\n"));
	cli_out(cli, str_of(bash_tail));
}

static err run(struct cli *cli)
{
	if (!strcmp(cli->operands[0], "zsh")) {
		cli_out(cli, STR("#compdef letterlock\nautoload -U +X bashcompinit && bashcompinit\n"));
	} else if (strcmp(cli->operands[0], "bash") != 0) {
		fault_set(&cli->fault, "completion is there for bash and zsh");
		return NEVER(USAGE, "a shell that is not known");
	}
	bash(cli);
	return OK;
}

const struct cli_command command_completion = {
	.name = "completion",
	.usage = "bash|zsh",
	.summary = "print what lets a shell complete commands and options",
	.examples = "# in this shell\n"
		    "$ source <(letterlock completion bash)",
	.operands_min = 1,
	.operands_max = 1,
	.run = run,
};
