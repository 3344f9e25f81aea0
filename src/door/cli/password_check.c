#include "door/cli/cli.h"

#include "check/check.h"

#include <jansson.h>
#include <math.h>

enum { SECRET_ROOM = 1 << 20, INPUT_MAX = 4096 };

static err what_for(struct cli *cli, enum seal_kind *out)
{
	static const struct {
		str name;
		enum seal_kind what;
	} names[] = { { STR("page"), SEAL_OPEN }, { STR("zip"), SEAL_ZIP }, { STR("pdf"), SEAL_PDF } };
	str given = str_of(cli_value(cli, "--for"));

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (str_same(given, names[i].name)) {
			*out = names[i].what;
			return OK;
		}
	fault_set(&cli->fault, "--for takes page, zip or pdf");
	return NEVER(USAGE, "what for is not said");
}

/* A,B: what is known of the recipient, a value each. */
static err known_values(struct cli *cli, struct arena *a, struct value **out)
{
	str rest = str_of(cli_value(cli, "--details")), one;
	struct value *v;

	for (bool more = rest.len > 0; more;) {
		more = str_cut(rest, ',', &one, &rest);
		TRY(NEW(a, v));
		v->text = str_trim(one);
		v->next = *out;
		*out = v;
	}
	return OK;
}

/* Four digits say all that an estimate knows. JSON has no infinity. */
static double rounded(double value)
{
	double scale;

	if (value <= 0)
		return 0;
	if (value > 1e300)
		return 1e300;
	scale = pow(10, 3 - floor(log10(value)));
	return scale > 1 ? round(value * scale) / scale : round(value);
}

static json_t *verdict_json(const struct password_verdict *v)
{
	return json_pack("{s:f, s:f, s:f, s:b, s:s?}", "bits", rounded(v->bits), "guesses_per_second",
			 rounded(v->guesses_per_second), "seconds_to_guess", rounded(v->seconds_to_guess), "accepted",
			 v->accepted, "reason", v->reason);
}

static str without_newline(str s)
{
	if (str_ends(s, STR("\n")))
		s.len--;
	if (str_ends(s, STR("\r")))
		s.len--;
	return s;
}

static err run(struct cli *cli)
{
	OWNED(arena_done) struct arena *secret = NULL;
	struct password_verdict verdict;
	struct value *known = NULL;
	enum seal_kind what;
	str password;

	TRY(what_for(cli, &what));
	TRY(arena_open_secret(SECRET_ROOM, &secret));
	TRY(known_values(cli, secret, &known));
	TRY(cli_stdin(cli, secret, INPUT_MAX, &password));
	TRY(check_password(secret, what, without_newline(password), known, false, &verdict));
	cli_out_json(cli, verdict_json(&verdict));
	return OK;
}

static const struct cli_option options[] = {
	{ "--for", "page|zip|pdf", "what it shall protect" },
	{ "--details", "A,B", "what is known of the recipient: a password made of that counts nothing" },
	{ 0 },
};

const struct cli_command command_password_check = {
	.name = "password check",
	.usage = "--for page|zip|pdf [--details A,B] < password",
	.summary = "say how long a password would resist, where it is used",
	.details =
		"Reads one password from standard input and prints bits, guesses_per_second, seconds_to_guess, "
		"accepted and reason as JSON. Bits are of the best attack known: words, keyboards and leet, dates in "
		"every form, numbers, the details given. A zip (AE-2, 1,000 rounds) and a PDF (revision 6) can be "
		"tried offline by anyone who has the file, so they need 80 bits; our page counts tries and locks, so "
		"14 do. Exit status 0 means judged.",
	.examples = "# A birth date as the password of a zip\n"
		    "$ printf 03.04.1987 | letterlock password check --for zip\n"
		    "# What the recipient's own data makes of it\n"
		    "$ letterlock password check --for zip --details 1987-04-03,Schmidt < password.txt",
	.options = options,
	.run = run,
};
