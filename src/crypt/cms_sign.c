/* Signatures that stand beside what they sign (RFC 5652 section 5, RFC 8551 section 2.5). */
#include "crypt/cms_inside.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <stdlib.h>

struct cms_signer {
	struct mail_certificate *certificate;
	EVP_PKEY *key;
	size_t room;
};

struct cms_signing {
	CMS_ContentInfo *cms;
	BIO *stream; /* hashes what is written, and passes it to nobody */
};

void cms_signer_done(struct cms_signer **s)
{
	if (*s) {
		mail_certificate_done(&(*s)->certificate);
		pkey_done(&(*s)->key); /* wipes the private parts */
		free(*s);
	}
	*s = NULL;
}

const struct mail_certificate *cms_signer_certificate(const struct cms_signer *s)
{
	return s->certificate;
}

size_t cms_signer_room(const struct cms_signer *s)
{
	return s->room;
}

/* ── The signer ──────────────────────────────────────────────────────────────────────────────────── */

/* Without it the library would ask on the terminal. */
static int no_passphrase(char *to, int max, int writing, void *state)
{
	(void)to, (void)max, (void)writing, (void)state;
	return -1;
}

static err read_key(struct cms_signer *s, str pem, struct fault *fault)
{
	OWNED(bio_done) BIO *bio = BIO_new_mem_buf(bytes_of(pem), pem.len > INT32_MAX ? 0 : (int)pem.len);

	if (!bio)
		return LATER(MEMORY, "no memory for a key");
	s->key = PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, NULL);
	ERR_clear_error();
	if (!s->key) {
		fault_set(fault, "this is not an unencrypted private key in PEM form");
		return NEVER(KEY, "the key could not be read");
	}
	if (X509_check_private_key(s->certificate->x509, s->key) != 1) {
		ERR_clear_error();
		fault_set(fault, "the private key does not belong to the certificate");
		return NEVER(KEY, "key and certificate do not match");
	}
	return OK;
}

/* ── One signature ───────────────────────────────────────────────────────────────────────────────── */

void cms_signing_done(struct cms_signing **s)
{
	if (*s) {
		cms_chain_done(&(*s)->stream);
		cms_done(&(*s)->cms);
		free(*s);
	}
	*s = NULL;
}

static err broken(void)
{
	ERR_clear_error();
	return BROKEN(CRYPTO, "a signature could not be made");
}

static void time_done(ASN1_TIME **t)
{
	ASN1_TIME_free(*t);
	*t = NULL;
}

/* The library would take the machine's clock (RFC 5652 11.3). */
static bool add_time(CMS_SignerInfo *signer, moment now)
{
	OWNED(time_done) ASN1_TIME *t = ASN1_TIME_set(NULL, (time_t)(now / SECOND));

	return t && CMS_signed_add1_attr_by_NID(signer, NID_pkcs9_signingTime, t->type, t, -1);
}

/* What may be sent to us in answer (RFC 8551 2.5.2); the library's own list still has 3DES and RC2. */
static bool add_capabilities(CMS_SignerInfo *signer)
{
	STACK_OF(X509_ALGOR) *able = NULL;
	bool fine = CMS_add_simple_smimecap(&able, NID_aes_256_gcm, -1) &&
		    CMS_add_simple_smimecap(&able, NID_aes_256_cbc, -1) && CMS_add_smimecap(signer, able);

	sk_X509_ALGOR_pop_free(able, X509_ALGOR_free);
	return fine;
}

static bool add_chain(CMS_ContentInfo *cms, STACK_OF(X509) * above)
{
	for (int i = 0; i < sk_X509_num(above); i++)
		if (!CMS_add1_cert(cms, sk_X509_value(above, i)))
			return false;
	return true;
}

err cms_sign_begin(const struct cms_signer *signer, moment now, struct cms_signing **out)
{
	OWNED(cms_signing_done) struct cms_signing *s = calloc(1, sizeof *s);
	const unsigned flags = CMS_PARTIAL | CMS_DETACHED | CMS_BINARY | CMS_STREAM;

	if (!s)
		return LATER(MEMORY, "no memory for a signature");
	s->cms = CMS_sign(NULL, NULL, NULL, NULL, flags);
	CMS_SignerInfo *one = s->cms ? CMS_add1_signer(s->cms, signer->certificate->x509, signer->key, EVP_sha256(),
						       flags | CMS_NOSMIMECAP)
				     : NULL;
	if (!one || !add_time(one, now) || !add_capabilities(one) || !add_chain(s->cms, signer->certificate->above))
		return broken();
	s->stream = CMS_dataInit(s->cms, NULL);
	if (!s->stream)
		return broken();
	*out = s;
	s = NULL;
	return OK;
}

err cms_sign_add(struct cms_signing *s, str bytes)
{
	while (bytes.len) {
		int piece = bytes.len < STREAM_WINDOW ? (int)bytes.len : (int)STREAM_WINDOW;
		if (BIO_write(s->stream, bytes.at, piece) != piece)
			return broken();
		bytes = str_from(bytes, (size_t)piece);
	}
	return OK;
}

err cms_sign_finish(struct cms_signing *s, struct buf *der)
{
	unsigned char *bytes = NULL;

	if (BIO_flush(s->stream) != 1 || CMS_dataFinal(s->cms, s->stream) != 1)
		return broken();
	int len = i2d_CMS_ContentInfo(s->cms, &bytes);
	if (len <= 0)
		return broken();
	buf_add(der, str_bytes(bytes, (size_t)len));
	OPENSSL_free(bytes);
	return buf_check(der);
}

/* ECDSA's signatures differ in length by a few bytes. */
static err try_out(struct cms_signer *s)
{
	OWNED(cms_signing_done) struct cms_signing *one = NULL;
	char room[64 * 1024];
	struct buf der = BUF_ON(room);

	TRY(cms_sign_begin(s, SECOND, &one));
	TRY(cms_sign_finish(one, &der));
	s->room = der.len + 16;
	return OK;
}

err cms_signer_open(str certificate_pem, str key_pem, struct cms_signer **out, struct fault *fault)
{
	OWNED(cms_signer_done) struct cms_signer *s = calloc(1, sizeof *s);
	const struct crypt_library *lib;

	if (!s)
		return LATER(MEMORY, "no memory for a key");
	TRY(crypt_library(&lib)); /* the heap that private keys live in */
	TRY(mail_certificate_read(certificate_pem, &s->certificate, fault));
	TRY(read_key(s, key_pem, fault));
	TRY(try_out(s));
	*out = s;
	s = NULL;
	return OK;
}
