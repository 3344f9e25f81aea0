/* The keys of an encrypted PDF, revision 6 with AES-256: ISO 32000-2, 7.6.4.3.4 and 7.6.4.4.7 to 7.6.4.4.12. Only what
 * a reader does. Sealing lets qpdf write and asks these, which know nothing of qpdf, whether the result opens for whom
 * it should.
 *
 * What a file says about its keys is random salts and hashes of 256 bits: where the hash is that of one password, it is
 * that of no other, the empty one included. */
#ifndef LETTERLOCK_CRYPT_PDF_KEY_H
#define LETTERLOCK_CRYPT_PDF_KEY_H

#include "base/base.h"

enum {
	PDF_FILE_KEY = 32,
	PDF_HASH = 32,
	PDF_SALT = 8,
	PDF_PASSWORD_MAX = 127, /* bytes; what is behind is not looked at (7.6.4.3.3) */
	PDF_CIPHER_BLOCK = 16,
};

/* As they stand in the encryption dictionary (tables 21 and 22). NEVER CRYPTO if one is of another length. */
struct pdf_entries {
	str u, o;  /* 48 bytes: hash, validation salt, key salt */
	str ue;    /* 32 bytes: the file's key under that of the user's password */
	str perms; /* 16 bytes */
	int32_t p; /* permissions */
};

/* Fetches what is needed; before a sandbox closes. BROKEN CRYPTO if the library lacks it. */
err pdf_key_prepare(void);

/* The file's key, if `user` is the password that opens it and `owner` the one that changes it, and if the permissions
 * are those that were meant, metadata encrypted. NEVER PROOF if either is not, NEVER TAMPERED if the permissions are
 * others. */
err pdf_key_open(const struct pdf_entries *e, str user, str owner, uint8_t key[PDF_FILE_KEY]);

/* One string or stream (7.6.3.2: CBC behind a random block, padded). Writes at most sealed.len bytes; NEVER TAMPERED if
 * its length or padding cannot be. Nothing else shows a change: it is no MAC. */
err pdf_key_unseal(const uint8_t key[PDF_FILE_KEY], str sealed, uint8_t *to, size_t *len);

/* Algorithm 2.B. `u` is empty, or the 48 bytes of /U where the password is the owner's. For tests. */
err pdf_key_hash(str password, str salt, str u, uint8_t out[PDF_HASH]);

#endif
