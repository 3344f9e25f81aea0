#include "door/cli/recipient_key.h"

err recipient_key_address(struct cli *cli, const char *given, str *out)
{
	struct address address;
	const char *reason = "";
	err e = address_parse(cli->arena, str_of(given), &address, &reason);

	if (failed(e)) {
		fault_where(&cli->fault, str_of(given), 0, 0);
		fault_set(&cli->fault, "%s", reason);
		return e;
	}
	*out = address.text;
	return OK;
}

json_t *recipient_key_json(const struct recipient_key *key)
{
	json_t *j = json_object();

	json_object_set_new(j, "address", json_str(key->address));
	json_object_set_new(j, "kind", json_str(recipient_key_kind_name(key->kind)));
	json_object_set_new(j, "fingerprint", json_str(key->fingerprint));
	json_object_set_new(j, "algorithm", json_str(key->algorithm));
	json_object_set_new(j, "bits", json_integer(key->bits));
	json_object_set_new(j, "expires_at", json_moment(key->expires_at));
	json_object_set_new(j, "origin", json_str(recipient_key_origin_name(key->origin)));
	json_object_set_new(j, "added_at", json_moment(key->added_at));
	json_object_set_new(j, "in_use", json_boolean(key->replaced_at == 0));
	json_object_set_new(j, "replaced_at", json_moment(key->replaced_at));
	return j;
}

/* In full, for comparing by telephone: short forms can be forged. */
static void print_fingerprint(struct cli *cli, str fingerprint)
{
	cli_out(cli, STR("  "));
	for (size_t i = 0; i < fingerprint.len; i += 4)
		cli_out_format(cli, "%s%.*s", i ? " " : "", STR_ARG(str_upto(str_from(fingerprint, i), 4)));
	cli_out(cli, STR("\n"));
}

void recipient_key_print(struct cli *cli, const struct recipient_key *key)
{
	char added[32], ends[32];

	text_moment(key->added_at, added);
	text_moment(key->replaced_at ? key->replaced_at : key->expires_at, ends);
	cli_out_format(cli, "%.*s  %.*s  %.*s, %u bits, %s, added %s%s%s%s\n", STR_ARG(key->address),
		       STR_ARG(recipient_key_kind_name(key->kind)), STR_ARG(key->algorithm), key->bits,
		       key->origin == RECIPIENT_KEY_WKD ? "from its domain's key directory" : "from a file", added,
		       key->replaced_at  ? ", replaced "
		       : key->expires_at ? ", expires "
					 : ", never expires",
		       key->replaced_at || key->expires_at ? ends : "", key->replaced_at ? "" : ", in use");
	print_fingerprint(cli, key->fingerprint);
}
