/* What list.c, list_row.c and list_repeat.c share. */
#ifndef LETTERLOCK_CHECK_LIST_INSIDE_H
#define LETTERLOCK_CHECK_LIST_INSIDE_H

#include "check/check.h"

enum column_kind { COLUMN_VALUE, COLUMN_EMAIL, COLUMN_NAME, COLUMN_LANGUAGE, COLUMN_DOCUMENT, COLUMN_RESULT };

struct column {
	enum column_kind kind;
	enum list_result result;
	str name;
};

struct repeats; /* which addresses with which documents were seen, by hash */

struct list_reading {
	struct arena *arena;
	struct list_rules rules;
	struct csv_reader *csv;
	struct column *columns; /* as they stand in the list, results and all */
	size_t count;
	bool has_documents;
	uint64_t rows;
	struct repeats *repeats;
};

/* Judges the cells of one row; a refusal goes to row->verdict. Only LATER and LIMIT of the arena are returned. */
err row_judge(const struct list_reading *r, struct arena *a, const struct csv_row *from, struct list_row *row);
err cell_check(str cell, const char **reason); /* UTF-8, no NUL, no control byte but TAB, CR and LF */

err repeats_open(struct arena *a, struct repeats **out);
void repeats_close(struct repeats *r); /* accepts null */
err repeats_note(struct repeats *r, struct arena *scratch, struct list_row *row);

#endif
