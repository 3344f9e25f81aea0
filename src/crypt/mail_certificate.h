/* crypt/mail_certificate: X.509 certificates of people, as S/MIME uses them (RFC 8550, RFC 5280). One is read from
 * PEM or DER, tells what it says, and is judged before anything is encrypted to it or believed because of it: the
 * key's kind and size, the signature's hash, the time, what it may be used for, whose address it names, and who
 * vouches for it. Each refusal is NEVER KEY and says which of them it was.
 *
 * Nobody is asked over the network: no OCSP, no fetching of issuers. Revocation lists are heeded if they stand in the
 * file of authorities; then every authority of a chain needs one, because a list that is missing says nothing.
 *
 * The parser is OpenSSL's, which reads such bytes in every TLS handshake too; what it gets is bounded before. */
#ifndef LETTERLOCK_CRYPT_MAIL_CERTIFICATE_H
#define LETTERLOCK_CRYPT_MAIL_CERTIFICATE_H

#include "crypt/crypt.h"

enum {
	MAIL_CERTIFICATE_MAX = 256 * 1024, /* bytes of a file with one and those above it */
	MAIL_CHAIN_MAX = 10,               /* certificates in it */
	MAIL_AUTHORITIES_MAX = 16 * 1024 * 1024,
	MAIL_ADDRESSES_MAX = 50,
};

/* The first certificate of the file; further ones of a PEM file help to build its chain. May be shared by threads. */
struct mail_certificate;
err mail_certificate_read(str bytes, struct mail_certificate **out, struct fault *fault); /* NEVER KEY */
void mail_certificate_done(struct mail_certificate **c);
bool mail_certificate_like(str bytes); /* does this look like X.509 rather than something else? */

struct mail_certificate_facts {
	str subject, issuer; /* RFC 2253, UTF-8, control characters escaped */
	str algorithm;       /* "RSA", "EC P-256", … */
	unsigned bits;
	uint8_t sha256[SHA256_LEN]; /* of its DER: the fingerprint */
	moment begins_at, ends_at;
	str addresses[MAIL_ADDRESSES_MAX]; /* as written in it */
	size_t address_count;
};
err mail_certificate_facts(struct arena *a, const struct mail_certificate *c, struct mail_certificate_facts *out);
err mail_certificate_der(struct arena *a, const struct mail_certificate *c, str *out);

/* As it was read, with those above it; no other text. */
err mail_certificate_pem(struct arena *a, const struct mail_certificate *c, str *out);

/* Who is believed when he vouches for somebody: the system's authorities, those of a PEM file, or both. */
struct mail_authorities;
err mail_authorities_open(str pem, bool of_system, struct mail_authorities **out, struct fault *fault);
void mail_authorities_done(struct mail_authorities **m);

enum mail_use { MAIL_ENCRYPT, MAIL_SIGN };
struct mail_rules {
	enum mail_use use;
	moment now;
	str address; /* it must name; empty: any */
	/* Null: nobody needs to vouch, because the operator himself put it on file and wrote down why that is enough.
	 */
	const struct mail_authorities *authorities;
};
err mail_certificate_judge(const struct mail_certificate *c, const struct mail_rules *rules, struct fault *fault);

#endif
