#include "crypt/service_certificate.h"

#include "crypt/mail_certificate_inside.h"

#include <openssl/err.h>
#include <openssl/rsa.h>

static err refuse(struct fault *fault, const char *why)
{
	fault_set(fault, "%s", why);
	return NEVER(KEY, "the certificate is refused");
}

static err check_kind(X509 *x509, struct fault *fault)
{
	uint32_t flags = X509_get_extension_flags(x509);

	if (!EVP_PKEY_is_a(X509_get0_pubkey(x509), "RSA"))
		return refuse(fault, "its key is not of the kind that signs messages (RSA)");
	if (flags & EXFLAG_INVALID)
		return refuse(fault, "its extensions are malformed");
	if ((flags & EXFLAG_CA) || !(X509_get_key_usage(x509) & KU_DIGITAL_SIGNATURE))
		return refuse(fault, "it is of an authority, or not meant for signing");
	return OK;
}

static err check_name(X509 *x509, const struct service_rules *rules, struct fault *fault)
{
	for (size_t i = 0; i < rules->name_count; i++)
		if (X509_check_host(x509, rules->names[i].at, rules->names[i].len, X509_CHECK_FLAG_NO_WILDCARDS,
				    NULL) == 1)
			return OK;
	fault_set(fault, "it does not name %.*s", STR_ARG(rules->names[0]));
	return NEVER(KEY, "the certificate is for somebody else");
}

err service_certificate_judge(const struct mail_certificate *c, const struct service_rules *rules, struct fault *fault)
{
	must(rules->name_count > 0);
	TRY(certificate_check_key(c->x509, fault));
	TRY(certificate_check_hash(c->x509, fault));
	TRY(certificate_check_time(c->x509, rules->now, fault));
	TRY(check_kind(c->x509, fault));
	TRY(check_name(c->x509, rules, fault));
	return certificate_chain_check(c, rules->authorities, rules->now, CHAIN_SERVICE, fault);
}

moment service_certificate_ends(const struct mail_certificate *c)
{
	return mail_time(X509_get0_notAfter(c->x509));
}

err service_certificate_issuer(struct arena *a, const struct mail_certificate *c, str *out)
{
	AUTHORITY_INFO_ACCESS *info = X509_get_ext_d2i(c->x509, NID_info_access, NULL, NULL);
	str found = STR_NONE;
	err e = OK;

	for (int i = 0; i < sk_ACCESS_DESCRIPTION_num(info) && !found.len; i++) {
		const ACCESS_DESCRIPTION *one = sk_ACCESS_DESCRIPTION_value(info, i);
		if (OBJ_obj2nid(one->method) != NID_ad_ca_issuers || one->location->type != GEN_URI)
			continue;
		const ASN1_IA5STRING *uri = one->location->d.uniformResourceIdentifier;
		found = str_bytes(ASN1_STRING_get0_data(uri), (size_t)ASN1_STRING_length(uri));
		e = str_clean(found) ? str_copy(a, found, &found) : NEVER(KEY, "the issuer's place is no URL");
	}
	AUTHORITY_INFO_ACCESS_free(info);
	ERR_clear_error();
	TRY(e);
	*out = found;
	return OK;
}

err service_certificate_verify(const struct mail_certificate *c, enum service_hash hash, str text, str signature)
{
	const struct crypt_library *lib;
	EVP_PKEY *key = X509_get0_pubkey(c->x509);
	EVP_PKEY_CTX *padding = NULL; /* the digest's own */

	TRY(crypt_library(&lib));
	OWNED(digest_ctx_done) EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	if (!ctx || !key || !EVP_PKEY_is_a(key, "RSA") ||
	    EVP_DigestVerifyInit(ctx, &padding, hash == SERVICE_SHA1 ? lib->sha1 : lib->sha256, NULL, key) <= 0 ||
	    EVP_PKEY_CTX_set_rsa_padding(padding, RSA_PKCS1_PADDING) <= 0)
		return BROKEN(CRYPTO, "a verification could not be started");
	int same = EVP_DigestVerify(ctx, bytes_of(signature), signature.len, bytes_of(text), text.len);
	ERR_clear_error();
	return same == 1 ? OK : NEVER(SIGNATURE, "the signature does not match");
}
