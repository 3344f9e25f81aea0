/* AES-256-GCM (NIST SP 800-38D) with 96-bit nonces and full tags. The key schedule is made once a context;
 * a message then costs one call for the nonce, one for what is authenticated, one for the bytes. */
#include "crypt/library.h"

#include <limits.h>
#include <stdlib.h>

enum { ENCRYPT = 1, DECRYPT = 0 };

struct aead {
	EVP_CIPHER_CTX *ctx;
};

static err keyed(EVP_CIPHER_CTX *ctx, const uint8_t key[AEAD_KEY])
{
	const struct crypt_library *lib;

	TRY(crypt_library(&lib));
	if (!ctx || !EVP_EncryptInit_ex2(ctx, lib->aes_256_gcm, key, NULL, NULL))
		return BROKEN(CRYPTO, "a cipher could not be keyed");
	return OK;
}

err aead_open(const uint8_t key[AEAD_KEY], struct aead **out)
{
	struct aead *a = calloc(1, sizeof *a);

	if (!a)
		return LATER(MEMORY, "no memory for a cipher");
	a->ctx = EVP_CIPHER_CTX_new();
	err e = keyed(a->ctx, key);
	if (failed(e))
		aead_done(&a);
	else
		*out = a;
	return e;
}

void aead_done(struct aead **a)
{
	if (*a) {
		cipher_ctx_done(&(*a)->ctx); /* wipes the key schedule */
		free(*a);
	}
	*a = NULL;
}

/* Nonce and additional data: what comes before the first byte either way. */
static err start(struct aead *a, const uint8_t nonce[AEAD_NONCE], str aad, size_t len, int direction)
{
	int n;

	if (len > INT_MAX || aad.len > INT_MAX)
		return NEVER(LIMIT, "too long for one sealed piece");
	if (!EVP_CipherInit_ex(a->ctx, NULL, NULL, NULL, nonce, direction) ||
	    (aad.len && !EVP_CipherUpdate(a->ctx, NULL, &n, bytes_of(aad), (int)aad.len)))
		return BROKEN(CRYPTO, "a cipher could not be started");
	return OK;
}

err aead_seal(struct aead *a, const uint8_t nonce[AEAD_NONCE], str aad, str plain, uint8_t *to)
{
	int n = 0, rest = 0;

	TRY(start(a, nonce, aad, plain.len, ENCRYPT));
	if ((plain.len && !EVP_EncryptUpdate(a->ctx, to, &n, bytes_of(plain), (int)plain.len)) ||
	    !EVP_EncryptFinal_ex(a->ctx, to + n, &rest) || (size_t)n != plain.len ||
	    !EVP_CIPHER_CTX_ctrl(a->ctx, EVP_CTRL_AEAD_GET_TAG, AEAD_TAG, to + plain.len))
		return BROKEN(CRYPTO, "encryption failed");
	return OK;
}

/* The library decrypts before it can check the tag, so what it wrote is wiped when the tag is wrong: no
 * caller ever sees a byte that was not authenticated. */
err aead_unseal(struct aead *a, const uint8_t nonce[AEAD_NONCE], str aad, str sealed, uint8_t *to)
{
	uint8_t tag[AEAD_TAG];
	int n = 0, rest = 0;

	if (sealed.len < AEAD_TAG)
		return NEVER(TAMPERED, "sealed bytes are too short");
	str body = str_upto(sealed, sealed.len - AEAD_TAG);
	for (size_t i = 0; i < AEAD_TAG; i++)
		tag[i] = (uint8_t)sealed.at[body.len + i];
	TRY(start(a, nonce, aad, body.len, DECRYPT));
	if (!EVP_CIPHER_CTX_ctrl(a->ctx, EVP_CTRL_AEAD_SET_TAG, AEAD_TAG, tag))
		return BROKEN(CRYPTO, "decryption failed");
	if ((body.len && !EVP_DecryptUpdate(a->ctx, to, &n, bytes_of(body), (int)body.len)) ||
	    EVP_DecryptFinal_ex(a->ctx, to + n, &rest) <= 0) {
		crypt_wipe(to, body.len);
		return NEVER(TAMPERED, "authentication failed");
	}
	return OK;
}
