/* Lists as spreadsheets write them (RFC 4180, and what Excel, LibreOffice and Python make of it): a UTF-8 BOM is
 * skipped, the delimiter (, ; or TAB) is found in the first line, blank lines are skipped and counted, quoted
 * fields may hold line ends, spaces around a field fall away.
 *
 * libcsv tokenises, in strict mode: a quotation mark where none may be ends the reading with NEVER LIST, since
 * nobody can say what the rest of the list means. Everything else is the caller's to judge: fields are bytes.
 * Memory is bounded by the limits, whatever the list says. */
#ifndef LETTERLOCK_WIRE_CSV_H
#define LETTERLOCK_WIRE_CSV_H

#include "base/base.h"

struct csv_limits {
	uint64_t bytes_max;   /* of the whole list */
	size_t header_max;    /* bytes of its first line */
	size_t field_max;     /* bytes of a field; longer is most often a quotation mark that was never closed */
	size_t row_max;       /* bytes of all fields of a row */
	uint32_t columns_max; /* fields of a row */
};

struct csv_row {
	uint64_t row;  /* as a spreadsheet counts: the first is 1, blank ones count */
	uint64_t line; /* of the file, where the row begins */
	str *fields;   /* in the arena given */
	size_t count;  /* 0: the list has ended */
};

struct csv_reader;
/* `from` and `a` outlive the reader. */
err csv_open(struct arena *a, struct source *from, const struct csv_limits *limits, struct csv_reader **out,
	     struct fault *fault);
void csv_done(struct csv_reader **r); /* for OWNED */
err csv_next(struct csv_reader *r, struct arena *row_arena, struct csv_row *out, struct fault *fault);
char csv_delimiter(const struct csv_reader *r);
bool csv_had_bom(const struct csv_reader *r);

/* One row with its CRLF. Cells are guarded: one that a spreadsheet would run as a formula (it begins with = + - @
 * TAB or CR, also behind blanks) gets an apostrophe in front, unless it is a plain number such as -12.5. Phone
 * numbers with their + are guarded too. csv_unguard() gives back exactly what was there. */
err csv_row_text(struct arena *a, const str *cells, size_t count, char delimiter, str *out);
str csv_unguard(str cell);

#endif
