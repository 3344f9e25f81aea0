/* flow/key_directory: asking the Web Key Directory of an address's domain for its OpenPGP key (wire/wkd.h says where it
 * stands). The address comes from a list, so its domain is a stranger's: only HTTPS and only the public Internet is
 * asked, no redirect is followed, and answer and time are bounded (THREATS B-70). recipients.wkd_server, which the
 * operator wrote, is asked instead where it is set, wherever it stands. */
#ifndef LETTERLOCK_FLOW_KEY_DIRECTORY_H
#define LETTERLOCK_FLOW_KEY_DIRECTORY_H

#include "config/config.h"
#include "wire/address.h"

enum { KEY_DIRECTORY_ANSWER_MAX = 64 * 1024 };
#define KEY_DIRECTORY_PATIENCE (10 * SECOND)

/* One thread's, with its connections. The configuration outlives it. */
struct key_directory;
err key_directory_open(const struct config *c, struct key_directory **out, struct fault *fault);
void key_directory_done(struct key_directory **d); /* for OWNED */

/* Where the keys of a domain are: `direct` on its own host, else on openpgpkey.DOMAIN or recipients.wkd_server. The
 * host is in the arena. NEVER UNSUPPORTED for an address that has no place in a directory; LATER RESOLVE. `until` is in
 * ticks, here and below. */
struct key_route {
	str host;
	bool direct;
};
err key_directory_route(const struct key_directory *d, struct arena *a, const struct address *address, int64_t until,
			struct key_route *out, struct fault *fault);

/* What the directory gave, not judged but for its being no certificate: check_key() is next. NEVER NOT_FOUND if the
 * domain publishes no key for it, NEVER PROTOCOL for a redirect or a refusal, NEVER LIMIT for too much, NEVER DENIED
 * for a place that may not be asked; LATER if the directory could not be reached. */
err key_directory_ask(const struct key_directory *d, struct arena *a, const struct address *address,
		      const struct key_route *route, int64_t until, str *key, struct fault *fault);
/* Whether there is a directory at all: whoever has one serves a policy file, be it empty (draft 4.5). */
err key_directory_exists(const struct key_directory *d, struct arena *a, const struct address *address,
			 const struct key_route *route, int64_t until, bool *exists);

/* All of it for one address. */
err flow_key_directory(const struct config *c, struct arena *a, str address, str *key, struct fault *fault);

#endif
