/* Keys on file: what documents are encrypted to for recipients who read OpenPGP or S/MIME. An address may have several
 * of each kind; one of each is in use, the others were replaced and are kept as its history until they are removed.
 *
 * They are public, and yet they name people: address, fingerprint and key are sealed under a data key of the row's own,
 * which master keys wrap and rotation wraps again. Rows are found by address_mac(), as recipients are.
 *
 * Nothing here judges a key: check/key.h did, before it was kept, and the inspector does again whenever it is used. */
#ifndef LETTERLOCK_MODEL_RECIPIENT_KEY_H
#define LETTERLOCK_MODEL_RECIPIENT_KEY_H

#include "model/model.h"

enum recipient_key_kind { RECIPIENT_KEY_PGP, RECIPIENT_KEY_SMIME, RECIPIENT_KEY_KINDS };
enum recipient_key_origin { RECIPIENT_KEY_FILE, RECIPIENT_KEY_WKD, RECIPIENT_KEY_ORIGINS };
str recipient_key_kind_name(enum recipient_key_kind k);     /* pgp, smime */
str recipient_key_origin_name(enum recipient_key_origin o); /* file, wkd */

struct recipient_key {
	struct recipient_key *next;
	id id; /* of the row */
	enum recipient_key_kind kind;
	enum recipient_key_origin origin;
	str address;
	str fingerprint; /* upper-case hex without blanks; of a certificate, SHA-256 of its DER */
	str algorithm;   /* "RSA", "ECDH Curve25519", … of what is encrypted to */
	unsigned bits;
	moment expires_at; /* 0: never */
	moment added_at;
	moment replaced_at; /* 0: it is in use */
	str bytes;          /* OpenPGP: one public key, binary; S/MIME: PEM, with those above it */
};

/* A new row, whose id is set. NEVER EXISTS if one of its kind is in use for the address: retire that one first, in the
 * same transaction. */
err recipient_key_save(struct db *db, struct arena *scratch, struct keyring *k, const struct entropy *e,
		       struct recipient_key *key);
/* Of an address, or all if it is empty; the ones in use first, then the newest. */
err recipient_keys_load(struct db *db, struct arena *a, struct keyring *k, str address, struct recipient_key **out);
/* The one in use. NEVER NOT_FOUND. */
err recipient_key_find(struct db *db, struct arena *a, struct keyring *k, str address, enum recipient_key_kind kind,
		       struct recipient_key **out);
err recipient_key_retire(struct db *db, id which, moment now);
err recipient_key_remove(struct db *db, id which);

#endif
