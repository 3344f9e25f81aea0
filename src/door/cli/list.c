#include "door/cli/house.h"
#include "flow/report.h"

static const struct cli_option options[] = {
	{ "--state", "STATE", "queued, trying, waiting, delivered, failed or cancelled" },
	{ "--most", "N", "how many at the most, the newest first (default: 100)" },
	{ 0 },
};

static void tell(struct cli *cli, const struct listed *l)
{
	const struct standing *s = l->standing;
	char delivery[ID_TEXT + 1], created[32];
	char room[512];
	struct buf address = BUF_ON(room);

	text_id(s->delivery, delivery);
	text_moment(s->created_at, created);
	buf_add_escaped(&address, l->address.len ? l->address : STR("(erased)"));
	cli_out_format(cli, "%s  %-9.*s  %s  %2u tries  %.*s\n", delivery, STR_ARG(delivery_state_name(s->state)),
		       created, s->attempts, STR_ARG(buf_str(&address)));
}

static void tell_json(struct cli *cli, const struct listed *l)
{
	const struct standing *s = l->standing;
	json_t *j = json_object();

	json_object_set_new(j, "delivery", json_id(s->delivery));
	json_object_set_new(j, "submission", json_id(s->submission));
	json_object_set_new(j, "state", json_str(delivery_state_name(s->state)));
	json_object_set_new(j, "email", l->address.len ? json_str(l->address) : json_null());
	json_object_set_new(j, "attempts", json_integer(s->attempts));
	json_object_set_new(j, "created_at", json_moment(s->created_at));
	json_object_set_new(j, "due_at", delivery_ended(s->state) ? json_null() : json_moment(s->due_at));
	json_object_set_new(j, "ended_at", json_moment(s->ended_at));
	cli_out_json(cli, j);
}

static err read_options(struct cli *cli, int *state, uint64_t *most)
{
	const char *name = cli_value(cli, "--state"), *count = cli_value(cli, "--most");
	enum delivery_state parsed;

	*state = DELIVERY_ANY;
	*most = 100;
	if (count && (!str_number(str_of(count), most) || *most > 1000000)) {
		fault_set(&cli->fault, "--most takes a number up to 1000000");
		return NEVER(USAGE, "not a number");
	}
	if (!name)
		return OK;
	if (failed(delivery_state_parse(str_of(name), &parsed))) {
		fault_set(&cli->fault, "--state takes queued, trying, waiting, delivered, failed or cancelled");
		return NEVER(USAGE, "no such state");
	}
	*state = (int)parsed;
	return OK;
}

static err run(struct cli *cli)
{
	OWNED(house_done) struct house h = { 0 };
	struct listed *all;
	uint64_t most;
	int state;

	TRY(read_options(cli, &state, &most));
	TRY(house_open(cli, &h));
	TRY(report_list(h.line, h.db, cli->arena, state, most, &all));
	for (const struct listed *l = all; l; l = l->next)
		if (cli->json)
			tell_json(cli, l);
		else
			tell(cli, l);
	if (!all)
		cli_say(cli, "no deliveries");
	return OK;
}

const struct cli_command command_list = {
	.name = "list",
	.usage = "[--state STATE] [--most N]",
	.summary = "deliveries, the newest first",
	.examples = "# what could not be delivered\n$ letterlock list --state failed\n",
	.options = options,
	.operands_min = 0,
	.operands_max = 0,
	.run = run,
};
