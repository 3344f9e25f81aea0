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

/* Where the mail carries a URL of the store itself, the object that it names is removed too: nothing else ends it. That
 * may fail after the rest is done; the fault says so, and the sweep tries again. */
err flow_cancel(struct line *line, struct db *db, const struct standing *what, struct fault *fault);
err flow_revoke(struct line *line, struct db *db, const struct standing *what, struct link_view *truth,
		struct fault *fault);
/* The two halves of that removal: in the caller's transaction, and after its commit. */
err recall_mailed_key(struct db *db, id recipient);
err recall_mailed(struct line *line, struct db *db, id recipient, struct fault *fault);
/* What is queued for this recipient and not sent is cancelled: it would carry a link that opens nothing. In the
 * caller's transaction. */
err recall_unsent(struct line *line, struct db *db, const struct standing *what);

#endif
