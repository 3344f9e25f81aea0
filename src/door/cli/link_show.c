#include "door/cli/house.h"
#include "link/link.h"

enum { TOKEN_MAX = 2048 };

/* A token, or the whole address that it stands in. "-" reads it from standard input: whoever may list processes reads
 * what stands in arguments. */
static err read_token(struct cli *cli, str *out)
{
	str given = str_of(cli->operands[0]);
	ptrdiff_t at;

	if (str_same(given, STR("-")))
		TRY(cli_stdin(cli, cli->arena, TOKEN_MAX, &given));
	given = str_trim(given);
	while ((at = str_find_char(given, '/')) >= 0)
		given = str_from(given, (size_t)at + 1);
	*out = given;
	return OK;
}

static str reason_of(const struct link_view *v)
{
	if (v->state != LINK_LIVE)
		return link_state_name(v->state);
	if (v->opens_max && v->opens >= v->opens_max)
		return STR("opened as often as it may be");
	return STR_NONE;
}

static err add_names(struct cli *cli, struct house *h, const struct link_view *v, json_t *j)
{
	OWNED(submission_done) struct submission *sub = NULL;
	struct recipient *to;
	str all = STR_NONE;

	err e = submission_load(h->db, cli->arena, h->line->keys, v->submission, &sub);
	if (e.why == WHY_EXPIRED)
		return OK; /* erased: nobody knows any more */
	TRY(e);
	TRY(recipient_load(h->db, cli->arena, sub, v->recipient, &to));
	for (const struct document *d = to->documents; d; d = d->next)
		TRY(str_format(cli->arena, &all, "%.*s%s%.*s", STR_ARG(all), all.len ? "; " : "", STR_ARG(d->name)));
	json_object_set_new(j, "document", json_str(all));
	json_object_set_new(j, "recipient", json_str(to->address.text));
	return OK;
}

static err show(struct cli *cli, struct house *h, const struct link_view *v, json_t *j)
{
	str reason = reason_of(v);

	json_object_set_new(j, "valid", json_boolean(reason.len == 0));
	json_object_set_new(j, "expires_at", json_moment(v->expires_at));
	json_object_set_new(j, "tries_left", json_integer(v->tries_max - v->tries));
	json_object_set_new(j, "opens", json_integer(v->opens));
	json_object_set_new(j, "opened_at", json_moment(v->opened_at));
	json_object_set_new(j, "reason", reason.len ? json_str(reason) : json_null());
	return add_names(cli, h, v, j);
}

static json_t *nothing_known(void)
{
	return json_pack("{s:b,s:n,s:n,s:n,s:n,s:s}", "valid", 0, "document", "recipient", "expires_at", "tries_left",
			 "reason", "unknown");
}

static err run(struct cli *cli)
{
	OWNED(house_done) struct house h = { 0 };
	json_t *j = nothing_known();
	struct link_view view;
	str token;
	err e = j ? OK : LATER(MEMORY, "no memory");

	if (!failed(e))
		e = read_token(cli, &token);
	if (!failed(e))
		e = house_open(cli, &h);
	if (!failed(e)) {
		e = link_find(h.db, h.line->keys, token, clock_now(&cli->clock), &view);
		e = failed(e) ? e.why == WHY_NOT_FOUND ? OK : e : show(cli, &h, &view, j);
	}
	if (failed(e))
		json_decref(j);
	else
		cli_out_json(cli, j);
	return e;
}

const struct cli_command command_link_show = {
	.name = "link show",
	.usage = "TOKEN",
	.summary = "what a link opens, for whom, until when, and how many tries are left",
	.details = "TOKEN is the last part of the link's address, or the address itself; - reads it from standard "
		   "input, so "
		   "that it does not stand among the arguments of a process. It is looked up only: nothing is counted.",
	.examples = "# a link from the outbox, judged as of tomorrow\n"
		    "$ letterlock link show --now 2026-11-22T00:00:00Z - < link.txt",
	.operands_min = 1,
	.operands_max = 1,
	.run = run,
};
