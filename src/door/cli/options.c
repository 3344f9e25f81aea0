/* Options are `--name value` or `--name=value`; `--` ends them. They may stand before or after operands.
 * An option that is not known is wrong usage, never an operand and never ignored. */
#include "config/config.h"
#include "door/cli/frame.h"

#include <string.h>

const struct cli_option cli_common_options[] = {
	{ "--config", "FILE", "the configuration; else ./letterlock.yaml, then /etc/letterlock/letterlock.yaml" },
	{ "--json", NULL, "results and errors as JSON" },
	{ "--quiet", NULL, "no progress and no remarks on standard error; warnings and errors remain" },
	{ "--dry-run", NULL, "say what would be done, and do nothing" },
	{ "--no-input", NULL, "never ask; fail instead" },
	{ "--now", "TIME", "the time it shall be: RFC 3339 or Unix seconds" },
	{ "--limit", "NAME=VALUE", "lower a limit; may be given several times" },
	{ "--help", NULL, "this help" },
	{ "--version", NULL, "the version" },
	{ 0 },
};

static bool is_option(const char *word)
{
	return word[0] == '-' && word[1] != 0;
}

static const struct cli_option *find_in(const struct cli_option *rows, str name)
{
	for (; rows && rows->name; rows++)
		if (str_same(str_of(rows->name), name))
			return rows;
	return NULL;
}

static void offer(struct nearest *n, const struct cli_option *rows)
{
	for (; rows && rows->name; rows++)
		nearest_offer(n, str_of(rows->name));
}

static err unknown(struct cli *cli, str name)
{
	const struct cli_command *c = cli->given->command;
	struct nearest n = NEAREST(name);

	n.distance--; /* the two dashes that all share say nothing */
	offer(&n, c ? c->options : NULL);
	offer(&n, cli_common_options);
	if (n.best.len)
		fault_set(&cli->fault, "there is no option %.*s; did you mean %.*s?", STR_ARG(name), STR_ARG(n.best));
	else
		fault_set(&cli->fault, "there is no option %.*s", STR_ARG(name));
	return NEVER(USAGE, "unknown option");
}

static err find(struct cli *cli, str name, const struct cli_option **out)
{
	const struct cli_command *c = cli->given->command;
	const struct cli_option *row = find_in(c ? c->options : NULL, name);

	if (!row)
		row = find_in(cli_common_options, name);
	if (!row && str_same(name, STR("-h")))
		row = find_in(cli_common_options, STR("--help"));
	if (!row)
		return unknown(cli, name);
	*out = row;
	return OK;
}

/* A following word that looks like an option is more likely a forgotten value than a value. */
static err take_value(struct cli *cli, const struct cli_option *row, int argc, char **argv, int *at, const char **out)
{
	if (*at >= argc || str_starts(str_of(argv[*at]), STR("--"))) {
		fault_set(&cli->fault, "%s needs a value: %s %s%s", row->name, row->name, row->value,
			  *at < argc ? " (or, if it begins with --, joined by =)" : "");
		return NEVER(USAGE, "an option without its value");
	}
	*out = argv[(*at)++];
	return OK;
}

static err read_one(struct cli *cli, int argc, char **argv, int *at)
{
	struct cli_given *given = cli->given;
	const char *word = argv[(*at)++];
	const struct cli_option *row = NULL;
	const char *value = NULL;
	str name, rest;
	bool joined = str_starts(str_of(word), STR("--")) && str_cut(str_of(word), '=', &name, &rest);

	TRY(find(cli, joined ? name : str_of(word), &row));
	must(row);
	if (joined && !row->value) {
		fault_set(&cli->fault, "%s takes no value", row->name);
		return NEVER(USAGE, "a flag with a value");
	}
	if (joined)
		value = rest.at;
	else if (row->value)
		TRY(take_value(cli, row, argc, argv, at, &value));
	given->pairs[given->pair_count++] = (struct cli_pair){ row->name, value };
	return OK;
}

err options_read(struct cli *cli, int argc, char **argv, int *at, bool stop)
{
	bool ended = false;

	while (*at < argc) {
		if (!ended && !strcmp(argv[*at], "--")) {
			ended = true;
			(*at)++;
		} else if (!ended && is_option(argv[*at])) {
			TRY(read_one(cli, argc, argv, at));
		} else if (stop) {
			return OK;
		} else {
			cli->given->operands[cli->operand_count++] = argv[(*at)++];
		}
	}
	return OK;
}

static moment standing_now(void *state)
{
	return ((struct cli_given *)state)->standing;
}

static int64_t real_ticks(void *state)
{
	return clock_ticks(&((struct cli_given *)state)->real);
}

static err stand_still(struct cli *cli, const char *text)
{
	if (failed(moment_parse(str_of(text), &cli->given->standing))) {
		fault_set(&cli->fault, "--now %s is no time; write 2026-11-21T19:50:00Z or Unix seconds", text);
		return NEVER(USAGE, "--now is not a time");
	}
	cli->given->real = cli->clock;
	cli->clock = (struct clock){ .now = standing_now, .ticks = real_ticks, .state = cli->given };
	return OK;
}

/* NAME=VALUE; the value a number, with k, M or G for powers of 1024. */
static bool limit_read(const char *text, str *name, uint64_t *value)
{
	str number;
	unsigned shift = 0;

	if (!str_cut(str_of(text), '=', name, &number) || name->len == 0 || number.len == 0)
		return false;
	switch (number.at[number.len - 1]) {
	case 'k':
		shift = 10;
		break;
	case 'M':
		shift = 20;
		break;
	case 'G':
		shift = 30;
		break;
	}
	if (!str_number(str_upto(number, number.len - (shift > 0)), value) || *value > UINT64_MAX >> shift)
		return false;
	*value <<= shift;
	return true;
}

static bool limit_is_known(str name, struct nearest *nearest)
{
	const struct config_setting *settings;
	size_t count;

	settings = config_settings(&count);
	for (size_t i = 0; i < count; i++) {
		str known = str_of(settings[i].name);
		if (!str_starts(known, STR("limits.")))
			continue;
		known = str_from(known, STR("limits.").len);
		if (str_same(name, known))
			return true;
		nearest_offer(nearest, known);
	}
	return false;
}

/* A limit that nobody knows would protect nobody. */
static err check_limit_name(struct cli *cli, str name)
{
	struct nearest nearest = NEAREST(name);

	if (limit_is_known(name, &nearest))
		return OK;
	if (nearest.best.len)
		fault_set(&cli->fault, "--limit: there is no limit %.*s; did you mean %.*s?", STR_ARG(name),
			  STR_ARG(nearest.best));
	else
		fault_set(&cli->fault, "--limit: there is no limit %.*s; letterlock.yaml(5) names them under limits",
			  STR_ARG(name));
	return NEVER(USAGE, "no such limit");
}

static err check_limits(struct cli *cli)
{
	for (size_t i = 0; i < cli->given->pair_count; i++) {
		const struct cli_pair *p = &cli->given->pairs[i];
		str name;
		uint64_t value;

		if (strcmp(p->name, "--limit") != 0)
			continue;
		if (limit_read(p->value, &name, &value)) {
			TRY(check_limit_name(cli, name));
			continue;
		}
		fault_set(&cli->fault, "--limit %s is not NAME=VALUE with a whole number (k, M, G allowed)", p->value);
		return NEVER(USAGE, "--limit is not NAME=VALUE");
	}
	return OK;
}

err options_apply(struct cli *cli)
{
	const char *now = cli_value(cli, "--now");

	cli->json = cli_flag(cli, "--json");
	cli->quiet = cli_flag(cli, "--quiet");
	cli->dry_run = cli_flag(cli, "--dry-run");
	cli->no_input = cli_flag(cli, "--no-input");
	cli->config_path = cli_value(cli, "--config");
	if (now)
		TRY(stand_still(cli, now));
	return check_limits(cli);
}

const char *cli_value(const struct cli *cli, const char *name)
{
	const struct cli_given *given = cli->given;

	for (size_t i = given->pair_count; i-- > 0;)
		if (!strcmp(given->pairs[i].name, name))
			return given->pairs[i].value;
	return NULL;
}

bool cli_flag(const struct cli *cli, const char *name)
{
	const struct cli_given *given = cli->given;

	for (size_t i = 0; i < given->pair_count; i++)
		if (!strcmp(given->pairs[i].name, name))
			return true;
	return false;
}

size_t cli_values(const struct cli *cli, const char *name, const char **out, size_t max)
{
	const struct cli_given *given = cli->given;
	size_t count = 0;

	for (size_t i = 0; i < given->pair_count && count < max; i++)
		if (!strcmp(given->pairs[i].name, name))
			out[count++] = given->pairs[i].value;
	return count;
}

uint64_t cli_limit(const struct cli *cli, const char *name, uint64_t limit)
{
	for (size_t i = 0; i < cli->given->pair_count; i++) {
		const struct cli_pair *p = &cli->given->pairs[i];
		str given;
		uint64_t value;

		if (!strcmp(p->name, "--limit") && limit_read(p->value, &given, &value) &&
		    str_same(given, str_of(name)) && value < limit)
			limit = value;
	}
	return limit;
}
