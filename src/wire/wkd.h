/* The Web Key Directory (draft-koch-openpgp-webkey-service 3.1): under which URL a domain publishes the OpenPGP key of
 * one of its addresses. Pure: the SHA-1 of the folded local part is the caller's to compute. */
#ifndef LETTERLOCK_WIRE_WKD_H
#define LETTERLOCK_WIRE_WKD_H

#include "wire/address.h"

enum { WKD_DIGEST_LEN = 20 };

/* What is hashed: the local part with its ASCII letters in lower case. NEVER UNSUPPORTED for what has no place in a
 * directory: a quoted local part, an address literal. */
err wkd_folded(struct arena *a, const struct address *address, str *out);

/* The host of the advanced method, which is asked first; the domain itself only where this name does not exist. */
err wkd_advanced_host(struct arena *a, const struct address *address, str *out);
/* `host` may have a port. The domain stands in the path unless `direct`. */
err wkd_url(struct arena *a, str host, bool direct, const struct address *address, const uint8_t digest[WKD_DIGEST_LEN],
	    str *out);
/* The file that says that there is a directory (4.5). */
err wkd_policy_url(struct arena *a, str host, bool direct, const struct address *address, str *out);

#endif
