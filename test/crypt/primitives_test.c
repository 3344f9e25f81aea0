#include "test/support/support.h"

#include "crypt/crypt.h"

#include <string.h>

static struct buf hex(char *room, size_t max, const char *text)
{
	struct buf b = { .at = room, .max = max };
	assert_ok(hex_decode(str_of(text), &b));
	return b;
}

static void aes_gcm_matches_the_published_vectors(void **state)
{
	static const struct {
		const char *key, *nonce, *aad, *plain, *sealed;
	} rows[] = {
		/* McGrew and Viega, test cases 13, 14 and 16; NIST's are the same. */
		{ "0000000000000000000000000000000000000000000000000000000000000000", "000000000000000000000000", "",
		  "", "530f8afbc74536b9a963b4f1c4cb738b" },
		{ "0000000000000000000000000000000000000000000000000000000000000000", "000000000000000000000000", "",
		  "00000000000000000000000000000000",
		  "cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919" },
		{ "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308", "cafebabefacedbaddecaf888",
		  "feedfacedeadbeeffeedfacedeadbeefabaddad2",
		  "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
		  "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39",
		  "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
		  "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662"
		  "76fc6ece0f4e1768cddf8853bb2d551b" },
	};
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		char rooms[5][128];
		uint8_t to[128];
		struct buf key = hex(rooms[0], 128, rows[i].key), nonce = hex(rooms[1], 128, rows[i].nonce);
		struct buf aad = hex(rooms[2], 128, rows[i].aad), plain = hex(rooms[3], 128, rows[i].plain);
		struct buf sealed = hex(rooms[4], 128, rows[i].sealed);
		struct aead *a = NULL;
		assert_ok(aead_open((uint8_t *)key.at, &a));
		for (int again = 0; again < 2; again++) { /* a context is reused, either way round */
			assert_ok(aead_seal(a, (uint8_t *)nonce.at, buf_str(&aad), buf_str(&plain), to));
			assert_str(str_bytes(to, plain.len + AEAD_TAG), buf_str(&sealed));
			assert_ok(aead_unseal(a, (uint8_t *)nonce.at, buf_str(&aad), buf_str(&sealed), to));
			assert_str(str_bytes(to, plain.len), buf_str(&plain));
		}
		aead_done(&a);
		assert_null(a);
	}
}

static void each_flipped_bit_is_tampering_and_gives_no_byte(void **state)
{
	static const uint8_t key[AEAD_KEY] = { 1 }, nonce[AEAD_NONCE] = { 2 }, zero[64] = { 0 };
	const str plain = STR("forty bytes of plain text, not one fewer");
	uint8_t sealed[40 + AEAD_TAG], to[64];
	struct aead *a = NULL;
	(void)state;
	assert_int_equal(plain.len, 40);
	assert_ok(aead_open(key, &a));
	assert_ok(aead_seal(a, nonce, STR("aad"), plain, sealed));
	for (size_t bit = 0; bit < 8 * sizeof sealed; bit++) {
		sealed[bit / 8] ^= (uint8_t)(1 << bit % 8);
		memset(to, 0xEE, sizeof to);
		assert_why(NEVER, TAMPERED, aead_unseal(a, nonce, STR("aad"), str_bytes(sealed, sizeof sealed), to));
		assert_memory_equal(to, zero, 40);
		sealed[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	for (size_t len = 0; len < sizeof sealed; len++)
		assert_why(NEVER, TAMPERED, aead_unseal(a, nonce, STR("aad"), str_bytes(sealed, len), to));
	assert_why(NEVER, TAMPERED, aead_unseal(a, nonce, STR("aaD"), str_bytes(sealed, sizeof sealed), to));
	assert_ok(aead_unseal(a, nonce, STR("aad"), str_bytes(sealed, sizeof sealed), to));
	aead_done(&a);
}

static void sha256_is_the_same_whole_in_pieces_and_in_a_stream(void **state)
{
	/* FIPS 180-4, the message of two blocks */
	static const char want[] = "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1";
	const str text = STR("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq");
	char room[32], streamed[64];
	struct buf expected = hex(room, sizeof room, want), copy = BUF_ON(streamed);
	uint8_t digest[SHA256_LEN];
	uint64_t size = 0;
	OWNED(arena_done) struct arena *a = NULL;
	OWNED(hash_done) struct hash *h = NULL;
	struct sink below = sink_to_buf(&copy), above;
	(void)state;
	assert_ok(sha256(text, digest));
	assert_memory_equal(digest, expected.at, SHA256_LEN);
	assert_ok(hash_open(&h));
	for (int again = 0; again < 2; again++) {
		for (size_t i = 0; i < text.len; i++)
			assert_ok(hash_add(h, str_bytes(text.at + i, 1)));
		memset(digest, 0, sizeof digest);
		assert_ok(hash_finish(h, digest));
		assert_memory_equal(digest, expected.at, SHA256_LEN);
	}
	assert_ok(arena_open(4096, &a));
	memset(digest, 0, sizeof digest);
	assert_ok(hash_sink(a, &below, digest, &size, &above));
	assert_ok(sink_put(&above, str_upto(text, 10)));
	assert_ok(sink_put(&above, str_from(text, 10)));
	assert_ok(sink_finish(&above));
	assert_memory_equal(digest, expected.at, SHA256_LEN);
	assert_int_equal(size, text.len);
	assert_str(buf_str(&copy), text);
	assert_ok(hash_sink(a, &below, digest, &size, &above));
	sink_done(&above); /* the leak checker sees whether an abandoned stream gives its hash back */
}

static void hmac_matches_rfc4231(void **state)
{
	char long_key[131], room[32];
	uint8_t mac[SHA256_LEN];
	memset(long_key, 0xAA, sizeof long_key);
	const struct {
		str key, text;
		const char *mac;
	} rows[] = {
		{ STR("\v\v\v\v\v\v\v\v\v\v\v\v\v\v\v\v\v\v\v\v"), STR("Hi There"),
		  "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7" },
		{ STR("Jefe"), STR("what do ya want for nothing?"),
		  "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843" },
		{ str_bytes(long_key, sizeof long_key), STR("Test Using Larger Than Block-Size Key - Hash Key First"),
		  "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54" },
		{ STR(""), STR(""), "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad" },
	};
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct buf expected = hex(room, sizeof room, rows[i].mac);
		assert_ok(hmac_sha256(rows[i].key, rows[i].text, mac));
		assert_memory_equal(mac, expected.at, SHA256_LEN);
	}
}

static void hkdf_matches_rfc5869_without_salt(void **state)
{
	char room[42];
	uint8_t out[42], other[32];
	/* A.3 */
	struct buf expected =
		hex(room, sizeof room,
		    "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8");
	(void)state;
	assert_ok(hkdf_sha256(STR("\v\v\v\v\v\v\v\v\v\v\v\v\v\v\v\v\v\v\v\v\v\v"), STR(""), out, sizeof out));
	assert_memory_equal(out, expected.at, sizeof out);
	assert_ok(hkdf_sha256(STR("key"), STR("a"), out, 32));
	assert_ok(hkdf_sha256(STR("key"), STR("b"), other, 32));
	assert_memory_not_equal(out, other, 32);
}

/* ── Columns ─────────────────────────────────────────────────────────────────────────────────────── */

static const uint8_t column_secret[AEAD_KEY] = { 7 };
static uint64_t counter = 1;

static struct column_key *opened(const uint8_t key[AEAD_KEY])
{
	struct column_key *k = NULL;
	assert_ok(column_key_open(key, &k));
	return k;
}

static void sealed_value_opens_only_in_its_own_place(void **state)
{
	static const uint8_t other_secret[AEAD_KEY] = { 8 };
	const id row = { { 1 } }, other_row = { { 2 } };
	const str email = STR("recipient.email");
	char room[128];
	struct buf sealed = BUF_ON(room);
	const struct entropy chance = test_entropy(&counter);
	struct column_key *k = opened(column_secret), *other = opened(other_secret);
	OWNED(arena_done) struct arena *a = NULL;
	str out = STR("untouched");
	(void)state;
	assert_ok(arena_open(4096, &a));
	assert_ok(column_seal(k, &chance, email, row, STR("ann@example.com"), &sealed));
	str s = buf_str(&sealed);
	assert_int_equal(s.len, 15 + COLUMN_OVERHEAD);
	assert_int_equal(str_find(s, STR("ann")), -1);
	assert_why(NEVER, TAMPERED, column_unseal(k, a, STR("recipient.name"), row, s, &out));
	assert_why(NEVER, TAMPERED, column_unseal(k, a, email, other_row, s, &out));
	assert_why(NEVER, TAMPERED, column_unseal(other, a, email, row, s, &out));
	assert_why(NEVER, TAMPERED, column_unseal(k, a, email, row, str_upto(s, s.len - 1), &out));
	assert_why(NEVER, TAMPERED, column_unseal(k, a, email, row, STR("short"), &out));
	assert_str(out, STR("untouched"));
	assert_ok(column_unseal(k, a, email, row, s, &out));
	assert_str(out, STR("ann@example.com"));
	column_key_done(&k);
	column_key_done(&other);
}

static void equal_values_are_sealed_differently(void **state)
{
	char one[64], two[64];
	struct buf x = BUF_ON(one), y = BUF_ON(two);
	const struct entropy chance = test_entropy(&counter);
	struct column_key *k = opened(column_secret);
	(void)state;
	assert_ok(column_seal(k, &chance, STR("p"), (id){ 0 }, STR("same"), &x));
	assert_ok(column_seal(k, &chance, STR("p"), (id){ 0 }, STR("same"), &y));
	assert_false(str_same(buf_str(&x), buf_str(&y)));
	column_key_done(&k);
}

static void without_chance_nothing_is_sealed(void **state)
{
	char room[64];
	struct buf out = BUF_ON(room);
	const struct entropy none = test_entropy_failing();
	struct column_key *k = opened(column_secret);
	(void)state;
	assert_why(LATER, ENTROPY, column_seal(k, &none, STR("p"), (id){ 0 }, STR("x"), &out));
	assert_int_equal(out.len, 0);
	column_key_done(&k);
}

static void a_value_that_does_not_fit_is_refused_whole(void **state)
{
	char room[COLUMN_OVERHEAD + 3];
	struct buf out = BUF_ON(room);
	const struct entropy chance = test_entropy(&counter);
	struct column_key *k = opened(column_secret);
	(void)state;
	assert_why(NEVER, LIMIT, column_seal(k, &chance, STR("p"), (id){ 0 }, STR("four"), &out));
	assert_int_equal(out.len, 0);
	assert_ok(column_seal(k, &chance, STR("p"), (id){ 0 }, STR("fit"), &out));
	column_key_done(&k);
}

static void secrets_are_compared_whole_and_wiped(void **state)
{
	char secret[] = "canary";
	static const char zero[sizeof secret] = { 0 };
	(void)state;
	assert_true(crypt_same(STR(""), STR_NONE));
	assert_true(crypt_same(STR("abc"), STR("abc")));
	assert_false(crypt_same(STR("abc"), STR("abd")));
	assert_false(crypt_same(STR("abc"), STR("abcd")));
	crypt_wipe(secret, sizeof secret);
	assert_memory_equal(secret, zero, sizeof secret);
	crypt_wipe(NULL, 5);
}

TESTS(crypt_primitives, test(aes_gcm_matches_the_published_vectors),
      test(each_flipped_bit_is_tampering_and_gives_no_byte), test(sha256_is_the_same_whole_in_pieces_and_in_a_stream),
      test(hmac_matches_rfc4231), test(hkdf_matches_rfc5869_without_salt),
      test(sealed_value_opens_only_in_its_own_place), test(equal_values_are_sealed_differently),
      test(without_chance_nothing_is_sealed), test(a_value_that_does_not_fit_is_refused_whole),
      test(secrets_are_compared_whole_and_wiped))
