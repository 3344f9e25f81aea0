/* Inside crypt only: a source and a sink as OpenSSL's streams. */
#ifndef LETTERLOCK_CRYPT_CMS_INSIDE_H
#define LETTERLOCK_CRYPT_CMS_INSIDE_H

#include "crypt/cms.h"
#include "crypt/mail_certificate_inside.h"

#include <openssl/pem.h> /* before cms.h, which else leaves its own PEM functions out */

#include <openssl/cms.h>

/* What the stream met: OpenSSL tells only that something failed. */
struct cms_end {
	struct sink *to;
	struct source *from;
	err failed;
};
BIO *cms_end_bio(struct cms_end *end); /* null without memory; `end` outlives it */

void cms_done(CMS_ContentInfo **cms);
void cms_chain_done(BIO **chain); /* all of a chain of BIOs */

#endif
