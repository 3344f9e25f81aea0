#include "crypt/ae2_paths.h"

#include <string.h>

/* RFC 8018 5.2 with HMAC-SHA1: T_i = U_1 xor … xor U_1000, where U_1 = HMAC(P, S || i) and U_j = HMAC(P, U_j-1). AE-x
 * asks for 66 bytes: cipher key, MAC key, and two bytes by which a wrong password is noticed early. */
enum { BLOCKS_EACH = 4, BATCH_MAX = 4, BLOCKS_MAX = BLOCKS_EACH * BATCH_MAX };

static void hmac_pad(str password, uint8_t fill, uint32_t state[5])
{
	uint8_t pad[64];

	memset(pad, fill, sizeof pad);
	for (size_t i = 0; i < password.len; i++)
		pad[i] ^= (uint8_t)password.at[i];
	sha1_start(state);
	sha1_compress(state, pad);
	crypt_wipe(pad, sizeof pad);
}

/* The last block of a message after a 64-byte pad; `len` of it are there already. */
static void finish_after_pad(uint32_t state[5], uint8_t block[64], size_t len)
{
	block[len] = 0x80;
	memset(block + len + 1, 0, 64 - 8 - len - 1);
	put_u64be(block + 56, (64 + len) * 8);
	sha1_compress(state, block);
}

static void first_round(struct derive_block *b, const uint8_t salt[AE2_SALT], uint32_t number)
{
	uint8_t block[64];

	memcpy(block, salt, AE2_SALT);
	put_u32be(block + AE2_SALT, number);
	memcpy(b->u, b->inner, sizeof b->u);
	finish_after_pad(b->u, block, AE2_SALT + 4);

	for (unsigned i = 0; i < 5; i++)
		put_u32be(block + (size_t)4 * i, b->u[i]);
	memcpy(b->u, b->outer, sizeof b->u);
	finish_after_pad(b->u, block, SHA1_LEN);
	memcpy(b->sum, b->u, sizeof b->sum);
	crypt_wipe(block, sizeof block);
}

static void begin_key(struct derive_block block[BLOCKS_EACH], str password, const uint8_t salt[AE2_SALT])
{
	hmac_pad(password, 0x36, block[0].inner);
	hmac_pad(password, 0x5C, block[0].outer);
	for (uint32_t i = 0; i < BLOCKS_EACH; i++) {
		memcpy(block[i].inner, block[0].inner, sizeof block[i].inner);
		memcpy(block[i].outer, block[0].outer, sizeof block[i].outer);
		first_round(&block[i], salt, i + 1);
	}
}

static void finish_key(const struct derive_block block[BLOCKS_EACH], struct ae2_keys *out)
{
	uint8_t bytes[BLOCKS_EACH * SHA1_LEN];

	for (unsigned i = 0; i < BLOCKS_EACH * 5; i++)
		put_u32be(bytes + (size_t)4 * i, block[i / 5].sum[i % 5]);
	memcpy(out->cipher, bytes, 32);
	memcpy(out->mac, bytes + 32, 32);
	memcpy(out->verifier, bytes + 64, 2);
	crypt_wipe(bytes, sizeof bytes);
}

static void derive_batch(const struct derive_path *path, const str *passwords, const uint8_t (*salts)[AE2_SALT],
			 struct ae2_keys *keys, size_t count)
{
	struct derive_block block[BLOCKS_MAX];
	size_t blocks = count * BLOCKS_EACH;

	memset(block, 0, sizeof block);
	for (size_t i = 0; i < count; i++)
		begin_key(block + i * BLOCKS_EACH, passwords[i], salts[i]);
	/* Lanes without a key work for nothing. */
	path->run(block, (blocks + path->lanes - 1) / path->lanes * path->lanes);
	for (size_t i = 0; i < count; i++)
		finish_key(block + i * BLOCKS_EACH, &keys[i]);
	crypt_wipe(block, sizeof block);
}

err ae2_derive_by(const struct derive_path *path, const str *passwords, const uint8_t (*salts)[AE2_SALT],
		  struct ae2_keys *keys, size_t count)
{
	/* RFC 2104 hashes longer keys first, and then two passwords open the same archive. */
	for (size_t i = 0; i < count; i++)
		if (passwords[i].len > AE2_PASSWORD_MAX)
			return NEVER(LIMIT, "a zip password has at most 64 bytes");
	for (size_t done = 0; done < count; done += BATCH_MAX) {
		size_t some = count - done < BATCH_MAX ? count - done : BATCH_MAX;
		derive_batch(path, passwords + done, salts + done, keys + done, some);
	}
	return OK;
}

/* Sixteen lanes half empty are still faster than two full ones; with one key alone they are not. */
static const struct derive_path *fastest(size_t count)
{
	if (cpu_has_avx512() && (count > 1 || !cpu_has_sha()))
		return &derive_avx512;
	if (cpu_has_sha())
		return &derive_sha_ni;
	return cpu_has_avx2() ? &derive_avx2 : &derive_plain;
}

err ae2_derive(const str *passwords, const uint8_t (*salts)[AE2_SALT], struct ae2_keys *keys, size_t count)
{
	return ae2_derive_by(fastest(count), passwords, salts, keys, count);
}
