/* OpenPGP through librnp (RFC 4880, and of RFC 9580 what librnp knows): reading somebody's public key, and encrypting
 * to it. Only here, behind the inspector's shut doors, because keys come from strangers and from the network.
 *
 * A key is judged by the moment it is asked about and by what it will be used for. Refused, each with its reason: what
 * is no key, a private key, several keys, revoked, expired, without a valid user id for the address, without a part
 * that may encrypt, RSA below PGP_RSA_BITS, DSA and ElGamal (no fit sizes in use), and keys whose owner's own
 * signatures are made with MD5, SHA-1 or RIPEMD-160: whoever can forge those decides what is encrypted to.
 *
 * What is sealed is one OpenPGP message: a session key for each recipient, AES-256, integrity protected (SEIPD version
 * 1 with MDC, which all programs read), not compressed, so that its length tells the documents' length and no more. It
 * is not signed here: a private key has no place where strangers' keys are parsed. What shall be signed comes signed
 * (seal/pgp.h). */
#ifndef LETTERLOCK_INSPECTOR_PGP_H
#define LETTERLOCK_INSPECTOR_PGP_H

#include "base/base.h"

enum {
	PGP_RSA_BITS = 2048,
	PGP_KEY_MAX = 1024 * 1024, /* bytes of a key as it comes, with all its signatures by others */
	PGP_KEPT_MAX = 64 * 1024,  /* as it is kept, with its owner's alone */
	PGP_RECIPIENTS_MAX = 16,
};

struct pgp_facts {
	str fingerprint;           /* of the primary key, upper-case hex */
	str algorithm;             /* of the part that is encrypted to: "RSA", "ECDH Curve25519" */
	uint32_t bits;             /* of the same */
	uint64_t created, expires; /* Unix seconds; the earlier end of both parts, 0: never */
	str bytes;                 /* the public key, binary, without signatures by others */
};

/* `address` is matched without regard to case, as a whole; empty: any. NEVER KEY with the reason. */
err pgp_key_read(struct arena *a, str bytes, str address, uint64_t now, struct pgp_facts *out, struct fault *f);

struct pgp_sealing {
	const str *keys; /* each is judged again, now */
	size_t count;
	uint64_t now; /* Unix seconds */
	bool armor;
	const char *name; /* the file's, inside; may be empty */
};
/* Through a window; finishes nothing. NEVER KEY as above. */
err pgp_seal(const struct pgp_sealing *how, struct source *from, struct sink *to, struct fault *f);

/* Loads what the library needs; refuses its version 0.18.0, whose session keys were not random. */
void pgp_prepare(void);
err pgp_ready(struct fault *f);

#endif
