/* Certificates from an authority by ACME (RFC 8555): an account, an order for one name, a challenge that proves the
 * name is ours, a request, a chain. Signed with ES256. It stands in net because it is a conversation: it writes no
 * file, answers no challenge and keeps no time; proc/certifier.c does that with what it is given here.
 *
 * Two ways to prove the name: tls-alpn-01 (RFC 8737) needs only the port that is served anyway; http-01 (8.3) is for
 * those whose TLS ends in a proxy. */
#ifndef LETTERLOCK_NET_ACME_H
#define LETTERLOCK_NET_ACME_H

#include "crypt/crypt.h"
#include "net/http_client.h"

enum acme_challenge { ACME_TLS_ALPN, ACME_HTTP };

struct acme_options {
	struct http_client *http;
	str directory;                   /* URL */
	str contact;                     /* an address of mail; may be empty */
	str host;                        /* the DNS name */
	const struct ecdsa_key *account; /* made known to the authority if it is new */
	const struct ecdsa_key *key;     /* the certificate's */
	enum acme_challenge challenge;
	span patience; /* for the authority to look and to sign */
	struct clock clock;
	/* The answer to the challenge: from now on the front gives it. `proof` is the key authorization (8.1). */
	err (*show)(void *state, struct arena *a, str proof);
	void *state;
};

/* A chain in PEM, the host's own certificate first, for `key`. LATER if it may be tried again later; NEVER if the
 * authority said no. The fault says what it said. The terms of service are agreed to: ask the operator first. */
err acme_obtain(struct arena *a, const struct acme_options *options, str *chain, struct fault *fault);

#endif
