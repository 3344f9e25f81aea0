#include "crypt/ae2_paths.h"

#include <openssl/evp.h>
#include <string.h>

/* Without AES instructions of our own reach: OpenSSL's best AES on counters by the page, since a call for each block
 * costs more than the block. */
enum { COUNTERS = 256 };

static bool always(void)
{
	return true;
}

static err key(struct cipher_state *s, const uint8_t key_bytes[32])
{
	EVP_CIPHER_CTX *ecb = EVP_CIPHER_CTX_new();

	if (!ecb)
		return LATER(MEMORY, "no memory for a cipher");
	s->library = ecb;
	if (!EVP_EncryptInit_ex(ecb, EVP_aes_256_ecb(), NULL, key_bytes, NULL) || !EVP_CIPHER_CTX_set_padding(ecb, 0))
		return BROKEN(CRYPTO, "AES-256 cannot be begun");
	return OK;
}

static void done(struct cipher_state *s)
{
	EVP_CIPHER_CTX_free(s->library);
}

static err some_blocks(struct cipher_state *s, uint8_t *bytes, size_t blocks)
{
	uint8_t stream[COUNTERS * AES_BLOCK] = { 0 };
	int len = (int)(blocks * AES_BLOCK), made;

	for (size_t i = 0; i < blocks; i++)
		put_u64le(stream + i * AES_BLOCK, s->counter++);
	if (!EVP_EncryptUpdate(s->library, stream, &made, stream, len) || made != len)
		return BROKEN(CRYPTO, "AES-256 cannot go on");
	for (size_t i = 0; i < blocks * AES_BLOCK; i++)
		bytes[i] ^= stream[i];
	return OK;
}

static err all_blocks(struct cipher_state *s, uint8_t *bytes, size_t blocks)
{
	while (blocks) {
		size_t some = blocks < COUNTERS ? blocks : COUNTERS;
		TRY(some_blocks(s, bytes, some));
		bytes += some * AES_BLOCK, blocks -= some;
	}
	return OK;
}

const struct cipher_path cipher_plain = { "plain", always, key, done, all_blocks };
