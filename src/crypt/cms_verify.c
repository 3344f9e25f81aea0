/* Is this detached signature of this content, and by whom? */
#include "crypt/cms_inside.h"

#include <openssl/err.h>
#include <openssl/pem.h>

static err no_signature(struct fault *fault, const char *why)
{
	ERR_clear_error();
	fault_set(fault, "%s", why);
	return NEVER(SYNTAX, "this is no signature that can be judged");
}

/* ── Reading ─────────────────────────────────────────────────────────────────────────────────────── */

/* After the last byte nothing follows: else two programs could read two signatures. */
static CMS_ContentInfo *read_der(str bytes)
{
	OWNED(bio_done) BIO *bio = BIO_new_mem_buf(bytes_of(bytes), (int)bytes.len);
	CMS_ContentInfo *cms = bio ? d2i_CMS_bio(bio, NULL) : NULL;

	if (cms && BIO_pending(bio) > 0)
		cms_done(&cms);
	return cms;
}

static CMS_ContentInfo *read_pem(str bytes)
{
	OWNED(bio_done) BIO *bio = BIO_new_mem_buf(bytes_of(bytes), (int)bytes.len);

	return bio ? PEM_read_bio_CMS(bio, NULL, NULL, NULL) : NULL;
}

static err read(str bytes, CMS_ContentInfo **out, struct fault *fault)
{
	if (bytes.len > CMS_SIGNATURE_MAX)
		return no_signature(fault, "this is longer than any signature beside a document");
	*out = str_starts(bytes, STR("\x30")) ? read_der(bytes) : read_pem(bytes);
	if (!*out)
		return no_signature(fault, "this is no CMS signature, neither DER nor PEM");
	if (OBJ_obj2nid(CMS_get0_type(*out)) != NID_pkcs7_signed)
		return no_signature(fault, "this is CMS, but no signature");
	if (OBJ_obj2nid(CMS_get0_eContentType(*out)) != NID_pkcs7_data)
		return no_signature(fault, "this is a signature of something else than a file");
	if (CMS_is_detached(*out) != 1)
		return no_signature(fault, "this signature holds its own document, so it says nothing about the file");
	return OK;
}

/* ── Judging ─────────────────────────────────────────────────────────────────────────────────────── */

static bool strong_hash(CMS_SignerInfo *signer)
{
	X509_ALGOR *hash = NULL;

	CMS_SignerInfo_get0_algs(signer, NULL, NULL, &hash, NULL);
	int nid = hash ? OBJ_obj2nid(hash->algorithm) : NID_undef;
	return nid == NID_sha256 || nid == NID_sha384 || nid == NID_sha512;
}

static err only_signer(CMS_ContentInfo *cms, CMS_SignerInfo **out, struct fault *fault)
{
	STACK_OF(CMS_SignerInfo) *all = CMS_get0_SignerInfos(cms);

	if (sk_CMS_SignerInfo_num(all) != 1)
		return no_signature(fault, "one signer is expected, not none and not several");
	*out = sk_CMS_SignerInfo_value(all, 0);
	if (!strong_hash(*out))
		return no_signature(fault, "its hash is not SHA-256 or longer, so it could be forged");
	return OK;
}

static moment time_of(CMS_SignerInfo *signer)
{
	int at = CMS_signed_get_attr_by_NID(signer, NID_pkcs9_signingTime, -1);
	ASN1_TYPE *value = at < 0 ? NULL : X509_ATTRIBUTE_get0_type(CMS_signed_get_attr(signer, at), 0);

	if (!value || (value->type != V_ASN1_UTCTIME && value->type != V_ASN1_GENERALIZEDTIME))
		return 0;
	return mail_time(value->value.asn1_string);
}

/* Its certificate must have come with it. */
static err judge_signer(CMS_ContentInfo *cms, CMS_SignerInfo *signer, const struct mail_rules *rules, struct arena *a,
			struct cms_verified *out, struct fault *fault)
{
	OWNED(mail_certificate_done) struct mail_certificate *c = NULL;
	X509 *x509 = NULL;

	CMS_SignerInfo_get0_algs(signer, NULL, &x509, NULL, NULL);
	if (!x509)
		return no_signature(fault, "the signer's certificate is not in it");
	STACK_OF(X509) *above = CMS_get1_certs(cms);
	err e = mail_certificate_wrap(x509, above, &c);
	sk_X509_pop_free(above, X509_free);
	TRY(e);
	out->signed_at = time_of(signer);
	TRY(mail_certificate_facts(a, c, &out->signer));
	out->trusted = mail_certificate_judge(c, rules, &out->doubt);
	return out->trusted.fate == FATE_NEVER ? OK : out->trusted;
}

static err check_content(CMS_ContentInfo *cms, struct source *content, bool *intact)
{
	struct cms_end end = { .from = content };
	OWNED(bio_done) BIO *bio = cms_end_bio(&end);
	OWNED(bio_done) BIO *nowhere = BIO_new(BIO_s_null());

	if (!bio || !nowhere)
		return LATER(MEMORY, "no memory to verify");
	*intact = CMS_verify(cms, NULL, NULL, bio, nowhere, CMS_BINARY | CMS_NO_SIGNER_CERT_VERIFY) == 1;
	ERR_clear_error();
	return end.failed;
}

err cms_verify(struct arena *a, str signature, struct source *content, const struct mail_rules *rules,
	       struct cms_verified *out, struct fault *fault)
{
	OWNED(cms_done) CMS_ContentInfo *cms = NULL;
	struct cms_verified found = { 0 };
	CMS_SignerInfo *signer = NULL;

	TRY(read(signature, &cms, fault));
	TRY(only_signer(cms, &signer, fault));
	TRY(check_content(cms, content, &found.intact));
	TRY(judge_signer(cms, signer, rules, a, &found, fault));
	*out = found;
	return OK;
}
