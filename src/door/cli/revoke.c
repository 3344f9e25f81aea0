#include "door/cli/house.h"

static void tell(struct cli *cli, const struct standing *s, const struct link_view *v)
{
	char delivery[ID_TEXT + 1], opened[32], proved[32];

	text_id(s->delivery, delivery);
	text_moment(v->opened_at, opened);
	text_moment(v->proved_at, proved);
	if (v->opened_at)
		cli_out_format(cli, "%s revoked; it was opened, first at %s, %u in all; %llu bytes left the house\n",
			       delivery, opened, v->opens, (unsigned long long)v->sent);
	else if (v->proved_at)
		cli_out_format(
			cli,
			"%s revoked; the right proof was given at %s, but no document was transferred whole; %llu "
			"bytes left the house\n",
			delivery, proved, (unsigned long long)v->sent);
	else
		cli_out_format(cli, "%s revoked; not opened by anyone\n", delivery);
}

static void tell_json(struct cli *cli, const struct standing *s, const struct link_view *v)
{
	json_t *j = json_object();

	json_object_set_new(j, "delivery", json_id(s->delivery));
	json_object_set_new(j, "revoked", json_true());
	json_object_set_new(j, "opened", json_boolean(v->opened_at != 0));
	json_object_set_new(j, "opened_at", json_moment(v->opened_at));
	json_object_set_new(j, "proved_at", json_moment(v->proved_at));
	json_object_set_new(j, "opens", json_integer(v->opens));
	json_object_set_new(j, "bytes", json_integer((json_int_t)v->sent));
	cli_out_json(cli, j);
}

static err run(struct cli *cli)
{
	OWNED(house_done) struct house h = { 0 };
	struct standing *all;
	bool is_submission;
	uint64_t done = 0;

	TRY(house_open(cli, &h));
	TRY(house_find(cli, &h, &all, &is_submission));
	for (const struct standing *s = all; s; s = s->next) {
		struct link_view truth;
		err e = flow_revoke(h.line, h.db, s, &truth);
		if (failed(e) && e.why != WHY_STATE && e.why != WHY_NOT_FOUND)
			return e;
		if (failed(e))
			continue;
		done++;
		if (cli->json)
			tell_json(cli, s, &truth);
		else
			tell(cli, s, &truth);
	}
	if (done == 0) {
		fault_set(&cli->fault, "there is no link to revoke: it has expired, or was revoked or renewed before; "
				       "`letterlock show` tells its story");
		return NEVER(STATE, "nothing to revoke");
	}
	return OK;
}

const struct cli_command command_revoke = {
	.name = "revoke",
	.usage = "ID",
	.summary = "end a link at once, and say what was opened until then",
	.details = "ID is a delivery's, or a submission's for all its links. The answer is the truth: not opened; or "
		   "opened, "
		   "when, how often, and how many bytes left the house.",
	.examples = "# a document went to the wrong person\n$ letterlock revoke 4q9k6y7w5e8r2t1m3n0p7s6d5f\n",
	.operands_min = 1,
	.operands_max = 1,
	.run = run,
};
