#include "check/list_inside.h"

#include <string.h>

enum { LANGUAGE_MAX = 35 }; /* RFC 5646 4.4.1 */

/* Refuses the row: what is wrong, and in which column (0: the row as a whole). */
static void refuse(struct list_row *row, err verdict, size_t column, const char *what, str name)
{
	row->verdict = verdict;
	row->problem.row = row->row;
	row->problem.column = column;
	if (name.len)
		fault_set(&row->problem, "%s (column %.*s)", what, STR_ARG(name));
	else
		fault_set(&row->problem, "%s", what);
}

static void refuse_cell(const struct list_reading *r, struct list_row *row, err verdict, size_t index, const char *what)
{
	refuse(row, verdict, index + 1, what, r->columns[index].name);
}

/* Bytes that Windows-1252 has a letter for, next to ASCII letters: the usual "CSV" of a spreadsheet. */
static bool looks_like_windows_1252(str cell)
{
	for (size_t i = 0; i < cell.len; i++) {
		unsigned char c = (unsigned char)cell.at[i];
		bool more = i + 1 < cell.len && ((unsigned char)cell.at[i + 1] & 0xC0) == 0x80;
		if (c == 0x81 || c == 0x8D || c == 0x8F || c == 0x90 || c == 0x9D || (c >= 0xC0 && more))
			return false;
	}
	return true;
}

err cell_check(str cell, const char **reason)
{
	*reason = NULL;
	if (str_has(cell, 0))
		*reason = "a cell holds a NUL byte: save the list as CSV in UTF-8";
	else if (!str_utf8(cell))
		*reason = looks_like_windows_1252(cell)
				  ? "a cell is not UTF-8; it looks like Windows-1252: save the list as CSV in UTF-8"
				  : "a cell is not UTF-8: save the list as CSV in UTF-8";
	for (size_t i = 0; !*reason && i < cell.len; i++) {
		unsigned char c = (unsigned char)cell.at[i];
		if ((c < 0x20 && c != '\t' && c != '\r' && c != '\n') || c == 0x7F)
			*reason = "a cell holds a control character";
	}
	return *reason ? NEVER(LIST, "a cell cannot be read") : OK;
}

/* Blanks around a cell are slips of the hand; line ends in an address are not (they end a header). */
static str trim(str s)
{
	while (s.len && (s.at[0] == ' ' || s.at[0] == '\t'))
		s = str_from(s, 1);
	while (s.len && (s.at[s.len - 1] == ' ' || s.at[s.len - 1] == '\t'))
		s.len--;
	return s;
}

static err take_address(const struct list_reading *r, struct arena *a, str cell, size_t index, struct list_row *row)
{
	const char *reason = NULL;
	err e = address_parse(a, cell, &row->address, &reason);

	if (!failed(e))
		e = address_mailable(&row->address, &reason);
	if (e.why == WHY_ADDRESS)
		refuse_cell(r, row, e, index, reason);
	return e.why == WHY_ADDRESS ? OK : e;
}

static void take_name(const struct list_reading *r, str cell, size_t index, struct list_row *row)
{
	const char *reason = NULL;

	if (failed(display_name_check(cell, &reason)))
		refuse_cell(r, row, NEVER(LIST, "a name cannot be used"), index, reason);
	row->name = cell;
}

/* A language tag picks a template by its name, so it holds nothing that a path could mean. */
static void take_language(const struct list_reading *r, str cell, size_t index, struct list_row *row)
{
	bool fit = cell.len == 0 || (cell.len >= 2 && cell.len <= LANGUAGE_MAX);

	for (size_t i = 0; i < cell.len; i++) {
		char c = cell.at[i];
		fit &= (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
		       (c == '-' && i > 1);
	}
	if (!fit)
		refuse_cell(r, row, NEVER(LIST, "a language cannot be used"), index,
			    "a language is a tag such as de, en-GB or zh-Hant");
	row->language = cell;
}

static bool named_before(const struct list_row *row, str name)
{
	for (size_t i = 0; i < row->document_count; i++)
		if (str_same(row->documents[i], name))
			return true;
	return false;
}

static err take_documents(const struct list_reading *r, struct arena *a, str cell, size_t index, struct list_row *row)
{
	err refused = NEVER(DOCUMENT, "the documents of a row cannot be used");
	str name;
	size_t parts = 1;

	for (size_t i = 0; i < cell.len; i++)
		parts += cell.at[i] == ';';
	if (parts > r->rules.documents_max + 1)
		return refuse_cell(r, row, refused, index, "the row names too many documents"), OK;
	TRY(NEW_ARRAY(a, parts, row->documents));
	for (bool more = true; more;) {
		more = str_cut(cell, ';', &name, &cell);
		name = str_trim(name);
		if (name.len && named_before(row, name))
			refuse_cell(r, row, refused, index, "the row names a document twice");
		if (name.len)
			row->documents[row->document_count++] = name;
	}
	if (row->document_count == 0)
		refuse_cell(r, row, refused, index, "the row names no document");
	return OK;
}

static err take_value(struct arena *a, str name, str cell, struct value ***end)
{
	struct value *v;

	TRY(NEW(a, v));
	v->name = name;
	v->text = cell;
	**end = v;
	*end = &v->next;
	return OK;
}

static err take_cell(const struct list_reading *r, struct arena *a, size_t index, str cell, struct list_row *row,
		     struct value ***end)
{
	const struct column *c = &r->columns[index];

	switch (c->kind) {
	case COLUMN_EMAIL:
		return take_address(r, a, trim(cell), index, row);
	case COLUMN_NAME:
		take_name(r, trim(cell), index, row);
		return OK;
	case COLUMN_LANGUAGE:
		take_language(r, trim(cell), index, row);
		return OK;
	case COLUMN_DOCUMENT:
		return take_documents(r, a, cell, index, row);
	case COLUMN_VALUE:
		return take_value(a, c->name, cell, end);
	case COLUMN_RESULT:
		return OK;
	}
	return OK;
}

/* Spreadsheets leave out empty cells at the end of a row. The results are ours: what is missing there is empty. */
static err pad_results(const struct list_reading *r, struct arena *a, struct csv_row *from)
{
	str *wider;

	if (!r->rules.is_results || from->count >= r->count)
		return OK;
	TRY(NEW_ARRAY(a, r->count, wider));
	memcpy(wider, from->fields, from->count * sizeof *wider);
	from->fields = wider;
	from->count = r->count;
	return OK;
}

/* The cells as the results repeat them, and those that the results added; also of a row that is refused. */
static err keep_cells(const struct list_reading *r, struct arena *a, const struct csv_row *from, struct list_row *row)
{
	TRY(NEW_ARRAY(a, from->count, row->cells));
	for (size_t i = 0; i < from->count; i++) {
		if (r->rules.is_results)
			from->fields[i] = csv_unguard(from->fields[i]);
		if (i < r->count && r->columns[i].kind == COLUMN_RESULT)
			row->results[r->columns[i].result] = from->fields[i];
		else
			row->cells[row->cell_count++] = from->fields[i];
	}
	return OK;
}

static void check_shape(const struct list_reading *r, const struct csv_row *from, struct list_row *row)
{
	const char *reason;

	for (size_t i = 0; i < from->count && !failed(row->verdict); i++)
		if (failed(cell_check(from->fields[i], &reason)))
			refuse(row, NEVER(LIST, "a cell cannot be read"), i + 1, reason,
			       i < r->count ? r->columns[i].name : STR_NONE);
	if (failed(row->verdict) || from->count == r->count)
		return;
	refuse(row, NEVER(LIST, "a row has not as many cells as the header"), 0, "", STR_NONE);
	fault_set(&row->problem, "the row has %zu cells, the first line has %zu", from->count, r->count);
}

err row_judge(const struct list_reading *r, struct arena *a, const struct csv_row *given, struct list_row *row)
{
	struct value **end = &row->values;
	struct csv_row from = *given;

	TRY(pad_results(r, a, &from));
	TRY(keep_cells(r, a, &from, row));
	check_shape(r, &from, row);
	for (size_t i = 0; i < r->count && !failed(row->verdict); i++)
		TRY(take_cell(r, a, i, from.fields[i], row, &end));
	return OK;
}
