#include "door/cli/house.h"

static err cancel_all(const struct house *h, const struct standing *all, uint64_t *done, uint64_t *too_late)
{
	for (const struct standing *s = all; s; s = s->next) {
		err e = flow_cancel(h->line, h->db, s);
		if (e.fate == FATE_NEVER && e.why == WHY_STATE)
			(*too_late)++;
		else if (failed(e))
			return e;
		else
			(*done)++;
	}
	return OK;
}

/* After all of them were cancelled; what failed is tried by the sweep, not here with each other one. */
static err remove_all(struct cli *cli, const struct house *h, const struct standing *all)
{
	for (const struct standing *s = all; s; s = s->next)
		TRY(recall_direct(h->line, h->db, s->recipient, &cli->fault));
	return OK;
}

static err run(struct cli *cli)
{
	OWNED(house_done) struct house h = { 0 };
	struct standing *all;
	bool is_submission;
	uint64_t done = 0, too_late = 0;

	TRY(house_open(cli, &h));
	TRY(house_find(cli, &h, &all, &is_submission));
	TRY(cancel_all(&h, all, &done, &too_late));
	if (done == 0) {
		fault_set(&cli->fault, "it is too late to cancel: %s; `letterlock revoke` ends the link",
			  is_submission                   ? "nothing of it is waiting to be sent"
			  : all->state == DELIVERY_TRYING ? "it is being sent right now"
							  : "it has ended");
		return NEVER(STATE, "too late to cancel");
	}
	cli->exit_status = too_late ? 3 : 0;
	if (cli->json) {
		json_t *j = json_object();
		json_object_set_new(j, "cancelled", json_integer((json_int_t)done));
		json_object_set_new(j, "too_late", json_integer((json_int_t)too_late));
		cli_out_json(cli, j);
	} else {
		cli_out_format(cli,
			       "%llu cancelled; nothing of it was sent, and a link that it carried opens nothing\n",
			       (unsigned long long)done);
		if (too_late)
			cli_out_format(cli, "%llu had been sent or ended before\n", (unsigned long long)too_late);
	}
	return remove_all(cli, &h, all);
}

const struct cli_command command_cancel = {
	.name = "cancel",
	.usage = "ID",
	.summary = "stop what was not sent yet",
	.details =
		"ID is a delivery's, or a submission's for all its deliveries. A message that was sent cannot be "
		"called "
		"back; `letterlock revoke` ends its link. What would have been fetched from the bucket by a URL of its "
		"own (--link presigned, s3.direct) is removed from there; should that fail, nothing is mailed all the "
		"same, the command says so, and `letterlock sweep` tries again.",
	.examples = "# one person's message\n$ letterlock cancel 4q9k6y7w5e8r2t1m3n0p7s6d5f\n",
	.operands_min = 1,
	.operands_max = 1,
	.run = run,
};
