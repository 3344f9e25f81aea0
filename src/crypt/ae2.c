#include "crypt/ae2_paths.h"
#include "crypt/library.h"

#include <stdlib.h>
#include <string.h>

struct ae2 {
	struct cipher_state cipher;
	const struct cipher_path *path;
	EVP_MD_CTX *mac;
	const EVP_MD *sha1;
	uint8_t outer_pad[64];     /* of HMAC, for the end */
	uint8_t stream[AES_BLOCK]; /* of the block begun */
	unsigned stream_left;      /* bytes at its end not used yet */
};

static err mac_begin(struct ae2 *c, const uint8_t key[32])
{
	const struct crypt_library *library;
	uint8_t inner_pad[64];

	TRY(crypt_library(&library));
	c->sha1 = library->sha1;
	memset(inner_pad, 0x36, sizeof inner_pad);
	memset(c->outer_pad, 0x5C, sizeof c->outer_pad);
	for (unsigned i = 0; i < 32; i++)
		inner_pad[i] ^= key[i], c->outer_pad[i] ^= key[i];
	c->mac = EVP_MD_CTX_new();
	bool begun = c->mac && EVP_DigestInit_ex2(c->mac, c->sha1, NULL) &&
		     EVP_DigestUpdate(c->mac, inner_pad, sizeof inner_pad);
	crypt_wipe(inner_pad, sizeof inner_pad);
	return begun ? OK : BROKEN(CRYPTO, "HMAC-SHA1 cannot be begun");
}

err ae2_open_by(const struct cipher_path *path, const struct ae2_keys *keys, struct ae2 **out)
{
	OWNED(ae2_done) struct ae2 *c = aligned_alloc(_Alignof(struct ae2), sizeof *c);

	if (!c)
		return LATER(MEMORY, "no memory for a cipher");
	memset(c, 0, sizeof *c);
	c->path = path;
	c->cipher.counter = 1;
	TRY(path->key(&c->cipher, keys->cipher));
	TRY(mac_begin(c, keys->mac));
	*out = c;
	c = NULL;
	return OK;
}

err ae2_open(const struct ae2_keys *keys, struct ae2 **out)
{
	const struct cipher_path *path = cpu_has_vaes() ? &cipher_vaes : cpu_has_aes() ? &cipher_aes_ni : &cipher_plain;

	return ae2_open_by(path, keys, out);
}

void ae2_done(struct ae2 **c)
{
	if (!*c)
		return;
	if ((*c)->path->done)
		(*c)->path->done(&(*c)->cipher);
	EVP_MD_CTX_free((*c)->mac);
	crypt_wipe(*c, sizeof **c);
	free(*c);
	*c = NULL;
}

/* Bytes of a block begun by the call before, or of one that this call leaves unfinished. */
static size_t from_stream(struct ae2 *c, uint8_t *at, size_t len)
{
	size_t take = len < c->stream_left ? len : c->stream_left;
	const uint8_t *stream = c->stream + AES_BLOCK - c->stream_left;

	for (size_t i = 0; i < take; i++)
		at[i] ^= stream[i];
	c->stream_left -= (unsigned)take;
	return take;
}

static err encrypt(struct ae2 *c, uint8_t *at, size_t len)
{
	size_t took = from_stream(c, at, len);

	at += took, len -= took;
	size_t whole = len / AES_BLOCK;
	TRY(c->path->blocks(&c->cipher, at, whole));
	at += whole * AES_BLOCK, len -= whole * AES_BLOCK;
	if (len == 0)
		return OK;
	memset(c->stream, 0, AES_BLOCK);
	TRY(c->path->blocks(&c->cipher, c->stream, 1));
	c->stream_left = AES_BLOCK;
	from_stream(c, at, len);
	return OK;
}

err ae2_encrypt(struct ae2 *c, void *bytes, size_t len)
{
	/* What was just encrypted is still in the first cache when it is hashed. */
	enum { AT_ONCE = 16384 };
	uint8_t *at = bytes;

	while (len) {
		size_t some = len < AT_ONCE ? len : AT_ONCE;
		TRY(encrypt(c, at, some));
		if (!EVP_DigestUpdate(c->mac, at, some))
			return BROKEN(CRYPTO, "HMAC-SHA1 cannot go on");
		at += some, len -= some;
	}
	return OK;
}

err ae2_decrypt(struct ae2 *c, void *bytes, size_t len)
{
	if (len && !EVP_DigestUpdate(c->mac, bytes, len))
		return BROKEN(CRYPTO, "HMAC-SHA1 cannot go on");
	return encrypt(c, bytes, len);
}

err ae2_finish(struct ae2 *c, uint8_t tag[AE2_TAG])
{
	uint8_t digest[SHA1_LEN];

	if (!EVP_DigestFinal_ex(c->mac, digest, NULL) || !EVP_DigestInit_ex2(c->mac, c->sha1, NULL) ||
	    !EVP_DigestUpdate(c->mac, c->outer_pad, sizeof c->outer_pad) ||
	    !EVP_DigestUpdate(c->mac, digest, sizeof digest) || !EVP_DigestFinal_ex(c->mac, digest, NULL))
		return BROKEN(CRYPTO, "HMAC-SHA1 cannot be finished");
	memcpy(tag, digest, AE2_TAG);
	return OK;
}
