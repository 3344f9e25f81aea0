#include "check/key.h"
#include "door/cli/inspector.h"
#include "door/cli/recipient_key.h"
#include "flow/key_directory.h"
#include "flow/smime.h"
#include "sys/sys.h"

#include <string.h>

static err read_file(struct cli *cli, const char *path, str *out)
{
	err e = strcmp(path, "-") == 0 ? cli_stdin(cli, cli->arena, CHECK_KEY_MAX, out)
				       : file_read_all(cli->arena, path, CHECK_KEY_MAX, out);

	if (failed(e)) {
		fault_where(&cli->fault, str_of(path), 0, 0);
		fault_set(&cli->fault, "%s", e.note);
	}
	return e;
}

static err look_up(struct cli *cli, str address, str *out)
{
	const struct config *config;

	TRY(cli_config(cli, &config));
	return flow_key_directory(config, cli->arena, address, out, &cli->fault);
}

static err take_key(struct cli *cli, str address, str *out, enum recipient_key_origin *origin)
{
	const char *path = cli_value(cli, "--file");
	bool wkd = cli_flag(cli, "--wkd");

	if (!path == !wkd) {
		fault_set(&cli->fault, "either --file F is needed, the recipient's public key or certificate, or "
				       "--wkd, which asks their domain's key directory");
		return NEVER(USAGE, "one place of the key is to be named");
	}
	*origin = wkd ? RECIPIENT_KEY_WKD : RECIPIENT_KEY_FILE;
	return wkd ? look_up(cli, address, out) : read_file(cli, path, out);
}

static err judge(struct cli *cli, str address, struct recipient_key *out)
{
	OWNED(inspectors_done) struct inspectors *pool = NULL;
	OWNED(mail_authorities_done) struct mail_authorities *authorities = NULL;
	struct key_rules rules = { .now = clock_now(&cli->clock) };
	enum recipient_key_origin origin;
	const struct config *config;
	str bytes;

	TRY(take_key(cli, address, &bytes, &origin));
	TRY(cli_inspectors(cli, &pool));
	TRY(cli_config(cli, &config));
	TRY(flow_smime_authorities(config, &authorities, &cli->fault));
	rules.pool = pool;
	rules.authorities = authorities;
	TRY(check_key(cli->arena, &rules, bytes, address, out, &cli->fault));
	out->origin = origin;
	return OK;
}

static const char *change_word(enum recipient_key_change c)
{
	return c == RECIPIENT_KEY_IS_NEW ? "added" : c == RECIPIENT_KEY_IS_RENEWED ? "renewed" : "replaced";
}

static void tell(struct cli *cli, const struct recipient_key *key, enum recipient_key_change change)
{
	if (cli->json) {
		json_t *j = recipient_key_json(key);
		json_object_set_new(j, "change", json_string(change_word(change)));
		cli_out_json(cli, j);
		return;
	}
	cli_out_format(cli, "%s\n", change_word(change));
	recipient_key_print(cli, key);
	cli_say(cli, "Compare the fingerprint with the recipient, by telephone: whoever has its other half reads what "
		     "you send.");
}

static err run(struct cli *cli)
{
	OWNED(house_done) struct house h = { 0 };
	enum recipient_key_change change;
	struct recipient_key key;
	str address;

	TRY(recipient_key_address(cli, cli->operands[0], &address));
	TRY(judge(cli, address, &key));
	TRY(house_open(cli, &h));
	TRY(flow_recipient_key_add(h.line, h.db, cli->arena, &key, cli_flag(cli, "--replace"), &change, &cli->fault));
	tell(cli, &key, change);
	return OK;
}

static const struct cli_option options[] = {
	{ "--file", "F", "the public key (armoured or binary) or certificate; - for standard input" },
	{ "--wkd", NULL, "ask the key directory of the address's domain for it (OpenPGP)" },
	{ "--replace", NULL, "put it in the place of another that is in use" },
	{ 0 },
};

const struct cli_command command_recipient_key_add = {
	.name = "recipient key add",
	.usage = "ADDRESS (--file F | --wkd) [--replace]",
	.summary = "put a recipient's public key on file",
	.details =
		"What is sent with `send --as pgp` to this address is then encrypted to this key, with `--as smime` to "
		"this certificate. It is looked into "
		"first, and refused with the reason if it is revoked, expired, only signs, is not of this address, is "
		"too weak (RSA below 2048 bits, DSA, ElGamal), or if its owner's signatures are made with SHA-1 or "
		"older. A certificate must be for mail and for encrypting, and an authority must vouch for it: the "
		"system's, "
		"those of smime.authorities, or none if smime.allow_unchained_reason says why.\n\n"
		"--wkd asks the Web Key Directory of the address's domain, over HTTPS: openpgpkey.DOMAIN, or DOMAIN "
		"itself where that name does not exist. No redirect is followed, and no address outside the public "
		"Internet is asked, but for the one of recipients.wkd_server. What it gives is judged as a file's "
		"content is. It shows who rules the domain, not who reads the mail: compare the fingerprint all the "
		"same.\n\n"
		"The fingerprint is shown in full. Another key than the one in use is put in its place only with "
		"--replace, after the recipient has confirmed it by another way than mail; the earlier one is kept in "
		"the list, as history. The same key again renews what is known of it.",
	.examples = "# the recipient's key, as they gave it\n"
		    "$ letterlock recipient key add ada@example.com --file ada.asc\n"
		    "# as their domain publishes it\n"
		    "$ letterlock recipient key add ada@example.com --wkd\n"
		    "# they have a new one, and said so by telephone\n"
		    "$ letterlock recipient key add ada@example.com --file ada-new.asc --replace\n",
	.options = options,
	.operands_min = 1,
	.operands_max = 1,
	.run = run,
};
