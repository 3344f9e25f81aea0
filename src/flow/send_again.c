/* Carrying on: what the database knows of the rows that an earlier run wrote down decides what is still to be done. */
#include "flow/send_inside.h"

struct known {
	bool known;
	enum delivery_state state;
	id submission, link;
};

static err look_up(struct send *s, id delivery, struct known *out)
{
	OWNED(db_rows_done) struct db_rows rows = { 0 };
	err e = db_one(s->db, QUERY_DELIVERY_GET, DB(db_id(delivery)), &rows);

	*out = (struct known){ .known = !failed(e) };
	if (e.fate == FATE_NEVER && e.why == WHY_NOT_FOUND)
		return OK;
	TRY(e);
	out->submission = db_row_id(&rows, 1);
	out->link = db_row_id(&rows, 3);
	out->state = (enum delivery_state)db_row_number(&rows, 4);
	return OK;
}

/* An end was written into the results after it was in the database: another database would mail everybody again. */
static err is_ours(const struct earlier *before, const struct known *k, uint64_t row, struct fault *fault)
{
	if (k->known || before->status == ROW_WAITING)
		return OK;
	if (fault)
		fault->row = row;
	fault_set(fault,
		  "the results say %.*s, but this installation does not know that delivery: is it the configuration "
		  "that the run was sent with?",
		  STR_ARG(row_status_name(before->status)));
	return NEVER(LIST, "the results are of another installation");
}

/* The submission of the earlier run is carried on, so that its deliveries and ours are one story. */
static err adopt_submission(struct send *s, const struct known *k)
{
	struct submission *sub;
	struct link_view link;
	enum submission_state state;

	if (s->submission_saved)
		return OK;
	TRY(submission_state_of(s->db, k->submission, &state));
	if (state != SUBMISSION_ACCEPTED)
		return OK;
	link.proof = s->options.proof; /* a mail that carries its documents has no link */
	if (!id_none(k->link))
		TRY(link_by_id(s->db, k->link, clock_now(&s->line->clock), &link));
	TRY(submission_load(s->db, s->arena, s->line->keys, k->submission, &sub));
	submission_done(&s->sub);
	s->sub = sub;
	s->submission_saved = true;
	s->adopted_proof = link.proof;
	return OK;
}

static err carry(struct send *s, const struct earlier *before, const struct known *k, struct send_row *out,
		 struct result *result)
{
	TRY(adopt_submission(s, k));
	out->ended = status_of_delivery(k->state, &result->status);
	out->accepted = true;
	result->delivery = before->delivery;
	result->link = before->link;
	result->password = before->password;
	result->expires_at = before->expires_at;
	s->count.accepted++;
	return OK;
}

/* A delivery that failed for good is sent anew: under new ids, with a new link and password. */
err send_carry_on(struct send *s, const struct earlier **before, struct send_row *out, struct result *result,
		  bool *carried, struct fault *fault)
{
	struct known k;

	*carried = false;
	if (!*before || id_none((*before)->delivery))
		return OK;
	TRY(look_up(s, (*before)->delivery, &k));
	TRY(is_ours(*before, &k, out->number, fault));
	*carried = k.known && (k.state != DELIVERY_FAILED || s->options.once);
	if (*carried)
		return carry(s, *before, &k, out, result);
	if (k.known)
		*before = NULL;
	return OK;
}

/* ── Rows that were taken off the list ── */

static err cells_by_name(struct send *s, const struct earlier_run *run, const struct earlier *before, const str **out)
{
	str *cells;

	TRY(NEW_ARRAY(s->arena, s->list.column_count, cells));
	for (size_t i = 0; i < s->list.column_count; i++)
		for (size_t k = 0; k < run->column_count; k++)
			if (str_same_nocase(s->list.columns[i], run->columns[k]))
				cells[i] = before->cells[k];
	*out = cells;
	return OK;
}

static err keep_one(struct send *s, const struct earlier_run *run, const struct earlier *before, bool *kept)
{
	struct known k;

	*kept = false;
	if (before->in_list || id_none(before->delivery))
		return OK;
	TRY(look_up(s, before->delivery, &k));
	if (!k.known || (k.state == DELIVERY_FAILED && !s->options.once))
		return OK;
	TRY(send_more_room(s));
	struct send_row *row = &s->rows[s->results.count];
	struct result *result = &s->results.rows[s->results.count];
	TRY(cells_by_name(s, run, before, &result->cells));
	TRY(carry(s, before, &k, row, result));
	send_row_planned(s);
	s->count.rows++;
	*kept = true;
	return OK;
}

/* Their mail is on its way or has arrived, and their passwords are nowhere else: they stay in the results. */
err send_keep_the_rest(struct send *s, const struct earlier_run *run)
{
	uint64_t count = 0;

	for (const struct earlier *before = run->first; before; before = before->next) {
		bool kept;
		TRY(keep_one(s, run, before, &kept));
		count += kept;
	}
	if (count)
		send_note(s, "%llu rows of the results are not in the list any more; they stay in the results",
			  (unsigned long long)count);
	return OK;
}

/* ── One submission, one way ── */

static err another_way(struct fault *fault, const char *option, str was)
{
	fault_where(fault, STR_NONE, 0, 0);
	fault_set(fault, "the run that is carried on was sent with %s %.*s: give the same again", option, STR_ARG(was));
	return NEVER(USAGE, "the options differ from those of the run that is carried on");
}

/* What is still to be submitted becomes part of that run, and is sealed as its first rows were. */
err send_same_way(const struct send *s, struct fault *fault)
{
	if (!s->submission_saved || s->todo_count == 0)
		return OK;
	if (s->sub->seal != s->options.seal)
		return another_way(fault, "--as", seal_kind_name(s->sub->seal));
	if (s->sub->mode != s->options.mode)
		return another_way(fault, "--link", link_mode_name(s->sub->mode));
	if (s->adopted_proof != s->options.proof)
		return another_way(fault, "--proof", proof_kind_name(s->adopted_proof));
	if (!str_same(s->sub->template_name, s->options.template_name))
		return another_way(fault, "--template", s->sub->template_name);
	return OK;
}
