#include "wire/csv.h"

/* Behind apostrophes and blanks: what a spreadsheet could take for the beginning of a formula. */
static bool dangerous(str cell, size_t *apostrophes)
{
	size_t i = 0;

	while (i < cell.len && cell.at[i] == '\'')
		i++;
	*apostrophes = i;
	while (i < cell.len && cell.at[i] == ' ')
		i++;
	return i < cell.len && str_has(STR("=+-@\t\r\n"), cell.at[i]);
}

/* -12, -12.5, -12,5: a minus, digits, at most one point or comma between them. */
static bool plain_number(str cell)
{
	bool point = false, digit = false;

	if (!str_starts(cell, STR("-")))
		return false;
	for (size_t i = 1; i < cell.len; i++) {
		bool is_point = cell.at[i] == '.' || cell.at[i] == ',';
		if (is_point ? point || !digit : cell.at[i] < '0' || cell.at[i] > '9')
			return false;
		point |= is_point;
		digit = !is_point;
	}
	return digit;
}

/* A cell that begins with apostrophes before a formula is guarded once more, so that unguarding is exact. */
static bool needs_guard(str cell)
{
	size_t apostrophes;

	return dangerous(cell, &apostrophes) && (apostrophes || !plain_number(cell));
}

str csv_unguard(str cell)
{
	size_t apostrophes;

	return dangerous(cell, &apostrophes) && apostrophes ? str_from(cell, 1) : cell;
}

static bool needs_quotes(str cell)
{
	for (size_t i = 0; i < cell.len; i++)
		if (str_has(STR(",;\t\"\r\n"), cell.at[i]))
			return true;
	return cell.len && (cell.at[0] == ' ' || cell.at[cell.len - 1] == ' ');
}

static void add_cell(struct buf *b, str cell)
{
	bool quotes = needs_quotes(cell);

	if (quotes)
		buf_add_char(b, '"');
	if (needs_guard(cell))
		buf_add_char(b, '\'');
	for (size_t i = 0; i < cell.len; i++) {
		if (cell.at[i] == '"')
			buf_add_char(b, '"');
		buf_add_char(b, cell.at[i]);
	}
	if (quotes)
		buf_add_char(b, '"');
}

err csv_row_text(struct arena *a, const str *cells, size_t count, char delimiter, str *out)
{
	struct buf b;
	size_t len = 2;

	for (size_t i = 0; i < count; i++)
		len += 2 * cells[i].len + 4;
	TRY(buf_open(a, len, &b));
	for (size_t i = 0; i < count; i++) {
		if (i > 0)
			buf_add_char(&b, delimiter);
		add_cell(&b, cells[i]);
	}
	/* A row of one empty cell would read as a blank line. */
	if (count == 1 && cells[0].len == 0)
		buf_add(&b, STR("\"\""));
	buf_add(&b, STR("\r\n"));
	*out = buf_str(&b);
	return buf_check(&b);
}
