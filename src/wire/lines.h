/* Lines out of a source, one window of memory for all of them. A line ends at LF; a CR before it is not part
 * of it, and the last may lack its LF. A line longer than the window is given as its beginning, said to be cut,
 * and the rest of it is skipped: one bad line does not end the reading. */
#ifndef LETTERLOCK_WIRE_LINES_H
#define LETTERLOCK_WIRE_LINES_H

#include "base/base.h"

struct lines {
	struct source *from;
	char *at;
	size_t max, begin, end;
	uint64_t number; /* of the line given last; 1 is the first */
	bool ended;
};

err lines_open(struct arena *a, struct source *from, size_t line_max, struct lines *out);
/* *line lives until the next call. */
err lines_next(struct lines *l, str *line, bool *cut, bool *end);

#endif
