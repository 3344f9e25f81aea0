/* A container sealed anew with a new password, from the store into the store: nothing is uploaded, and no plaintext
 * touches a disk. */
#ifndef LETTERLOCK_FLOW_RENEW_SEAL_H
#define LETTERLOCK_FLOW_RENEW_SEAL_H

#include "flow/line.h"

struct reseal {
	struct line *line;
	struct arena *arena; /* the fresh objects live in it */
	const struct submission *sub;
	const struct recipient *to;
	str old_password, new_password; /* without a new one the container is copied as it is */
	struct object *fresh;           /* one for each of to->objects, in their order; durable after OK */
	bool weak;                      /* the new password is below the floor, and there is a written reason */
	bool signature_lost; /* the old one had a signature beside it, and seal.sign_documents wants none any more */
};
/* NEVER WEAK_PASSWORD, NEVER PROOF for a wrong old password, NEVER TAMPERED for a damaged container, NEVER CONFIG or
 * KEY if seal.sign_documents wants a signature and none can be made; what the store says is the store's. Each has its
 * own sentence. */
err renew_seal(struct reseal *r, struct fault *fault);
void renew_seal_undo(const struct reseal *r); /* nobody was told of the fresh objects */

#endif
