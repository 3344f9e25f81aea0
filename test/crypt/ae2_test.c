#include "test/support/support.h"

#include "crypt/ae2_paths.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Every way of computing is run where the processor can, and held against OpenSSL. */
static const struct derive_path *const derive_paths[] = { &derive_avx512, &derive_avx2, &derive_sha_ni, &derive_plain };
static const struct cipher_path *const cipher_paths[] = { &cipher_vaes, &cipher_aes_ni, &cipher_plain };

static void keys_match_openssl(const struct ae2_keys *keys, str password, const uint8_t salt[AE2_SALT])
{
	uint8_t want[66];

	assert_true(
		PKCS5_PBKDF2_HMAC_SHA1(password.at, (int)password.len, salt, AE2_SALT, AE2_ROUNDS, sizeof want, want));
	assert_memory_equal(keys->cipher, want, 32);
	assert_memory_equal(keys->mac, want + 32, 32);
	assert_memory_equal(keys->verifier, want + 64, 2);
}

static void every_path_derives_what_openssl_derives(void **state)
{
	enum { MOST = 9 };
	static const char letters[] = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-+";
	uint64_t counter = 42;
	struct entropy chance = test_entropy(&counter);
	str passwords[MOST];
	uint8_t salts[MOST][AE2_SALT];
	(void)state;

	for (size_t i = 0; i < MOST; i++)
		passwords[i] = str_bytes(letters, i == 0 ? 1 : i == 1 ? 64 : i * 7);
	assert_ok(entropy_fill(&chance, salts, sizeof salts));
	for (size_t p = 0; p < COUNT(derive_paths); p++)
		for (size_t count = 0; count <= MOST && derive_paths[p]->here(); count++) {
			struct ae2_keys keys[MOST];
			assert_ok(ae2_derive_by(derive_paths[p], passwords, (void *)salts, keys, count));
			for (size_t i = 0; i < count; i++)
				keys_match_openssl(&keys[i], passwords[i], salts[i]);
		}
	for (size_t count = 1; count <= MOST; count++) {
		struct ae2_keys keys[MOST];
		assert_ok(ae2_derive(passwords, (void *)salts, keys, count));
		keys_match_openssl(&keys[count - 1], passwords[count - 1], salts[count - 1]);
	}
}

static void a_password_of_65_bytes_is_refused(void **state)
{
	char long_one[65] = { 0 };
	str password = str_bytes(long_one, sizeof long_one);
	uint8_t salt[1][AE2_SALT] = { { 0 } };
	struct ae2_keys keys;
	(void)state;

	memset(long_one, 'x', sizeof long_one);
	assert_why(NEVER, LIMIT, ae2_derive(&password, (void *)salt, &keys, 1));
}

/* A second, slow spelling of AE-x's cipher: one ECB block of OpenSSL's for each counter. */
static void encrypt_slowly(const uint8_t key[32], const uint8_t *from, uint8_t *to, size_t len)
{
	EVP_CIPHER_CTX *ecb = EVP_CIPHER_CTX_new();
	uint8_t stream[16];
	int made;

	assert_true(EVP_EncryptInit_ex(ecb, EVP_aes_256_ecb(), NULL, key, NULL));
	EVP_CIPHER_CTX_set_padding(ecb, 0);
	for (size_t i = 0; i < len; i++) {
		if (i % 16 == 0) {
			uint8_t counter[16] = { 0 };
			put_u64le(counter, i / 16 + 1);
			assert_true(EVP_EncryptUpdate(ecb, stream, &made, counter, 16));
		}
		to[i] = from[i] ^ stream[i % 16];
	}
	EVP_CIPHER_CTX_free(ecb);
}

static void pieces_match(const struct cipher_path *path, const struct ae2_keys *keys, const uint8_t *plain,
			 const uint8_t *want, size_t len, size_t (*piece)(size_t at))
{
	OWNED(ae2_done) struct ae2 *c = NULL;
	uint8_t *got = malloc(len + 1), tag[AE2_TAG], digest[SHA1_LEN];

	memcpy(got, plain, len);
	assert_ok(ae2_open_by(path, keys, &c));
	for (size_t at = 0; at < len;) {
		size_t some = piece(at) < len - at ? piece(at) : len - at;
		assert_ok(ae2_encrypt(c, got + at, some));
		at += some;
	}
	assert_ok(ae2_finish(c, tag));
	assert_memory_equal(got, want, len);
	HMAC(EVP_sha1(), keys->mac, 32, want, len, digest, NULL);
	assert_memory_equal(tag, digest, AE2_TAG);
	free(got);
}

static size_t all(size_t at)
{
	(void)at;
	return SIZE_MAX;
}
static size_t uneven(size_t at)
{
	return 1 + at % 777;
}
static size_t pages(size_t at)
{
	(void)at;
	return 65536;
}

static void every_cipher_path_gives_the_bytes_of_aes_and_hmac(void **state)
{
	enum { MOST = 200000 };
	static const size_t lens[] = { 0, 1, 15, 16, 17, 127, 128, 255, 256, 257, 4096, 16385, 70001, MOST };
	uint8_t *plain = malloc(MOST), *want = malloc(MOST);
	struct ae2_keys keys;
	uint64_t counter = 7;
	struct entropy chance = test_entropy(&counter);
	(void)state;

	assert_ok(entropy_fill(&chance, plain, MOST));
	assert_ok(entropy_fill(&chance, &keys, sizeof keys));
	for (size_t p = 0; p < COUNT(cipher_paths); p++)
		for (size_t i = 0; i < COUNT(lens) && cipher_paths[p]->here(); i++) {
			encrypt_slowly(keys.cipher, plain, want, lens[i]);
			pieces_match(cipher_paths[p], &keys, plain, want, lens[i], all);
			pieces_match(cipher_paths[p], &keys, plain, want, lens[i], uneven);
			pieces_match(cipher_paths[p], &keys, plain, want, lens[i], pages);
		}
	free(plain);
	free(want);
}

static void the_counter_carries_beyond_32_bits(void **state)
{
	(void)state;
	for (size_t p = 0; p < COUNT(cipher_paths); p++) {
		struct cipher_state s = { .counter = UINT32_MAX - 5 };
		uint8_t key[32] = { 1 }, got[64 * 16] = { 0 }, want[16], counter[16] = { 0 };
		int made;

		if (!cipher_paths[p]->here())
			continue;
		assert_ok(cipher_paths[p]->key(&s, key));
		assert_ok(cipher_paths[p]->blocks(&s, got, 64));
		assert_true(s.counter == (uint64_t)UINT32_MAX + 59);
		EVP_CIPHER_CTX *ecb = EVP_CIPHER_CTX_new();
		assert_true(EVP_EncryptInit_ex(ecb, EVP_aes_256_ecb(), NULL, key, NULL));
		put_u64le(counter, (uint64_t)UINT32_MAX + 20);
		EVP_EncryptUpdate(ecb, want, &made, counter, 16);
		assert_memory_equal(got + 25 * 16, want, 16);
		EVP_CIPHER_CTX_free(ecb);
		if (cipher_paths[p]->done)
			cipher_paths[p]->done(&s);
	}
}

TESTS(ae2, test(every_path_derives_what_openssl_derives), test(a_password_of_65_bytes_is_refused),
      test(every_cipher_path_gives_the_bytes_of_aes_and_hmac), test(the_counter_carries_beyond_32_bits))
