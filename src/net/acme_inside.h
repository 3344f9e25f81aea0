/* What the files of the ACME client share. Not for others. */
#ifndef LETTERLOCK_NET_ACME_INSIDE_H
#define LETTERLOCK_NET_ACME_INSIDE_H

#include "net/acme.h"

#include <jansson.h>

struct acme {
	const struct acme_options *options;
	struct arena *arena;
	struct fault *fault;
	str new_nonce, new_account, new_order;
	str nonce; /* the next to use; empty: ask for one */
	str kid;   /* the account's URL, once it is known */
	int64_t until;
};

struct acme_answer {
	str location;
	str body;
	json_t *json; /* null if the body is none */
};
void acme_answer_done(struct acme_answer *answer);

/* One signed request (6.2); an empty payload is POST-as-GET (6.3). Asks again with a fresh nonce when told so (6.5). */
err acme_post(struct acme *c, str url, str payload, struct acme_answer *out);
err acme_get(struct acme *c, str url, struct acme_answer *out); /* unsigned: the directory alone */
err acme_thumbprint(struct acme *c, struct buf *to);            /* RFC 7638, of the account's key */
str acme_text(const json_t *j, const char *name);               /* empty if it is no text */

#endif
