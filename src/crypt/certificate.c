/* X.509: a self-made certificate for trying out, and what a given one says. A self-made certificate proves
 * nothing to a recipient's browser; it is there so that the page can be looked at before a real one is had. */
#include "crypt/library.h"

#include <openssl/pem.h>
#include <openssl/x509v3.h>

enum { SERIAL_BYTES = 16, PEM_MAX = 1024 * 1024 };

static void x509_done(X509 **c)
{
	X509_free(*c);
	*c = NULL;
}

static void extension_done(X509_EXTENSION **e)
{
	X509_EXTENSION_free(*e);
	*e = NULL;
}

static bool add_extension(X509 *cert, int what, const char *value)
{
	OWNED(extension_done) X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, NULL, what, value);

	return e && X509_add_ext(cert, e, -1);
}

/* RFC 5280 4.1.2.2: positive, not more than 20 octets; random, so that no two are alike. */
static err set_serial(X509 *cert, const struct entropy *e)
{
	unsigned char bytes[SERIAL_BYTES];
	BIGNUM *number;

	TRY(entropy_fill(e, bytes, sizeof bytes));
	bytes[0] = (bytes[0] & 0x7F) | 0x40;
	number = BN_bin2bn(bytes, sizeof bytes, NULL);
	ASN1_INTEGER *serial = number ? BN_to_ASN1_INTEGER(number, X509_get_serialNumber(cert)) : NULL;
	BN_free(number);
	return serial ? OK : BROKEN(CRYPTO, "a serial number could not be made");
}

static bool is_ip(str host)
{
	for (size_t i = 0; i < host.len; i++)
		if (!((host.at[i] >= '0' && host.at[i] <= '9') || host.at[i] == '.' || host.at[i] == ':'))
			return str_has(host, ':');
	return true;
}

static bool name_it(X509 *cert, struct arena *a, str host)
{
	static const unsigned char common[] = "Letterlock, self-made"; /* names stand in the extension only */
	const char *names;
	str text;
	X509_NAME *subject = X509_get_subject_name(cert);

	if (failed(str_format(a, &text, "%s:%.*s,DNS:localhost,IP:127.0.0.1,IP:::1", is_ip(host) ? "IP" : "DNS",
			      STR_ARG(host))) ||
	    failed(str_c(a, text, &names)))
		return false;
	return X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8, common, -1, -1, 0) &&
	       X509_set_issuer_name(cert, subject) && add_extension(cert, NID_subject_alt_name, names);
}

static bool limit_it(X509 *cert)
{
	return add_extension(cert, NID_basic_constraints, "critical,CA:FALSE") &&
	       add_extension(cert, NID_key_usage, "critical,digitalSignature") &&
	       add_extension(cert, NID_ext_key_usage, "serverAuth");
}

static err write_pem(struct arena *a, X509 *cert, EVP_PKEY *key, str *out)
{
	OWNED(bio_done) BIO *bio = BIO_new(key ? BIO_s_secmem() : BIO_s_mem());
	char *text = NULL;

	if (!bio ||
	    (key ? !PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL) : !PEM_write_bio_X509(bio, cert)))
		return BROKEN(CRYPTO, "PEM could not be written");
	long len = BIO_get_mem_data(bio, &text);
	return str_copy(a, str_bytes(text, (size_t)len), out);
}

static bool date_it(X509 *cert, moment now, span valid)
{
	time_t seconds = (time_t)(now / SECOND);

	/* A day earlier, because clocks differ. */
	return X509_time_adj_ex(X509_getm_notBefore(cert), -1, 0, &seconds) &&
	       X509_time_adj_ex(X509_getm_notAfter(cert), (int)(valid / DAY), 0, &seconds);
}

err certificate_new(str host, moment now, span valid, const struct entropy *e, struct arena *a, str *cert_pem,
		    struct arena *secret, str *key_pem)
{
	OWNED(pkey_done) EVP_PKEY *key = EVP_EC_gen("P-256");
	OWNED(x509_done) X509 *cert = X509_new();

	if (valid > 825 * DAY)
		return NEVER(LIMIT, "browsers take certificates of at most 825 days");
	if (!key || !cert || !X509_set_version(cert, X509_VERSION_3))
		return BROKEN(CRYPTO, "a certificate could not be made");
	TRY(set_serial(cert, e));
	if (!X509_set_pubkey(cert, key) || !date_it(cert, now, valid) || !name_it(cert, a, host) || !limit_it(cert) ||
	    !X509_sign(cert, key, EVP_sha256()))
		return BROKEN(CRYPTO, "a certificate could not be made");
	TRY(write_pem(a, cert, NULL, cert_pem));
	return write_pem(secret, cert, key, key_pem);
}

/* RFC 8737 3: id-pe-acmeIdentifier, critical, an OCTET STRING in the extension's own. */
static bool add_challenge(X509 *cert, const uint8_t digest[SHA256_LEN])
{
	unsigned char value[2 + SHA256_LEN] = { V_ASN1_OCTET_STRING, SHA256_LEN };
	ASN1_OBJECT *what = OBJ_txt2obj("1.3.6.1.5.5.7.1.31", 1);
	ASN1_OCTET_STRING *octets = ASN1_OCTET_STRING_new();

	memcpy(value + 2, digest, SHA256_LEN);
	OWNED(extension_done)
	X509_EXTENSION *e = what && octets && ASN1_OCTET_STRING_set(octets, value, sizeof value)
				    ? X509_EXTENSION_create_by_OBJ(NULL, what, 1, octets)
				    : NULL;
	ASN1_OCTET_STRING_free(octets);
	ASN1_OBJECT_free(what);
	return e && X509_add_ext(cert, e, -1);
}

err certificate_for_challenge(str host, const uint8_t digest[SHA256_LEN], moment now, const struct entropy *e,
			      struct arena *a, str *cert_pem, struct arena *secret, str *key_pem)
{
	OWNED(pkey_done) EVP_PKEY *key = EVP_EC_gen("P-256");
	OWNED(x509_done) X509 *cert = X509_new();
	const char *names;
	str text;

	if (!key || !cert || !X509_set_version(cert, X509_VERSION_3))
		return BROKEN(CRYPTO, "a certificate could not be made");
	TRY(set_serial(cert, e));
	TRY(str_format(a, &text, "DNS:%.*s", STR_ARG(host)));
	TRY(str_c(a, text, &names));
	if (!X509_set_pubkey(cert, key) || !date_it(cert, now, DAY) ||
	    !add_extension(cert, NID_subject_alt_name, names) || !add_challenge(cert, digest) ||
	    !X509_sign(cert, key, EVP_sha256()))
		return BROKEN(CRYPTO, "a certificate could not be made");
	TRY(write_pem(a, cert, NULL, cert_pem));
	return write_pem(secret, cert, key, key_pem);
}

static moment moment_of_time(const ASN1_TIME *t)
{
	struct tm tm;

	if (!ASN1_TIME_to_tm(t, &tm))
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

err certificate_look(str pem, str host, str key_pem, struct certificate_facts *out)
{
	if (pem.len > PEM_MAX || key_pem.len > PEM_MAX)
		return NEVER(LIMIT, "this is too long for a certificate");
	OWNED(bio_done) BIO *bio = BIO_new_mem_buf(pem.at, (int)pem.len);
	OWNED(x509_done) X509 *cert = bio ? PEM_read_bio_X509(bio, NULL, NULL, NULL) : NULL;
	OWNED(bio_done) BIO *key_bio = BIO_new_mem_buf(key_pem.at, (int)key_pem.len);

	if (!cert)
		return NEVER(TLS, "this is no certificate in PEM");
	OWNED(pkey_done)
	EVP_PKEY *key = key_pem.len && key_bio ? PEM_read_bio_PrivateKey(key_bio, NULL, NULL, NULL) : NULL;
	bool ip = is_ip(host);
	char name[256];
	struct buf b = BUF_ON(name);
	buf_add(&b, host);
	if (!buf_c(&b))
		return NEVER(LIMIT, "the host's name is too long");
	*out = (struct certificate_facts){
		.begins_at = moment_of_time(X509_get0_notBefore(cert)),
		.ends_at = moment_of_time(X509_get0_notAfter(cert)),
		.matches_host = (ip ? X509_check_ip_asc(cert, name, 0)
				    : X509_check_host(cert, name, 0, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS, NULL)) == 1,
		.matches_key = key && X509_check_private_key(cert, key) == 1,
		.self_made = X509_NAME_cmp(X509_get_subject_name(cert), X509_get_issuer_name(cert)) == 0,
	};
	return OK;
}
