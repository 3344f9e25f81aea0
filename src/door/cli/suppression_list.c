#include "door/cli/suppression.h"

enum { AT_ONCE = 500 };

err suppression_operand(struct cli *cli, str *out)
{
	str given = str_of(cli->operands[0]);
	struct address address;
	const char *reason = "";
	err e = address_parse(cli->arena, given, &address, &reason);

	if (failed(e)) {
		fault_where(&cli->fault, given, 0, 0);
		fault_set(&cli->fault, "%s", reason);
		return e;
	}
	*out = address.text;
	return OK;
}

static void print_json(struct cli *cli, const struct suppression *s)
{
	json_t *j = json_object();

	json_object_set_new(j, "address", json_str(s->address));
	json_object_set_new(j, "scope", json_str(s->scope));
	json_object_set_new(j, "reason", json_str(s->reason));
	json_object_set_new(j, "origin", json_str(s->origin));
	json_object_set_new(j, "since", json_moment(s->at));
	cli_out_json(cli, j);
}

void suppression_print(struct cli *cli, const struct suppression *s)
{
	char since[32], room[1024];
	struct buf words = BUF_ON(room);

	if (cli->json) {
		print_json(cli, s);
		return;
	}
	text_moment(s->at, since);
	buf_add_escaped(&words, suppression_words(s));
	cli_out_format(cli, "%.*s  since %s: %.*s (%.*s)\n", STR_ARG(s->address), since, STR_ARG(buf_str(&words)),
		       STR_ARG(s->origin));
}

static err list_one(struct cli *cli, const struct house *h)
{
	struct suppression s;
	str address;

	TRY(suppression_operand(cli, &address));
	err e = suppression_find(h->db, cli->arena, h->line->keys, address, &s);
	if (failed(e)) {
		fault_set(&cli->fault, "%.*s is not suppressed", STR_ARG(address));
		return e;
	}
	suppression_print(cli, &s);
	return OK;
}

static err list_all(struct cli *cli, const struct house *h)
{
	struct suppression last, *some;
	bool more = false;

	do {
		SCRATCH(cli->arena);
		TRY(suppressions_load(h->db, cli->arena, h->line->keys, more ? &last : NULL, AT_ONCE, &some));
		more = some != NULL;
		for (; some; some = some->next) {
			suppression_print(cli, some);
			last = *some; /* its moment and MAC alone are looked at */
		}
	} while (more);
	return OK;
}

static err run(struct cli *cli)
{
	OWNED(house_done) struct house h = { 0 };

	TRY(house_open(cli, &h));
	return cli->operand_count ? list_one(cli, &h) : list_all(cli, &h);
}

const struct cli_command command_suppression_list = {
	.name = "suppression list",
	.usage = "[ADDRESS]",
	.summary = "addresses that are not mailed: since when, why, and who says so",
	.details = "All of them, the oldest first, or one. With --json a line each. The origin is `operator`, or `sns` "
		   "and "
		   "the MessageId of the notification that told of the bounce or complaint.",
	.examples = "$ letterlock suppression list\n"
		    "$ letterlock suppression list ada@example.com\n",
	.operands_min = 0,
	.operands_max = 1,
	.run = run,
};
