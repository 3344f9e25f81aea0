/* flow/recall: second thoughts. Cancel before a message is sent; revoke a link, with the truth about what was
 * opened until then. See flow/renew for a new link.
 *
 * An id may be a delivery's or a submission's; of a submission, all its deliveries are meant. */
#ifndef LETTERLOCK_FLOW_RECALL_H
#define LETTERLOCK_FLOW_RECALL_H

#include "flow/line.h"

/* One delivery with what stands around it; what is erased is null or empty. */
struct standing {
	struct standing *next;
	id delivery, submission, recipient, link;
	enum delivery_state state;
	unsigned attempts;
	moment created_at, due_at, ended_at, give_up_at; /* 0: not */
	unsigned reply_code;
	str enhanced, reason;
};
/* NEVER NOT_FOUND if the id is neither a delivery's nor a submission's. */
err flow_find(struct db *db, struct arena *a, id which, struct standing **out, bool *is_submission);

/* In the database alone, so that a bucket which does not answer keeps no link alive. Objects that recipients fetch from
 * the bucket themselves lose their keys; their bytes go with recall_direct(). */
err flow_cancel(struct line *line, struct db *db, const struct standing *what);
err flow_revoke(struct line *line, struct db *db, const struct standing *what, struct link_view *truth);
/* After the commit: removes from the bucket what this recipient could fetch there and has no key any more, which alone
 * ends URLs of it. Should that fail, the fault says what it means, and the sweep tries again. */
err recall_direct(struct line *line, struct db *db, id recipient, struct fault *fault);
/* What is queued for this recipient and not sent is cancelled: it would carry a link that opens nothing. In the
 * caller's transaction. */
err recall_unsent(struct line *line, struct db *db, const struct standing *what);

#endif
