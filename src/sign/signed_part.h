/* Inside sign only: what signer and verifier must do alike, so that it is written once. */
#ifndef LETTERLOCK_SIGN_SIGNED_PART_H
#define LETTERLOCK_SIGN_SIGNED_PART_H

#include "sign/sign.h"

enum { SIGNED_NAMES_MAX = 512 };

/* The canonical fields that a list of names selects: each mention of a name takes the last field of that name not
 * yet taken, or nothing (RFC 6376 5.4.2). `except`, the signature itself, is never taken. */
err signed_fields(struct arena *a, const struct header *h, const str *names, size_t count, enum canon how,
		  const struct header_field *except, str *out);

/* The SHA-256 of a canonical body, or of its first `limit` bytes; *size is that of the whole. */
err body_digest(str body, enum canon how, uint64_t limit, uint8_t digest[SHA256_LEN], uint64_t *size);

/* What is signed in the end: the canonical fields, then the signature field with an empty b= and without CRLF. */
err header_digest(str fields, str signature_field, uint8_t digest[SHA256_LEN]);

str algorithm_name(enum signature_algorithm how); /* rsa-sha256, ed25519-sha256 */

#endif
