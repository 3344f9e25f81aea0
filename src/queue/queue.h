/* queue: what is due, to whom, how often it was tried. A delivery is a row with a state (model/state.c); its
 * message lies beside it, sealed, and is erased when the delivery ends.
 *
 * A courier leases deliveries: they become `trying` and carry the owner's id. A lease lives as long as its
 * owner's presence (db/presence): nobody has to guess by the clock whether a courier is dead. Whoever finds
 * a lease whose owner is gone puts the delivery back with queue_reclaim().
 *
 * The order that makes loss impossible and duplicates rare: a lease is durable before the first byte is
 * sent, and an outcome is durable before the next thing is said on that connection. A crash between the two
 * leaves at most one delivery a connection in doubt; it is tried again, under the same Message-ID. */
#ifndef LETTERLOCK_QUEUE_H
#define LETTERLOCK_QUEUE_H

#include "db/db.h"
#include "model/model.h"

/* Within the caller's transaction: the delivery, due at `due`, and its message sealed with the submission's key. */
err queue_add(struct db *db, const struct entropy *e, const struct submission *sub, const struct recipient *to,
	      const struct message *message, moment due);

struct lease {
	id delivery, submission;
	unsigned attempts; /* this one included */
	moment deadline;   /* when trying ends: the link's own expiry */
	struct message message;
	struct column_key *key; /* of its submission: for the events that tell of the attempt */
	struct arena *arena;    /* the message lies here */
};
void lease_done(struct lease *l); /* for OWNED; neither settles nor releases */

/* What a leaser may take: everything, or one submission's. */
struct queue_scope {
	id submission; /* id_none: any */
};

/* At most `max` due deliveries become `trying` for `owner`, durably; their ids come back. */
err queue_lease(struct db *db, struct queue_scope scope, id owner, moment now, size_t max, id *out, size_t *count);
/* What is to be sent for a delivery that was leased. NEVER TAMPERED, NEVER STATE and the like: it can never be sent. */
err queue_take(struct db *db, struct keyring *keys, id delivery, struct lease *out);
/* Gives leases back untried: the attempt is not counted. Waits until `due`, or if that is not later takes its old
 * place. What is the owner's no more is left alone. */
struct queue_untried {
	id delivery;
	moment due; /* 0: as it was */
};
err queue_release(struct db *db, id owner, const struct queue_untried *untried, size_t count);
/* What was never tried and waits, because of a pace or a key that may be another one now, takes its old place. */
err queue_reline(struct db *db);

struct settlement {
	id delivery, owner;        /* whose lease it is */
	enum delivery_state state; /* delivered, failed, or waiting until due */
	moment due, now;
	unsigned reply_code; /* 0: there was no reply */
	str enhanced;        /* RFC 3463; may be empty */
	enum why why;        /* WHY_NONE when delivered */
	str provider_id;     /* what the service calls the message it took; empty: it did not say */
};
/* Within the caller's transaction. Ends erase the message. NEVER STATE if the lease is not the owner's any more: then
 * somebody else tells its story. */
err queue_settle(struct db *db, const struct settlement *s);

/* Whose message that is, by the service's own name for it or by its delivery, so that what is reported later finds its
 * place. NEVER NOT_FOUND: not ours, or not yet: a report may be faster than the outcome is written down. */
struct queue_owner {
	id delivery, submission, recipient;
};
err queue_of_provider(struct db *db, str provider_id, struct queue_owner *out);
err queue_of_delivery(struct db *db, id delivery, struct queue_owner *out);

/* Before it was sent: queued or waiting becomes cancelled; NEVER STATE otherwise. Within the
 * caller's transaction. */
err queue_cancel(struct db *db, id delivery, moment now);
/* Deliveries leased by owners that are gone become due again; `count` says how many. */
err queue_reclaim(struct db *db, moment now, uint64_t *count);
/* After the clock was set back: what could not be due as late as it is, `most` being the longest wait, is due now. */
err queue_unwind(struct db *db, moment now, span most);

/* What is still waiting past its deadline has failed, at most `max` at a time; for the sweep, where no courier runs.
 * Within the caller's transaction. */
struct queue_expired {
	id delivery, submission;
};
err queue_expire(struct db *db, moment now, size_t max, struct queue_expired *out, size_t *count);
/* What is queued or waiting for a recipient: their message, and one for each renewal. */
err queue_unsent(struct db *db, id recipient, size_t max, id *out, size_t *count);

struct queue_count {
	uint64_t by_state[DELIVERY_CANCELLED + 1];
	moment next_due; /* of what is queued or waiting; MOMENT_NEVER if nothing is */
};
err queue_count(struct db *db, struct queue_scope scope, struct queue_count *out);
/* When the first of what is queued or waiting is due; MOMENT_NEVER if nothing is. Costs the same however much there is.
 */
err queue_next_due(struct db *db, struct queue_scope scope, moment *out);

/* When to try again after `attempts` tries: doubling from `first` to `most`, spread by `jitter_percent` so that
 * many failures do not come back as one wave. Where that is beyond the deadline, after half of the time that is left;
 * MOMENT_NEVER when no second is left. */
struct queue_patience {
	span first, most;
	unsigned jitter_percent;
};
err queue_retry_at(const struct queue_patience *p, const struct entropy *e, unsigned attempts, moment now,
		   moment deadline, moment *out);

#endif
