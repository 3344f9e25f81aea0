/* flow/errands: what the steward mails without being told to.
 *
 *     wishes      a recipient came after expiry and asked for a new link: link.renewal says whether he gets one by mail
 *                 (`allowed`) or the sender a word (`ask`). What the page has answered is in the database before it
 *                 answers, so a wish survives whatever dies.
 *     reminders   once, to who has not opened a link that ends soon. A reminder carries no link: the token is not kept,
 *                 only its MAC; a second link would be a second thing to guess at and to revoke, and would make the one
 *                 in the first mail die or live twice. It names the mail that has it.
 *     notices     to the sender: locked, not-for-me, renewal-wanted, opened; each cause of a submission gathered, at
 *                 most one mail an hour. A notice is a delivery of the submission it tells of, to a recipient without a
 *                 link, and is erased with it.
 *
 * Each is one transaction that marks what it answers and queues the mail: nothing is told twice or not at all. Needs
 * the signing keys, and nothing of a master key but to open what is sealed. */
#ifndef LETTERLOCK_FLOW_ERRANDS_H
#define LETTERLOCK_FLOW_ERRANDS_H

#include "flow/line.h"

struct errand_count {
	uint64_t renewed, asked, reminded, told; /* new links, wishes passed on, reminders, mails to the sender */
};
/* Everything that is due, up to some hundreds of each. What never succeeds for one is passed over and its error comes
 * back at the end, with the others done. */
err flow_errands(struct line *line, struct db *db, struct errand_count *out, struct fault *fault);

#endif
