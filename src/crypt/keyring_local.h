/* Inside crypt only: the keys of a directory, in this process. keyring_open.c reads them, keyring_local.c uses them. */
#ifndef LETTERLOCK_CRYPT_KEYRING_LOCAL_H
#define LETTERLOCK_CRYPT_KEYRING_LOCAL_H

#include "crypt/key_file.h"

enum { PURPOSES = MAC_SUPPRESSION + 1 };

struct entry {
	struct entry *next;
	struct key_info info;
	uint8_t raw[RAW_KEY];
	uint8_t purpose[PURPOSES][RAW_KEY]; /* derived from raw, for link and lookup keys */
	struct signing_key *signing;
};

struct local {
	struct arena *secret;
	struct entry *entries; /* by kind, the newest first */
	struct entropy entropy;
};

extern const struct keyring_ops keyring_local_ops; /* their state is a struct local */
/* The one that makes new things, or null. */
const struct entry *local_in_use(const struct local *l, enum key_kind kind);
void local_done(struct local **l); /* wipes all */

#endif
