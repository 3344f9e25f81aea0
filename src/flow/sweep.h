/* flow/sweep: the only repairer and the only eraser. It may run at any time, beside everything else and twice at
 * once; each step is one transaction or can be repeated.
 *
 *     leases of processes that are gone become due again
 *     links past their moment are expired; submissions past theirs lose the keys of their objects
 *     submissions past retention lose everything personal, and later their bare rows go too
 *     stored bytes without a key, and bytes that no row speaks of, are removed
 *
 * A store that fails (a bucket that is away, a key too old to sign with) keeps bytes that should be gone: those at rest
 * have no key any more, those of direct objects are as safe as their passwords. Nothing else waits for it: the rest is
 * done, and a later sweep removes them.
 *
 * What was erased is gone from the database file and its log too (secure_delete, then a checkpoint). */
#ifndef LETTERLOCK_FLOW_SWEEP_H
#define LETTERLOCK_FLOW_SWEEP_H

#include "flow/line.h"

struct sweep_count {
	uint64_t reclaimed, deliveries_expired, links_expired, submissions_expired, submissions_erased, objects_removed,
		orphans_removed, submissions_forgotten;
	err store; /* why stored bytes could not be removed; OK: none are left that should be */
};
err flow_sweep(struct line *line, struct db *db, struct sweep_count *out);

#endif
