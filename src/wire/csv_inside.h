/* What csv.c and csv_open.c share. */
#ifndef LETTERLOCK_WIRE_CSV_INSIDE_H
#define LETTERLOCK_WIRE_CSV_INSIDE_H

#include "wire/csv.h"

#include <csv.h>

struct csv_reader {
	struct csv_parser parser;
	struct source *from;
	struct csv_limits limits;
	char *window;
	size_t window_max, begin, end;
	uint64_t bytes, row, line;
	bool source_ended, had_bom;
	char before; /* the byte consumed last */

	/* The row being read. */
	struct arena *arena;
	struct csv_row out;
	bool in_row;
	size_t room;      /* of out.fields */
	size_t row_bytes; /* of its fields so far */
	size_t pending;   /* bytes fed since the last field ended */
	bool row_done;
	err failure;
};

#define LIST(text) NEVER(LIST, text)

err csv_fill(struct csv_reader *r);    /* moves what waits to the front of the window and reads on */
str csv_waiting(struct csv_reader *r); /* what was read and not yet consumed */
err csv_broken(struct csv_reader *r, struct fault *fault, err e); /* says where; gives back e */

#endif
