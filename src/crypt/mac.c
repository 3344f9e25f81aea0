/* HMAC-SHA-256 (RFC 2104) and HKDF (RFC 5869). */
#include "crypt/library.h"

#include <openssl/core_names.h>
#include <openssl/params.h>

err hmac_sha256(str key, str bytes, uint8_t out[SHA256_LEN])
{
	const struct crypt_library *lib;

	TRY(crypt_library(&lib));
	OWNED(mac_ctx_done) EVP_MAC_CTX *ctx = EVP_MAC_CTX_dup(lib->hmac_sha256);
	if (!ctx || !EVP_MAC_init(ctx, bytes_of(key), key.len, NULL) ||
	    !EVP_MAC_update(ctx, bytes_of(bytes), bytes.len) || !EVP_MAC_final(ctx, out, NULL, SHA256_LEN))
		return BROKEN(CRYPTO, "a message authentication code could not be made");
	return OK;
}

/* The library only reads them; its parameter type has no const. */
static OSSL_PARAM octets(const char *name, str s)
{
	return OSSL_PARAM_construct_octet_string(name, (void *)(uintptr_t)bytes_of(s), s.len);
}

err hkdf_sha256(str key, str info, uint8_t *out, size_t len)
{
	const struct crypt_library *lib;
	char digest[] = "SHA256";

	TRY(crypt_library(&lib));
	OWNED(kdf_ctx_done) EVP_KDF_CTX *ctx = EVP_KDF_CTX_new(lib->hkdf);
	const OSSL_PARAM params[] = { OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest, 0),
				      octets(OSSL_KDF_PARAM_KEY, key), octets(OSSL_KDF_PARAM_INFO, info),
				      OSSL_PARAM_construct_end() };
	if (!ctx || EVP_KDF_derive(ctx, out, len, params) <= 0)
		return BROKEN(CRYPTO, "a key could not be derived");
	return OK;
}
