#include "door/cli/store.h"

#include <jansson.h>

struct listing {
	struct cli *cli;
	struct kept *kept;
};

static err state_of(struct listing *l, const struct store_entry *entry, const char **out)
{
	OWNED(db_rows_done) struct db_rows rows = { 0 };
	err e = db_one(l->kept->db, QUERY_OBJECT_KEPT, DB(db_id(entry->object)), &rows);

	if (failed(e) && e.why != WHY_NOT_FOUND)
		return e;
	*out = !entry->finished ? "unfinished" : failed(e) ? "orphan" : entry->direct ? "kept direct" : "kept";
	return OK;
}

static err show(void *state, const struct store_entry *entry)
{
	struct listing *l = state;
	char spelled[ID_TEXT], when[40];
	struct buf b = BUF_ON(when);
	str text = store_id_text(entry->object, spelled);
	const char *word;

	TRY(state_of(l, entry, &word));
	buf_add_moment(&b, entry->written_at);
	if (l->cli->json)
		cli_out_json(l->cli, json_pack("{s:s%, s:I, s:s, s:s}", "id", text.at, (int)text.len, "stored",
					       (json_int_t)entry->size, "written_at", buf_c(&b), "state", word));
	else
		cli_out_format(l->cli, "%.*s %12llu %s %s\n", STR_ARG(text), (unsigned long long)entry->size, buf_c(&b),
			       word);
	return OK;
}

static err run(struct cli *cli)
{
	OWNED(kept_done) struct kept k = { 0 };
	struct listing listing = { cli, &k };

	TRY(kept_open(cli, &k));
	return store_list(k.store, cli->arena, show, &listing);
}

const struct cli_command command_store_list = {
	.name = "store list",
	.usage = "",
	.summary = "list what is in the store",
	.details =
		"A line an object: id, bytes as stored, when it was written, and whether a record keeps it. `orphan` "
		"and "
		"`unfinished` are what a crash left behind, or work in progress; `letterlock sweep` removes them when "
		"they are old enough. `kept direct` is a container that lies in the bucket as it is (s3.direct, --link "
		"presigned).",
	.examples = "$ letterlock store list",
	.operands_max = 0,
	.run = run,
};
