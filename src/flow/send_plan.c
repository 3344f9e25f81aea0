/* Planning: the list is read and judged, ids, links and passwords are minted. Nothing is accepted yet. */
#include "flow/send_inside.h"

#include "sys/sys.h"

#include <stdarg.h>
#include <stdio.h>

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

err send_more_room(struct send *s)
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

void send_row_planned(struct send *s)
{
	size_t row = s->results.count++;

	s->count.by_status[s->results.rows[row].status]++;
	s->count.ended += s->rows[row].ended;
}

static err plan_row(struct send *s, const struct list_row *row, struct earlier_run *run, struct fault *of_run)
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
		TRY(earlier_find(run, s->arena, row, &before));
		TRY(send_carry_on(s, &before, out, result, &carried, of_run));
	}
	if (failed(e))
		fault = row->problem;
	else if (!carried)
		e = send_plan_recipient(s, row, before, out, result, &fault);
	if (failed(e) && e.fate != FATE_NEVER)
		return e;
	if (failed(e))
		TRY(refuse(s, out, result, &fault, e));
	send_row_planned(s);
	return OK;
}

static void note_repetition(struct send *s, const struct list_row *row)
{
	s->count.folded++;
	if (s->count.folded <= NOTES_MAX)
		send_note(s, "row %llu is a duplicate of row %llu%s; it is sent once", (unsigned long long)row->row,
			  (unsigned long long)row->repeats, row->repeats_otherwise ? ", with other values" : "");
	else if (s->count.folded == NOTES_MAX + 1)
		send_note(s, "there are more duplicates; each is sent once");
}

static err read_rows(struct send *s, struct earlier_run *run, struct fault *fault)
{
	struct list_row row;

	for (;;) {
		TRY(check_list_next(&s->list, s->arena, &row, fault));
		if (row.row == 0)
			return OK;
		s->count.rows++;
		if (row.repeats) {
			note_repetition(s, &row);
			continue;
		}
		TRY(send_more_room(s));
		TRY(plan_row(s, &row, run, fault));
	}
}

static bool has_column(const struct send *s, str name)
{
	for (size_t i = 0; i < s->list.column_count; i++)
		if (str_same(s->list.columns[i], name))
			return true;
	return false;
}

static err check_columns(struct send *s, struct fault *fault)
{
	str rest = s->options.proof_columns, name;
	size_t count = 0;

	for (bool more = rest.len > 0; more; count++) {
		more = str_cut(rest, '+', &name, &rest);
		if (count == PROOF_COLUMNS_MAX) {
			fault_set(fault, "--proof names more than %d columns", PROOF_COLUMNS_MAX);
			return NEVER(USAGE, "too many details");
		}
		if (!has_column(s, name)) {
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

/* Two runs over one list would both think that they know what is still to be sent. */
static err lock_list(struct send *s, struct fault *fault)
{
	fault_where(fault, str_of(s->options.list_path), 0, 0);
	TRY(file_open(s->options.list_path, FILE_READ | FILE_REGULAR, 0, &s->list_fd));
	if (s->options.dry_run)
		return OK;
	err e = lock_open_file(s->list_fd);
	if (failed(e))
		fault_set(fault, "another process is sending this list; wait until it is done, then use --resume");
	return e;
}

err send_read_list(struct send *s, struct fault *fault)
{
	OWNED(source_done) struct source from = { 0 };
	struct list_rules rules = list_rules(s);
	struct earlier_run *run = NULL;
	int fd;

	TRY(lock_list(s, fault));
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
	if (run)
		TRY(send_keep_the_rest(s, run));
	if (s->results.count == 0) {
		fault_set(fault, "the list has no rows");
		return NEVER(LIST, "the list is empty");
	}
	return OK;
}
