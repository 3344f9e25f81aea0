#include "door/cli/house.h"

err house_open(struct cli *cli, struct house *out)
{
	OWNED(house_done) struct house h = { 0 };
	const struct config *config;

	TRY(cli_config(cli, &config));
	TRY(line_open(cli->arena, config, cli->clock, cli->entropy, &h.line, &cli->fault));
	TRY(line_db(h.line, &h.db, &cli->fault));
	*out = h;
	h = (struct house){ 0 };
	return OK;
}

void house_done(struct house *h)
{
	db_done(&h->db);
	line_done(&h->line);
}

err house_find(struct cli *cli, const struct house *h, struct standing **out, bool *is_submission)
{
	id which;

	err e = id_parse(str_of(cli->operands[0]), &which);
	if (!failed(e))
		e = flow_find(h->db, cli->arena, which, out, is_submission);
	if (e.fate == FATE_NEVER) {
		fault_set(&cli->fault, "%s is not the id of a delivery or a submission; `letterlock list` shows them",
			  cli->operands[0]);
		return NEVER(NOT_FOUND, "no such id");
	}
	return e;
}

void text_id(id i, char out[ID_TEXT + 1])
{
	struct buf b = { .at = out, .max = ID_TEXT };

	buf_add_id(&b, i);
	out[b.len] = 0;
}

void text_moment(moment at, char out[32])
{
	struct buf b = { .at = out, .max = 31 };

	if (at)
		buf_add_moment(&b, at);
	else
		buf_add_char(&b, '-');
	out[b.len] = 0;
}

/* Three things are kept apart: that a page was fetched, which machines do; that the right proof was given, which takes
 * who knows it; that documents went out to their last byte. */
void text_opening(const struct link_view *v, char out[512])
{
	char at[32], proof[32];
	struct buf b = { .at = out, .max = 511 };
	unsigned long long sent = v->sent;
	str by = proof_kind_name(v->proof);

	if (v->mode == LINK_PRESIGNED) {
		buf_add_format(&b,
			       "nobody can tell whether it was opened: the store hands it out, and we are not asked");
		out[b.len] = 0;
		return;
	}
	text_moment(v->opened_at, at);
	text_moment(v->proved_at, proof);
	if (v->opened_at && v->direct)
		buf_add_format(&b,
			       "handed to the store, first at %s, by proof: %.*s (last given at %s); %u in all, and "
			       "what was fetched there only the store knows; ",
			       at, STR_ARG(by), proof, v->opens);
	else if (v->opened_at)
		buf_add_format(&b, "opened, first at %s, by proof: %.*s (last given at %s); %u in all; ", at,
			       STR_ARG(by), proof, v->opens);
	else if (v->proved_at)
		buf_add_format(
			&b,
			"the right proof (%.*s) was given at %s, but no document was transferred to its last byte; ",
			STR_ARG(by), proof);
	else
		buf_add_format(&b, "not opened: nobody gave the right proof; ");
	buf_add_format(&b, "%llu bytes left the house", sent);
	out[b.len] = 0;
}

json_t *json_id(id i)
{
	char text[ID_TEXT + 1];

	text_id(i, text);
	return id_none(i) ? json_null() : json_string(text);
}

json_t *json_moment(moment at)
{
	char text[32];

	text_moment(at, text);
	return at ? json_string(text) : json_null();
}

json_t *json_str(str s)
{
	char room[4096];
	struct buf escaped = BUF_ON(room);

	if (str_utf8(s))
		return json_stringn(s.at ? s.at : "", s.len);
	buf_add_escaped(&escaped, s);
	return json_stringn(escaped.at, escaped.len);
}
