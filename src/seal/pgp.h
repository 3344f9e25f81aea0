/* seal/pgp: documents, or a whole mail, as one OpenPGP message for the keys given. librnp does it in the inspector
 * (inspector/pgp.h says how: AES-256 with integrity protection, not compressed), as a stream whose memory
 * does not grow; each key is judged again at that moment.
 *
 * A mail becomes PGP/MIME (RFC 3156 4): multipart/encrypted with the version and one armoured message. What it holds is
 * whole: attachments, texts and, if they are protected, header fields. With a signer it is signed first (RFC 3156 6.1:
 * multipart/signed inside), here and not in the inspector, where no private key goes; so the signature is encrypted too
 * and nobody can take it off. */
#ifndef LETTERLOCK_SEAL_PGP_H
#define LETTERLOCK_SEAL_PGP_H

#include "crypt/openpgp.h"
#include "inspect/inspect.h"

enum { SEAL_PGP_KEYS_MAX = 16, SEAL_PGP_NAME_MAX = 200 };

struct seal_pgp {
	const str *keys; /* OpenPGP public keys, one each, binary or armoured */
	size_t count;
	moment now;
	bool armor;
	str name;                            /* of the file, told to who opens it; empty for none */
	const struct openpgp_signer *signer; /* of a mail; null: not signed */
};

/* Finishes nothing; what came out counts only after OK. NEVER KEY with the reason why a key is not encrypted to, NEVER
 * LIMIT for more keys than a job takes. */
err seal_pgp(struct inspectors *pool, struct arena *a, const struct seal_pgp *how, struct source *from, struct sink *to,
	     struct fault *fault);

/* `inside` is a MIME entity with its own header fields, lines ended by CRLF, none by blanks (RFC 3156 5). *entity is
 * one too, in the arena, of at most `room` bytes: NEVER LIMIT. What comes back is armour without header lines and
 * nothing else, or NEVER DOCUMENT. */
err seal_pgp_mail(struct inspectors *pool, struct arena *a, const struct entropy *e, const struct seal_pgp *how,
		  str inside, size_t room, str *entity, struct fault *fault);

#endif
