/* Inside crypt only: the ways AE-2's arithmetic can be done on this machine. Every way gives the same bytes;
 * tests run each of them against OpenSSL, the program takes the fastest that is there. */
#ifndef LETTERLOCK_CRYPT_AE2_PATHS_H
#define LETTERLOCK_CRYPT_AE2_PATHS_H

#include "crypt/crypt.h"

/* PBKDF2 makes 20 bytes at a time, each block on its own, so a block is the unit that vector lanes work on. The
 * states are SHA-1 after the padded key alone (RFC 2104): a round is then two compressions, not four. */
struct derive_block {
	uint32_t inner[5], outer[5];
	uint32_t u[5];   /* U_i of RFC 8018 5.2, U_1 at first */
	uint32_t sum[5]; /* U_1 xor … xor U_i */
};

struct derive_path {
	const char *name;
	bool (*here)(void);
	unsigned lanes; /* blocks it works on at once */
	/* Does AE2_ROUNDS - 1 further rounds on each; count is a multiple of lanes. */
	void (*run)(struct derive_block *block, size_t count);
};
extern const struct derive_path derive_avx512, derive_avx2, derive_sha_ni, derive_plain;
err ae2_derive_by(const struct derive_path *path, const str *passwords, const uint8_t (*salts)[AE2_SALT],
		  struct ae2_keys *keys, size_t count);

void sha1_start(uint32_t state[5]);
void sha1_compress(uint32_t state[5], const uint8_t block[64]); /* FIPS 180-4 6.1.2, plain C */

enum { AES_ROUND_KEYS = 15, AES_BLOCK = 16 };
struct cipher_state {
	_Alignas(64) uint8_t round_keys[AES_ROUND_KEYS][AES_BLOCK];
	void *library;    /* EVP_CIPHER_CTX, for the path without AES instructions */
	uint64_t counter; /* of the next block */
};

struct cipher_path {
	const char *name;
	bool (*here)(void);
	err (*key)(struct cipher_state *s, const uint8_t key[32]);
	void (*done)(struct cipher_state *s);
	/* XORs whole blocks with AES(counter), AES(counter + 1), … and moves the counter on. */
	err (*blocks)(struct cipher_state *s, uint8_t *bytes, size_t blocks);
};
extern const struct cipher_path cipher_vaes, cipher_aes_ni, cipher_plain;
err ae2_open_by(const struct cipher_path *path, const struct ae2_keys *keys, struct ae2 **out);

bool cpu_has_avx512(void);
bool cpu_has_avx2(void);
bool cpu_has_sha(void);
bool cpu_has_aes(void);
bool cpu_has_vaes(void); /* and AVX-512 */

#endif
