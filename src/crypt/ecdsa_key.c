/* ECDSA on P-256: the keys of an account at a certificate authority and of the certificates it gives. */
#include "crypt/library.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdlib.h>

enum { HALF = 32, DER_MAX = 80, POINT_MAX = 1 + 2 * HALF };

struct ecdsa_key {
	EVP_PKEY *pkey;
};

void ecdsa_key_done(struct ecdsa_key **k)
{
	if (*k)
		pkey_done(&(*k)->pkey); /* wipes the private part */
	free(*k);
	*k = NULL;
}

err ecdsa_key_new(struct arena *secret, str *pem)
{
	OWNED(pkey_done) EVP_PKEY *key = EVP_EC_gen("P-256");
	OWNED(bio_done) BIO *bio = BIO_new(BIO_s_secmem());
	char *text = NULL;

	if (!key || !bio || !PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL))
		return BROKEN(CRYPTO, "a key could not be made");
	long len = BIO_get_mem_data(bio, &text);
	return str_copy(secret, str_bytes(text, (size_t)len), pem);
}

err ecdsa_key_open(str pem, struct ecdsa_key **out)
{
	OWNED(ecdsa_key_done) struct ecdsa_key *k = calloc(1, sizeof *k);
	OWNED(bio_done) BIO *bio = BIO_new_mem_buf(bytes_of(pem), (int)pem.len);
	char group[32] = "";

	if (!k || !bio)
		return LATER(MEMORY, "no memory for a key");
	k->pkey = PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL);
	if (!k->pkey || !EVP_PKEY_get_group_name(k->pkey, group, sizeof group, NULL) ||
	    !str_same(str_of(group), STR("prime256v1")))
		return NEVER(KEY, "this is no ECDSA key on P-256 in PEM");
	*out = k;
	k = NULL;
	return OK;
}

err ecdsa_key_point(const struct ecdsa_key *k, uint8_t x[HALF], uint8_t y[HALF])
{
	unsigned char point[POINT_MAX];
	size_t len = 0;

	if (!EVP_PKEY_get_octet_string_param(k->pkey, OSSL_PKEY_PARAM_ENCODED_PUBLIC_KEY, point, sizeof point, &len) ||
	    len != POINT_MAX || point[0] != 4)
		return BROKEN(CRYPTO, "the public key could not be read");
	memcpy(x, point + 1, HALF);
	memcpy(y, point + 1 + HALF, HALF);
	return OK;
}

/* RFC 7518 3.4: the two numbers side by side, not the DER that the library makes. */
static err side_by_side(const unsigned char *der, size_t len, uint8_t out[ECDSA_SIGNATURE])
{
	ECDSA_SIG *s = d2i_ECDSA_SIG(NULL, &der, (long)len);
	bool fine = s && BN_bn2binpad(ECDSA_SIG_get0_r(s), out, HALF) == HALF &&
		    BN_bn2binpad(ECDSA_SIG_get0_s(s), out + HALF, HALF) == HALF;

	ECDSA_SIG_free(s);
	return fine ? OK : BROKEN(CRYPTO, "the signature could not be made");
}

err ecdsa_key_sign(const struct ecdsa_key *k, str bytes, uint8_t signature[ECDSA_SIGNATURE])
{
	OWNED(digest_ctx_done) EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	unsigned char der[DER_MAX];
	size_t len = sizeof der;

	if (!ctx || EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, k->pkey) != 1 ||
	    EVP_DigestSign(ctx, der, &len, bytes_of(bytes), bytes.len) != 1)
		return BROKEN(CRYPTO, "the signature could not be made");
	return side_by_side(der, len, signature);
}

/* ── What is asked of an authority, and shown to it ──────────────────────────────────────────────── */

static void request_done(X509_REQ **r)
{
	X509_REQ_free(*r);
}

static bool add_host(X509_REQ *r, const char *names)
{
	X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, names);
	STACK_OF(X509_EXTENSION) *all = sk_X509_EXTENSION_new_null();
	bool fine = e && all && sk_X509_EXTENSION_push(all, e) == 1;

	if (!fine)
		X509_EXTENSION_free(e);
	fine = fine && X509_REQ_add_extensions(r, all);
	sk_X509_EXTENSION_pop_free(all, X509_EXTENSION_free);
	return fine;
}

err certificate_request(const struct ecdsa_key *k, str host, struct arena *a, str *der)
{
	OWNED(request_done) X509_REQ *r = X509_REQ_new();
	unsigned char *bytes = NULL;
	const char *names;
	str text;

	TRY(str_format(a, &text, "DNS:%.*s", STR_ARG(host)));
	TRY(str_c(a, text, &names));
	if (!r || !X509_REQ_set_pubkey(r, k->pkey) || !add_host(r, names) || !X509_REQ_sign(r, k->pkey, EVP_sha256()))
		return BROKEN(CRYPTO, "a request for a certificate could not be made");
	int len = i2d_X509_REQ(r, &bytes);
	if (len <= 0)
		return BROKEN(CRYPTO, "a request for a certificate could not be made");
	err e = str_copy(a, str_bytes(bytes, (size_t)len), der);
	OPENSSL_free(bytes);
	return e;
}
