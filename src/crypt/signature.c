/* Verifying DKIM signatures: RSA with PKCS #1 v1.5 padding (RFC 6376 3.3.1) and Ed25519 (RFC 8463 3), both
 * over a SHA-256 that is already made. Keys come from strangers' DNS: their form, size and exponent are
 * judged before they are used, so that a verification stays cheap. */
#include "crypt/library.h"

#include <openssl/core_names.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

enum {
	RSA_VERIFY_LEAST = 1024,
	RSA_MOST = 4096,
	ED25519_PUBLIC = 32,
	ED25519_BITS = 256,
	EXPONENT_BITS_MOST = 64,
	PUBLIC_MAX = 2 * SIGNATURE_MAX
};

/* RFC 6376 3.6.1 says RSAPublicKey, everybody publishes SubjectPublicKeyInfo; both are read. */
static EVP_PKEY *rsa_public(str der)
{
	const unsigned char *at = bytes_of(der);
	EVP_PKEY *key = d2i_PUBKEY(NULL, &at, (long)der.len);

	if (!key) {
		at = bytes_of(der);
		key = d2i_PublicKey(EVP_PKEY_RSA, NULL, &at, (long)der.len);
	}
	if (key && (at != bytes_of(der) + der.len || !EVP_PKEY_is_a(key, "RSA")))
		pkey_done(&key);
	return key;
}

/* A huge public exponent makes every verification slow. */
static bool exponent_fit(const EVP_PKEY *key)
{
	BIGNUM *e = NULL;
	bool fit = EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_E, &e) && BN_num_bits(e) <= EXPONENT_BITS_MOST &&
		   BN_is_odd(e);

	BN_free(e);
	return fit;
}

static err rsa_verify(str public_key, const uint8_t digest[SHA256_LEN], str signature, unsigned *key_bits)
{
	const struct crypt_library *lib;

	TRY(crypt_library(&lib));
	if (public_key.len > PUBLIC_MAX)
		return NEVER(KEY, "the public key is too large");
	OWNED(pkey_done) EVP_PKEY *key = rsa_public(public_key);
	if (!key)
		return NEVER(KEY, "the public key is not an RSA key");
	*key_bits = (unsigned)EVP_PKEY_get_bits(key);
	if (*key_bits < RSA_VERIFY_LEAST || *key_bits > RSA_MOST || !exponent_fit(key))
		return NEVER(KEY, "the RSA key is too small, too large or has an unfit exponent");

	OWNED(pkey_ctx_done) EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);
	if (!ctx || EVP_PKEY_verify_init(ctx) <= 0 || EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING) <= 0 ||
	    EVP_PKEY_CTX_set_signature_md(ctx, lib->sha256) <= 0)
		return BROKEN(CRYPTO, "a verification could not be started");
	if (EVP_PKEY_verify(ctx, bytes_of(signature), signature.len, digest, SHA256_LEN) != 1)
		return NEVER(SIGNATURE, "the signature does not match");
	return OK;
}

static err ed25519_verify(str public_key, const uint8_t digest[SHA256_LEN], str signature, unsigned *key_bits)
{
	if (public_key.len != ED25519_PUBLIC)
		return NEVER(KEY, "an Ed25519 key has 32 bytes");
	OWNED(pkey_done)
	EVP_PKEY *key = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, bytes_of(public_key), ED25519_PUBLIC);
	OWNED(digest_ctx_done) EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	if (!key || !ctx || EVP_DigestVerifyInit(ctx, NULL, NULL, NULL, key) <= 0)
		return BROKEN(CRYPTO, "a verification could not be started");
	*key_bits = ED25519_BITS;
	if (EVP_DigestVerify(ctx, bytes_of(signature), signature.len, digest, SHA256_LEN) != 1)
		return NEVER(SIGNATURE, "the signature does not match");
	return OK;
}

err signature_verify(enum signature_algorithm how, str public_key, const uint8_t digest[SHA256_LEN], str signature,
		     unsigned *key_bits)
{
	unsigned bits = 0;
	err e = how == SIGNATURE_ED25519_SHA256 ? ed25519_verify(public_key, digest, signature, &bits)
						: rsa_verify(public_key, digest, signature, &bits);
	if (key_bits)
		*key_bits = bits;
	return e;
}
