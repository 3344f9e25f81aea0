/* What we sign as OpenPGP is what GnuPG signs, to the byte: openpgp_vectors.py asked it. */
#include "test/support/support.h"

#include "crypt/openpgp.h"

#include <stdio.h>
#include <string.h>

static uint64_t counter = 1;

static const struct made_key {
	const char *seed;
	uint32_t created_at;
	const char *fingerprint, *body;
} keys[] = {
#define KEY(name, seed, created_at, fingerprint, body) { seed, created_at, fingerprint, body },
#define SIGNATURE(...)
#include "test/crypt/openpgp_vectors.def"
#undef KEY
#undef SIGNATURE
};

static const struct made_signature {
	size_t key;
	const char *content;
	uint32_t at;
	const char *packet;
} signatures[] = {
#define KEY(...)
#define SIGNATURE(...) { __VA_ARGS__ },
#include "test/crypt/openpgp_vectors.def"
};

/* ── A keyring with one of the keys ──────────────────────────────────────────────────────────────── */

static const char *filled(void)
{
	const struct entropy e = test_entropy(&counter);
	const char *dir = test_dir();
	for (enum key_kind kind = KEY_MASTER; kind <= KEY_LOOKUP; kind++)
		assert_ok(keyring_key_new(dir, kind, STR_NONE, STR_NONE, SIGNATURE_RSA_SHA256, DAY, &e, NULL));
	return dir;
}

static err make(const char *dir, moment at)
{
	const struct entropy e = test_entropy(&counter);
	return keyring_key_new(dir, KEY_OPENPGP, STR_NONE, STR_NONE, SIGNATURE_RSA_SHA256, at, &e, NULL);
}

static struct keyring *opened(const char *dir)
{
	const struct entropy e = test_entropy(&counter);
	struct keyring *k = NULL;
	struct fault f = { 0 };
	err done = keyring_open(dir, &e, &k, &f);
	if (failed(done))
		print_error("%s: %s\n", f.where, f.what);
	assert_ok(done);
	return k;
}

/* RFC 8410 7: the seed as PKCS #8. */
static void place(const char *dir, const struct made_key *key)
{
	static const uint8_t prefix[] = { 0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06,
					  0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20 };
	char room[64], text[512], path[512];
	struct buf der = BUF_ON(room), file = BUF_ON(text);
	buf_add(&der, str_bytes(prefix, sizeof prefix));
	assert_ok(hex_decode((str){ key->seed, strlen(key->seed) }, &der));
	buf_add(&file, STR("# letterlock key; kind=openpgp; number=1; created="));
	buf_add_moment(&file, key->created_at * SECOND);
	buf_add(&file, STR("; retired=no\n-----BEGIN PRIVATE KEY-----\n"));
	buf_add_base64(&file, buf_str(&der));
	buf_add(&file, STR("\n-----END PRIVATE KEY-----\n"));
	snprintf(path, sizeof path, "%s/openpgp-1.pem", dir);
	test_file_write(path, buf_str(&file));
	assert_int_equal(test_shell("chmod 600 '%s'", path), 0);
}

static struct keyring *keyring_of(const struct made_key *key)
{
	const char *dir = filled();
	place(dir, key);
	return opened(dir);
}

/* The bytes between the empty line and the checksum. */
static void dearmor(str armored, struct buf *out)
{
	str line, rest = str_from(armored, (size_t)str_find(armored, STR("\n\r\n")) + 3);
	while (str_cut(rest, '\n', &line, &rest) && !str_starts(line, STR("=")))
		assert_ok(base64_decode(str_trim(line), out));
}

static err sign(const struct openpgp_signer *s, str content, moment at, struct buf *armored)
{
	OWNED(hash_done) struct hash *h = NULL;
	assert_ok(hash_open(&h));
	assert_ok(hash_add(h, content));
	return openpgp_sign(s, at, h, armored);
}

/* ── Tests ───────────────────────────────────────────────────────────────────────────────────────── */

static void signatures_are_those_of_gnupg_to_the_byte(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(signatures); i++) {
		const struct made_signature *want = &signatures[i];
		struct keyring *k = keyring_of(&keys[want->key]);
		char armor_room[OPENPGP_ARMOR_MAX], packet_room[400], text_room[800];
		struct buf armored = BUF_ON(armor_room), packet = BUF_ON(packet_room), text = BUF_ON(text_room);
		struct openpgp_signer s;
		assert_ok(openpgp_signer_find(k, &s, NULL));
		assert_ok(sign(&s, (str){ want->content, strlen(want->content) }, want->at * SECOND, &armored));
		dearmor(buf_str(&armored), &packet);
		assert_int_equal((unsigned char)packet.at[0], 0xC2);
		assert_int_equal((unsigned char)packet.at[1], packet.len - 2);
		buf_add_hex(&text, str_from(buf_str(&packet), 2));
		assert_str(buf_str(&text), ((str){ want->packet, strlen(want->packet) }));
		keyring_done(&k);
	}
}

static void key_and_fingerprint_are_those_of_gnupg(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(keys); i++) {
		struct keyring *k = keyring_of(&keys[i]);
		char room[OPENPGP_PUBLIC_MAX], print_room[64], text_room[800];
		struct buf binary = BUF_ON(room), print = BUF_ON(print_room), text = BUF_ON(text_room);
		struct openpgp_signer s;
		assert_ok(openpgp_signer_find(k, &s, NULL));
		openpgp_fingerprint(&s.key, &print);
		assert_str(buf_str(&print), ((str){ keys[i].fingerprint, strlen(keys[i].fingerprint) }));
		assert_ok(openpgp_public(&s, STR("a@b.example"), &binary));
		assert_int_equal((unsigned char)binary.at[0], 0xC6);
		buf_add_hex(&text, str_upto(str_from(buf_str(&binary), 2), (unsigned char)binary.at[1]));
		assert_str(buf_str(&text), ((str){ keys[i].body, strlen(keys[i].body) }));
		keyring_done(&k);
	}
}

static void one_content_after_the_other_goes_through_one_hash(void **state)
{
	struct keyring *k = keyring_of(&keys[0]);
	char first_room[OPENPGP_ARMOR_MAX], second_room[OPENPGP_ARMOR_MAX];
	struct buf first = BUF_ON(first_room), second = BUF_ON(second_room);
	OWNED(hash_done) struct hash *h = NULL;
	struct openpgp_signer s;
	(void)state;
	assert_ok(openpgp_signer_find(k, &s, NULL));
	assert_ok(hash_open(&h));
	assert_ok(hash_add(h, STR("con")));
	assert_ok(hash_add(h, STR("tent")));
	assert_ok(openpgp_sign(&s, 2000000000 * SECOND, h, &first));
	assert_ok(hash_add(h, STR("content")));
	assert_ok(openpgp_sign(&s, 2000000000 * SECOND, h, &second));
	assert_str(buf_str(&first), buf_str(&second));
	keyring_done(&k);
}

static void what_is_no_moment_or_no_user_id_is_refused(void **state)
{
	static const char *const bad[] = { "", "line\nbreak", "bell\a", "\xff" };
	struct keyring *k = keyring_of(&keys[0]);
	char room[OPENPGP_PUBLIC_MAX], longest[OPENPGP_USER_ID_MAX + 1];
	struct openpgp_signer s;
	(void)state;
	assert_ok(openpgp_signer_find(k, &s, NULL));
	for (size_t i = 0; i < COUNT(bad); i++)
		assert_why(NEVER, LIMIT, openpgp_public(&s, (str){ bad[i], strlen(bad[i]) }, &BUF_ON(room)));
	memset(longest, 'x', sizeof longest);
	assert_why(NEVER, LIMIT, openpgp_public(&s, str_bytes(longest, sizeof longest), &BUF_ON(room)));
	assert_ok(openpgp_public(&s, str_bytes(longest, sizeof longest - 1), &BUF_ON(room)));
	assert_why(LATER, CLOCK, sign(&s, STR("x"), keys[0].created_at * SECOND - 1, &BUF_ON(room)));
	assert_ok(sign(&s, STR("x"), keys[0].created_at * SECOND, &BUF_ON(room)));
	assert_why(LATER, CLOCK, sign(&s, STR("x"), ((moment)UINT32_MAX + 1) * SECOND, &BUF_ON(room)));
	keyring_done(&k);
}

static void the_newest_key_signs_and_a_retired_one_no_more(void **state)
{
	const char *dir = filled();
	struct keyring *k = opened(dir);
	struct openpgp_signer s, old;
	struct fault f = { 0 };
	char room[OPENPGP_ARMOR_MAX];
	(void)state;
	assert_why(NEVER, KEY, openpgp_signer_find(k, &s, &f));
	assert_non_null(strstr(f.what, "key new openpgp"));
	keyring_done(&k);
	assert_ok(make(dir, 2 * DAY));
	assert_why(NEVER, STATE, keyring_key_retire(dir, KEY_OPENPGP, 1, STR_NONE, STR_NONE, &f));
	k = opened(dir);
	assert_ok(openpgp_signer_find(k, &old, NULL));
	assert_int_equal(old.key.number, 1);
	assert_int_equal(old.key.created_at, 2 * DAY / SECOND);
	keyring_done(&k);
	assert_ok(make(dir, 3 * DAY));
	assert_ok(keyring_key_retire(dir, KEY_OPENPGP, 1, STR_NONE, STR_NONE, &f));
	k = opened(dir);
	assert_ok(openpgp_signer_find(k, &s, NULL));
	assert_int_equal(s.key.number, 2);
	old.keys = k;
	assert_why(NEVER, KEY, sign(&old, STR("x"), 4 * DAY, &BUF_ON(room)));
	keyring_done(&k);
}

static void dkim_never_signs_with_it_and_no_other_kind_of_key_is_one(void **state)
{
	const uint8_t digest[SHA256_LEN] = { 1 };
	const char *dir = filled();
	const struct entropy e = test_entropy(&counter);
	char room[SIGNATURE_MAX];
	struct keyring *k;
	struct fault f = { 0 };
	(void)state;
	place(dir, &keys[0]);
	k = opened(dir);
	assert_why(NEVER, KEY, keyring_sign(k, STR_NONE, STR_NONE, digest, &BUF_ON(room)));
	keyring_done(&k);
	assert_int_equal(test_shell("cd '%s' && head -1 openpgp-1.pem >n && openssl genrsa 2048 >>n 2>/dev/null && "
				    "chmod 600 n && mv n openpgp-1.pem",
				    dir),
			 0);
	assert_why(NEVER, KEY, keyring_open(dir, &e, &k, &f));
	assert_non_null(strstr(f.what, "Ed25519"));
}

TESTS(openpgp, test(signatures_are_those_of_gnupg_to_the_byte), test(key_and_fingerprint_are_those_of_gnupg),
      test(one_content_after_the_other_goes_through_one_hash), test(what_is_no_moment_or_no_user_id_is_refused),
      test(the_newest_key_signs_and_a_retired_one_no_more),
      test(dkim_never_signs_with_it_and_no_other_kind_of_key_is_one))
