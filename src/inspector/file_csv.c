#include "inspector/file_inside.h"

#include <string.h>

/* What a spreadsheet computes when a table in text is opened: a cell that begins with "=", or with "+", "-" or "@" and
 * calls a function or another program (cmd|'/C …'!A0). Numbers and telephone numbers begin so as well, and words behind
 * a dash; they pass. Where a cell begins depends on the reader's settings: every separator that some reader takes for
 * one begins one here, in quotes too, so that too much is found rather than too little. */

static bool letter(char c)
{
	char lower = (char)(c | 0x20);

	return (lower >= 'a' && lower <= 'z') || (unsigned char)c >= 0x80;
}

static bool ends_cell(const struct csv_look *t, char c)
{
	/* After a word "|" may ask another program. */
	return c == '\n' || c == '\r' || c == ',' || c == ';' || c == '\t' ||
	       (c == '|' && !(t->cell == CELL_SIGN && letter(t->before)));
}

static enum csv_cell first(char c)
{
	static const char byte_order_mark[] = "\xEF\xBB\xBF";

	if (c == ' ' || c == '"' || memchr(byte_order_mark, c, 3))
		return CELL_BEGIN;
	if (c == '=')
		return CELL_EQUALS;
	return c == '+' || c == '-' || c == '@' ? CELL_SIGN : CELL_PLAIN;
}

/* "=" alone and rows of them are drawn, not computed. */
static bool computes(char c)
{
	return letter(c) || (c >= '0' && c <= '9') || (c && strchr("(+-@'$[{#.", c));
}

static bool step(struct csv_look *t, char c)
{
	switch (t->cell) {
	case CELL_BEGIN:
		t->cell = first(c);
		t->asks = false;
		return false;
	case CELL_EQUALS:
		if (c != ' ' && c != '=' && c != '"' && !computes(c))
			t->cell = CELL_PLAIN;
		return computes(c);
	case CELL_SIGN:
		t->asks |= c == '|';
		return (c == '(' && letter(t->before)) || (c == '!' && t->asks);
	default:
		return false;
	}
}

err look_csv(struct look *l, struct csv_look *t, str window)
{
	bool found = false;

	for (size_t i = 0; i < window.len && !found; i++) {
		char c = window.at[i];
		if (ends_cell(t, c))
			t->cell = CELL_BEGIN;
		else
			found = step(t, c);
		t->before = c;
	}
	return found ? look_active(l, ACTIVE_FORMULA) : OK;
}
