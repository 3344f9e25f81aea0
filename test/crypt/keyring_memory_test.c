#include "test/support/support.h"

#include "crypt/keyring_memory.h"

#include <string.h>

/* A keyring that counts its questions and answers each with something of it. */
struct asked {
	unsigned unwraps, macs;
	bool refuses, closed;
};

static err count_unwrap(void *state, str context, const uint8_t wrapped[WRAPPED_KEY], uint8_t key[AEAD_KEY])
{
	struct asked *asked = state;

	asked->unwraps++;
	if (asked->refuses)
		return NEVER(TAMPERED, "refused");
	memset(key, wrapped[0] ^ (uint8_t)context.len, AEAD_KEY);
	return OK;
}

static err count_mac(void *state, enum mac_purpose purpose, unsigned age, str bytes, uint8_t mac[MAC_LEN])
{
	struct asked *asked = state;

	asked->macs++;
	memset(mac, (int)(16 * (unsigned)purpose + age + bytes.len), MAC_LEN);
	return OK;
}

static void count_close(void *state)
{
	((struct asked *)state)->closed = true;
}

static const struct keyring_ops counting = { .unwrap = count_unwrap, .mac = count_mac, .close = count_close };
static struct asked asked;
static struct test_clock at;

static struct keyring *remembering(struct keyring_memory **memory)
{
	struct keyring *below, *k = NULL;

	asked = (struct asked){ 0 };
	at = (struct test_clock){ .ticks = HOUR };
	assert_ok(keyring_with(&counting, &asked, &below));
	assert_ok(keyring_remember(&below, test_clock(&at), 2 * SECOND, &k, memory));
	assert_null(below);
	return k;
}

static uint8_t unwrapped(struct keyring *k, uint8_t first, str context)
{
	uint8_t wrapped[WRAPPED_KEY] = { first }, key[AEAD_KEY];

	assert_ok(keyring_unwrap(k, context, wrapped, key));
	for (size_t i = 1; i < sizeof key; i++)
		assert_int_equal(key[i], key[0]);
	return key[0];
}

static uint8_t mac_of(struct keyring *k, enum mac_purpose purpose, unsigned age, str bytes)
{
	uint8_t mac[MAC_LEN];

	assert_ok(keyring_mac(k, purpose, age, bytes, mac));
	return mac[MAC_LEN - 1];
}

static void the_same_question_is_asked_once(void **state)
{
	struct keyring_memory *memory;
	OWNED(keyring_done) struct keyring *k = remembering(&memory);

	(void)state;
	for (int i = 0; i < 3; i++) {
		assert_int_equal(unwrapped(k, 7, STR("object 1")), 7 ^ 8);
		assert_int_equal(mac_of(k, MAC_TOKEN, 0, STR("token")), 16 * MAC_TOKEN + 5);
		assert_int_equal(mac_of(k, MAC_SESSION, 1, STR("token")), 16 * MAC_SESSION + 6);
	}
	assert_int_equal(asked.unwraps, 1);
	assert_int_equal(asked.macs, 2);
}

/* Purpose, age, context, key and text: whatever differs is another question. */
static void another_question_gets_its_own_answer(void **state)
{
	struct keyring_memory *memory;
	OWNED(keyring_done) struct keyring *k = remembering(&memory);

	(void)state;
	for (int round = 0; round < 2; round++) {
		assert_int_equal(unwrapped(k, 1, STR("a")), 1 ^ 1);
		assert_int_equal(unwrapped(k, 1, STR("ab")), 1 ^ 2);
		assert_int_equal(unwrapped(k, 2, STR("a")), 2 ^ 1);
		assert_int_equal(mac_of(k, MAC_TOKEN, 0, STR("t")), 16 * MAC_TOKEN + 1);
		assert_int_equal(mac_of(k, MAC_TOKEN, 1, STR("t")), 16 * MAC_TOKEN + 2);
		assert_int_equal(mac_of(k, MAC_SESSION, 0, STR("t")), 16 * MAC_SESSION + 1);
		assert_int_equal(mac_of(k, MAC_SESSION, 0, STR("tt")), 16 * MAC_SESSION + 2);
	}
}

static void proofs_and_addresses_are_never_remembered(void **state)
{
	struct keyring_memory *memory;
	OWNED(keyring_done) struct keyring *k = remembering(&memory);

	(void)state;
	for (int i = 0; i < 3; i++) {
		(void)mac_of(k, MAC_PROOF, 0, STR("1970-01-01"));
		(void)mac_of(k, MAC_ADDRESS, 0, STR("a@example.com"));
	}
	assert_int_equal(asked.macs, 6);
}

static void a_refusal_is_not_remembered(void **state)
{
	struct keyring_memory *memory;
	OWNED(keyring_done) struct keyring *k = remembering(&memory);
	uint8_t wrapped[WRAPPED_KEY] = { 3 }, key[AEAD_KEY];

	(void)state;
	asked.refuses = true;
	assert_why(NEVER, TAMPERED, keyring_unwrap(k, STR("x"), wrapped, key));
	assert_why(NEVER, TAMPERED, keyring_unwrap(k, STR("x"), wrapped, key));
	asked.refuses = false;
	assert_int_equal(unwrapped(k, 3, STR("x")), 3 ^ 1);
	assert_int_equal(asked.unwraps, 3);
}

static void a_moment_ends_whether_it_is_swept_or_not(void **state)
{
	struct keyring_memory *memory;
	OWNED(keyring_done) struct keyring *k = remembering(&memory);

	(void)state;
	(void)unwrapped(k, 9, STR("x"));
	at.ticks += SECOND;
	keyring_memory_sweep(memory); /* too early to forget */
	(void)unwrapped(k, 9, STR("x"));
	assert_int_equal(asked.unwraps, 1);
	at.ticks += SECOND;
	(void)unwrapped(k, 9, STR("x")); /* being asked for does not make it live longer */
	assert_int_equal(asked.unwraps, 2);
	keyring_memory_sweep(NULL);
}

static void a_question_too_long_to_keep_is_asked_each_time(void **state)
{
	struct keyring_memory *memory;
	OWNED(keyring_done) struct keyring *k = remembering(&memory);
	char text[1000];

	(void)state;
	memset(text, 'x', sizeof text);
	(void)mac_of(k, MAC_TOKEN, 0, str_bytes(text, sizeof text));
	(void)mac_of(k, MAC_TOKEN, 0, str_bytes(text, sizeof text - 1));
	assert_int_equal(asked.macs, 2);
}

static void the_keyring_below_is_closed_with_it(void **state)
{
	struct keyring_memory *memory;
	struct keyring *k = remembering(&memory);

	(void)state;
	keyring_done(&k);
	assert_true(asked.closed);
}

TESTS(crypt_keyring_memory, test(the_same_question_is_asked_once), test(another_question_gets_its_own_answer),
      test(proofs_and_addresses_are_never_remembered), test(a_refusal_is_not_remembered),
      test(a_moment_ends_whether_it_is_swept_or_not), test(a_question_too_long_to_keep_is_asked_each_time),
      test(the_keyring_below_is_closed_with_it))
