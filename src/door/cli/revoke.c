#include "door/cli/house.h"
#include "flow/enclose.h"
#include "flow/report.h"

/* A link that has ended, and what is to be told of it when its file is gone, too. */
struct ended {
	struct ended *next;
	const struct standing *what;
	struct link_view truth;
};

struct revoking {
	struct cli *cli;
	struct house *house;
	struct ended *first, **last;
	uint64_t done, gone;
};

static void tell(struct cli *cli, const struct standing *s, const struct link_view *v, bool removed)
{
	char delivery[ID_TEXT + 1], truth[512];
	const char *by = removed ? ", by removing the file from the bucket, which alone ends its URL"
				 : ", but its file is not removed from the bucket yet";

	text_id(s->delivery, delivery);
	text_opening(v, truth);
	cli_out_format(cli, "%s revoked%s; %s\n", delivery, v->mode == LINK_PRESIGNED || !removed ? by : "", truth);
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
static err hold_back(struct revoking *r, const struct standing *s)
{
	struct cli *cli = r->cli;
	char delivery[ID_TEXT + 1];
	err e = flow_cancel(r->house->line, r->house->db, s);
	bool held = !failed(e);

	if (failed(e) && e.why != WHY_STATE && e.why != WHY_NOT_FOUND)
		return e;
	++*(held ? &r->done : &r->gone);
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

static err revoke_one(struct revoking *r, const struct standing *s)
{
	struct ended *ended;
	bool enclosed;

	TRY(is_enclosed(r->house, r->cli->arena, s, &enclosed));
	if (enclosed)
		return hold_back(r, s);
	TRY(NEW(r->cli->arena, ended));
	ended->what = s;
	err e = flow_revoke(r->house->line, r->house->db, s, &ended->truth);
	if (failed(e))
		return e.why == WHY_STATE || e.why == WHY_NOT_FOUND ? OK : e;
	r->done++;
	*r->last = ended;
	r->last = &ended->next;
	return OK;
}

/* Files are removed after all links have ended. What failed is tried by the sweep, not here with each other one. */
static err remove_and_tell(const struct revoking *r)
{
	err e = OK;

	for (const struct ended *x = r->first; x; x = x->next) {
		if (!failed(e))
			e = recall_direct(r->house->line, r->house->db, x->what->recipient, &r->cli->fault);
		if (r->cli->json)
			tell_json(r->cli, x->what, &x->truth);
		else
			tell(r->cli, x->what, &x->truth, !failed(e) || !x->truth.direct);
	}
	return e;
}

static err run(struct cli *cli)
{
	OWNED(house_done) struct house h = { 0 };
	struct revoking r = { .cli = cli, .house = &h, .last = &r.first };
	struct standing *all;
	bool is_submission;

	TRY(house_open(cli, &h));
	TRY(house_find(cli, &h, &all, &is_submission));
	for (const struct standing *s = all; s; s = s->next)
		TRY(revoke_one(&r, s));
	TRY(remove_and_tell(&r));
	if (r.done == 0 && r.gone) {
		fault_set(&cli->fault,
			  "the documents left with the mail, encrypted to the recipient's key: nothing calls "
			  "them back");
		return NEVER(STATE, "the documents left with the mail");
	}
	if (r.done == 0) {
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
		"ends the URL, and nobody can tell whether it was opened before. With s3.direct, too, the file is "
		"removed at once, and with it ends a URL of a minute that was given after the proof. All links are "
		"ended before the first file is removed; should a removal fail, the command says so and `letterlock "
		"sweep` tries again.\n\n"
		"Where the mail itself carries the documents (--as pgp, --as smime) there is no link: what was not "
		"sent "
		"yet is cancelled, and what was sent cannot be called back.",
	.examples = "# a document went to the wrong person\n$ letterlock revoke 4q9k6y7w5e8r2t1m3n0p7s6d5f\n",
	.operands_min = 1,
	.operands_max = 1,
	.run = run,
};
