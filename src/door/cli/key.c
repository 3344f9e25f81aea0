#include "door/cli/key.h"

#include "crypt/openpgp.h"

#include <jansson.h>

const struct cli_option key_dkim_options[] = {
	{ "--domain", "D", "of a DKIM key; else the domain of the configuration" },
	{ "--selector", "S", "of a DKIM key" },
	{ "--algorithm", "rsa|ed25519", "of a new DKIM key; rsa (2048 bits) unless given" },
	{ 0 },
};

static err wrong(struct cli *cli, const char *words)
{
	fault_set(&cli->fault, "%s", words);
	return NEVER(USAGE, "not a key");
}

static err read_kind(struct cli *cli, enum key_kind *out)
{
	str name = str_of(cli->operands[0]);

	for (enum key_kind k = KEY_MASTER; k <= KEY_OPENPGP; k++) {
		if (str_same(name, key_kind_name(k))) {
			*out = k;
			return OK;
		}
	}
	return wrong(cli, "a key is one of: master, link, lookup, dkim, openpgp");
}

static err read_algorithm(struct cli *cli, enum signature_algorithm *out)
{
	const char *given = cli_value(cli, "--algorithm");
	str name = given ? str_of(given) : STR("rsa");

	if (str_same(name, STR("rsa")))
		*out = SIGNATURE_RSA_SHA256;
	else if (str_same(name, STR("ed25519")))
		*out = SIGNATURE_ED25519_SHA256;
	else
		return wrong(cli, "--algorithm is rsa or ed25519");
	return OK;
}

static err read_dkim(struct cli *cli, const struct config *config, struct key_named *k)
{
	const char *domain = cli_value(cli, "--domain"), *selector = cli_value(cli, "--selector");

	if (!selector)
		return wrong(cli, "a DKIM key needs --selector, like --selector letters2");
	TRY(str_lower(cli->arena, domain ? str_of(domain) : config->domain, &k->domain));
	TRY(str_lower(cli->arena, str_of(selector), &k->selector));
	if (!key_name_fit(k->domain) || !key_name_fit(k->selector))
		return wrong(cli, "the domain and the selector are names of letters, digits, hyphens and dots");
	return read_algorithm(cli, &k->algorithm);
}

err key_read_named(struct cli *cli, const struct config *config, struct key_named *out)
{
	struct key_named k = { 0 };
	uint64_t number;

	TRY(read_kind(cli, &k.kind));
	if (k.kind == KEY_DKIM) {
		TRY(read_dkim(cli, config, &k));
	} else if (cli_value(cli, "--domain") || cli_value(cli, "--selector") || cli_value(cli, "--algorithm")) {
		return wrong(cli, "--domain, --selector and --algorithm belong to DKIM keys");
	}
	if (cli->operand_count > 1) {
		if (k.kind == KEY_DKIM || !str_number(str_of(cli->operands[1]), &number) || number == 0 ||
		    number > UINT32_MAX)
			return wrong(cli,
				     "after master, link or openpgp comes the number of a key, as `key list` shows it");
		k.number = (uint32_t)number;
	}
	*out = k;
	return OK;
}

err key_words(struct arena *a, const struct key_info *k, str *out)
{
	if (k->kind == KEY_DKIM)
		return str_format(a, out, "DKIM key %.*s of %.*s", STR_ARG(k->selector), STR_ARG(k->domain));
	if (k->kind == KEY_OPENPGP)
		return str_format(a, out, "OpenPGP key %u", k->number);
	return str_format(a, out, "%.*s key %u", STR_ARG(key_kind_name(k->kind)), k->number);
}

err key_list_all(struct cli *cli, const struct config *config, struct key_info **out)
{
	return keyring_files(cli->arena, config->keys, out, &cli->fault);
}

void key_fingerprint(const struct key_info *k, struct buf *b)
{
	struct openpgp_key key;

	if (!failed(openpgp_key_of(k, &key)))
		openpgp_fingerprint(&key, b);
}

const char *key_algorithm(const struct key_info *k)
{
	if (k->kind != KEY_DKIM && k->kind != KEY_OPENPGP)
		return "";
	return k->algorithm == SIGNATURE_ED25519_SHA256 ? "ed25519" : "rsa";
}

int64_t key_age_days(const struct key_info *k, moment now)
{
	return now > k->created_at ? (now - k->created_at) / DAY : 0;
}

const char *key_state(const struct key_info *k)
{
	return k->retired ? "retired" : k->in_use ? "in use" : "kept";
}

json_t *key_json(struct cli *cli, const struct key_info *k)
{
	char room[32], fingerprint_room[64];
	struct buf created = BUF_ON(room), fingerprint = BUF_ON(fingerprint_room);
	moment now = clock_now(&cli->clock);

	buf_add_moment(&created, k->created_at);
	json_t *o = json_pack("{s:s%, s:s%, s:I, s:s, s:i}", "kind", key_kind_name(k->kind).at,
			      key_kind_name(k->kind).len, "created_at", created.at, created.len, "age_days",
			      (json_int_t)key_age_days(k, now), "state", key_state(k), "bits", (int)k->bits);
	if (k->kind == KEY_OPENPGP) {
		key_fingerprint(k, &fingerprint);
		json_object_set_new(o, "fingerprint", json_stringn(fingerprint.at, fingerprint.len));
		json_object_set_new(o, "algorithm", json_string(key_algorithm(k)));
	}
	if (k->kind != KEY_DKIM) {
		json_object_set_new(o, "number", json_integer(k->number));
		return o;
	}
	json_object_set_new(o, "domain", json_stringn(k->domain.at, k->domain.len));
	json_object_set_new(o, "selector", json_stringn(k->selector.at, k->selector.len));
	json_object_set_new(o, "algorithm", json_string(key_algorithm(k)));
	return o;
}
