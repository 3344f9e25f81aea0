/* Inside crypt only: the algorithms of OpenSSL, fetched once. Fetching takes locks and looks names up; a
 * fetched algorithm is shared by all threads. */
#ifndef LETTERLOCK_CRYPT_LIBRARY_H
#define LETTERLOCK_CRYPT_LIBRARY_H

#include "crypt/crypt.h"

#include <openssl/evp.h>
#include <openssl/kdf.h>

struct crypt_library {
	EVP_CIPHER *aes_256_gcm;
	EVP_MD *sha1, *sha256;
	EVP_KDF *hkdf;
	EVP_MAC_CTX *hmac_sha256; /* a template without a key, to be duplicated */
};

err crypt_library(const struct crypt_library **out);

void cipher_ctx_done(EVP_CIPHER_CTX **ctx);
void digest_ctx_done(EVP_MD_CTX **ctx);
void mac_ctx_done(EVP_MAC_CTX **ctx);
void kdf_ctx_done(EVP_KDF_CTX **ctx);
void pkey_ctx_done(EVP_PKEY_CTX **ctx);
void pkey_done(EVP_PKEY **key);
void bio_done(BIO **bio);

static inline const unsigned char *bytes_of(str s)
{
	return s.at ? (const unsigned char *)s.at : (const unsigned char *)"";
}

#endif
