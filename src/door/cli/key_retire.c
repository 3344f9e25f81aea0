#include "door/cli/key.h"

#include "db/db.h"
#include "model/model.h"

static err check_nothing_wrapped(struct cli *cli, const struct config *config, uint32_t number)
{
	OWNED(db_done) struct db *db = NULL;
	uint64_t count;

	TRY(db_open(config->database, &db, &cli->fault));
	TRY(wrapped_in_use(db, number, &count));
	if (count == 0)
		return OK;
	fault_set(&cli->fault, "%llu data keys are still wrapped by master key %u: run `letterlock key rotate` first",
		  (unsigned long long)count, number);
	return NEVER(STATE, "the key is in use");
}

/* Links minted with the older key end with it, so its successor must be older than any link may live. */
static err check_links_ended(struct cli *cli, const struct config *config, uint32_t number)
{
	struct key_info *all;
	moment now = clock_now(&cli->clock), successor_at = 0;

	TRY(key_list_all(cli, config, &all));
	for (const struct key_info *k = all; k; k = k->next)
		if (k->kind == KEY_LINK && !k->retired && k->number > number)
			successor_at = k->created_at;
	if (successor_at == 0 || now - successor_at > config->link.expires || cli_flag(cli, "--force"))
		return OK;
	fault_set(&cli->fault,
		  "links minted with link key %u may still be open: wait until its successor is older than "
		  "link.expires, or end them now with --force",
		  number);
	return NEVER(STATE, "the key is in use");
}

/* A selector that the configuration signs with is in use: retiring it would hold every mail. */
static err check_not_configured(struct cli *cli, const struct config *config, const struct key_named *named)
{
	for (size_t i = 0; i < config->signing_count; i++) {
		const struct config_signing *s = &config->signing[i];
		if (!str_same_nocase(s->domain, named->domain) || !str_same_nocase(s->selector, named->selector))
			continue;
		fault_set(&cli->fault,
			  "the configuration signs with this key: name another selector under `signing` first");
		return NEVER(STATE, "the key is in use");
	}
	return OK;
}

static err check(struct cli *cli, const struct config *config, const struct key_named *named)
{
	if (named->kind != KEY_DKIM && named->number == 0) {
		fault_set(&cli->fault, "which %.*s key? Give its number, as `key list` shows it",
			  STR_ARG(key_kind_name(named->kind)));
		return NEVER(USAGE, "no number");
	}
	if (named->kind == KEY_MASTER)
		return check_nothing_wrapped(cli, config, named->number);
	if (named->kind == KEY_LINK)
		return check_links_ended(cli, config, named->number);
	if (named->kind == KEY_DKIM)
		return check_not_configured(cli, config, named);
	return OK;
}

static err run(struct cli *cli)
{
	const struct config *config;
	struct key_named named;

	TRY(cli_config(cli, &config));
	TRY(key_read_named(cli, config, &named));
	TRY(check(cli, config, &named));
	if (cli->dry_run)
		return OK;
	TRY(keyring_key_retire(config->keys, named.kind, named.number, named.domain, named.selector, &cli->fault));
	cli_say(cli, "Retired. The key stays in its file, marked; delete the file to destroy the key, when no backup "
		     "needs it any more.");
	return OK;
}

static const struct cli_option options[] = {
	{ "--domain", "D", "of a DKIM key; else the domain of the configuration" },
	{ "--selector", "S", "of a DKIM key" },
	{ "--force", NULL, "a link key although its links may still be open: they end" },
	{ 0 },
};

const struct cli_command command_key_retire = {
	.name = "key retire",
	.usage = "master|link|openpgp NUMBER, or dkim --selector S",
	.summary = "take an old key out of use",
	.details =
		"A master key can be retired when no data key is wrapped by it (`key rotate` sees to that), a link key "
		"when "
		"no link minted with it can be open, an OpenPGP key when there is a newer one, a DKIM key when the "
		"configuration no longer names it. The key "
		"in use is never retired: make its successor first. The file stays, so that a backup from before can "
		"still be read; in its first line `retired=no` takes the key back.",
	.examples = "# After a rotation\n"
		    "$ letterlock key retire master 1\n"
		    "# After the switch to a new selector\n"
		    "$ letterlock key retire dkim --selector letters1",
	.options = options,
	.operands_min = 1,
	.operands_max = 2,
	.run = run,
};
