/* crypt/openpgp: our own signatures as OpenPGP (RFC 9580), and the public key that they are verified with. All of it is
 * only written, never read, so that a private key is nowhere near what parses strangers' keys (inspector/pgp.h).
 *
 * Version 4, Ed25519 in the form that GnuPG brought (algorithm 22, EdDSALegacy) and SHA-256: what GnuPG 2.2 and RNP of
 * today verify; they do not know version 6 yet. A key is a file beside the others (key_file.c) and the keyring signs
 * with it. Its fingerprint comes from the key and the moment it was made, and stays when the sender's name changes. */
#ifndef LETTERLOCK_CRYPT_OPENPGP_H
#define LETTERLOCK_CRYPT_OPENPGP_H

#include "crypt/crypt.h"

enum {
	OPENPGP_POINT = 32,
	OPENPGP_FINGERPRINT = 20,
	OPENPGP_ARMOR_MAX = 512,   /* bytes of an armoured signature */
	OPENPGP_USER_ID_MAX = 600, /* "Name <address>" */
	OPENPGP_PUBLIC_MAX = 1024,
};

struct openpgp_key {
	uint32_t number;     /* in the keyring */
	uint32_t created_at; /* seconds since 1970 */
	uint8_t point[OPENPGP_POINT], fingerprint[OPENPGP_FINGERPRINT];
};
/* NEVER KEY if it is no OpenPGP key, or is from before 1970. */
err openpgp_key_of(const struct key_info *k, struct openpgp_key *out);
void openpgp_fingerprint(const struct openpgp_key *k, struct buf *b); /* 40 hexadecimal digits, as GnuPG spells them */

/* Whoever signs: the key in use, and the keyring that holds it, which has to outlive this. Shared by threads. */
struct openpgp_signer {
	struct keyring *keys;
	struct openpgp_key key;
};
/* NEVER KEY, in words, if there is none in use. */
err openpgp_signer_find(struct keyring *keys, struct openpgp_signer *out, struct fault *fault);

/* A detached signature over bytes (type 0x00, RFC 9580 5.2.1.1), armoured, its lines ended by CRLF. `content` has
 * hashed them, and is ready for other bytes afterwards. LATER CLOCK before the key was made. */
err openpgp_sign(const struct openpgp_signer *s, moment now, struct hash *content, struct buf *armored);

/* The key as others import it, its one user id certified by itself: always the same bytes for the same words. */
err openpgp_public(const struct openpgp_signer *s, str user_id, struct buf *binary);
/* RFC 9580 6.2; LF at the ends of lines, as in files. */
err openpgp_public_armor(str binary, struct buf *armored);

#endif
