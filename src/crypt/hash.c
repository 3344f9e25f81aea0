/* SHA-256 (FIPS 180-4): at once, a piece at a time, and on the way down a stream. */
#include "crypt/library.h"

#include <stdlib.h>

struct hash {
	EVP_MD_CTX *ctx;
	const struct crypt_library *lib;
};

err sha256(str bytes, uint8_t out[SHA256_LEN])
{
	const struct crypt_library *lib;

	TRY(crypt_library(&lib));
	if (!EVP_Digest(bytes_of(bytes), bytes.len, out, NULL, lib->sha256, NULL))
		return BROKEN(CRYPTO, "hashing failed");
	return OK;
}

err sha1(str bytes, uint8_t out[SHA1_LEN])
{
	const struct crypt_library *lib;

	TRY(crypt_library(&lib));
	if (!EVP_Digest(bytes_of(bytes), bytes.len, out, NULL, lib->sha1, NULL))
		return BROKEN(CRYPTO, "hashing failed");
	return OK;
}

err md5(str bytes, uint8_t out[MD5_LEN])
{
	if (!EVP_Q_digest(NULL, "MD5", "fips=no", bytes_of(bytes), bytes.len, out, NULL))
		return BROKEN(CRYPTO, "hashing failed");
	return OK;
}

static err restart(struct hash *h)
{
	if (!h->ctx || !EVP_DigestInit_ex2(h->ctx, h->lib->sha256, NULL))
		return BROKEN(CRYPTO, "a hash could not be started");
	return OK;
}

err hash_open(struct hash **out)
{
	OWNED(hash_done) struct hash *h = calloc(1, sizeof *h);

	if (!h)
		return LATER(MEMORY, "no memory for a hash");
	TRY(crypt_library(&h->lib));
	h->ctx = EVP_MD_CTX_new();
	TRY(restart(h));
	*out = h;
	h = NULL;
	return OK;
}

void hash_done(struct hash **h)
{
	if (*h) {
		digest_ctx_done(&(*h)->ctx);
		free(*h);
	}
	*h = NULL;
}

err hash_add(struct hash *h, str bytes)
{
	if (!EVP_DigestUpdate(h->ctx, bytes_of(bytes), bytes.len))
		return BROKEN(CRYPTO, "hashing failed");
	return OK;
}

err hash_finish(struct hash *h, uint8_t out[SHA256_LEN])
{
	if (!EVP_DigestFinal_ex(h->ctx, out, NULL))
		return BROKEN(CRYPTO, "hashing failed");
	return restart(h);
}

struct hashing {
	struct hash *hash;
	struct sink *below;
	uint8_t *digest;
	uint64_t *size;
	uint64_t passed;
};

static err hashing_write(void *state, const void *from, size_t len)
{
	struct hashing *h = state;

	TRY(hash_add(h->hash, str_bytes(from, len)));
	h->passed += len;
	return sink_write(h->below, from, len);
}

static err hashing_finish(void *state)
{
	struct hashing *h = state;

	TRY(hash_finish(h->hash, h->digest));
	if (h->size)
		*h->size = h->passed;
	hash_done(&h->hash);
	return OK;
}

static void hashing_abandon(void *state)
{
	struct hashing *h = state;
	hash_done(&h->hash);
}

err hash_sink(struct arena *a, struct sink *below, uint8_t digest[SHA256_LEN], uint64_t *size, struct sink *out)
{
	static const struct sink_ops ops = { hashing_write, hashing_finish, hashing_abandon };
	struct hashing *h;

	TRY(NEW(a, h));
	*h = (struct hashing){ .below = below, .digest = digest, .size = size };
	TRY(hash_open(&h->hash));
	*out = (struct sink){ &ops, h };
	return OK;
}
