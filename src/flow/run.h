/* flow/run: the state of a run that no machine keeps. Where a program lives for minutes and then is gone, with its
 * disk, what `send` knows lies in a bucket: as a log of entries PREFIX/0000000000, …1, …2, of which each is put once
 * and never changed. They hold the database as it was empty, what each commit added to its log (db_follow), and the
 * results file as it was planned. Whoever has read all entries has everything that was ever promised.
 *
 *     head     the key of the run, wrapped by the master key; all other entries are sealed under it. It is a claim too
 *     claim    somebody begins to work
 *     base     the database's file
 *     commit   bytes of the database's log, from a place on
 *     results  the results file
 *     beat     nothing new; but whoever works is there
 *     rest     whoever worked has stopped, with work left; a base and results that stand for all before come first
 *     end      nothing is left to do, and the answer that tells so
 *
 * One at a time. An entry is put with `If-None-Match: *`: of several who put the same number, one succeeds, and the
 * others know at once that the run is not theirs (BROKEN BUSY). No commit returns to its caller before its entry is in
 * the bucket, and a delivery is leased by a commit: who has lost the run leases nothing more. Who works puts an entry
 * at least every quarter of the lease, and begins no mail (run_may_mail) when three quarters passed since the last that
 * succeeded was begun. Who wants to take the run over watches it for a whole lease in which no entry comes, then puts a
 * claim. Nobody's clock is compared with another's. What can be mailed twice is thus what a crash leaves in doubt, one
 * delivery a connection, as everywhere; also if a mail takes longer than a quarter of the lease while the bucket is out
 * of reach. */
#ifndef LETTERLOCK_FLOW_RUN_H
#define LETTERLOCK_FLOW_RUN_H

#include "flow/line.h"
#include "store/bucket.h"

struct run_options {
	struct bucket *bucket;
	const char *prefix; /* of the run's entries, with '/' at its end */
	id id;              /* the same for the same work, whoever does it */
	const char *dir;    /* of our own, empty: `letterlock.db` and `results.csv` come to lie there */
	struct keyring *keys;
	struct clock clock;
	struct entropy entropy;
	span lease;
};

struct run;
/* Reads what there is, and takes the run over. LATER BUSY if somebody else works on it, after at most a lease; NEVER
 * UNSUPPORTED if the store has no conditional writes; NEVER TAMPERED if an entry is not what was put. The strings
 * outlive the run. */
err run_open(const struct run_options *options, struct run **out, struct fault *fault);
void run_done(struct run **r); /* says nothing to the bucket */
bool run_has_ended(const struct run *r, str *answer);
bool run_has_results(const struct run *r); /* of an earlier plan: they lie in `dir` */
const char *run_database(const struct run *r);
const char *run_results(const struct run *r);

/* Entries. Each returns when it is in the bucket. */
err run_keep_results(struct run *r); /* as the file is now */
err run_may_mail(struct run *r);     /* waits until the run is surely ours; BROKEN BUSY if it is not */
err run_rest(struct run *r);
err run_end(struct run *r, str answer);

#endif
