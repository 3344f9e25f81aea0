/* Planning: the list is read and judged, ids, links and passwords are minted. Nothing is accepted yet. */
#include "flow/send_inside.h"

#include "sys/sys.h"

#include <stdarg.h>
#include <stdio.h>

enum { PROOF_COLUMNS_MAX = 16 };

void send_note(struct send *s, const char *format, ...)
{
	char(*wider)[512] = realloc(s->notes, (s->note_count + 1) * sizeof *wider);
	va_list args;

	if (!wider)
		return;
	s->notes = wider;
	va_start(args, format);
	(void)vsnprintf(s->notes[s->note_count++], sizeof *wider, format, args);
	va_end(args);
}

void send_notes(const struct send *s, void (*say)(void *state, const char *line), void *state)
{
	for (size_t i = 0; i < s->note_count; i++)
		say(state, s->notes[i]);
}

void send_set_status(struct send *s, size_t row, enum row_status status, str problem, bool ended)
{
	struct result *r = &s->results.rows[row];

	s->count.by_status[r->status]--;
	s->count.by_status[status]++;
	s->count.ended += (uint64_t)(ended && !s->rows[row].ended);
	r->status = status;
	r->problem = problem;
	s->rows[row].ended = ended;
	s->changed = true;
}

bool status_of_delivery(enum delivery_state state, enum row_status *status)
{
	*status = state == DELIVERY_DELIVERED   ? ROW_DELIVERED
		  : state == DELIVERY_FAILED    ? ROW_FAILED
		  : state == DELIVERY_CANCELLED ? ROW_CANCELLED
						: ROW_WAITING;
	return delivery_ended(state);
}

/* ── One row ── */

/* What the recipient must show at the page: the password, or the values of the columns that were named. */
static err proof_parts(struct send *s, const struct list_row *row, str *parts, size_t *count, struct fault *fault)
{
	str rest = s->options.proof_columns, name;
	size_t have = 0;

	for (bool more = true; more; have++) {
		more = str_cut(rest, '+', &name, &rest);
		must(have < PROOF_COLUMNS_MAX);
		const str *value = value_find(row->values, name);
		if (!value || str_trim(*value).len == 0) {
			fault_set(fault, "there is nothing in column %.*s, which the recipient shall prove",
				  STR_ARG(name));
			return NEVER(PROOF, "a detail is missing");
		}
		parts[have] = *value;
	}
	*count = have;
	return OK;
}

static err join_details(struct arena *a, const str *parts, size_t count, str *out)
{
	struct buf b;
	size_t len = count;

	for (size_t i = 0; i < count; i++)
		len += parts[i].len;
	TRY(buf_open(a, len, &b));
	for (size_t i = 0; i < count; i++) {
		if (i)
			buf_add_char(&b, ' ');
		buf_add(&b, str_trim(parts[i]));
	}
	*out = buf_str(&b);
	return OK;
}

/* A container can be tried by anyone, for ever: its password passes the floor, or there is a written reason. */
static err judge_container_password(struct send *s, struct send_row *out, struct fault *fault)
{
	/* What stands in the mail is known to whoever has the mail. */
	struct value address = { .name = STR("email"), .text = out->to->address.text };
	const struct value known = { .next = &address, .name = STR("name"), .text = out->to->name };
	str reason = s->line->config->password.allow_weak_reason;
	struct password_verdict verdict;

	TRY(check_password(s->arena, s->options.seal, out->container_password, &known, true, &verdict));
	if (verdict.accepted && verdict.bits >= (double)s->line->config->password.floor_bits)
		return OK;
	if (reason.len == 0) {
		fault_set(fault,
			  "%s; as a container's password it has about %.0f bits and %llu are needed: use --proof "
			  "password, or --as open, where tries are counted",
			  verdict.reason ? verdict.reason : "the password is too weak", verdict.bits,
			  (unsigned long long)s->line->config->password.floor_bits);
		return NEVER(WEAK_PASSWORD, "too weak for a container");
	}
	out->weak_reason = reason;
	s->count.weak++;
	return OK;
}

static err plan_details(struct send *s, const struct list_row *row, struct send_row *out, struct fault *fault)
{
	str parts[PROOF_COLUMNS_MAX];
	size_t count;

	TRY(proof_parts(s, row, parts, &count, fault));
	err e = link_proof_text(s->arena, PROOF_DETAILS, parts, count, &out->to->link.secret);
	if (failed(e)) {
		fault_set(fault, "nothing is left of the details to prove: %.*s", STR_ARG(s->options.proof_columns));
		return e;
	}
	out->to->link.prompt = s->options.proof_columns;
	if (s->options.seal == SEAL_OPEN)
		return OK;
	TRY(join_details(s->arena, parts, count, &out->container_password));
	return judge_container_password(s, out, fault);
}

static err plan_password(struct send *s, const struct earlier *before, struct send_row *out, str *shown)
{
	double bits;

	if (before && before->password.len)
		*shown = before->password;
	else
		TRY(check_password_new(s->arena, &s->line->entropy, (unsigned)s->line->config->password.floor_bits,
				       shown, &bits));
	out->container_password = *shown;
	return link_proof_text(s->arena, PROOF_PASSWORD, shown, 1, &out->to->link.secret);
}

static err plan_link(struct send *s, const struct earlier *before, struct recipient *to, str *url)
{
	const struct config *c = s->line->config;

	TRY(link_mint(&s->line->entropy, s->arena, to));
	if (before && before->token.len == LINK_TOKEN_TEXT)
		to->link.token = before->token;
	to->link.expires_at = clock_now(&s->line->clock) + s->options.expires;
	to->link.proof = s->options.proof;
	to->link.tries_max = (uint32_t)c->link.tries;
	to->link.opens_max = (uint32_t)c->link.opens;
	return link_url(s->arena, c->base_url, to->link.token, url);
}

/* A row that may go: everything that must be known before it is accepted is decided here. */
static err plan_recipient(struct send *s, const struct list_row *row, const struct earlier *before,
			  struct send_row *out, struct result *result, struct fault *fault)
{
	struct recipient *to;

	if (row->document_count == 0) {
		fault_set(fault, "this row names no document");
		return NEVER(DOCUMENT, "no document");
	}
	TRY(NEW(s->arena, to));
	out->to = to;
	TRY(id_new(&s->line->entropy, &to->id));
	if (before && !id_none(before->delivery))
		to->delivery = before->delivery;
	else
		TRY(id_new(&s->line->entropy, &to->delivery));
	to->row = row->row;
	to->address = row->address;
	to->name = row->name;
	to->language = row->language;
	to->values = row->values;
	TRY(plan_link(s, before, to, &result->link));
	if (s->options.proof == PROOF_PASSWORD)
		TRY(plan_password(s, before, out, &result->password));
	else
		TRY(plan_details(s, row, out, fault));
	result->delivery = to->delivery;
	result->expires_at = to->link.expires_at;
	out->document_names = row->documents;
	out->document_count = row->document_count;
	return OK;
}

/* ── What an earlier run did ── */

static err look_up(struct send *s, id delivery, enum delivery_state *state, id *submission, bool *known)
{
	OWNED(db_rows_done) struct db_rows rows = { 0 };
	err e = db_one(s->db, QUERY_DELIVERY_GET, DB(db_id(delivery)), &rows);

	*known = !failed(e);
	if (e.fate == FATE_NEVER && e.why == WHY_NOT_FOUND)
		return OK;
	TRY(e);
	*submission = db_row_id(&rows, 1);
	*state = (enum delivery_state)db_row_number(&rows, 4);
	return OK;
}

/* The submission of the earlier run is carried on, so that its deliveries and ours are one story. */
static err adopt_submission(struct send *s, id which)
{
	struct submission *sub;
	enum submission_state state;

	if (s->submission_saved)
		return OK;
	TRY(submission_state_of(s->db, which, &state));
	if (state != SUBMISSION_ACCEPTED)
		return OK;
	TRY(submission_load(s->db, s->arena, s->line->keys, which, &sub));
	submission_done(&s->sub);
	s->sub = sub;
	s->submission_saved = true;
	return OK;
}

/* True: the database knows this row's delivery, and it is carried on or has ended; there is nothing to plan. */
static err carry_on(struct send *s, const struct earlier *before, struct send_row *out, struct result *result,
		    bool *carried)
{
	enum delivery_state state = DELIVERY_QUEUED;
	bool known = false;
	id submission;

	*carried = false;
	if (!before || id_none(before->delivery))
		return OK;
	TRY(look_up(s, before->delivery, &state, &submission, &known));
	if (!known || state == DELIVERY_FAILED)
		return OK;
	TRY(adopt_submission(s, submission));
	out->ended = status_of_delivery(state, &result->status);
	out->accepted = true;
	result->delivery = before->delivery;
	result->link = before->link;
	result->password = before->password;
	result->expires_at = before->expires_at;
	s->count.accepted++;
	*carried = true;
	return OK;
}

/* A delivery that failed for good is sent anew: under new ids, with a new link and password. */
static err failed_before(struct send *s, const struct earlier **before)
{
	enum delivery_state state;
	bool known;
	id submission;

	if (!*before || id_none((*before)->delivery))
		return OK;
	TRY(look_up(s, (*before)->delivery, &state, &submission, &known));
	if (known)
		*before = NULL;
	return OK;
}

/* ── The list ── */

static err more_room(struct send *s)
{
	size_t wider = s->room ? 2 * s->room : 1024;
	struct send_row *rows;
	struct result *results;

	if (s->results.count < s->room)
		return OK;
	TRY(NEW_ARRAY(s->arena, wider, rows));
	TRY(NEW_ARRAY(s->arena, wider, results));
	if (s->room) {
		memcpy(rows, s->rows, s->room * sizeof *rows);
		memcpy(results, s->results.rows, s->room * sizeof *results);
	}
	s->rows = rows;
	s->results.rows = results;
	s->room = wider;
	return OK;
}

/* A row with too few cells gets empty ones, so that the results keep their shape. */
static err keep_cells(struct send *s, const struct list_row *row, struct result *result)
{
	str *cells;

	TRY(NEW_ARRAY(s->arena, s->list.column_count, cells));
	for (size_t i = 0; i < s->list.column_count && i < row->cell_count; i++)
		cells[i] = row->cells[i];
	result->cells = cells;
	return OK;
}

static err refuse(struct send *s, struct send_row *row, struct result *result, const struct fault *fault, err e)
{
	struct fault words = *fault;
	struct buf b;

	words.where[0] = 0; /* the results stand beside the list: its name would only repeat */
	TRY(buf_open(s->arena, 2048, &b));
	buf_add_fault(&b, &words, e);
	*row = (struct send_row){ .number = row->number, .ended = true };
	*result = (struct result){ .cells = result->cells, .status = ROW_REFUSED, .problem = buf_str(&b) };
	return OK;
}

static err plan_row(struct send *s, const struct list_row *row, const struct earlier_run *run)
{
	struct send_row *out = &s->rows[s->results.count];
	struct result *result = &s->results.rows[s->results.count];
	const struct earlier *before = NULL;
	struct fault fault = { .row = row->row };
	bool carried = false;
	err e = row->verdict;

	out->number = row->row;
	TRY(keep_cells(s, row, result));
	if (!failed(e) && run) {
		before = earlier_find(run, row->address.text, row->documents, row->document_count);
		TRY(carry_on(s, before, out, result, &carried));
		TRY(failed_before(s, &before));
	}
	if (failed(e))
		fault = row->problem;
	else if (!carried)
		e = plan_recipient(s, row, before, out, result, &fault);
	if (failed(e) && e.fate != FATE_NEVER)
		return e;
	if (failed(e))
		TRY(refuse(s, out, result, &fault, e));
	s->results.count++;
	s->count.by_status[result->status]++;
	s->count.ended += out->ended;
	return OK;
}

static err read_rows(struct send *s, const struct earlier_run *run, struct fault *fault)
{
	struct list_row row;

	for (;;) {
		TRY(check_list_next(&s->list, s->arena, &row, fault));
		if (row.row == 0)
			return OK;
		s->count.rows++;
		if (row.repeats) {
			s->count.folded++;
			send_note(s, "row %llu is a duplicate of row %llu%s; it is sent once",
				  (unsigned long long)row.row, (unsigned long long)row.repeats,
				  row.repeats_otherwise ? ", with other values" : "");
			continue;
		}
		TRY(more_room(s));
		TRY(plan_row(s, &row, run));
	}
}

static err check_columns(struct send *s, struct fault *fault)
{
	str rest = s->options.proof_columns, name;

	for (bool more = rest.len > 0; more;) {
		bool known = false;
		more = str_cut(rest, '+', &name, &rest);
		for (size_t i = 0; i < s->list.column_count; i++)
			known = known || str_same(s->list.columns[i], name);
		if (!known) {
			fault_set(fault, "--proof names the column %.*s, which the list does not have", STR_ARG(name));
			return NEVER(USAGE, "no such column");
		}
	}
	return OK;
}

static struct list_rules list_rules(const struct send *s)
{
	const struct config *c = s->line->config;
	struct list_rules rules = check_list_rules();

	rules.rows_max = s->options.rows_max;
	rules.documents_max = (size_t)c->limits.documents;
	rules.csv.bytes_max = c->limits.list_bytes;
	rules.csv.field_max = (size_t)c->limits.field_bytes;
	rules.csv.columns_max = (uint32_t)c->limits.list_columns;
	return rules;
}

err send_read_list(struct send *s, struct fault *fault)
{
	OWNED(source_done) struct source from = { 0 };
	struct list_rules rules = list_rules(s);
	struct earlier_run *run = NULL;
	int fd;

	if (s->options.resume)
		TRY(earlier_read(s->arena, s->options.results_path, &rules, &run, fault));
	fault_where(fault, str_of(s->options.list_path), 0, 0);
	TRY(file_open(s->options.list_path, FILE_READ | FILE_REGULAR, 0, &fd));
	TRY(file_source(s->arena, fd, &from));
	TRY(check_list_open(s->arena, &from, &rules, &s->list, fault));
	s->results.columns = s->list.columns;
	s->results.column_count = s->list.column_count;
	s->results.delimiter = s->list.delimiter;
	TRY(check_columns(s, fault));
	TRY(read_rows(s, run, fault));
	if (s->results.count == 0) {
		fault_set(fault, "the list has no rows");
		return NEVER(LIST, "the list is empty");
	}
	return OK;
}
