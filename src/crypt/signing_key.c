/* The private side of DKIM signatures: RSA of 2048 to 4096 bits and Ed25519. A key is parsed once and then serves
 * all threads: each signature is made in a copy of a context that was prepared with the key, because preparing one
 * looks algorithms up by their names, under locks. */
#include "crypt/library.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <stdlib.h>

enum { RSA_LEAST = 2048, RSA_MOST = 4096, ED25519_BITS = 256, ED25519_PUBLIC = 32 };

struct signing_key {
	EVP_PKEY *pkey;
	EVP_PKEY_CTX *rsa; /* prepared, never used itself */
	EVP_MD_CTX *ed25519;
	enum signature_algorithm algorithm;
	unsigned bits;
};

void signing_key_done(struct signing_key **k)
{
	if (*k) {
		pkey_ctx_done(&(*k)->rsa);
		digest_ctx_done(&(*k)->ed25519);
		pkey_done(&(*k)->pkey); /* wipes the private parts */
		free(*k);
	}
	*k = NULL;
}

enum signature_algorithm signing_key_algorithm(const struct signing_key *k)
{
	return k->algorithm;
}

unsigned signing_key_bits(const struct signing_key *k)
{
	return k->bits;
}

static err prepare(struct signing_key *k)
{
	const struct crypt_library *lib;

	TRY(crypt_library(&lib));
	if (k->algorithm == SIGNATURE_ED25519_SHA256) {
		k->ed25519 = EVP_MD_CTX_new();
		if (!k->ed25519 || EVP_DigestSignInit(k->ed25519, NULL, NULL, NULL, k->pkey) <= 0)
			return BROKEN(CRYPTO, "an Ed25519 key could not be prepared");
		return OK;
	}
	k->rsa = EVP_PKEY_CTX_new_from_pkey(NULL, k->pkey, NULL);
	if (!k->rsa || EVP_PKEY_sign_init(k->rsa) <= 0 ||
	    EVP_PKEY_CTX_set_rsa_padding(k->rsa, RSA_PKCS1_PADDING) <= 0 ||
	    EVP_PKEY_CTX_set_signature_md(k->rsa, lib->sha256) <= 0)
		return BROKEN(CRYPTO, "an RSA key could not be prepared");
	return OK;
}

static err rsa_sign(struct signing_key *k, const uint8_t digest[SHA256_LEN], uint8_t *to, size_t *len)
{
	OWNED(pkey_ctx_done) EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_dup(k->rsa);

	if (!ctx || EVP_PKEY_sign(ctx, to, len, digest, SHA256_LEN) <= 0)
		return BROKEN(CRYPTO, "an RSA signature could not be made");
	return OK;
}

/* RFC 8463 3: PureEdDSA over the digest, which is the message here. */
static err ed25519_sign(struct signing_key *k, const uint8_t digest[SHA256_LEN], uint8_t *to, size_t *len)
{
	OWNED(digest_ctx_done) EVP_MD_CTX *ctx = EVP_MD_CTX_new();

	if (!ctx || !EVP_MD_CTX_copy_ex(ctx, k->ed25519) || EVP_DigestSign(ctx, to, len, digest, SHA256_LEN) <= 0)
		return BROKEN(CRYPTO, "an Ed25519 signature could not be made");
	return OK;
}

err signing_key_sign(struct signing_key *k, const uint8_t digest[SHA256_LEN], struct buf *signature)
{
	uint8_t made[SIGNATURE_MAX];
	size_t len = sizeof made;

	TRY(k->algorithm == SIGNATURE_ED25519_SHA256 ? ed25519_sign(k, digest, made, &len)
						     : rsa_sign(k, digest, made, &len));
	buf_add(signature, str_bytes(made, len));
	return buf_check(signature);
}

err signing_key_public(const struct signing_key *k, struct buf *out)
{
	uint8_t raw[ED25519_PUBLIC];
	size_t len = sizeof raw;

	if (k->algorithm == SIGNATURE_ED25519_SHA256) {
		if (!EVP_PKEY_get_raw_public_key(k->pkey, raw, &len))
			return BROKEN(CRYPTO, "a public key could not be written");
		buf_add(out, str_bytes(raw, len));
		return buf_check(out);
	}
	unsigned char *der = NULL;
	int der_len = i2d_PUBKEY(k->pkey, &der);
	if (der_len <= 0)
		return BROKEN(CRYPTO, "a public key could not be written");
	buf_add(out, str_bytes(der, (size_t)der_len));
	OPENSSL_free(der);
	return buf_check(out);
}

/* ── Reading ─────────────────────────────────────────────────────────────────────────────────────── */

/* Without it the library would ask on the terminal. */
static int no_passphrase(char *to, int max, int writing, void *state)
{
	(void)to, (void)max, (void)writing, (void)state;
	return -1;
}

static err judge(struct signing_key *k, struct fault *fault)
{
	k->bits = (unsigned)EVP_PKEY_get_bits(k->pkey);
	if (EVP_PKEY_is_a(k->pkey, "ED25519")) {
		k->algorithm = SIGNATURE_ED25519_SHA256;
		k->bits = ED25519_BITS;
		return OK;
	}
	k->algorithm = SIGNATURE_RSA_SHA256;
	if (!EVP_PKEY_is_a(k->pkey, "RSA")) {
		fault_set(fault, "a DKIM key is RSA or Ed25519, this one is %s", EVP_PKEY_get0_type_name(k->pkey));
		return NEVER(KEY, "the key is of another kind");
	}
	if (k->bits < RSA_LEAST || k->bits > RSA_MOST) {
		fault_set(fault,
			  "an RSA key of %u bits is refused: RFC 8301 asks for 2048 to 4096; make one with "
			  "`letterlock key new dkim`",
			  k->bits);
		return NEVER(KEY, "the RSA key has the wrong size");
	}
	return OK;
}

/* A key whose halves do not belong together would make signatures that nobody can verify. */
static err tried(struct signing_key *k, struct fault *fault)
{
	static const uint8_t digest[SHA256_LEN] = { 0 };
	char public_room[2 * SIGNATURE_MAX], signature_room[SIGNATURE_MAX];
	struct buf public_key = BUF_ON(public_room), signature = BUF_ON(signature_room);

	TRY(signing_key_public(k, &public_key));
	if (failed(signing_key_sign(k, digest, &signature)) ||
	    failed(signature_verify(k->algorithm, buf_str(&public_key), digest, buf_str(&signature), NULL))) {
		fault_set(fault, "the key is damaged: what it signs does not verify");
		return NEVER(KEY, "the key is damaged");
	}
	return OK;
}

static err read_pem(struct signing_key *k, str pem, struct fault *fault)
{
	OWNED(bio_done) BIO *bio = BIO_new_mem_buf(bytes_of(pem), pem.len > INT32_MAX ? 0 : (int)pem.len);

	if (!bio)
		return LATER(MEMORY, "no memory for a key");
	k->pkey = PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, NULL);
	ERR_clear_error();
	if (!k->pkey) {
		fault_set(fault, "this is not an unencrypted private key in PEM form (PKCS #8 or PKCS #1)");
		return NEVER(KEY, "the key could not be read");
	}
	TRY(judge(k, fault));
	TRY(prepare(k));
	return tried(k, fault);
}

err signing_key_read(str pem, struct signing_key **out, struct fault *fault)
{
	struct signing_key *k = calloc(1, sizeof *k);

	if (!k)
		return LATER(MEMORY, "no memory for a key");
	err e = read_pem(k, pem, fault);
	if (failed(e))
		signing_key_done(&k);
	else
		*out = k;
	return e;
}

/* ── Making ──────────────────────────────────────────────────────────────────────────────────────── */

/* The library's generator is seeded by the kernel; if that fails, so does this. */
static EVP_PKEY *generate(enum signature_algorithm how, unsigned bits)
{
	if (how == SIGNATURE_ED25519_SHA256)
		return EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	return EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)bits);
}

err signing_key_new(enum signature_algorithm how, unsigned bits, struct arena *secret, str *pem)
{
	const struct crypt_library *lib;
	char *text = NULL;

	TRY(crypt_library(&lib));
	if (how == SIGNATURE_RSA_SHA256 && (bits < RSA_LEAST || bits > RSA_MOST))
		return NEVER(KEY, "an RSA key has 2048 to 4096 bits");
	OWNED(pkey_done) EVP_PKEY *key = generate(how, bits);
	if (!key)
		return BROKEN(CRYPTO, "a key could not be made");
	OWNED(bio_done) BIO *bio = BIO_new(BIO_s_secmem());
	if (!bio || !PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL))
		return BROKEN(CRYPTO, "a key could not be written");
	long len = BIO_get_mem_data(bio, &text);
	return str_copy(secret, str_bytes(text, (size_t)len), pem);
}
