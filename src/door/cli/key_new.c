#include "door/cli/dns_records.h"
#include "door/cli/key.h"

#include <jansson.h>

static const struct key_info *made(const struct key_info *all, const struct key_named *named)
{
	for (const struct key_info *k = all; k; k = k->next) {
		if (k->kind != named->kind)
			continue;
		/* The newest of a kind comes first. */
		if (k->kind != KEY_DKIM ||
		    (str_same(k->domain, named->domain) && str_same(k->selector, named->selector)))
			return k;
	}
	return NULL;
}

static void say_next_step(struct cli *cli, enum key_kind kind)
{
	if (kind == KEY_DKIM)
		cli_say(cli, "Publish the record, wait until resolvers show it, then name the selector under `signing` "
			     "in the configuration. The old key and its record stay until the mail it signed is read.");
	else if (kind == KEY_OPENPGP)
		cli_say(cli,
			"Publish it (`letterlock key public` prints it), then set seal.pgp_sign: mails sent as pgp "
			"are signed with it.");
	else
		cli_say(cli, "It is used from the next `send` on, and by a running `serve` after SIGHUP "
			     "(systemctl reload letterlock).");
}

static err show(struct cli *cli, const struct config *config, const struct key_info *k)
{
	struct dns_record *records = NULL;
	char room[64];
	struct buf fingerprint = BUF_ON(room);
	str words;

	if (k->kind == KEY_DKIM)
		TRY(dns_record_dkim(cli->arena, config->keys, k->domain, k->selector, &records, &cli->fault));
	if (cli->json) {
		json_t *o = key_json(cli, k);
		json_object_set_new(o, "dns", dns_records_json(records));
		cli_out_json(cli, o);
		return OK;
	}
	TRY(key_words(cli->arena, k, &words));
	key_fingerprint(k, &fingerprint);
	cli_out_format(cli, "%.*s%s%.*s\n", STR_ARG(words), fingerprint.len ? ", " : "",
		       STR_ARG(buf_str(&fingerprint)));
	dns_records_print(cli, records);
	say_next_step(cli, k->kind);
	return OK;
}

static err run(struct cli *cli)
{
	const struct config *config;
	struct key_named named;
	struct key_info *all;

	TRY(cli_config(cli, &config));
	TRY(key_read_named(cli, config, &named));
	if (cli->dry_run)
		return OK;
	TRY(keyring_key_new(config->keys, named.kind, named.domain, named.selector, named.algorithm,
			    clock_now(&cli->clock), &cli->entropy, &cli->fault));
	TRY(key_list_all(cli, config, &all));
	const struct key_info *k = made(all, &named);
	must(k);
	return show(cli, config, k);
}

const struct cli_command command_key_new = {
	.name = "key new",
	.usage = "master|link|lookup|openpgp|dkim [--selector S]",
	.summary = "make a key",
	.details =
		"Makes a key in the folder of keys, never over another. A new master or link key is in use from the "
		"next start on, the older ones are kept: documents stay readable and links valid. For the master key "
		"use `key rotate`, which also wraps all data keys again. A new DKIM key prints the record to publish; "
		"it signs when the configuration names its selector. With an OpenPGP key (Ed25519) mails that are "
		"sent as pgp are signed inside, if seal.pgp_sign says so; a new one takes over from the one before.",
	.examples = "# A second DKIM key, to be published before it is used\n"
		    "$ letterlock key new dkim --selector letters2\n"
		    "# To sign what is sent as pgp\n"
		    "$ letterlock key new openpgp\n"
		    "# A new key for links; old links stay valid\n"
		    "$ letterlock key new link",
	.options = key_dkim_options,
	.operands_min = 1,
	.operands_max = 1,
	.run = run,
};
