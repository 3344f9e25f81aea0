/* The details of a failure, for people: which file, line, column, row, header or host, and what to do. It
 * travels beside an err and decides nothing. Writers fill it once, at the place that knows; a null fault
 * is accepted everywhere and swallows what it is told. It never holds a secret; bytes that are not
 * printable are escaped as \xNN when it is written, so it can be shown on a terminal or in a log. */
#ifndef LETTERLOCK_BASE_FAULT_H
#define LETTERLOCK_BASE_FAULT_H

#include "base/str.h"

struct fault {
	uint64_t line, column; /* of the file at fault, 1 is the first; 0: not known */
	uint64_t row;          /* of a list, the header is row 1; 0: not known */
	char where[256];       /* file, header, field or host; NUL-terminated; may be empty */
	char what[768];        /* the sentence */
};

void fault_set(struct fault *f, const char *format, ...) __attribute__((format(printf, 2, 3)));
void fault_where(struct fault *f, str where, uint64_t line, uint64_t column);
bool fault_empty(const struct fault *f);
void buf_add_fault(struct buf *b, const struct fault *f,
		   err e);         /* "list.csv, row 7, column 2: words"; the verdict's words if empty */
bool rune_misleads(uint32_t code); /* what buf_add_escaped() escapes: controls, bidi controls, invisible ones */
void buf_add_escaped(struct buf *b,
		     str s); /* printable UTF-8 as it is; control bytes, ESC, bidi controls and broken UTF-8 as \xNN */

/* The same into an array, for texts of the other side that are kept: cut at a character, NUL-terminated. */
void escaped_copy(char *to, size_t max, str s);

#endif
