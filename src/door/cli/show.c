#include "door/cli/house.h"
#include "flow/choose.h"
#include "flow/enclose.h"
#include "flow/report.h"

/* ── Text ── */

static void line_of(struct cli *cli, const char *name, str value)
{
	char room[2048];
	struct buf b = BUF_ON(room);

	buf_add_escaped(&b, value);
	cli_out_format(cli, "  %-11s %.*s\n", name, STR_ARG(buf_str(&b)));
}

static void tell_recipient(struct cli *cli, const struct story *s)
{
	char hex[2 * SHA256_LEN + 1];

	if (!s->to) {
		line_of(cli, "to", STR("(erased)"));
		return;
	}
	line_of(cli, "to", s->to->address.text);
	if (s->to->name.len)
		line_of(cli, "name", s->to->name);
	for (const struct document *d = s->to->documents; d; d = d->next) {
		struct buf digest = BUF_ON(hex);
		buf_add_hex(&digest, str_bytes(d->sha256, SHA256_LEN));
		line_of(cli, "document", d->name);
		cli_out_format(cli, "  %-11s %llu bytes, sha-256 %.*s\n", "", (unsigned long long)d->size,
			       STR_ARG(buf_str(&digest)));
	}
}

static void tell_proof(struct cli *cli, const struct link_view *l)
{
	char wanted[32];

	if (l->mode == LINK_PRESIGNED) {
		cli_out_format(cli, "  %-11s %.*s, of the file itself; nobody counts tries\n", "proof",
			       STR_ARG(proof_kind_name(l->proof)));
		return;
	}
	cli_out_format(cli, "  %-11s %.*s, %u of %u tries used", "proof", STR_ARG(proof_kind_name(l->proof)), l->tries,
		       l->tries_max);
	if (l->proof == PROOF_CODE)
		cli_out_format(cli, ", %u codes sent", l->codes);
	cli_out(cli, STR("\n"));
	if (l->state == LINK_LOCKED)
		line_of(cli, "", STR("locked; `letterlock renew` mails a new link with all its tries"));
	text_moment(l->wanted_at, wanted);
	if (l->wanted_at)
		cli_out_format(cli, "  %-11s the recipient asked for a new link at %s\n", "", wanted);
}

/* A machine and a person fetch the same page; only a proof tells them apart. */
static void tell_fetches(struct cli *cli, const struct link_view *l)
{
	char at[32];

	text_moment(l->fetched_at, at);
	if (l->fetched_at == 0)
		line_of(cli, "page", STR("never fetched"));
	else
		cli_out_format(
			cli, "  %-11s fetched %llu times, first at %s, by %s\n", "page", (unsigned long long)l->fetches,
			at,
			l->proved_at ? "a person at least once: the right proof followed"
			: l->tries   ? "someone who gave wrong proofs, and perhaps by machines"
				     : "a person or a machine (mail scanners do), nobody can tell; no proof was given");
}

static void tell_link(struct cli *cli, const struct story *s)
{
	char expires[32], opening[512];
	const struct link_view *l = &s->link;

	if (!s->has_link && s->to && enclose_is(s->to->seal))
		line_of(cli, "link", STR("none: the mail carries the documents, encrypted to the recipient's key"));
	if (!s->has_link)
		return;
	text_moment(l->expires_at, expires);
	cli_out_format(cli, "  %-11s %.*s, until %s\n", "link", STR_ARG(link_state_name(l->state)), expires);
	if (l->mode == LINK_PRESIGNED)
		line_of(cli, "", STR("presigned: the mail carries the URL of the file in the bucket"));
	tell_proof(cli, l);
	if (l->mode == LINK_PAGE)
		tell_fetches(cli, l);
	text_opening(l, opening);
	line_of(cli, "opening", str_of(opening));
}

static void tell_events(struct cli *cli, const struct story *s)
{
	for (const struct event *e = s->events; e; e = e->next) {
		char at[32], room[2048];
		struct buf detail = BUF_ON(room);
		text_moment(e->at, at);
		buf_add_escaped(&detail, e->detail);
		cli_out_format(cli, "  %s  %-12.*s %.*s%s%.*s\n", at, STR_ARG(event_name(e->kind)),
			       STR_ARG(event_words(e->kind)), detail.len ? " " : "", STR_ARG(buf_str(&detail)));
	}
}

/* Why the form was chosen, where that was left to us. */
static bool chosen_because(const struct story *s, enum choice_reason *out)
{
	bool found = false;

	for (const struct event *e = s->events; e && !found; e = e->next) {
		if (e->kind != EVENT_CHOSEN || !e->detail.len)
			continue;
		json_t *detail = json_loadb(e->detail.at, e->detail.len, 0, NULL);
		const char *name = json_string_value(json_object_get(detail, "because"));
		found = name && choice_named(str_of(name), out);
		json_decref(detail);
	}
	return found;
}

static void tell_form(struct cli *cli, const struct story *s)
{
	enum choice_reason because;

	if (!s->to)
		return;
	cli_out_format(cli, "  %-11s %.*s", "sealed as", STR_ARG(seal_kind_name(s->to->seal)));
	if (chosen_because(s, &because))
		cli_out_format(cli, ", chosen because %.*s", STR_ARG(choice_words(because)));
	cli_out(cli, STR("\n"));
}

static void tell(struct cli *cli, const struct story *s)
{
	char delivery[ID_TEXT + 1], submission[ID_TEXT + 1];

	text_id(s->standing->delivery, delivery);
	text_id(s->standing->submission, submission);
	cli_out_format(cli, "delivery %s: %.*s\n", delivery, STR_ARG(delivery_state_name(s->standing->state)));
	line_of(cli, "submission", str_of(submission));
	tell_recipient(cli, s);
	tell_form(cli, s);
	tell_link(cli, s);
	cli_out_format(cli, "  %-11s %u%s%.*s\n", "attempts", s->standing->attempts,
		       s->standing->enhanced.len ? ", the last answer " : "", STR_ARG(s->standing->enhanced));
	tell_events(cli, s);
}

/* ── JSON ── */

static json_t *json_documents(const struct recipient *to)
{
	json_t *list = json_array();
	char hex[2 * SHA256_LEN + 1];

	for (const struct document *d = to ? to->documents : NULL; d; d = d->next) {
		struct buf digest = BUF_ON(hex);
		json_t *j = json_object();
		buf_add_hex(&digest, str_bytes(d->sha256, SHA256_LEN));
		json_object_set_new(j, "name", json_str(d->name));
		json_object_set_new(j, "type", json_str(d->type));
		json_object_set_new(j, "size", json_integer((json_int_t)d->size));
		json_object_set_new(j, "sha256", json_str(buf_str(&digest)));
		json_array_append_new(list, j);
	}
	return list;
}

static json_t *json_link(const struct link_view *l)
{
	json_t *j = json_object();

	json_object_set_new(j, "mode", json_str(link_mode_name(l->mode)));
	json_object_set_new(j, "state", json_str(link_state_name(l->state)));
	json_object_set_new(j, "expires_at", json_moment(l->expires_at));
	json_object_set_new(j, "proof", json_str(proof_kind_name(l->proof)));
	json_object_set_new(j, "tries", json_integer(l->tries));
	json_object_set_new(j, "tries_max", json_integer(l->tries_max));
	json_object_set_new(j, "fetched_at", json_moment(l->fetched_at));
	json_object_set_new(j, "fetches", json_integer((json_int_t)l->fetches));
	json_object_set_new(j, "proved_at", json_moment(l->proved_at));
	json_object_set_new(j, "codes", json_integer(l->codes));
	json_object_set_new(j, "renewals", json_integer(l->renewals));
	json_object_set_new(j, "wanted_at", json_moment(l->wanted_at));
	json_object_set_new(j, "opens", json_integer(l->opens));
	json_object_set_new(j, "opens_max", l->opens_max ? json_integer(l->opens_max) : json_null());
	json_object_set_new(j, "opened_at", json_moment(l->opened_at));
	json_object_set_new(j, "bytes", json_integer((json_int_t)l->sent));
	return j;
}

static json_t *json_events(const struct event *events)
{
	json_t *list = json_array();

	for (const struct event *e = events; e; e = e->next) {
		json_t *j = json_object(),
		       *detail = json_loadb(e->detail.at ? e->detail.at : "", e->detail.len, 0, NULL);
		json_object_set_new(j, "at", json_moment(e->at));
		json_object_set_new(j, "event", json_str(event_name(e->kind)));
		json_object_set_new(j, "detail", detail ? detail : json_null());
		json_array_append_new(list, j);
	}
	return list;
}

static void tell_json(struct cli *cli, const struct story *s)
{
	enum choice_reason because;
	json_t *j = json_object();

	json_object_set_new(j, "delivery", json_id(s->standing->delivery));
	json_object_set_new(j, "submission", json_id(s->standing->submission));
	json_object_set_new(j, "state", json_str(delivery_state_name(s->standing->state)));
	json_object_set_new(j, "email", s->to ? json_str(s->to->address.text) : json_null());
	json_object_set_new(j, "name", s->to ? json_str(s->to->name) : json_null());
	json_object_set_new(j, "sealed_as", s->to ? json_str(seal_kind_name(s->to->seal)) : json_null());
	json_object_set_new(j, "chosen_because",
			    chosen_because(s, &because) ? json_str(choice_name(because)) : json_null());
	json_object_set_new(j, "documents", json_documents(s->to));
	json_object_set_new(j, "link", s->has_link ? json_link(&s->link) : json_null());
	json_object_set_new(j, "attempts", json_integer(s->standing->attempts));
	json_object_set_new(j, "events", json_events(s->events));
	cli_out_json(cli, j);
}

/* ── Refused rows of a submission ── */

static void tell_refusal(struct cli *cli, const struct refusal *r)
{
	char room[2048];
	struct buf problem = BUF_ON(room);

	if (cli->json) {
		json_t *j = json_object();
		json_object_set_new(j, "refused_row", json_integer((json_int_t)r->row));
		json_object_set_new(j, "email", json_str(r->address));
		json_object_set_new(j, "problem", json_str(r->problem));
		cli_out_json(cli, j);
		return;
	}
	buf_add_escaped(&problem, r->problem);
	cli_out_format(cli, "row %llu was refused: %.*s\n", (unsigned long long)r->row, STR_ARG(buf_str(&problem)));
}

static err tell_refusals(struct cli *cli, const struct house *h)
{
	struct refusal *refused;
	id submission;

	TRY(id_parse(str_of(cli->operands[0]), &submission));
	TRY(report_refusals(h->line, h->db, cli->arena, submission, &refused));
	for (; refused; refused = refused->next)
		tell_refusal(cli, refused);
	return OK;
}

static err run(struct cli *cli)
{
	OWNED(house_done) struct house h = { 0 };
	struct standing *all;
	bool is_submission;

	TRY(house_open(cli, &h));
	TRY(house_find(cli, &h, &all, &is_submission));
	for (const struct standing *s = all; s; s = s->next) {
		OWNED(report_story_done) struct story story = { 0 };
		SCRATCH(cli->arena);
		TRY(report_story(h.line, h.db, cli->arena, s, &story));
		if (cli->json)
			tell_json(cli, &story);
		else
			tell(cli, &story);
	}
	return is_submission ? tell_refusals(cli, &h) : OK;
}

const struct cli_command command_show = {
	.name = "show",
	.usage = "ID",
	.summary = "the whole story of a delivery, or of each of a submission",
	.details =
		"To whom, which documents with their digests, sealed how, every attempt and what the receiving server "
		"said, and the story of the link: when its page was fetched (by a person or a machine, which nobody "
		"can "
		"tell), when the right proof was given (which takes who knows it), and when documents went out to "
		"their "
		"last byte. Of a presigned link nobody can tell any of it: the store hands the file out. Secrets are "
		"not kept and cannot be shown.",
	.examples = "$ letterlock show 4q9k6y7w5e8r2t1m3n0p7s6d5f\n",
	.operands_min = 1,
	.operands_max = 1,
	.run = run,
};
