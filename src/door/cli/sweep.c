#include "flow/sweep.h"
#include "door/cli/house.h"
#include "flow/errands.h"

struct swept {
	struct sweep_count sweep;
	struct errand_count errands;
};

static const struct {
	const char *name, *words;
	size_t offset;
} rows[] = {
	{ "reclaimed", "deliveries of processes that are gone, due again", offsetof(struct swept, sweep.reclaimed) },
	{ "deliveries_expired", "deliveries past their deadline", offsetof(struct swept, sweep.deliveries_expired) },
	{ "links_expired", "links past their moment", offsetof(struct swept, sweep.links_expired) },
	{ "submissions_expired", "submissions whose documents were destroyed",
	  offsetof(struct swept, sweep.submissions_expired) },
	{ "submissions_erased", "submissions whose personal records were destroyed",
	  offsetof(struct swept, sweep.submissions_erased) },
	{ "objects_removed", "stored objects removed", offsetof(struct swept, sweep.objects_removed) },
	{ "orphans_removed", "stored objects that nothing spoke of, removed",
	  offsetof(struct swept, sweep.orphans_removed) },
	{ "submissions_forgotten", "erased submissions whose bare rows were removed",
	  offsetof(struct swept, sweep.submissions_forgotten) },
	{ "renewed", "new links that recipients asked for, queued", offsetof(struct swept, errands.renewed) },
	{ "asked", "recipients who ask for a new link", offsetof(struct swept, errands.asked) },
	{ "reminded", "reminders queued", offsetof(struct swept, errands.reminded) },
	{ "told", "notices to the sender queued", offsetof(struct swept, errands.told) },
};

static uint64_t count_of(const struct swept *n, size_t row)
{
	uint64_t count;

	memcpy(&count, (const char *)n + rows[row].offset, sizeof count);
	return count;
}

static err run(struct cli *cli)
{
	OWNED(house_done) struct house h = { 0 };
	struct swept n = { 0 };
	json_t *j = json_object();
	bool any = false;

	err e = house_open(cli, &h);
	if (!failed(e))
		e = flow_sweep(h.line, h.db, &n.sweep);
	if (!failed(e))
		e = flow_errands(h.line, h.db, &n.errands, &cli->fault);
	for (size_t i = 0; !failed(e) && i < sizeof rows / sizeof *rows; i++) {
		uint64_t count = count_of(&n, i);
		json_object_set_new(j, rows[i].name, json_integer((json_int_t)count));
		if (count && !cli->json)
			cli_out_format(cli, "%llu %s\n", (unsigned long long)count, rows[i].words);
		any = any || count;
	}
	if (failed(e) || !cli->json)
		json_decref(j);
	else
		cli_out_json(cli, j);
	TRY(e);
	if (failed(n.sweep.store))
		fault_set(&cli->fault, "what was deleted cannot be removed from the store: %s", n.sweep.store.note);
	else if (!any)
		cli_say(cli, "nothing to do");
	return n.sweep.store;
}

const struct cli_command command_sweep = {
	.name = "sweep",
	.usage = "",
	.summary = "expire, erase and repair what is due, now",
	.details = "`letterlock serve` does this by itself every minute. What is past its link's moment loses its key "
		   "and its "
		   "bytes; what is past retention loses everything personal; what a crash left is put in order. Then "
		   "what is due is queued: new links that recipients asked for, reminders, notices to the sender. "
		   "Where the store fails, its bytes stay until the next time and the rest is done; the command says "
		   "so and fails.",
	.examples = "# from cron, where no server runs\n$ letterlock sweep --quiet\n",
	.operands_min = 0,
	.operands_max = 0,
	.run = run,
};
