#include "test/fake/certificates.h"

#include "test/support/support.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>

struct maker {
	const char *dir;
	X509 *authority;
	EVP_PKEY *authority_key;
	long serial;
};

struct wish {
	const char *name, *hosts, *usage;
	long begin, end; /* seconds from now */
	int self_signed, is_authority;
};

static FILE *create(const char *dir, const char *name, const char *ending)
{
	char path[512];

	snprintf(path, sizeof path, "%s/%s.%s", dir, name, ending);
	FILE *f = fopen(path, "w");
	assert_non_null(f);
	return f;
}

static void extend(X509 *x, X509 *issuer, int nid, const char *value)
{
	X509V3_CTX context;

	if (!value)
		return;
	X509V3_set_ctx(&context, issuer, x, NULL, NULL, 0);
	X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, &context, nid, value);
	assert_non_null(e);
	X509_add_ext(x, e, -1);
	X509_EXTENSION_free(e);
}

static void write_files(struct maker *m, const struct wish *w, X509 *x, EVP_PKEY *key)
{
	FILE *f = create(m->dir, w->name, "pem");
	assert_int_equal(PEM_write_X509(f, x), 1);
	fclose(f);
	f = create(m->dir, w->name, "key");
	assert_int_equal(PEM_write_PrivateKey(f, key, NULL, NULL, 0, NULL, NULL), 1);
	fclose(f);
}

static void make(struct maker *m, const struct wish *w)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *x = X509_new();
	X509 *issuer = w->self_signed ? x : m->authority;

	assert_non_null(key);
	X509_set_version(x, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(x), ++m->serial);
	X509_gmtime_adj(X509_getm_notBefore(x), w->begin);
	X509_gmtime_adj(X509_getm_notAfter(x), w->end);
	X509_NAME_add_entry_by_txt(X509_get_subject_name(x), "CN", MBSTRING_ASC, (const unsigned char *)w->name, -1, -1,
				   0);
	X509_set_issuer_name(x, X509_get_subject_name(issuer));
	X509_set_pubkey(x, key);
	extend(x, issuer, NID_basic_constraints, w->is_authority ? "critical,CA:TRUE" : "critical,CA:FALSE");
	extend(x, issuer, NID_subject_alt_name, w->hosts);
	extend(x, issuer, NID_ext_key_usage, w->usage);
	assert_true(X509_sign(x, w->self_signed ? key : m->authority_key, EVP_sha256()) > 0);
	write_files(m, w, x, key);
	if (w->is_authority) {
		m->authority = x;
		m->authority_key = key;
		return;
	}
	X509_free(x);
	EVP_PKEY_free(key);
}

const char *fake_certificates(void)
{
	static const char here[] = "DNS:localhost,IP:127.0.0.1";
	static const struct wish wishes[] = {
		{ "ca", NULL, NULL, -86400, 86400 * 30, 1, 1 },
		{ "good", here, "serverAuth", -86400, 86400 * 30, 0, 0 },
		{ "wrong-name", "DNS:elsewhere.example", "serverAuth", -86400, 86400 * 30, 0, 0 },
		{ "expired", here, "serverAuth", -86400 * 30, -86400, 0, 0 },
		{ "self-signed", here, "serverAuth", -86400, 86400 * 30, 1, 0 },
		{ "client-only", here, "clientAuth", -86400, 86400 * 30, 0, 0 },
	};
	static struct maker m;

	if (m.dir)
		return m.dir;
	m.dir = test_dir();
	for (size_t i = 0; i < COUNT(wishes); i++)
		make(&m, &wishes[i]);
	X509_free(m.authority);
	EVP_PKEY_free(m.authority_key);
	return m.dir;
}
