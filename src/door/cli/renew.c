#include "flow/renew.h"
#include "check/check.h"
#include "door/cli/house.h"
#include "sys/sys.h"

enum { SECRET_MAX = 1 << 20 };

static const struct cli_option options[] = {
	{ "--expires", "SPAN", "how long the new link opens: 90m, 12h, 7d (default: the configuration's)" },
	{ "--new-password", NULL, "a password is made now" },
	{ "--password-file", "FILE", "the new password; - reads standard input" },
	{ "--old-password-file", "FILE", "of a zip or PDF: the password it was sealed with; - reads standard input" },
	{ "--write-password", "FILE",
	  "where the password that is made goes; on a terminal it is printed nowhere else" },
	{ "--show-password", NULL, "print it, even to a terminal" },
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

/* Kept before anything is sealed with it: a container whose password nobody knows is lost. */
static err keep_password(struct cli *cli, str password)
{
	OWNED(sink_done) struct sink file = { 0 };
	const char *path = cli_value(cli, "--write-password");

	if (!path)
		return OK;
	err e = file_put(cli->arena, path, 0600, false, &file);
	if (!failed(e))
		e = sink_put(&file, password);
	if (!failed(e))
		e = sink_put(&file, STR("\n"));
	if (!failed(e))
		e = sink_finish(&file);
	if (failed(e)) {
		fault_where(&cli->fault, str_of(path), 0, 0);
		fault_set(&cli->fault, "%s",
			  e.why == WHY_EXISTS ? "it exists already, perhaps with a password of before" : e.note);
	}
	return e;
}

static err check_place(struct cli *cli)
{
	bool fresh = cli_flag(cli, "--new-password"), file = cli_value(cli, "--write-password");

	if (file && !fresh) {
		fault_set(&cli->fault, "--write-password goes with --new-password");
		return NEVER(USAGE, "no password is made");
	}
	if (fresh && !file && !cli_flag(cli, "--show-password") && sys_is_terminal(1)) {
		fault_set(&cli->fault, "a password does not belong on a screen: --write-password FILE keeps it, "
				       "--show-password prints it all the same");
		return NEVER(USAGE, "nowhere to put the password");
	}
	return OK;
}

static void tell(struct cli *cli, const struct renewed *fresh, str password)
{
	char text[ID_TEXT + 1];

	text_id(fresh->delivery, text);
	if (fresh->signature_lost)
		cli_say(cli, "the documents had signatures beside them; seal.sign_documents is off now, so what was "
			     "sealed anew has none");
	if (fresh->old_url_lives)
		cli_say(cli, "the old URL opens until its object is removed from the bucket, and that failed; "
			     "`letterlock sweep` tries again, as `letterlock serve` does every minute");
	if (cli->json) {
		json_t *j = json_object();
		json_object_set_new(j, "delivery", json_string(text));
		json_object_set_new(j, "link", json_str(fresh->url));
		json_object_set_new(j, "old_link_ended", json_boolean(!fresh->old_url_lives));
		if (password.len)
			json_object_set_new(j, "password", json_str(password));
		cli_out_json(cli, j);
		return;
	}
	cli_out_format(cli, "%s\n", text);
	if (password.len)
		cli_out_format(cli, "%.*s\n", STR_ARG(password));
	cli_say(cli, "a mail with the new link is queued as %s%s. `letterlock serve` delivers it%s", text,
		fresh->old_url_lives ? "" : "; the old link opens nothing any more",
		password.len ? ". Give the password by another way than mail" : "");
}

static err run(struct cli *cli)
{
	OWNED(house_done) struct house h = { 0 };
	OWNED(arena_done) struct arena *secret = NULL;
	struct renewal_order order = { 0 };
	struct standing *what;
	bool is_submission;
	struct renewed fresh;

	TRY(house_open(cli, &h));
	order.expires = h.line->config->link.expires;
	TRY(cli_span(cli, "--expires", MINUTE, 366 * DAY, &order.expires));
	TRY(arena_open_secret(SECRET_MAX, &secret));
	TRY(check_place(cli));
	TRY(read_password(cli, &h, secret, &order.password));
	if (cli_value(cli, "--old-password-file"))
		TRY(cli_secret(cli, secret, "--old-password-file", &order.old_password));
	TRY(house_find(cli, &h, &what, &is_submission));
	if (is_submission) {
		fault_set(&cli->fault, "renew takes a delivery's id: each person's link is renewed by itself");
		return NEVER(USAGE, "a submission's id");
	}
	TRY(keep_password(cli, order.password));
	err e = flow_renew(h.line, h.db, cli->arena, what, &order, &fresh, &cli->fault);
	if (failed(e)) {
		if (cli_value(cli, "--write-password") && e.fate == FATE_NEVER)
			(void)failed(file_remove(cli_value(cli, "--write-password"))); /* it opens nothing */
		if (fault_empty(&cli->fault) && e.why == WHY_EXPIRED)
			fault_set(&cli->fault, "the documents are gone, as promised; send them again");
		return e;
	}
	bool show = cli_flag(cli, "--new-password") &&
		    (!cli_value(cli, "--write-password") || cli_flag(cli, "--show-password"));
	tell(cli, &fresh, show ? order.password : STR_NONE);
	return OK;
}

const struct cli_command command_renew = {
	.name = "renew",
	.usage = "ID [--expires SPAN] [--new-password | --password-file FILE] [--old-password-file FILE]",
	.summary = "mail the same person a new link to the same documents",
	.details =
		"The new link asks for the proof that the old one asked for and begins with all its tries: this is "
		"how a "
		"locked link is opened again. The old link ends.\n\n"
		"With --new-password or --password-file it asks for that password instead, and nothing is uploaded "
		"again. A zip or a PDF is sealed with its password: it is opened with the old one, which stands in the "
		"results, and sealed anew; the old file is destroyed. A wrong old password, a damaged file and a store "
		"that fails are told apart, and change nothing. Where `seal.sign_documents` is on, its signature is "
		"made "
		"anew too, with smime.key, which this command reads; without a certificate that would be believed "
		"nothing is changed.\n\n"
		"A presigned URL (--link presigned) ends with its file alone: the file is copied to one of another "
		"name in the bucket, its URL is tried and mailed, and the old file is removed; should the removal "
		"fail, the command says so and `letterlock sweep` tries again. The new URL lives for seven days at "
		"the most, and no longer than the key that signs it; else nothing is changed.\n\n"
		"A password that is made is written to a file of mode 0600 before anything is sealed with it, or "
		"printed where standard output is no terminal.",
	.examples = "# the person was on holiday\n$ letterlock renew 4q9k6y7w5e8r2t1m3n0p7s6d5f --expires 3d\n"
		    "# the password was lost\n$ letterlock renew 4q9k6y7w5e8r2t1m3n0p7s6d5f --new-password "
		    "--write-password ana.txt\n"
		    "# so too, and the documents are in a zip\n$ letterlock renew 4q9k6y7w5e8r2t1m3n0p7s6d5f "
		    "--new-password --write-password ana.txt --old-password-file old.txt\n",
	.options = options,
	.operands_min = 1,
	.operands_max = 1,
	.run = run,
};
