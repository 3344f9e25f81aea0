#include "flow/renew.h"
#include "check/check.h"
#include "door/cli/house.h"

enum { SECRET_MAX = 1 << 20 };

static const struct cli_option options[] = {
	{ "--expires", "SPAN", "how long the new link opens: 90m, 12h, 7d (default: the configuration's)" },
	{ "--new-password", NULL, "the new link asks for a password that is made now and printed" },
	{ "--password-file", "FILE", "the new link asks for this password; - reads standard input" },
	{ 0 },
};

/* Held to what a page's password must stand: few tries, then a lock. */
static err check_given(struct cli *cli, struct arena *secret, str password)
{
	struct password_verdict verdict;

	TRY(check_password(secret, SEAL_OPEN, password, NULL, false, &verdict));
	if (verdict.accepted)
		return OK;
	fault_set(&cli->fault, "%s", verdict.reason ? verdict.reason : "the password is too weak");
	return NEVER(WEAK_PASSWORD, "too weak for a link");
}

static err read_password(struct cli *cli, const struct house *h, struct arena *secret, str *out)
{
	uint64_t bits = h->line->config->password.floor_bits;
	bool fresh = cli_flag(cli, "--new-password");
	double has;

	if (fresh && cli_value(cli, "--password-file")) {
		fault_set(&cli->fault, "--new-password makes one and --password-file has one: give one of them");
		return NEVER(USAGE, "two passwords");
	}
	if (fresh)
		return check_password_new(secret, &cli->entropy, (unsigned)bits, out, &has);
	if (!cli_value(cli, "--password-file"))
		return OK;
	TRY(cli_secret(cli, secret, "--password-file", out));
	return check_given(cli, secret, *out);
}

static void tell(struct cli *cli, id fresh, str url, str password)
{
	char text[ID_TEXT + 1];

	text_id(fresh, text);
	if (cli->json) {
		json_t *j = json_object();
		json_object_set_new(j, "delivery", json_string(text));
		json_object_set_new(j, "link", json_str(url));
		if (password.len)
			json_object_set_new(j, "password", json_str(password));
		cli_out_json(cli, j);
		return;
	}
	cli_out_format(cli, "%s\n", text);
	if (password.len)
		cli_out_format(cli, "%.*s\n", STR_ARG(password));
	cli_say(cli,
		"a mail with the new link is queued as %s; the old link opens nothing any more. `letterlock serve` "
		"delivers it%s",
		text, password.len ? ". Give the password by another way than mail" : "");
}

static err run(struct cli *cli)
{
	OWNED(house_done) struct house h = { 0 };
	OWNED(arena_done) struct arena *secret = NULL;
	struct renewal_order order = { 0 };
	struct standing *what;
	bool is_submission;
	id fresh;
	str url;

	TRY(house_open(cli, &h));
	order.expires = h.line->config->link.expires;
	TRY(cli_span(cli, "--expires", MINUTE, 366 * DAY, &order.expires));
	TRY(arena_open_secret(SECRET_MAX, &secret));
	TRY(read_password(cli, &h, secret, &order.password));
	TRY(house_find(cli, &h, &what, &is_submission));
	if (is_submission) {
		fault_set(&cli->fault, "renew takes a delivery's id: each person's link is renewed by itself");
		return NEVER(USAGE, "a submission's id");
	}
	err e = flow_renew(h.line, h.db, cli->arena, what, &order, &fresh, &url, &cli->fault);
	if (failed(e)) {
		if (fault_empty(&cli->fault) && e.why == WHY_EXPIRED)
			fault_set(&cli->fault, "the documents are gone, as promised; send them again");
		return e;
	}
	tell(cli, fresh, url, cli_flag(cli, "--new-password") ? order.password : STR_NONE);
	return OK;
}

const struct cli_command command_renew = {
	.name = "renew",
	.usage = "ID [--expires SPAN] [--new-password | --password-file FILE]",
	.summary = "mail the same person a new link to the same documents",
	.details = "The new link asks for the proof that the old one asked for and begins with all its tries: this is "
		   "how a "
		   "locked link is opened again. The old link ends.\n\n"
		   "With --new-password or --password-file it asks for that password instead, and nothing is uploaded "
		   "again. The password of a container (zip) is part of the file and cannot be changed so.",
	.examples = "# the person was on holiday\n$ letterlock renew 4q9k6y7w5e8r2t1m3n0p7s6d5f --expires 3d\n"
		    "# the password was lost\n$ letterlock renew 4q9k6y7w5e8r2t1m3n0p7s6d5f --new-password\n",
	.options = options,
	.operands_min = 1,
	.operands_max = 1,
	.run = run,
};
