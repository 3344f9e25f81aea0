#include "door/cli/dns_records.h"

#include "crypt/crypt.h"
#include "sys/sys.h"

#include <jansson.h>

enum { KEY_FILE_MAX = 64 * 1024, TXT_STRING_MAX = 255, SECRET_MAX = 1024 * 1024 };

static err append(struct arena *a, struct dns_record **list, str name, str value, const char *why)
{
	struct dns_record *r, **end = list;

	TRY(NEW(a, r));
	*r = (struct dns_record){ .name = name, .value = value, .why = why };
	while (*end)
		end = &(*end)->next;
	*end = r;
	return OK;
}

static err public_text(struct arena *a, struct signing_key *key, str *out)
{
	char room[SIGNATURE_MAX + 256];
	struct buf bytes = BUF_ON(room), text;
	bool ed25519 = signing_key_algorithm(key) == SIGNATURE_ED25519_SHA256;

	TRY(signing_key_public(key, &bytes));
	TRY(buf_open(a, 2 * sizeof room + 64, &text));
	buf_add_format(&text, "v=DKIM1; k=%s; p=", ed25519 ? "ed25519" : "rsa"); /* RFC 6376 3.6.1, RFC 8463 4 */
	buf_add_base64(&text, buf_str(&bytes));
	*out = buf_str(&text);
	return buf_check(&text);
}

static err read_key(struct arena *a, const char *keys, str domain, str selector, struct signing_key **out,
		    struct fault *fault)
{
	struct arena *secret;
	const char *path;
	str name, pem;

	TRY(arena_open_secret(SECRET_MAX, &secret));
	OWNED(arena_done) struct arena *owner = secret;
	TRY(str_format(a, &name, "dkim-%.*s-%.*s.pem", STR_ARG(domain), STR_ARG(selector)));
	TRY(path_join(a, keys, name, &path));
	TRY(file_read_private(secret, path, KEY_FILE_MAX, &pem));
	return signing_key_read(pem, out, fault);
}

err dns_record_dkim(struct arena *a, const char *keys, str domain, str selector, struct dns_record **list,
		    struct fault *fault)
{
	OWNED(signing_key_done) struct signing_key *key = NULL;
	str name, value;

	TRY(read_key(a, keys, domain, selector, &key, fault));
	TRY(public_text(a, key, &value));
	TRY(str_format(a, &name, "%.*s._domainkey.%.*s.", STR_ARG(selector), STR_ARG(domain)));
	return append(a, list, name, value, "the key that receivers check signatures with (DKIM, RFC 6376)");
}

static err add_spf(struct arena *a, str domain, str relay, struct dns_record **list)
{
	str name, value;

	TRY(str_format(a, &name, "%.*s.", STR_ARG(domain)));
	/* SES sends from addresses of its own, which its name includes. */
	if (str_starts(relay, STR("email-smtp")) && str_ends(relay, STR(".amazonaws.com")))
		value = STR("v=spf1 include:amazonses.com -all");
	else if (relay.len)
		TRY(str_format(a, &value, "v=spf1 a:%.*s -all", STR_ARG(relay)));
	else
		value = STR("v=spf1 <what your relay tells you, such as include:spf.relay.example> -all");
	return append(a, list, name, value,
		      "who may send for the domain (SPF, RFC 7208); if there is such a record already, add to it: two "
		      "are an error");
}

err dns_records_of_domain(struct arena *a, str domain, str relay, moment now, struct dns_record **list)
{
	str name, value;

	TRY(add_spf(a, domain, relay, list));
	TRY(str_format(a, &name, "_dmarc.%.*s.", STR_ARG(domain)));
	TRY(str_format(a, &value, "v=DMARC1; p=none; rua=mailto:dmarc@%.*s", STR_ARG(domain)));
	TRY(append(
		a, list, name, value,
		"what receivers do with mail that is not authenticated (DMARC, RFC 7489); begin with p=none, read the "
		"reports, then quarantine, then reject"));
	TRY(str_format(a, &name, "_smtp._tls.%.*s.", STR_ARG(domain)));
	TRY(str_format(a, &value, "v=TLSRPTv1; rua=mailto:tls-reports@%.*s", STR_ARG(domain)));
	TRY(append(a, list, name, value, "where others report failed encryption of mail to you (RFC 8460)"));
	TRY(str_format(a, &name, "_mta-sts.%.*s.", STR_ARG(domain)));
	TRY(str_format(a, &value, "v=STSv1; id=%lld", (long long)(now / SECOND)));
	return append(a, list, name, value,
		      "mail to you is encrypted (MTA-STS, RFC 8461); only together with a policy at "
		      "https://mta-sts.DOMAIN/.well-known/mta-sts.txt");
}

/* RFC 1035 3.3.14: a TXT record is strings of at most 255 bytes, which its readers join. */
static void print_value(struct cli *cli, str value)
{
	for (; value.len; value = str_from(value, TXT_STRING_MAX))
		cli_out_format(cli, " \"%.*s\"", STR_ARG(str_upto(value, TXT_STRING_MAX)));
}

void dns_records_print(struct cli *cli, const struct dns_record *list)
{
	for (const struct dns_record *r = list; r; r = r->next) {
		cli_out_format(cli, "\n; %s\n%.*s IN TXT", r->why, STR_ARG(r->name));
		print_value(cli, r->value);
		cli_out(cli, STR("\n"));
	}
}

json_t *dns_records_json(const struct dns_record *list)
{
	json_t *array = json_array();

	for (const struct dns_record *r = list; r; r = r->next)
		json_array_append_new(array,
				      json_pack("{s:s%, s:s, s:s%, s:s}", "name", r->name.at, r->name.len, "type",
						"TXT", "value", r->value.at, r->value.len, "why", r->why));
	return array;
}
