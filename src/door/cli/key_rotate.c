#include "door/cli/key.h"

#include "db/db.h"
#include "model/model.h"
#include "sys/sys.h"

#include <jansson.h>

/* A rotation that was interrupted is finished, not begun again: then the newest key is younger than this and there
 * are data keys under an older one. */
#define UNFINISHED_FOR DAY

static const struct key_info *newest_master(const struct key_info *all)
{
	for (const struct key_info *k = all; k; k = k->next)
		if (k->kind == KEY_MASTER && k->in_use)
			return k;
	return NULL;
}

static err under_older(struct db *db, const struct key_info *all, uint64_t *out)
{
	uint64_t total = 0, some;

	for (const struct key_info *k = all; k; k = k->next) {
		if (k->kind != KEY_MASTER || k->in_use)
			continue;
		TRY(wrapped_in_use(db, k->number, &some));
		total += some;
	}
	*out = total;
	return OK;
}

static err make_unless_unfinished(struct cli *cli, const struct config *config, struct db *db)
{
	moment now = clock_now(&cli->clock);
	struct key_info *all;
	uint64_t older;

	TRY(key_list_all(cli, config, &all));
	const struct key_info *newest = newest_master(all);
	TRY(under_older(db, all, &older));
	if (newest && older && now - newest->created_at < UNFINISHED_FOR) {
		cli_say(cli, "Going on with the rotation to master key %u.", newest->number);
		return OK;
	}
	return keyring_key_new(config->keys, KEY_MASTER, STR_NONE, STR_NONE, SIGNATURE_RSA_SHA256, now, &cli->entropy,
			       &cli->fault);
}

static void report(struct cli *cli, uint32_t number, const struct rewrapped *done)
{
	if (cli->json) {
		cli_out_json(cli, json_pack("{s:i, s:I, s:I, s:I, s:I}", "master", (int)number, "objects",
					    (json_int_t)done->objects, "submissions", (json_int_t)done->submissions,
					    "recipient_keys", (json_int_t)done->recipient_keys, "lost",
					    (json_int_t)done->lost));
		return;
	}
	cli_out_format(cli, "master key %u: %llu objects, %llu submissions and %llu recipients' keys wrapped again\n",
		       number, (unsigned long long)done->objects, (unsigned long long)done->submissions,
		       (unsigned long long)done->recipient_keys);
	cli_say(cli,
		"What runs now wraps with the older key until it ends; a running `serve` takes the new one by SIGHUP "
		"(systemctl reload letterlock). Then run this once more, and retire the older key.");
}

static err rewrap(struct cli *cli, const struct config *config, struct db *db)
{
	OWNED(keyring_done) struct keyring *keys = NULL;
	struct rewrapped done;

	TRY(keyring_open(config->keys, &cli->entropy, &keys, &cli->fault));
	TRY(model_rewrap(db, cli->arena, keys, &done));
	report(cli, keyring_master_in_use(keys), &done);
	if (done.lost == 0)
		return OK;
	cli_warn(cli, "%llu data keys are opened by no master key in %s: bring the missing key back",
		 (unsigned long long)done.lost, config->keys);
	cli->exit_status = 3;
	return OK;
}

static err rotate_master(struct cli *cli, const struct config *config)
{
	OWNED(fd_done) int lock = -1;
	OWNED(db_done) struct db *db = NULL;
	const char *path;

	TRY(path_join(cli->arena, config->keys, STR("rotate.lock"), &path));
	err e = lock_take(path, &lock);
	if (failed(e))
		fault_set(&cli->fault, "another rotation is at work");
	TRY(e);
	TRY(db_open(config->database, &db, &cli->fault));
	TRY(make_unless_unfinished(cli, config, db));
	return rewrap(cli, config, db);
}

static err run(struct cli *cli)
{
	const struct config *config;
	struct key_named named;

	TRY(cli_config(cli, &config));
	if (cli->operand_count == 0)
		return rotate_master(cli, config);
	TRY(key_read_named(cli, config, &named));
	if (named.kind == KEY_MASTER)
		return rotate_master(cli, config);
	fault_set(&cli->fault, "only the master key is rotated at once; for the others use `key new`, and after the "
			       "overlap `key retire`");
	return NEVER(USAGE, "not a key to rotate");
}

const struct cli_command command_key_rotate = {
	.name = "key rotate",
	.usage = "[master]",
	.summary = "replace the master key and wrap all data keys again",
	.details = "Makes a new master key and wraps under it the data key of every stored object and submission. The "
		   "objects themselves are not touched. It may be killed at any point and run again: it goes on where "
		   "it was. Everything stays readable throughout, because the older keys are kept.",
	.examples = "# Once a year, or when somebody leaves who could read the key\n"
		    "$ letterlock key rotate\n"
		    "$ letterlock key retire master 1",
	.options = NULL,
	.operands_max = 1,
	.run = run,
};
