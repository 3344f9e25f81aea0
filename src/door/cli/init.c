/* A whole installation in one folder, made from nothing and taken away again if any of it fails. */
#include "door/cli/init.h"

#include "sys/sys.h"

#include <jansson.h>
#include <string.h>

enum { TREE_DEPTH = 6 };

/* The folder may be there if it is empty: nothing is ever overwritten. */
static err take_folder(struct init *i)
{
	str *names;
	size_t count = 0;

	i->dir_was_there = file_exists(i->dir);
	if (i->dir_was_there)
		TRY(dir_list(i->arena, i->dir, &names, &count));
	if (count) {
		fault_where(&i->cli->fault, str_of(i->dir), 0, 0);
		fault_set(&i->cli->fault, "there is something here already (%.*s); nothing was changed",
			  STR_ARG(names[0]));
		return NEVER(EXISTS, "the folder is not empty");
	}
	return i->cli->dry_run || i->dir_was_there ? OK : dir_make(i->dir, 0700);
}

static void remove_tree(struct arena *a, const char *path, int depth)
{
	SCRATCH(a);
	str *names;
	size_t count;
	const char *below;

	if (depth == 0 || failed(dir_list(a, path, &names, &count)))
		return;
	for (size_t n = 0; n < count; n++) {
		struct path_facts facts;
		if (failed(path_join(a, path, names[n], &below)) || failed(path_look(below, &facts)))
			continue;
		if (facts.directory) {
			remove_tree(a, below, depth - 1);
			(void)dir_remove(below);
		} else {
			(void)file_remove(below);
		}
	}
}

static err make_or_undo(struct init *i)
{
	err e = init_make(i);

	if (failed(e)) {
		remove_tree(i->arena, i->dir, TREE_DEPTH);
		if (!i->dir_was_there)
			(void)dir_remove(i->dir);
	}
	return e;
}

static void tell(struct init *i)
{
	struct cli *cli = i->cli;

	if (cli->json) {
		cli_out_json(cli, json_pack("{s:s, s:s%, s:s%, s:o}", "directory", i->dir, "domain", i->domain.at,
					    i->domain.len, "from", i->from.at, i->from.len, "dns",
					    dns_records_json(i->records)));
		return;
	}
	cli_out_format(cli,
		       "Made %s\n"
		       "  letterlock.yaml  the settings, each explained\n"
		       "  keys/            master, link, lookup and DKIM keys: keep a copy in a safe place\n"
		       "  templates/       the mails' words\n"
		       "  letterlock.db    the database; objects/ the sealed documents\n"
		       "  tls/             a self-made certificate, for trying out only\n",
		       i->dir);
	if (!strcmp(i->kind, "maildir"))
		cli_out(cli, STR("  outbox/          where mail lands until transport.kind is smtp or ses\n"));
	cli_out_format(cli, "\nPublish these records in the DNS of %.*s:\n", STR_ARG(i->domain));
	dns_records_print(cli, i->records);
	if (i->region)
		cli_out_format(
			cli,
			"\nIn Amazon SES, region %s (`ses.region`, if it is another):\n"
			"  verify the domain %.*s (its records are given there); mail is signed by both, SES and us\n"
			"  a new account is in the sandbox: it mails nobody but verified addresses, 200 recipients in "
			"24\n"
			"  hours and one a second, until AWS grants production access in this region\n"
			"  let a user or role of its own do ses:SendEmail, ses:SendRawEmail and ses:GetAccount, and "
			"name\n"
			"  it in `ses.login`; `letterlock config check` says what is missing\n",
			i->region, STR_ARG(i->domain));
	cli_out_format(cli,
		       "\nNext:\n  letterlock config check --config %s/letterlock.yaml\n"
		       "  letterlock send LIST.csv --config %s/letterlock.yaml\n",
		       i->dir, i->dir);
}

static err run(struct cli *cli)
{
	struct init i = { .cli = cli, .arena = cli->arena, .dir = cli->operands[0] };

	TRY(init_ask(&i));
	TRY(take_folder(&i));
	if (cli->dry_run) {
		cli_say(cli, "Would make %s with settings, keys, templates, a database and a certificate.", i.dir);
		return OK;
	}
	err e = make_or_undo(&i);
	if (failed(e) && fault_empty(&cli->fault)) {
		fault_where(&cli->fault, str_of(i.dir), 0, 0);
		fault_set(&cli->fault, "%s", e.note);
	}
	TRY(e);
	tell(&i);
	return OK;
}

const struct cli_command command_init = {
	.name = "init",
	.usage = "DIR --domain DOMAIN [options]",
	.summary = "make settings, keys, templates and a database in a new folder",
	.details =
		"Makes everything that sending needs in DIR, and prints the DNS records to publish. DIR must be empty "
		"or not be there: nothing is ever overwritten, and if a step fails, what was made is removed.\n\n"
		"With smtp:// the connection is made safe by STARTTLS (without TLS only to this machine), with "
		"smtps:// by TLS from the first byte. A login for the relay goes into letterlock.yaml. "
		"ses://REGION is the API of Amazon SES; with ses alone the region is that of $AWS_REGION, or "
		"us-east-1. Whom the credentials come from stands in `ses.login`.",
	.examples =
		"# to try out: mail lands in a folder\n"
		"$ letterlock init demo --domain example.com\n"
		"\n"
		"# through a relay\n"
		"$ letterlock init /etc/letterlock --domain example.com --transport smtps://smtp.example.com:465 \\\n"
		"      --base-url https://letters.example.com",
	.options =
		(const struct cli_option[]){
			{ "--domain", "DOMAIN", "the domain the mail comes from" },
			{ "--from", "ADDRESS", "the sender's address; else documents@DOMAIN" },
			{ "--transport", "HOW",
			  "maildir (default), smtp://HOST:PORT, smtps://HOST:PORT, ses or ses://REGION" },
			{ "--base-url", "URL", "where recipients reach the page; else https://localhost:8443" },
			{ "--ed25519", NULL, "a second DKIM key, of the newer kind" },
			{ 0 },
		},
	.operands_min = 1,
	.operands_max = 1,
	.run = run,
};
