#include "door/cli/house.h"
#include "flow/enclose.h"
#include "flow/report.h"

static void tell(struct cli *cli, const struct standing *s, const struct link_view *v)
{
	char delivery[ID_TEXT + 1], truth[512];

	text_id(s->delivery, delivery);
	text_opening(v, truth);
	cli_out_format(cli, "%s revoked%s; %s\n", delivery,
		       v->mode == LINK_PRESIGNED ? ", by removing the file from the bucket, which alone ends its URL"
						 : "",
		       truth);
}

static void tell_json(struct cli *cli, const struct standing *s, const struct link_view *v)
{
	json_t *j = json_object();

	json_object_set_new(j, "delivery", json_id(s->delivery));
	json_object_set_new(j, "revoked", json_true());
	json_object_set_new(j, "mode", json_str(link_mode_name(v->mode)));
	json_object_set_new(j, "opened", v->mode == LINK_PRESIGNED ? json_null() : json_boolean(v->opened_at != 0));
	json_object_set_new(j, "opened_at", json_moment(v->opened_at));
	json_object_set_new(j, "proved_at", json_moment(v->proved_at));
	json_object_set_new(j, "proof", json_str(proof_kind_name(v->proof)));
	json_object_set_new(j, "fetched_at", json_moment(v->fetched_at));
	json_object_set_new(j, "opens", json_integer(v->opens));
	json_object_set_new(j, "bytes", json_integer((json_int_t)v->sent));
	cli_out_json(cli, j);
}

/* Has no link because its mail carries the documents? */
static err is_enclosed(struct house *h, struct arena *a, const struct standing *s, bool *out)
{
	OWNED(report_story_done) struct story story = { 0 };

	*out = false;
	if (!id_none(s->link))
		return OK;
	TRY(report_story(h->line, h->db, a, s, &story));
	*out = story.to && enclose_is(story.to->seal);
	return OK;
}

/* What has not left can be held back; what has left cannot be called back. */
static err hold_back(struct cli *cli, struct house *h, const struct standing *s, uint64_t *done, uint64_t *gone)
{
	char delivery[ID_TEXT + 1];
	err e = flow_cancel(h->line, h->db, s, &cli->fault);
	bool held = !failed(e);

	if (failed(e) && e.why != WHY_STATE && e.why != WHY_NOT_FOUND)
		return e;
	++*(held ? done : gone);
	text_id(s->delivery, delivery);
	if (cli->json)
		cli_out_json(cli, json_pack("{s:o, s:b, s:b}", "delivery", json_id(s->delivery), "revoked", (int)held,
					    "left_with_mail", (int)!held));
	else
		cli_out_format(cli, "%s %s\n", delivery,
			       held ? "cancelled: the mail that carries the documents was not sent"
				    : "not revoked: the documents left with the mail");
	return OK;
}

static err revoke_one(struct cli *cli, struct house *h, const struct standing *s, uint64_t *done, uint64_t *gone)
{
	struct link_view truth;
	bool enclosed;

	TRY(is_enclosed(h, cli->arena, s, &enclosed));
	if (enclosed)
		return hold_back(cli, h, s, done, gone);
	err e = flow_revoke(h->line, h->db, s, &truth, &cli->fault);
	if (failed(e))
		return e.why == WHY_STATE || e.why == WHY_NOT_FOUND ? OK : e;
	++*done;
	if (cli->json)
		tell_json(cli, s, &truth);
	else
		tell(cli, s, &truth);
	return OK;
}

static err run(struct cli *cli)
{
	OWNED(house_done) struct house h = { 0 };
	struct standing *all;
	bool is_submission;
	uint64_t done = 0, gone = 0;

	TRY(house_open(cli, &h));
	TRY(house_find(cli, &h, &all, &is_submission));
	for (const struct standing *s = all; s; s = s->next)
		TRY(revoke_one(cli, &h, s, &done, &gone));
	if (done == 0 && gone) {
		fault_set(&cli->fault,
			  "the documents left with the mail, encrypted to the recipient's key: nothing calls "
			  "them back");
		return NEVER(STATE, "the documents left with the mail");
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
	.details =
		"ID is a delivery's, or a submission's for all its links. The answer is the truth about this person's "
		"documents, by this link and those it was renewed from: not opened; or opened, when, by which proof, "
		"how often, and how many bytes left the house.\n\n"
		"Where the mail carries a presigned URL (--link presigned) the file is removed from the bucket: that "
		"alone "
		"ends the URL, and nobody can tell whether it was opened before. Should the removal fail, the command "
		"says so and `letterlock sweep` tries again.\n\n"
		"Where the mail itself carries the documents (--as pgp, --as smime) there is no link: what was not "
		"sent "
		"yet is cancelled, and what was sent cannot be called back.",
	.examples = "# a document went to the wrong person\n$ letterlock revoke 4q9k6y7w5e8r2t1m3n0p7s6d5f\n",
	.operands_min = 1,
	.operands_max = 1,
	.run = run,
};
