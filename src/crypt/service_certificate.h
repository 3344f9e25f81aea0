/* crypt/service_certificate: X.509 certificates of services that sign what they send us, by the name of a host as a web
 * server has one. Read as crypt/mail_certificate.h reads, judged for that name, and used to verify: RSA with PKCS #1
 * v1.5 (RFC 8017 8.2). Nobody is asked over the network. */
#ifndef LETTERLOCK_CRYPT_SERVICE_CERTIFICATE_H
#define LETTERLOCK_CRYPT_SERVICE_CERTIFICATE_H

#include "crypt/mail_certificate.h"

struct service_rules {
	moment now;
	const str *names; /* one of these; a wildcard names none of them */
	size_t name_count;
	const struct mail_authorities *authorities;
};
/* RSA of 2,048 bits or more, a sound hash, valid now, for a server of one of the names, vouched for by an authority.
 * NEVER KEY, in words. */
err service_certificate_judge(const struct mail_certificate *c, const struct service_rules *rules, struct fault *fault);
moment service_certificate_ends(const struct mail_certificate *c);
/* Where its issuer's certificate is said to lie (RFC 5280 4.2.2.1); empty if it does not say. */
err service_certificate_issuer(struct arena *a, const struct mail_certificate *c, str *out);

enum service_hash { SERVICE_SHA1, SERVICE_SHA256 };
/* NEVER SIGNATURE if it does not verify. */
err service_certificate_verify(const struct mail_certificate *c, enum service_hash hash, str text, str signature);

#endif
