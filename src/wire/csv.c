#include "wire/csv_inside.h"

#include <string.h>

enum { PIECE = 4096 };

err csv_broken(struct csv_reader *r, struct fault *fault, err e)
{
	if (fault) {
		fault->row = r->row;
		fault->line = r->line != r->row ? r->line : 0;
		fault->column = r->in_row ? r->out.count + 1 : 0;
		fault_set(fault, "%s", e.note);
	}
	r->in_row = false;
	return e;
}

err csv_fill(struct csv_reader *r)
{
	size_t got;

	memmove(r->window, r->window + r->begin, r->end - r->begin);
	r->end -= r->begin;
	r->begin = 0;
	TRY(source_read(r->from, r->window + r->end, r->window_max - r->end, &got));
	r->end += got;
	r->bytes += got;
	r->source_ended = got == 0;
	return r->bytes > r->limits.bytes_max ? NEVER(LIMIT, "the list is longer than its limit") : OK;
}

str csv_waiting(struct csv_reader *r)
{
	return str_bytes(r->window + r->begin, r->end - r->begin);
}

/* ── Fields and rows, as libcsv reports them ─────────────────────────────────────────────────────── */

static err widen(struct csv_reader *r)
{
	str *wider;
	size_t room = r->room ? 2 * r->room : 16;

	if (r->out.count < r->room)
		return OK;
	TRY(NEW_ARRAY(r->arena, room, wider));
	if (r->out.count)
		memcpy(wider, r->out.fields, r->out.count * sizeof *wider);
	r->out.fields = wider;
	r->room = room;
	return OK;
}

static err add_field(struct csv_reader *r, str field)
{
	if (field.len > r->limits.field_max)
		return NEVER(LIMIT, "a field is longer than its limit: is a quotation mark missing?");
	if (r->out.count >= r->limits.columns_max)
		return NEVER(LIMIT, "a row has more columns than the limit allows");
	r->row_bytes += field.len;
	if (r->row_bytes > r->limits.row_max)
		return NEVER(LIMIT, "a row is longer than its limit");
	TRY(widen(r));
	TRY(str_copy(r->arena, field, &r->out.fields[r->out.count]));
	r->out.count++;
	return OK;
}

static void on_field(void *at, size_t len, void *context)
{
	struct csv_reader *r = context;

	r->pending = 0;
	if (!failed(r->failure))
		r->failure = add_field(r, str_bytes(at, len));
}

static void on_row(int terminator, void *context)
{
	struct csv_reader *r = context;

	(void)terminator;
	r->pending = 0;
	r->row_done = true;
}

/* ── Feeding: up to a line's end at a time, so that a row ends where a piece ends ────────────────── */

static str next_piece(struct csv_reader *r)
{
	str have = str_upto(csv_waiting(r), PIECE);

	for (size_t i = 0; i < have.len; i++)
		if (have.at[i] == '\n' || have.at[i] == '\r')
			return str_upto(have, i + 1);
	return have;
}

static void consume(struct csv_reader *r, str piece)
{
	char last = piece.at[piece.len - 1], before = piece.len > 1 ? piece.at[piece.len - 2] : r->before;

	r->line += last == '\r' || (last == '\n' && before != '\r');
	r->before = last;
	r->begin += piece.len;
}

static err feed(struct csv_reader *r)
{
	str piece = next_piece(r);
	uint64_t line = r->line;

	r->pending += piece.len;
	size_t taken = csv_parse(&r->parser, piece.at, piece.len, on_field, on_row, r);
	consume(r, piece);
	if (taken != piece.len) {
		r->line = line;
		return csv_error(&r->parser) == CSV_EPARSE
			       ? LIST("a quotation mark stands inside a field; a field that holds one is quoted as a "
				      "whole, with the mark written twice")
			       : LATER(MEMORY, "no memory to read the list");
	}
	if (r->pending > r->limits.field_max + PIECE)
		return NEVER(LIMIT, "a field is longer than its limit: is a quotation mark missing?");
	return r->failure;
}

static err finish(struct csv_reader *r)
{
	if (csv_fini(&r->parser, on_field, on_row, r))
		return LIST("a quotation mark is never closed");
	return r->failure;
}

/* A line's end right where a row would begin: the second half of CRLF, or a blank row. */
static bool skip_line_end(struct csv_reader *r)
{
	str have = csv_waiting(r);

	if (have.len == 0 || (have.at[0] != '\n' && have.at[0] != '\r'))
		return false;
	bool second_half = have.at[0] == '\n' && r->before == '\r';
	consume(r, str_upto(have, 1));
	r->row += !second_half;
	return true;
}

static err begin_row(struct csv_reader *r, bool *ended)
{
	do {
		if (r->begin == r->end && !r->source_ended)
			TRY(csv_fill(r));
	} while (skip_line_end(r));
	*ended = r->begin == r->end && r->source_ended;
	r->out.row = ++r->row;
	r->out.line = r->line;
	return OK;
}

static err read_row(struct csv_reader *r, bool *ended)
{
	TRY(begin_row(r, ended));
	while (!*ended && !r->row_done) {
		if (r->begin == r->end && !r->source_ended)
			TRY(csv_fill(r));
		if (r->begin == r->end)
			return finish(r);
		TRY(feed(r));
	}
	return OK;
}

err csv_next(struct csv_reader *r, struct arena *row_arena, struct csv_row *out, struct fault *fault)
{
	bool ended = false;

	if (failed(r->failure))
		return r->failure;
	r->arena = row_arena;
	r->in_row = true;
	do { /* a row of nothing but blanks has no fields */
		r->out = (struct csv_row){ 0 };
		r->room = r->row_bytes = 0;
		r->row_done = false;
		r->failure = read_row(r, &ended);
	} while (!failed(r->failure) && !ended && r->out.count == 0);
	if (failed(r->failure))
		return csv_broken(r, fault, r->failure);
	r->in_row = false;
	*out = r->out;
	return OK;
}

void csv_done(struct csv_reader **r)
{
	if (*r)
		csv_free(&(*r)->parser);
	*r = NULL;
}

char csv_delimiter(const struct csv_reader *r)
{
	return (char)r->parser.delim_char;
}

bool csv_had_bom(const struct csv_reader *r)
{
	return r->had_bom;
}
