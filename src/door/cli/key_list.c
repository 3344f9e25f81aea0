#include "door/cli/dns_records.h"
#include "door/cli/key.h"

#include <jansson.h>

/* Days after which a key in use should have a successor. The lookup key never has one; people know an OpenPGP key by
 * its fingerprint, and a new one every year would teach them to believe any. */
static const int64_t age_max_days[] = {
	[KEY_MASTER] = 365, [KEY_LINK] = 365, [KEY_LOOKUP] = INT64_MAX, [KEY_DKIM] = 180, [KEY_OPENPGP] = INT64_MAX,
};

static bool old(const struct key_info *k, moment now)
{
	return k->in_use && key_age_days(k, now) > age_max_days[k->kind];
}

static err warn_if_old(struct cli *cli, const struct key_info *k)
{
	moment now = clock_now(&cli->clock);
	str words;

	if (!old(k, now))
		return OK;
	TRY(key_words(cli->arena, k, &words));
	cli_warn(cli, "%.*s is %lld days old: replace it with `letterlock key %s %.*s`", STR_ARG(words),
		 (long long)key_age_days(k, now), k->kind == KEY_MASTER ? "rotate" : "new",
		 STR_ARG(key_kind_name(k->kind)));
	return OK;
}

static void print_row(struct cli *cli, const struct key_info *k)
{
	char room[64];
	struct buf fingerprint = BUF_ON(room);

	cli_out_format(cli, "%-7.*s ", STR_ARG(key_kind_name(k->kind)));
	if (k->kind == KEY_DKIM)
		cli_out(cli, STR("     - "));
	else
		cli_out_format(cli, "%6u ", k->number);
	key_fingerprint(k, &fingerprint);
	cli_out_format(cli, "%5lld  %-8s %5u  %-8s %.*s%.*s  %.*s\n",
		       (long long)key_age_days(k, clock_now(&cli->clock)), key_state(k), k->bits, key_algorithm(k),
		       STR_ARG(buf_str(&fingerprint)), STR_ARG(k->domain), STR_ARG(k->selector));
}

static err records_of(struct cli *cli, const struct config *config, const struct key_info *all, struct dns_record **out)
{
	for (const struct key_info *k = all; k; k = k->next)
		if (k->kind == KEY_DKIM && !k->retired)
			TRY(dns_record_dkim(cli->arena, config->keys, k->domain, k->selector, out, &cli->fault));
	return OK;
}

static void print_json(struct cli *cli, const struct key_info *all, const struct dns_record *records)
{
	json_t *list = json_array();

	for (const struct key_info *k = all; k; k = k->next) {
		json_t *o = key_json(cli, k);
		json_object_set_new(o, "old", json_boolean(old(k, clock_now(&cli->clock))));
		json_array_append_new(list, o);
	}
	json_t *whole = json_pack("{s:o}", "keys", list);
	if (cli_flag(cli, "--dns"))
		json_object_set_new(whole, "dns", dns_records_json(records));
	cli_out_json(cli, whole);
}

static void print_text(struct cli *cli, const struct key_info *all, const struct dns_record *records)
{
	cli_out(cli, STR("kind    number  days  state     bits  \n"));
	for (const struct key_info *k = all; k; k = k->next)
		print_row(cli, k);
	dns_records_print(cli, records);
}

static err run(struct cli *cli)
{
	const struct config *config;
	struct key_info *all;
	struct dns_record *records = NULL;

	TRY(cli_config(cli, &config));
	TRY(key_list_all(cli, config, &all));
	if (cli_flag(cli, "--dns"))
		TRY(records_of(cli, config, all, &records));
	if (cli->json)
		print_json(cli, all, records);
	else
		print_text(cli, all, records);
	for (const struct key_info *k = all; k; k = k->next)
		TRY(warn_if_old(cli, k));
	return OK;
}

static const struct cli_option options[] = {
	{ "--dns", NULL, "also the DNS records of the DKIM keys, in strings of at most 255 bytes" },
	{ 0 },
};

const struct cli_command command_key_list = {
	.name = "key list",
	.usage = "[--dns]",
	.summary = "show all keys, their ages and which are in use",
	.details =
		"Shows kind, number, age in days, state, bits, of DKIM keys algorithm, domain and selector, of OpenPGP "
		"keys the fingerprint. `in "
		"use`: "
		"it wraps, mints or signs. `kept`: it still opens what it wrapped, or proves the links it minted. "
		"`retired`: a master key still opens what it wrapped, the others do nothing more.\n\n"
		"A DKIM key in use for more than 180 days, a master or link key for more than 365, is warned about.",
	.examples = "# All keys\n"
		    "$ letterlock key list\n"
		    "# With the records to publish\n"
		    "$ letterlock key list --dns",
	.options = options,
	.run = run,
};
