/* What the files of link/ share: how tokens and proofs become MACs. Not for others. */
#ifndef LETTERLOCK_LINK_TOKEN_H
#define LETTERLOCK_LINK_TOKEN_H

#include "link/link.h"

enum { PROOF_SALT = 16 };
#define LINK_PROMPT_PLACE STR("link.prompt")

/* NEVER NOT_FOUND for what is no token, and for an age beyond the oldest key. */
err token_mac(struct keyring *k, unsigned age, str token, uint8_t mac[MAC_LEN]);
err proof_mac(struct keyring *k, unsigned age, const uint8_t salt[PROOF_SALT], str proof, uint8_t mac[MAC_LEN]);
err seal_prompt(struct arena *scratch, const struct entropy *e, const struct submission *sub, const struct link *link,
		struct db_value *out);
/* link_record() at a moment of its own. */
err record_at(struct db *db, struct arena *scratch, struct keyring *k, const struct entropy *e,
	      const struct submission *sub, const struct recipient *to, moment now);

#endif
