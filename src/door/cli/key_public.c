/* Our own OpenPGP key, for others to import. Its user id is the sender's name and address of the configuration. */
#include "crypt/openpgp.h"
#include "door/cli/key.h"
#include "wire/wkd.h"

#include <jansson.h>

enum { ARMOR_MAX = 2 * OPENPGP_PUBLIC_MAX };

/* Where the Web Key Directory of the sender's domain has it. */
struct places {
	str advanced, direct;
};

static err user_id(struct cli *cli, const struct config *config, str *out)
{
	str name = config->sender.name, address = config->sender.address;

	/* What would read as another address is left out. */
	if (name.len && !str_has(name, '<') && !str_has(name, '>'))
		return str_format(cli->arena, out, "%.*s <%.*s>", STR_ARG(name), STR_ARG(address));
	*out = address;
	return OK;
}

static err find_places(struct cli *cli, const struct config *config, struct places *out)
{
	uint8_t digest[SHA1_LEN];
	struct address address;
	const char *reason = "";
	str folded, host;

	TRY(address_parse(cli->arena, config->sender.address, &address, &reason));
	TRY(wkd_folded(cli->arena, &address, &folded));
	TRY(sha1(folded, digest));
	TRY(wkd_advanced_host(cli->arena, &address, &host));
	TRY(wkd_url(cli->arena, host, false, &address, digest, &out->advanced));
	return wkd_url(cli->arena, address.domain, true, &address, digest, &out->direct);
}

static err write_key(struct cli *cli, const struct openpgp_signer *signer, str name, struct buf *binary,
		     struct buf *armored)
{
	TRY(buf_open(cli->arena, OPENPGP_PUBLIC_MAX, binary));
	TRY(buf_open(cli->arena, ARMOR_MAX, armored));
	TRY(openpgp_public(signer, name, binary));
	return openpgp_public_armor(buf_str(binary), armored);
}

static void show_json(struct cli *cli, const struct openpgp_signer *signer, str name, const struct buf *armored,
		      const struct places *p)
{
	char room[64];
	struct buf fingerprint = BUF_ON(room);

	openpgp_fingerprint(&signer->key, &fingerprint);
	cli_out_json(cli, json_pack("{s:i, s:s%, s:s%, s:s%, s:s%, s:s%}", "number", (int)signer->key.number,
				    "fingerprint", fingerprint.at, fingerprint.len, "user_id", name.at, name.len, "key",
				    armored->at, armored->len, "wkd", p->advanced.at, p->advanced.len, "wkd_direct",
				    p->direct.at, p->direct.len));
}

static void show(struct cli *cli, const struct buf *key, const struct places *p)
{
	cli_out(cli, buf_str(key));
	cli_say(cli, "In a Web Key Directory its binary form (--binary) stands at %.*s", STR_ARG(p->advanced));
	cli_say(cli, "or, where that host does not exist, at %.*s", STR_ARG(p->direct));
}

static err run(struct cli *cli)
{
	OWNED(keyring_done) struct keyring *keys = NULL;
	const struct config *config;
	struct openpgp_signer signer;
	struct buf binary, armored;
	struct places places;
	str name;

	TRY(cli_config(cli, &config));
	TRY(keyring_open(config->keys, &cli->entropy, &keys, &cli->fault));
	TRY(openpgp_signer_find(keys, &signer, &cli->fault));
	TRY(user_id(cli, config, &name));
	TRY(find_places(cli, config, &places));
	TRY(write_key(cli, &signer, name, &binary, &armored));
	if (cli->json)
		show_json(cli, &signer, name, &armored, &places);
	else
		show(cli, cli_flag(cli, "--binary") ? &binary : &armored, &places);
	return OK;
}

static const struct cli_option options[] = {
	{ "--binary", NULL, "not armoured: as a Web Key Directory has it" },
	{ 0 },
};

const struct cli_command command_key_public = {
	.name = "key public",
	.usage = "[--binary]",
	.summary = "print our OpenPGP key, to be published",
	.details =
		"Prints the public half of the OpenPGP key in use, for sender.name and sender.address: what recipients "
		"import to check the signatures of mails sent as pgp (seal.pgp_sign). It says on standard error where "
		"the "
		"Web Key Directory of the sender's domain has its binary form; programs that look keys up by address "
		"find "
		"it there. Nobody can encrypt to it: it signs. Compare the fingerprint with recipients over another "
		"channel than mail.",
	.examples = "# To hand out\n"
		    "$ letterlock key public >letters.asc\n"
		    "# For the Web Key Directory\n"
		    "$ letterlock key public --binary >hu/FILE",
	.options = options,
	.run = run,
};
