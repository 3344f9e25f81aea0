#include "crypt/pdf_key.h"

#include "crypt/library.h"

#include <pthread.h>
#include <string.h>

enum {
	ENTRY = PDF_HASH + 2 * PDF_SALT,
	COPIES = 64,
	DIGEST_MAX = 64,
	ROUNDS_LEAST = 64,
	ROUND_MAX = COPIES * (PDF_PASSWORD_MAX + DIGEST_MAX + ENTRY),
};

static struct {
	EVP_CIPHER *aes_128_cbc, *aes_256_cbc, *aes_256_ecb;
	EVP_MD *digests[3]; /* by the remainder of three */
} the;
static pthread_once_t fetched = PTHREAD_ONCE_INIT;

static void fetch(void)
{
	the.aes_128_cbc = EVP_CIPHER_fetch(NULL, "AES-128-CBC", NULL);
	the.aes_256_cbc = EVP_CIPHER_fetch(NULL, "AES-256-CBC", NULL);
	the.aes_256_ecb = EVP_CIPHER_fetch(NULL, "AES-256-ECB", NULL);
	the.digests[0] = EVP_MD_fetch(NULL, "SHA256", NULL);
	the.digests[1] = EVP_MD_fetch(NULL, "SHA384", NULL);
	the.digests[2] = EVP_MD_fetch(NULL, "SHA512", NULL);
}

err pdf_key_prepare(void)
{
	(void)pthread_once(&fetched, fetch);
	if (!the.aes_128_cbc || !the.aes_256_cbc || !the.aes_256_ecb || !the.digests[0] || !the.digests[1] ||
	    !the.digests[2])
		return BROKEN(CRYPTO, "the crypto library lacks an algorithm of PDF, or memory");
	return OK;
}

/* ── Algorithm 2.B ───────────────────────────────────────────────────────────────────────────────── */

struct hashing {
	EVP_CIPHER_CTX *cipher;
	EVP_MD_CTX *digest;
	uint8_t k[DIGEST_MAX];
	unsigned k_len;
	uint8_t round[ROUND_MAX];
};

static void hashing_done(struct hashing *h)
{
	cipher_ctx_done(&h->cipher);
	digest_ctx_done(&h->digest);
	crypt_wipe(h->k, sizeof h->k);
	crypt_wipe(h->round, sizeof h->round);
}

static err library_failed(void)
{
	return BROKEN(CRYPTO, "hashing a PDF's password failed");
}

static err begin(struct hashing *h, str password, str salt, str u)
{
	const EVP_MD *sha256 = the.digests[0];

	if (!h->cipher || !h->digest || !EVP_DigestInit_ex2(h->digest, sha256, NULL) ||
	    !EVP_DigestUpdate(h->digest, bytes_of(password), password.len) ||
	    !EVP_DigestUpdate(h->digest, bytes_of(salt), salt.len) ||
	    !EVP_DigestUpdate(h->digest, bytes_of(u), u.len) || !EVP_DigestFinal_ex(h->digest, h->k, &h->k_len))
		return library_failed();
	return OK;
}

/* Step a: 64 times the same. Doubling copies takes fewer and longer ones. */
static size_t fill(struct hashing *h, str password, str u)
{
	struct buf b = { .at = (char *)h->round, .max = sizeof h->round };

	buf_add(&b, password);
	buf_add(&b, str_bytes(h->k, h->k_len));
	buf_add(&b, u);
	for (unsigned copies = 1; copies < COPIES; copies *= 2)
		buf_add(&b, buf_str(&b));
	must(!b.overflow);
	return b.len;
}

/* Step c: the first sixteen bytes as a number, by three; 256 leaves one, and so their sum does as well. */
static const EVP_MD *choose(const uint8_t *encrypted)
{
	unsigned sum = 0;

	for (size_t i = 0; i < PDF_CIPHER_BLOCK; i++)
		sum += encrypted[i];
	return the.digests[sum % 3];
}

/* Steps a to d; *last is the last byte that was encrypted. */
static err one_round(struct hashing *h, str password, str u, uint8_t *last)
{
	size_t len = fill(h, password, u);
	int written = 0;

	if (!EVP_EncryptInit_ex2(h->cipher, the.aes_128_cbc, h->k, h->k + PDF_CIPHER_BLOCK, NULL) ||
	    !EVP_CIPHER_CTX_set_padding(h->cipher, 0) ||
	    !EVP_EncryptUpdate(h->cipher, h->round, &written, h->round, (int)len) || (size_t)written != len ||
	    !EVP_DigestInit_ex2(h->digest, choose(h->round), NULL) || !EVP_DigestUpdate(h->digest, h->round, len) ||
	    !EVP_DigestFinal_ex(h->digest, h->k, &h->k_len))
		return library_failed();
	*last = h->round[len - 1];
	return OK;
}

err pdf_key_hash(str password, str salt, str u, uint8_t out[PDF_HASH])
{
	OWNED(hashing_done) struct hashing h = { .cipher = EVP_CIPHER_CTX_new(), .digest = EVP_MD_CTX_new() };
	uint8_t last = 0;

	TRY(pdf_key_prepare());
	password = str_upto(password, PDF_PASSWORD_MAX);
	TRY(begin(&h, password, salt, u));
	for (unsigned round = 1; round <= ROUNDS_LEAST || last > round - 1 - 32; round++)
		TRY(one_round(&h, password, u, &last));
	memcpy(out, h.k, PDF_HASH);
	return OK;
}

/* ── Ciphers ─────────────────────────────────────────────────────────────────────────────────────── */

static err decrypt(const EVP_CIPHER *how, const uint8_t key[PDF_FILE_KEY], const uint8_t *iv, str from, uint8_t *to)
{
	OWNED(cipher_ctx_done) EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	int written = 0;

	if (from.len > INT_MAX)
		return NEVER(LIMIT, "too large for a part of a PDF");
	if (!ctx || !EVP_DecryptInit_ex2(ctx, how, key, iv, NULL) || !EVP_CIPHER_CTX_set_padding(ctx, 0) ||
	    !EVP_DecryptUpdate(ctx, to, &written, bytes_of(from), (int)from.len) || (size_t)written != from.len)
		return BROKEN(CRYPTO, "decrypting a PDF's parts failed");
	return OK;
}

err pdf_key_unseal(const uint8_t key[PDF_FILE_KEY], str sealed, uint8_t *to, size_t *len)
{
	str iv = str_upto(sealed, PDF_CIPHER_BLOCK), rest = str_from(sealed, iv.len);

	if (rest.len == 0 || rest.len % PDF_CIPHER_BLOCK)
		return NEVER(TAMPERED, "this is no encrypted part of a PDF");
	TRY(decrypt(the.aes_256_cbc, key, bytes_of(iv), rest, to));
	uint8_t padding = to[rest.len - 1];
	bool good = padding > 0 && padding <= PDF_CIPHER_BLOCK;
	for (size_t i = 0; good && i < padding; i++)
		good = to[rest.len - 1 - i] == padding;
	if (!good)
		return NEVER(TAMPERED, "this is no encrypted part of a PDF, or of another key");
	*len = rest.len - padding;
	return OK;
}

/* ── Opening ─────────────────────────────────────────────────────────────────────────────────────── */

static str hash_of(str entry)
{
	return str_upto(entry, PDF_HASH);
}

static str validation_salt(str entry)
{
	return str_upto(str_from(entry, PDF_HASH), PDF_SALT);
}

static str key_salt(str entry)
{
	return str_from(entry, PDF_HASH + PDF_SALT);
}

static err validate(str password, str entry, str u)
{
	uint8_t hash[PDF_HASH];

	TRY(pdf_key_hash(password, validation_salt(entry), u, hash));
	return crypt_same(str_bytes(hash, sizeof hash), hash_of(entry)) ? OK
									: NEVER(PROOF, "not the password of the PDF");
}

/* Algorithm 2.A, step e, for the user's password. */
static err unwrap(const struct pdf_entries *e, str user, uint8_t key[PDF_FILE_KEY])
{
	static const uint8_t zeros[PDF_CIPHER_BLOCK];
	uint8_t between[PDF_HASH];

	TRY(pdf_key_hash(user, key_salt(e->u), STR_NONE, between));
	err done = decrypt(the.aes_256_cbc, between, zeros, e->ue, key);
	crypt_wipe(between, sizeof between);
	return done;
}

/* Algorithm 13: the permissions again, where nobody without the key could write them. */
static err judge_permissions(const struct pdf_entries *e, const uint8_t key[PDF_FILE_KEY])
{
	uint8_t wanted[12] = { 0, 0, 0, 0, 0xFF, 0xFF, 0xFF, 0xFF, 'T', 'a', 'd', 'b' }, found[PDF_CIPHER_BLOCK];
	uint32_t p = (uint32_t)e->p;

	for (unsigned i = 0; i < 4; i++)
		wanted[i] = (uint8_t)(p >> 8 * i);
	TRY(decrypt(the.aes_256_ecb, key, NULL, e->perms, found));
	return crypt_same(str_bytes(found, sizeof wanted), str_bytes(wanted, sizeof wanted))
		       ? OK
		       : NEVER(TAMPERED, "the PDF's permissions are not those that were meant");
}

err pdf_key_open(const struct pdf_entries *e, str user, str owner, uint8_t key[PDF_FILE_KEY])
{
	uint8_t found[PDF_FILE_KEY];

	if (e->u.len != ENTRY || e->o.len != ENTRY || e->ue.len != PDF_FILE_KEY || e->perms.len != PDF_CIPHER_BLOCK)
		return NEVER(CRYPTO, "the PDF does not say what opens it as revision 6 does");
	TRY(pdf_key_prepare());
	TRY(validate(user, e->u, STR_NONE));
	TRY(validate(owner, e->o, e->u));
	err done = unwrap(e, user, found);
	if (!failed(done))
		done = judge_permissions(e, found);
	if (!failed(done))
		memcpy(key, found, sizeof found);
	crypt_wipe(found, sizeof found);
	return done;
}
