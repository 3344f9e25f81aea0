/* A recipient's key, judged before it is put on file. What it is shows in its content: an OpenPGP public key (armoured
 * or binary) is read and judged by the inspector (inspector/pgp.h says by which rules), an X.509 certificate (PEM or
 * DER) by crypt. Nothing is kept that could not be used today, for this address. */
#ifndef LETTERLOCK_CHECK_KEY_H
#define LETTERLOCK_CHECK_KEY_H

#include "crypt/mail_certificate.h"
#include "inspect/inspect.h"
#include "model/recipient_key.h"

enum { CHECK_KEY_MAX = 1024 * 1024 }; /* bytes of a file */

/* NEVER SYNTAX if it is neither. */
err check_key_kind(str bytes, enum recipient_key_kind *out, struct fault *f);

/* Fills kind, address, fingerprint, algorithm, bits, expires_at and bytes. NEVER KEY with the reason; what inspect()
 * returns if the inspector could not look. */
struct key_rules {
	struct inspectors *pool;                    /* may be null for certificates alone */
	const struct mail_authorities *authorities; /* null: nobody needs to vouch for a certificate */
	moment now;
};
err check_key(struct arena *a, const struct key_rules *rules, str bytes, str address, struct recipient_key *out,
	      struct fault *f);

#endif
