/* Reading a certificate and telling what it says. */
#include "crypt/mail_certificate_inside.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <stdlib.h>

enum { NAME_MAX_BYTES = 2048 };

static const struct {
	const char *group, *name;
} curves[] = { { "prime256v1", "EC P-256" }, { "secp384r1", "EC P-384" }, { "secp521r1", "EC P-521" } };

void mail_certificate_done(struct mail_certificate **c)
{
	if (*c) {
		X509_free((*c)->x509);
		sk_X509_pop_free((*c)->above, X509_free);
		free(*c);
	}
	*c = NULL;
}

err mail_certificate_wrap(X509 *x509, STACK_OF(X509) * above, struct mail_certificate **out)
{
	OWNED(mail_certificate_done) struct mail_certificate *c = calloc(1, sizeof *c);

	if (!c)
		return LATER(MEMORY, "no memory for a certificate");
	c->above = above ? X509_chain_up_ref(above) : sk_X509_new_null();
	if (!c->above || !X509_up_ref(x509))
		return LATER(MEMORY, "no memory for a certificate");
	c->x509 = x509;
	*out = c;
	c = NULL;
	return OK;
}

/* ── Reading ─────────────────────────────────────────────────────────────────────────────────────── */

bool mail_certificate_like(str bytes)
{
	if (str_find(str_upto(bytes, MAIL_CERTIFICATE_MAX), STR("-----BEGIN CERTIFICATE-----")) >= 0)
		return true;
	/* DER: a SEQUENCE with a length of two octets or more; an OpenPGP packet has its top bit set. */
	return bytes.len > 4 && bytes.at[0] == 0x30 && ((unsigned char)bytes.at[1] & 0xF0) == 0x80;
}

static X509 *read_der(str bytes)
{
	const unsigned char *at = bytes_of(bytes);
	X509 *x509 = d2i_X509(NULL, &at, (long)bytes.len);

	/* What follows would be read by some programs and not by others. */
	if (x509 && at != bytes_of(bytes) + bytes.len) {
		X509_free(x509);
		return NULL;
	}
	return x509;
}

static err read_pem(struct mail_certificate *c, str bytes)
{
	OWNED(bio_done) BIO *bio = BIO_new_mem_buf(bytes_of(bytes), (int)bytes.len);
	X509 *next;

	if (!bio)
		return LATER(MEMORY, "no memory for a certificate");
	c->x509 = PEM_read_bio_X509(bio, NULL, NULL, NULL);
	while (c->x509 && (next = PEM_read_bio_X509(bio, NULL, NULL, NULL)) != NULL) {
		if (sk_X509_num(c->above) < MAIL_CHAIN_MAX && sk_X509_push(c->above, next) > 0)
			continue;
		X509_free(next);
		return NEVER(KEY, "more certificates than a chain has");
	}
	return OK;
}

err mail_certificate_read(str bytes, struct mail_certificate **out, struct fault *fault)
{
	OWNED(mail_certificate_done) struct mail_certificate *c = calloc(1, sizeof *c);

	if (bytes.len > MAIL_CERTIFICATE_MAX) {
		fault_set(fault, "this is longer than any certificate (%d kB at most)", MAIL_CERTIFICATE_MAX / 1024);
		return NEVER(KEY, "too long for a certificate");
	}
	if (!c || !(c->above = sk_X509_new_null()))
		return LATER(MEMORY, "no memory for a certificate");
	if (str_starts(bytes, STR("\x30")))
		c->x509 = read_der(bytes);
	else
		TRY(read_pem(c, bytes));
	ERR_clear_error();
	if (!c->x509) {
		fault_set(fault, "this is no X.509 certificate, neither PEM nor DER");
		return NEVER(KEY, "no certificate");
	}
	*out = c;
	c = NULL;
	return OK;
}

/* ── What it says ────────────────────────────────────────────────────────────────────────────────── */

moment mail_time(const ASN1_TIME *t)
{
	struct tm tm;

	if (!t || !ASN1_TIME_to_tm(t, &tm))
		return 0;
	return moment_of_civil((struct civil){
		.year = tm.tm_year + 1900,
		.month = tm.tm_mon + 1,
		.day = tm.tm_mday,
		.hour = tm.tm_hour,
		.minute = tm.tm_min,
		.second = tm.tm_sec,
	});
}

static err name_text(struct arena *a, const X509_NAME *name, str *out)
{
	OWNED(bio_done) BIO *bio = BIO_new(BIO_s_mem());
	char *text = NULL;
	struct buf b;

	if (!bio || X509_NAME_print_ex(bio, name, 0, XN_FLAG_RFC2253 & ~(unsigned long)ASN1_STRFLGS_ESC_MSB) < 0)
		return BROKEN(CRYPTO, "a name could not be printed");
	long len = BIO_get_mem_data(bio, &text);
	TRY(buf_open(a, NAME_MAX_BYTES, &b));
	buf_add_escaped(&b, str_upto(str_bytes(text, len > 0 ? (size_t)len : 0), NAME_MAX_BYTES / 4));
	*out = buf_str(&b);
	return buf_check(&b);
}

static str algorithm_of(const X509 *x509)
{
	EVP_PKEY *key = X509_get0_pubkey(x509);
	char group[64] = "";

	if (!key)
		return STR("unknown");
	if (EVP_PKEY_is_a(key, "RSA"))
		return STR("RSA");
	if (!EVP_PKEY_is_a(key, "EC"))
		return str_of(EVP_PKEY_get0_type_name(key));
	(void)EVP_PKEY_get_group_name(key, group, sizeof group, NULL);
	for (size_t i = 0; i < sizeof curves / sizeof *curves; i++)
		if (str_same(str_of(group), str_of(curves[i].group)))
			return str_of(curves[i].name);
	return STR("EC");
}

static err copy_addresses(struct arena *a, STACK_OF(OPENSSL_STRING) * found, struct mail_certificate_facts *out)
{
	for (int i = 0; i < sk_OPENSSL_STRING_num(found) && out->address_count < MAIL_ADDRESSES_MAX; i++) {
		str text = str_of(sk_OPENSSL_STRING_value(found, i));
		if (str_clean(text))
			TRY(str_copy(a, text, &out->addresses[out->address_count++]));
	}
	return OK;
}

err mail_certificate_facts(struct arena *a, const struct mail_certificate *c, struct mail_certificate_facts *out)
{
	struct mail_certificate_facts f = {
		.algorithm = algorithm_of(c->x509),
		.bits = X509_get0_pubkey(c->x509) ? (unsigned)EVP_PKEY_get_bits(X509_get0_pubkey(c->x509)) : 0,
		.begins_at = mail_time(X509_get0_notBefore(c->x509)),
		.ends_at = mail_time(X509_get0_notAfter(c->x509)),
	};

	TRY(name_text(a, X509_get_subject_name(c->x509), &f.subject));
	TRY(name_text(a, X509_get_issuer_name(c->x509), &f.issuer));
	if (!X509_digest(c->x509, EVP_sha256(), f.sha256, NULL))
		return BROKEN(CRYPTO, "a fingerprint could not be made");
	STACK_OF(OPENSSL_STRING) *found = X509_get1_email(c->x509);
	err e = copy_addresses(a, found, &f);
	X509_email_free(found);
	TRY(e);
	*out = f;
	return OK;
}

err mail_certificate_der(struct arena *a, const struct mail_certificate *c, str *out)
{
	unsigned char *der = NULL;
	int len = i2d_X509(c->x509, &der);

	if (len <= 0)
		return BROKEN(CRYPTO, "a certificate could not be written");
	err e = str_copy(a, str_bytes(der, (size_t)len), out);
	OPENSSL_free(der);
	return e;
}

err mail_certificate_pem(struct arena *a, const struct mail_certificate *c, str *out)
{
	OWNED(bio_done) BIO *bio = BIO_new(BIO_s_mem());
	bool written = bio && PEM_write_bio_X509(bio, c->x509);
	char *text = NULL;

	for (int i = 0; written && i < sk_X509_num(c->above); i++)
		written = PEM_write_bio_X509(bio, sk_X509_value(c->above, i));
	if (!written)
		return BROKEN(CRYPTO, "a certificate could not be written");
	long len = BIO_get_mem_data(bio, &text);
	return str_copy(a, str_bytes(text, (size_t)len), out);
}
