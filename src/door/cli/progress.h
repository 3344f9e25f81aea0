/* Progress on standard error: a bar that is redrawn on a terminal, a plain line every ten seconds
 * otherwise, nothing with --quiet. It only reads counters; it decides nothing. */
#ifndef LETTERLOCK_DOOR_CLI_PROGRESS_H
#define LETTERLOCK_DOOR_CLI_PROGRESS_H

#include "door/cli/cli.h"

struct progress {
	const struct cli *cli;
	int64_t began_ticks, shown_ticks;
	bool terminal, colour, drawn;
};

struct progress_count {
	uint64_t done, total, failures;
};

struct progress progress_begin(const struct cli *cli);
void progress_show(struct progress *p, const struct progress_count *count); /* as often as you like */
void progress_end(struct progress *p, const struct progress_count *count);  /* the last state stays on the screen */
/* The text alone, for tests: "[#####-----] 1,000/2,000  412/s  3 failed  2 s left" in at most `columns`. */
void progress_text(struct buf *b, const struct progress_count *count, int64_t elapsed, int columns);

#endif
