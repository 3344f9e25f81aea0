/* The results file: the list's columns, and for each row what became of it. It is the sender's own ledger, and
 * more than a report: it is written, whole and synced, before anything is accepted, with the id that each
 * delivery will have, its link and its password. That is why a password cannot be lost, and why a run that was
 * killed at any moment can be resumed without mailing anyone twice: the database knows each id or it does not.
 *
 * As the work goes on it is replaced by a newer whole file (temporary name, fsync, rename), mode 0600. Cells
 * that a spreadsheet would take for a formula carry an apostrophe (E17). */
#ifndef LETTERLOCK_FLOW_RESULTS_H
#define LETTERLOCK_FLOW_RESULTS_H

#include "base/base.h"

enum row_status { ROW_WAITING, ROW_DELIVERED, ROW_FAILED, ROW_REFUSED, ROW_SUPPRESSED, ROW_CANCELLED };
str row_status_name(enum row_status s);

struct result {
	const str *cells; /* as many as the list has columns */
	enum row_status status;
	id delivery; /* none: it was refused before it got one */
	str link;    /* the whole URL */
	moment expires_at;
	str password, problem;
};

struct results {
	const str *columns; /* of the list */
	size_t column_count;
	char delimiter; /* the list's own: what made the list can read the results */
	struct result *rows;
	size_t count;
};

/* NEVER EXISTS unless `replace`. It is read back with check_list_open() and list_rules.is_results. */
err results_write(struct arena *scratch, const char *path, const struct results *r, bool replace);
err row_status_parse(str name, enum row_status *out);

#endif
