#include "door/cli/store.h"

#include "sys/sys.h"

#include <jansson.h>

/* One file into the store; its row comes after its bytes are durable, so that a crash leaves an orphan at most. */

static err open_input(struct cli *cli, const char *path, struct source *out)
{
	int fd;

	if (strcmp(path, "-") == 0) {
		*out = cli_stdin_source(cli);
		return OK;
	}
	err e = file_open(path, FILE_READ | FILE_REGULAR, 0, &fd);
	if (failed(e)) {
		fault_where(&cli->fault, str_of(path), 0, 0);
		fault_set(&cli->fault, "%s", e.note);
		return e;
	}
	return file_source(cli->arena, fd, out);
}

static err put_bytes(struct cli *cli, const struct kept *k, id owner, struct object *object)
{
	OWNED(store_batch_done) struct store_batch *batch = NULL;
	OWNED(sink_done) struct sink to = { 0 };
	OWNED(source_done) struct source from = { 0 };

	TRY(open_input(cli, cli->operands[0], &from));
	TRY(store_begin(k->store, &batch));
	TRY(store_create(batch, cli->arena, k->keys, &cli->entropy, owner, object, &to));
	TRY(pump(&from, &to));
	TRY(sink_finish(&to));
	return store_commit(batch);
}

static void report(struct cli *cli, const struct object *object)
{
	char spelled[ID_TEXT], digest[2 * SHA256_LEN + 1];
	struct buf hex = BUF_ON(digest);
	str text = store_id_text(object->id, spelled);

	buf_add_hex(&hex, str_bytes(object->sha256, SHA256_LEN));
	if (cli->json)
		cli_out_json(cli, json_pack("{s:s%, s:I, s:s}", "id", text.at, (int)text.len, "size",
					    (json_int_t)object->size, "sha256", buf_c(&hex)));
	else
		cli_out_format(cli, "%.*s\n", STR_ARG(text));
}

static err run(struct cli *cli)
{
	OWNED(kept_done) struct kept k = { 0 };
	struct object object = { .type = STR("application/octet-stream") };
	id owner;

	TRY(kept_open(cli, &k));
	TRY(id_new(&cli->entropy, &owner));
	TRY(put_bytes(cli, &k, owner, &object));
	TRY(object_keep(k.db, owner, &object, clock_now(&cli->clock)));
	report(cli, &object);
	return OK;
}

const struct cli_command command_store_put = {
	.name = "store put",
	.usage = "FILE",
	.summary = "encrypt a file into the store",
	.details =
		"Reads FILE, or standard input for -, encrypts it with a key of its own, keeps it through the "
		"configured store, and prints its id when everything is durable. It belongs to no submission and stays "
		"until `store delete`.",
	.examples = "# Keep a file and get it back\n"
		    "$ letterlock store put policy.pdf\n"
		    "$ letterlock store get 3v9k0q8z7m1x5c2b4n6p8r0t2w > policy.pdf",
	.operands_min = 1,
	.operands_max = 1,
	.run = run,
};
