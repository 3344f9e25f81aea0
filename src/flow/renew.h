/* flow/renew: a new link to the same recipient and the same documents, in a new message, while they are kept. The old
 * link ends.
 *
 * The sender's renewal unlocks: all tries and openings begin anew, and a new password may take the place of the old
 * proof without anything being uploaded again. A renewal that the recipient asked for has what the old link had left
 * and no more, and lives as long as the old one did.
 *
 * A container's password is part of its bytes. With a new one, zip and pdf are sealed anew out of the store and into
 * it, with the old password that the sender has in the results. The fresh objects are durable first; then, in one
 * transaction, they take the place of the old ones, whose keys are destroyed, and the new link and mail are there.
 * A presigned link ends with its object alone, so its container is copied to an object of another name, in the same
 * way; its URL is tried before it is mailed. After a crash it is the old password or the new one that opens, and
 * objects without a row are swept.
 *
 * Other bytes have another digest and another signature: with seal.sign_documents it is made as they go into the store,
 * by who runs the command, and what the mail tells is of the fresh objects. Copied bytes keep their signature. */
#ifndef LETTERLOCK_FLOW_RENEW_H
#define LETTERLOCK_FLOW_RENEW_H

#include "flow/recall.h"

struct renewal_order {
	span expires;      /* 0: as long as the old link was to live */
	str password;      /* as it is told to the recipient; empty: the proof stays as it is */
	str old_password;  /* of a container, which is opened with it and sealed anew */
	bool by_recipient; /* it counts in the chain, and answers the wish */
};
struct renewed {
	id delivery;
	str url;
	bool old_url_lives;  /* a presigned one, whose object could not be removed; the sweep tries again */
	bool signature_lost; /* the old documents had signatures beside them, and seal.sign_documents is off now */
};
/* The new delivery is queued, and serve or send carries it. NEVER EXPIRED when the documents are gone. A new
 * password of a container: NEVER USAGE without the old one, NEVER PROOF if it is another, NEVER TAMPERED if the
 * container is damaged, NEVER UNSUPPORTED if it has no password, NEVER CONFIG if
 * seal.sign_documents wants its signature made anew and there is nothing to sign with. */
err flow_renew(struct line *line, struct db *db, struct arena *a, const struct standing *what,
	       const struct renewal_order *order, struct renewed *out, struct fault *fault);

#endif
