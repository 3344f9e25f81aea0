/* seal/smime: one MIME entity in, one S/MIME entity out (RFC 8551), as streams. With a signer the entity is signed
 * first (multipart/signed, so that the signature is encrypted too and nobody can take it off), then encrypted to the
 * recipients' certificates.
 *
 * What is outside is application/pkcs7-mime in base64: its length tells the content's length, and nothing else is
 * told. The certificates have been judged before, at this very moment: an expired one still encrypts. */
#ifndef LETTERLOCK_SEAL_SMIME_H
#define LETTERLOCK_SEAL_SMIME_H

#include "crypt/cms.h"

struct smime_options {
	const struct mail_certificate *const *to;
	size_t count;
	enum cms_cipher cipher;
	const struct cms_signer *signer; /* null: not signed */
	moment now;                      /* of the signature */
};

/* Write the entity into *out: Content-… fields, an empty line, the body, lines ended by CRLF. Below come the outer
 * entity's fields, an empty line and its body; a header section before them is the caller's. Complete when finished. */
err seal_smime(struct arena *a, const struct smime_options *options, const struct entropy *e, struct sink *below,
	       struct sink *out);

/* The same from memory to memory, for a mail: at most `room` bytes, NEVER LIMIT. */
err seal_smime_mail(struct arena *a, const struct smime_options *options, const struct entropy *e, str inside,
		    size_t room, str *entity);

#endif
