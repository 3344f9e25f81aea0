/* Inside crypt only: what stands behind a certificate of a person, for those who encrypt to it and verify with it. */
#ifndef LETTERLOCK_CRYPT_MAIL_CERTIFICATE_INSIDE_H
#define LETTERLOCK_CRYPT_MAIL_CERTIFICATE_INSIDE_H

#include "crypt/library.h"
#include "crypt/mail_certificate.h"

#include <openssl/x509v3.h>

struct mail_certificate {
	X509 *x509;
	STACK_OF(X509) * above; /* unproven; may be empty */
};

struct mail_authorities {
	X509_STORE *store;
};

/* Takes references of its own; `above` may be null. */
err mail_certificate_wrap(X509 *x509, STACK_OF(X509) * above, struct mail_certificate **out);
/* Does anyone of `authorities` vouch for it at that time? */
err mail_chain_check(const struct mail_certificate *c, const struct mail_rules *rules, struct fault *fault);
moment mail_time(const ASN1_TIME *t);

/* Each NEVER KEY, in words; for certificates of people and of services alike. */
err certificate_check_key(X509 *x509, struct fault *fault);
err certificate_check_hash(X509 *x509, struct fault *fault);
err certificate_check_time(X509 *x509, moment now, struct fault *fault);
enum chain_use { CHAIN_MAIL, CHAIN_SERVICE };
err certificate_chain_check(const struct mail_certificate *c, const struct mail_authorities *authorities, moment now,
			    enum chain_use use, struct fault *fault);

#endif
