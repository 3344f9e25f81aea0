#include "door/cli/cli.h"

#include "check/check.h"

#include <jansson.h>

enum { SECRETS_MAX = 1 << 20, COUNT_MAX = 100000 };

static err number(struct cli *cli, const char *option, uint64_t standard, uint64_t max, uint64_t *out)
{
	const char *given = cli_value(cli, option);

	*out = standard;
	if (!given || (str_number(str_of(given), out) && *out >= 1 && *out <= max))
		return OK;
	fault_set(&cli->fault, "%s takes a number from 1 to %llu", option, (unsigned long long)max);
	return NEVER(USAGE, "a number is out of its range");
}

static err say_one(struct cli *cli, struct arena *secret, unsigned bits)
{
	SCRATCH(secret);
	double has;
	str phrase;

	TRY(check_password_new(secret, &cli->entropy, bits, &phrase, &has));
	if (cli->json) {
		cli_out_json(cli, json_pack("{s:s%, s:f}", "password", phrase.at, phrase.len, "bits", has));
	} else {
		cli_out(cli, phrase);
		cli_out(cli, STR("\n"));
	}
	return OK;
}

static err run(struct cli *cli)
{
	OWNED(arena_done) struct arena *secret = NULL;
	uint64_t bits, count;

	TRY(number(cli, "--bits", PASSWORD_BITS, PASSWORD_BITS_MAX, &bits));
	TRY(number(cli, "--count", 1, COUNT_MAX, &count));
	TRY(arena_open_secret(SECRETS_MAX, &secret));
	for (uint64_t i = 0; i < count; i++)
		TRY(say_one(cli, secret, (unsigned)bits));
	return OK;
}

static const struct cli_option options[] = {
	{ "--bits", "N", "at least so many random bits (80); whole groups of four letters are made" },
	{ "--count", "N", "so many passwords, a line each (1)" },
	{ 0 },
};

const struct cli_command command_password_new = {
	.name = "password new",
	.usage = "[--bits N] [--count N]",
	.summary = "make passwords that can be read aloud and not be guessed",
	.details = "Groups of four out of 31 letters and digits that nobody takes for one another: no 0 and o, no 1, i "
		   "and l. Each letter is drawn evenly from the kernel's randomness and has 4.95 bits; the smallest "
		   "number of whole groups that reaches --bits is made, so 80 gives five groups with 99.",
	.examples = "# One for a zip\n"
		    "$ letterlock password new\n"
		    "# A hundred, as JSON with their bits\n"
		    "$ letterlock password new --count 100 --json",
	.options = options,
	.run = run,
};
