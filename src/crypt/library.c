/* The algorithms, fetched once, and the two operations every secret needs: wiping and comparing. */
#include "crypt/library.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/params.h>
#include <pthread.h>
#include <string.h>

/* Private RSA and Ed25519 keys live in OpenSSL's secure heap: locked, left out of core files, wiped when
 * freed. A DKIM key takes a few KiB. So do, about half a KiB each, the random generators of the threads and what a TLS
 * handshake agrees on; when the heap is full OpenSSL fails, so it has room for some 4,000 handshakes at once. */
enum { SECURE_HEAP = 2 * 1024 * 1024, SECURE_LEAST = 32 };

static struct crypt_library library;
static pthread_once_t library_once = PTHREAD_ONCE_INIT;

static EVP_MAC_CTX *hmac_template(void)
{
	char digest[] = "SHA256";
	const OSSL_PARAM params[] = { OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
				      OSSL_PARAM_construct_end() };
	EVP_MAC *hmac = EVP_MAC_fetch(NULL, "HMAC", NULL);
	EVP_MAC_CTX *ctx = hmac ? EVP_MAC_CTX_new(hmac) : NULL;

	EVP_MAC_free(hmac); /* the context holds a reference of its own */
	if (ctx && !EVP_MAC_CTX_set_params(ctx, params))
		mac_ctx_done(&ctx);
	return ctx;
}

static void fetch(void)
{
	/* Without memory for its context OpenSSL 3.0 does not refuse to fetch: it dereferences null. */
	if (!OSSL_LIB_CTX_get0_global_default())
		return;
	if (!CRYPTO_secure_malloc_initialized())
		(void)CRYPTO_secure_malloc_init(SECURE_HEAP, SECURE_LEAST);
	library = (struct crypt_library){
		.aes_256_gcm = EVP_CIPHER_fetch(NULL, "AES-256-GCM", NULL),
		.sha1 = EVP_MD_fetch(NULL, "SHA1", NULL),
		.sha256 = EVP_MD_fetch(NULL, "SHA256", NULL),
		.hkdf = EVP_KDF_fetch(NULL, "HKDF", NULL),
		.hmac_sha256 = hmac_template(),
	};
}

err crypt_library(const struct crypt_library **out)
{
	(void)pthread_once(&library_once, fetch);
	if (!library.aes_256_gcm || !library.sha1 || !library.sha256 || !library.hkdf || !library.hmac_sha256)
		return BROKEN(CRYPTO, "the crypto library lacks an algorithm, or memory");
	*out = &library;
	return OK;
}

/* explicit_bzero, not memset: a wipe before the end of life is a dead store to an optimiser. */
void crypt_wipe(void *at, size_t len)
{
	if (at && len)
		explicit_bzero(at, len);
}

bool crypt_same(str a, str b)
{
	return a.len == b.len && CRYPTO_memcmp(bytes_of(a), bytes_of(b), a.len) == 0;
}

void cipher_ctx_done(EVP_CIPHER_CTX **ctx)
{
	EVP_CIPHER_CTX_free(*ctx);
	*ctx = NULL;
}

void digest_ctx_done(EVP_MD_CTX **ctx)
{
	EVP_MD_CTX_free(*ctx);
	*ctx = NULL;
}

void mac_ctx_done(EVP_MAC_CTX **ctx)
{
	EVP_MAC_CTX_free(*ctx);
	*ctx = NULL;
}

void kdf_ctx_done(EVP_KDF_CTX **ctx)
{
	EVP_KDF_CTX_free(*ctx);
	*ctx = NULL;
}

void pkey_ctx_done(EVP_PKEY_CTX **ctx)
{
	EVP_PKEY_CTX_free(*ctx);
	*ctx = NULL;
}

void pkey_done(EVP_PKEY **key)
{
	EVP_PKEY_free(*key);
	*key = NULL;
}

void bio_done(BIO **bio)
{
	(void)BIO_free(*bio);
	*bio = NULL;
}
