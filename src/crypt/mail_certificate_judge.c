/* Is a certificate good enough to encrypt to, or to believe a signature by? RFC 8550 section 4, NIST SP 800-131A. */
#include "crypt/mail_certificate_inside.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <stdlib.h>

enum { RSA_LEAST = 2048, RSA_MOST = 16384, HASH_LEAST_BITS = 112, LEVEL = 2 /* 112 bits, X509_VERIFY_PARAM(3) */ };

void mail_authorities_done(struct mail_authorities **m)
{
	if (*m) {
		X509_STORE_free((*m)->store);
		free(*m);
	}
	*m = NULL;
}

/* ── Authorities ─────────────────────────────────────────────────────────────────────────────────── */

static bool add_all(X509_STORE *store, STACK_OF(X509_INFO) * found, size_t *count)
{
	bool lists = false;

	*count = 0;
	for (int i = 0; i < sk_X509_INFO_num(found); i++) {
		X509_INFO *info = sk_X509_INFO_value(found, i);
		if (info->x509 && !X509_STORE_add_cert(store, info->x509))
			return false;
		*count += info->x509 != NULL;
		if (info->crl && !X509_STORE_add_crl(store, info->crl))
			return false;
		lists |= info->crl != NULL;
	}
	return !lists || X509_STORE_set_flags(store, X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL);
}

static err add_file(X509_STORE *store, str pem, struct fault *fault)
{
	if (pem.len > MAIL_AUTHORITIES_MAX) {
		fault_set(fault, "a file of authorities has at most %d MB", MAIL_AUTHORITIES_MAX >> 20);
		return NEVER(KEY, "too many authorities");
	}
	OWNED(bio_done) BIO *bio = BIO_new_mem_buf(bytes_of(pem), (int)pem.len);
	STACK_OF(X509_INFO) *found = bio ? PEM_X509_INFO_read_bio(bio, NULL, NULL, NULL) : NULL;
	size_t count = 0;
	bool added = found && add_all(store, found, &count);

	sk_X509_INFO_pop_free(found, X509_INFO_free);
	ERR_clear_error();
	if (!added || !count) {
		fault_set(fault, "there is no certificate of an authority in it, or not only PEM that can be read");
		return NEVER(KEY, "no authorities");
	}
	return OK;
}

err mail_authorities_open(str pem, bool of_system, struct mail_authorities **out, struct fault *fault)
{
	OWNED(mail_authorities_done) struct mail_authorities *m = calloc(1, sizeof *m);

	if (!m || !(m->store = X509_STORE_new()))
		return LATER(MEMORY, "no memory for authorities");
	if (of_system && !X509_STORE_set_default_paths(m->store))
		return LATER(MEMORY, "the system's authorities could not be read");
	if (pem.len || !of_system)
		TRY(add_file(m->store, pem, fault));
	/* Who was put there by hand is believed by himself, be he an authority's authority or not. */
	if (!X509_STORE_set_flags(m->store, X509_V_FLAG_PARTIAL_CHAIN))
		return BROKEN(CRYPTO, "authorities could not be set up");
	*out = m;
	m = NULL;
	return OK;
}

/* ── By itself ───────────────────────────────────────────────────────────────────────────────────── */

static err refuse(struct fault *fault, const char *why)
{
	fault_set(fault, "%s", why);
	return NEVER(KEY, "the certificate is refused");
}

err certificate_check_key(X509 *x509, struct fault *fault)
{
	EVP_PKEY *key = X509_get0_pubkey(x509);
	char group[64] = "";

	if (!key)
		return refuse(fault, "its key cannot be read");
	int bits = EVP_PKEY_get_bits(key);
	if (EVP_PKEY_is_a(key, "RSA")) {
		if (bits >= RSA_LEAST && bits <= RSA_MOST)
			return OK;
		fault_set(fault, "its RSA key has %d bits; 2048 to 16384 are taken", bits);
		return NEVER(KEY, "the RSA key has the wrong size");
	}
	(void)EVP_PKEY_get_group_name(key, group, sizeof group, NULL);
	str g = str_of(group);
	if (EVP_PKEY_is_a(key, "EC") &&
	    (str_same(g, STR("prime256v1")) || str_same(g, STR("secp384r1")) || str_same(g, STR("secp521r1"))))
		return OK;
	fault_set(fault, "its key is of the kind %s%s%s; RSA and EC on P-256, P-384 and P-521 are taken",
		  EVP_PKEY_get0_type_name(key), group[0] ? " " : "", group);
	return NEVER(KEY, "the key is of another kind");
}

/* RSA-PSS names its hash in parameters, hence not by the algorithm's number. */
err certificate_check_hash(X509 *x509, struct fault *fault)
{
	int hash = NID_undef, bits = 0;

	if (!X509_get_signature_info(x509, &hash, NULL, &bits, NULL))
		return refuse(fault, "the algorithm of its signature is not known");
	if (hash == NID_md5 || hash == NID_sha1 || bits < HASH_LEAST_BITS) {
		fault_set(fault, "it is signed with %s, which can be forged", OBJ_nid2sn(hash));
		return NEVER(KEY, "the certificate's signature is weak");
	}
	return OK;
}

err certificate_check_time(X509 *x509, moment now, struct fault *fault)
{
	moment begins = mail_time(X509_get0_notBefore(x509)), ends = mail_time(X509_get0_notAfter(x509));
	char room[64];
	struct buf at = BUF_ON(room);

	if (now >= begins && now <= ends && ends)
		return OK;
	buf_add_moment(&at, now < begins ? begins : ends);
	fault_set(fault, now < begins ? "it is valid only from %.*s on" : "it expired at %.*s", STR_ARG(buf_str(&at)));
	return NEVER(KEY, "the certificate is not valid at this time");
}

static err check_use(X509 *x509, enum mail_use use, struct fault *fault)
{
	uint32_t flags = X509_get_extension_flags(x509), usage = X509_get_key_usage(x509);
	uint32_t extended = X509_get_extended_key_usage(x509);
	bool ec = EVP_PKEY_is_a(X509_get0_pubkey(x509), "EC");
	uint32_t wanted = use == MAIL_SIGN ? KU_DIGITAL_SIGNATURE | KU_NON_REPUDIATION
			  : ec             ? KU_KEY_AGREEMENT
					   : KU_KEY_ENCIPHERMENT;

	if (flags & EXFLAG_INVALID)
		return refuse(fault, "its extensions are malformed");
	if (flags & EXFLAG_CRITICAL)
		return refuse(fault, "it has a critical extension that is not known here");
	if ((flags & EXFLAG_XKUSAGE) && !(extended & (XKU_SMIME | XKU_ANYEKU)))
		return refuse(fault, "it is not meant for mail: its extended key usage lacks emailProtection");
	if (!(usage & wanted))
		return refuse(fault, use == MAIL_SIGN ? "its key usage does not allow signing"
						      : "its key usage does not allow encrypting to it");
	return OK;
}

/* Upper and lower case of the local part are the same here, as they are when an address is looked up. */
static err check_address(X509 *x509, str address, struct fault *fault)
{
	STACK_OF(OPENSSL_STRING) *found = X509_get1_email(x509);
	bool names = X509_check_email(x509, address.at, address.len, 0) == 1;

	for (int i = 0; !names && i < sk_OPENSSL_STRING_num(found); i++)
		names = str_same_nocase(str_of(sk_OPENSSL_STRING_value(found, i)), address);
	int count = sk_OPENSSL_STRING_num(found);
	const char *first = count > 0 ? sk_OPENSSL_STRING_value(found, 0) : NULL;
	if (!names && first)
		fault_set(fault, "it is for %.200s%s, not for %.*s", first, count > 1 ? " and others" : "",
			  STR_ARG(str_upto(address, 200)));
	else if (!names)
		fault_set(fault, "it names no mail address, so not %.*s either", STR_ARG(str_upto(address, 200)));
	X509_email_free(found);
	return names ? OK : NEVER(KEY, "the certificate is for another address");
}

/* ── Who vouches ─────────────────────────────────────────────────────────────────────────────────── */

static err not_vouched(X509_STORE_CTX *ctx, struct fault *fault)
{
	int why = X509_STORE_CTX_get_error(ctx);

	if (why == X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY || why == X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN ||
	    why == X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT || why == X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE)
		fault_set(fault, "no authority that is believed here vouches for it (%s)",
			  X509_verify_cert_error_string(why));
	else
		fault_set(fault, "its chain of authorities does not hold: %s", X509_verify_cert_error_string(why));
	return NEVER(KEY, "nobody vouches for the certificate");
}

/* An authority that may vouch for web servers alone cannot vouch for people (RFC 5280 4.2.1.12 as all apply it). */
static err check_authorities_use(X509_STORE_CTX *ctx, struct fault *fault)
{
	STACK_OF(X509) *chain = X509_STORE_CTX_get0_chain(ctx);

	for (int i = 1; i < sk_X509_num(chain); i++) {
		X509 *above = sk_X509_value(chain, i);
		if ((X509_get_extension_flags(above) & EXFLAG_XKUSAGE) &&
		    !(X509_get_extended_key_usage(above) & (XKU_SMIME | XKU_ANYEKU)))
			return refuse(fault, "an authority above it is not meant for mail");
	}
	return OK;
}

static void store_ctx_done(X509_STORE_CTX **ctx)
{
	X509_STORE_CTX_free(*ctx);
	*ctx = NULL;
}

err certificate_chain_check(const struct mail_certificate *c, const struct mail_authorities *authorities, moment now,
			    enum chain_use use, struct fault *fault)
{
	OWNED(store_ctx_done) X509_STORE_CTX *ctx = X509_STORE_CTX_new();

	if (!ctx || !X509_STORE_CTX_init(ctx, authorities->store, c->x509, c->above))
		return LATER(MEMORY, "no memory to judge a certificate");
	X509_VERIFY_PARAM *p = X509_STORE_CTX_get0_param(ctx);
	X509_VERIFY_PARAM_set_time(p, (time_t)(now / SECOND));
	X509_VERIFY_PARAM_set_depth(p, MAIL_CHAIN_MAX);
	X509_VERIFY_PARAM_set_auth_level(p, LEVEL);
	if (use == CHAIN_SERVICE && !X509_VERIFY_PARAM_set_purpose(p, X509_PURPOSE_SSL_SERVER))
		return BROKEN(CRYPTO, "a chain could not be judged");
	int valid = X509_verify_cert(ctx);
	ERR_clear_error();
	if (valid != 1)
		return not_vouched(ctx, fault);
	return use == CHAIN_MAIL ? check_authorities_use(ctx, fault) : OK;
}

err mail_chain_check(const struct mail_certificate *c, const struct mail_rules *rules, struct fault *fault)
{
	return certificate_chain_check(c, rules->authorities, rules->now, CHAIN_MAIL, fault);
}

err mail_certificate_judge(const struct mail_certificate *c, const struct mail_rules *rules, struct fault *fault)
{
	TRY(certificate_check_key(c->x509, fault));
	TRY(certificate_check_hash(c->x509, fault));
	TRY(certificate_check_time(c->x509, rules->now, fault));
	TRY(check_use(c->x509, rules->use, fault));
	if (rules->address.len)
		TRY(check_address(c->x509, rules->address, fault));
	return rules->authorities ? mail_chain_check(c, rules, fault) : OK;
}
