#include "test/support/support.h"

#include "crypt/crypt.h"

#include <stdio.h>
#include <string.h>

static str made(struct arena *a, const char *dir, const char *command)
{
	str path;
	assert_int_equal(test_shell("cd '%s' && rm -f key.pem && (%s) 2>/dev/null", dir, command), 0);
	assert_ok(str_format(a, &path, "%s/key.pem", dir));
	return test_file(a, path.at);
}

/* RFC 8463 A.2: the private key, and the public key in the record. */
static void ed25519_key_of_rfc8463_gives_its_public_key(void **state)
{
	static const uint8_t prefix[] = { 0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06,
					  0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20 }; /* RFC 8410 7 */
	char room[64], text[256], public_room[64], public_text[64];
	struct buf der = BUF_ON(room), pem = BUF_ON(text), raw = BUF_ON(public_room), spelled = BUF_ON(public_text);
	struct signing_key *k = NULL;
	(void)state;
	buf_add(&der, str_bytes(prefix, sizeof prefix));
	assert_ok(base64_decode(STR("nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A="), &der));
	buf_add(&pem, STR("-----BEGIN PRIVATE KEY-----\n"));
	buf_add_base64(&pem, buf_str(&der));
	buf_add(&pem, STR("\n-----END PRIVATE KEY-----\n"));
	assert_ok(signing_key_read(buf_str(&pem), &k, NULL));
	assert_int_equal(signing_key_algorithm(k), SIGNATURE_ED25519_SHA256);
	assert_int_equal(signing_key_bits(k), 256);
	assert_ok(signing_key_public(k, &raw));
	buf_add_base64(&spelled, buf_str(&raw));
	assert_str(buf_str(&spelled), STR("11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="));
	signing_key_done(&k);
}

static void unfit_private_keys_are_refused_in_words(void **state)
{
	static const struct {
		const char *command, *word;
	} rows[] = {
		{ "openssl genrsa -out key.pem 1024", "1024" },
		{ "openssl genrsa -out key.pem 2047", "2047" },
		{ "openssl ecparam -name prime256v1 -genkey -noout -out key.pem", "EC" },
		{ "openssl genpkey -algorithm ed448 -out key.pem", "ED448" },
		{ "openssl genpkey -algorithm ed25519 -aes256 -pass pass:x -out key.pem", "unencrypted" },
		{ "openssl genpkey -algorithm rsa-pss -pkeyopt rsa_keygen_bits:2048 -out key.pem", "RSA-PSS" },
		{ "echo nothing > key.pem", "PEM" },
		{ ": > key.pem", "PEM" },
	};
	const char *dir = test_dir();
	OWNED(arena_done) struct arena *a = NULL;
	struct signing_key *k = NULL;
	(void)state;
	assert_ok(arena_open(1 << 20, &a));
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct fault f = { 0 };
		assert_why(NEVER, KEY, signing_key_read(made(a, dir, rows[i].command), &k, &f));
		if (!strstr(f.what, rows[i].word))
			print_error("%s: %s\n", rows[i].command, f.what);
		assert_non_null(strstr(f.what, rows[i].word));
		assert_null(k);
	}
}

struct pair {
	enum signature_algorithm how;
	struct signing_key *key;
	char public_room[1024], signature_room[SIGNATURE_MAX];
	struct buf public_key, signature;
	str pem;
	uint8_t digest[SHA256_LEN];
};

static void sign_something(struct arena *a, enum signature_algorithm how, struct pair *p)
{
	*p = (struct pair){ .how = how };
	p->public_key = BUF_ON(p->public_room);
	p->signature = BUF_ON(p->signature_room);
	assert_ok(signing_key_new(how, 2048, a, &p->pem));
	assert_ok(signing_key_read(p->pem, &p->key, NULL));
	assert_int_equal(signing_key_algorithm(p->key), how);
	assert_ok(signing_key_public(p->key, &p->public_key));
	assert_ok(sha256(STR("what is signed"), p->digest));
	assert_ok(signing_key_sign(p->key, p->digest, &p->signature));
}

static err verify(const struct pair *p, unsigned *bits)
{
	return signature_verify(p->how, buf_str(&p->public_key), p->digest, buf_str(&p->signature), bits);
}

static void signatures_verify_until_a_bit_changes(void **state)
{
	OWNED(arena_done) struct arena *a = NULL;
	(void)state;
	assert_ok(arena_open_secret(1 << 20, &a));
	for (int how = SIGNATURE_RSA_SHA256; how <= SIGNATURE_ED25519_SHA256; how++) {
		struct pair p;
		unsigned bits = 0;
		sign_something(a, (enum signature_algorithm)how, &p);
		assert_ok(verify(&p, &bits));
		assert_int_equal(bits, how == SIGNATURE_ED25519_SHA256 ? 256 : 2048);
		for (size_t i = 0; i < p.signature.len; i += 7) {
			p.signature.at[i] ^= 4;
			assert_why(NEVER, SIGNATURE, verify(&p, &bits));
			p.signature.at[i] ^= 4;
		}
		p.digest[31] ^= 1;
		assert_why(NEVER, SIGNATURE, verify(&p, &bits));
		p.digest[31] ^= 1;
		p.signature.len--;
		assert_why(NEVER, SIGNATURE, verify(&p, &bits));
		p.signature.len = 0;
		assert_why(NEVER, SIGNATURE, verify(&p, &bits));
		signing_key_done(&p.key);
	}
}

static void put(const char *dir, const char *name, str bytes)
{
	char path[512];
	snprintf(path, sizeof path, "%s/%s", dir, name);
	test_file_write(path, bytes);
}

static void openssl_accepts_our_signatures(void **state)
{
	static const char *const options[] = { "-pkeyopt rsa_padding_mode:pkcs1 -pkeyopt digest:sha256", "-rawin" };
	const char *dir = test_dir();
	OWNED(arena_done) struct arena *a = NULL;
	(void)state;
	assert_ok(arena_open_secret(1 << 20, &a));
	for (int how = SIGNATURE_RSA_SHA256; how <= SIGNATURE_ED25519_SHA256; how++) {
		struct pair p;
		sign_something(a, (enum signature_algorithm)how, &p);
		put(dir, "key.pem", p.pem);
		put(dir, "digest", str_bytes(p.digest, sizeof p.digest));
		put(dir, "signature", buf_str(&p.signature));
		assert_int_equal(test_shell("cd '%s' && openssl pkeyutl -verify -inkey key.pem %s -in digest"
					    " -sigfile signature >/dev/null 2>&1",
					    dir, options[how]),
				 0);
		signing_key_done(&p.key);
	}
}

static err judged(struct arena *a, const char *dir, const char *name, unsigned *bits)
{
	static const uint8_t digest[SHA256_LEN] = { 0 };
	str path;
	assert_ok(str_format(a, &path, "%s/%s", dir, name));
	return signature_verify(SIGNATURE_RSA_SHA256, test_file(a, path.at), digest, STR("x"), bits);
}

static void unfit_public_keys_are_refused(void **state)
{
	const char *dir = test_dir();
	OWNED(arena_done) struct arena *a = NULL;
	uint8_t digest[SHA256_LEN] = { 0 };
	unsigned bits = 0;
	(void)state;
	assert_ok(arena_open(1 << 20, &a));
	assert_int_equal(test_shell("cd '%s' && (openssl genrsa -out s.pem 512 && openssl genrsa -out b.pem 2048 && "
				    "openssl rsa -in s.pem -pubout -outform der -out short && "
				    "openssl rsa -in b.pem -pubout -outform der -out full && "
				    "openssl rsa -in b.pem -RSAPublicKey_out -outform der -out bare && "
				    "(cat full; echo) > long) 2>/dev/null",
				    dir),
			 0);
	assert_why(NEVER, KEY, judged(a, dir, "short", &bits));
	assert_int_equal(bits, 512);
	assert_why(NEVER, KEY, judged(a, dir, "long", &bits));
	/* RFC 6376 3.6.1 says RSAPublicKey, its erratum the other: both are met. */
	assert_why(NEVER, SIGNATURE, judged(a, dir, "full", &bits));
	assert_why(NEVER, SIGNATURE, judged(a, dir, "bare", &bits));
	assert_int_equal(bits, 2048);
	assert_why(NEVER, KEY, signature_verify(SIGNATURE_RSA_SHA256, STR(""), digest, STR("x"), &bits));
	assert_why(NEVER, KEY, signature_verify(SIGNATURE_ED25519_SHA256, STR("short"), digest, STR("x"), &bits));
}

static void a_new_key_of_1024_bits_is_not_made(void **state)
{
	OWNED(arena_done) struct arena *a = NULL;
	str pem = STR_NONE;
	(void)state;
	assert_ok(arena_open_secret(1 << 20, &a));
	assert_why(NEVER, KEY, signing_key_new(SIGNATURE_RSA_SHA256, 1024, a, &pem));
	assert_int_equal(pem.len, 0);
}

TESTS(crypt_signature, test(ed25519_key_of_rfc8463_gives_its_public_key), test(unfit_private_keys_are_refused_in_words),
      test(signatures_verify_until_a_bit_changes), test(openssl_accepts_our_signatures),
      test(unfit_public_keys_are_refused), test(a_new_key_of_1024_bits_is_not_made))
