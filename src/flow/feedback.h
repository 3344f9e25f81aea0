/* flow/feedback: what comes back about mail that left. Whoever brings it (SNS today) has proven where it is from and
 * says it in these words, which are the same for all; here it finds its delivery, becomes an event there, and where the
 * mailbox does not exist or its owner does not want our mail, a suppression.
 *
 * It counts only for a message of ours and the one it was sent to, by the name that the service gave the message when
 * it took it, or, where that answer was lost, by the tag that we gave it. A report about another message, or about
 * another address, changes nothing: so nobody gets an address suppressed that we did not write to (THREATS B-62). */
#ifndef LETTERLOCK_FLOW_FEEDBACK_H
#define LETTERLOCK_FLOW_FEEDBACK_H

#include "flow/line.h"

enum feedback_kind {
	FEEDBACK_ARRIVED,
	FEEDBACK_DELAYED,
	FEEDBACK_RETURNED, /* for now: the address stays good */
	FEEDBACK_BOUNCED,  /* for good */
	FEEDBACK_COMPLAINED,
	FEEDBACK_FORGIVEN, /* a complaint taken back */
	FEEDBACK_REJECTED,
	FEEDBACK_KINDS
};
struct feedback {
	enum feedback_kind kind;
	str provider_id;        /* of the message, by the service that took it */
	str tag;                /* of the message, that we gave it: its delivery's id; may be empty */
	str address;            /* whom it is about */
	moment at;              /* when it happened */
	str origin;             /* who says so: "sns 22b80b92-…" */
	str what, status, said; /* "NoEmail", "5.1.1", the server's own words; may be empty */
};

/* In the caller's transaction. *ours: it was about a message of ours and its recipient; otherwise nothing was changed.
 */
err flow_feedback(struct line *line, struct db *db, struct arena *a, const struct feedback *f, bool *ours);

#endif
