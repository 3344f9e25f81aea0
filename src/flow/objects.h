/* The store that is configured, and with a bucket who signs for it. */
#ifndef LETTERLOCK_FLOW_OBJECTS_H
#define LETTERLOCK_FLOW_OBJECTS_H

#include "config/config.h"
#include "store/bucket.h"

/* Asks nothing of the network. The configuration outlives the store. */
err objects_open(const struct config *config, struct store **out, struct fault *fault);
/* Any bucket where the configured one is, asked with the same credentials. */
err objects_bucket(const struct config *config, str bucket, struct bucket **out, struct fault *fault);
err objects_place(const struct config *config, struct arena *a, str *bucket, str *prefix); /* with '/' at its end */
bool objects_in_bucket(const struct config *config);

/* Does an object of that form lie in the bucket without our envelope, for its recipient to fetch it there? */
bool objects_direct(const struct config *config, enum link_mode mode, enum seal_kind seal);
/* Before any is mailed: would URLs minted now be good for so long? NEVER, in words, if not. */
err objects_promise(struct store *store, moment now, span good_for, struct fault *fault);
/* The URL of out->object, which need not be there yet, and the moment at which it ends; into `out`. */
err objects_share(struct store *store, struct arena *a, moment now, span good_for, struct link *out);
/* Before it is mailed, and when its object is there: opens it as its recipient will, since a rule of the bucket may
 * deny what our own login may. */
err objects_share_try(struct store *store, const struct link *link, struct fault *fault);
err objects_remove(struct store *store, const struct object *o); /* its bytes */

/* Its age, if somebody said when it was made; false if nobody did, or a session signs, or nobody. */
struct objects_key {
	str id; /* empty: it stands in the environment or a profile */
	moment created_at;
	span age, left; /* until nothing is signed with it any more; 0 or less: it is over */
	bool alarm, refused;
};
bool objects_key_look(const struct config *config, moment now, struct objects_key *out);
#define OBJECTS_KEY_ROTATE                                                                                             \
	"make a second key, name it besides the first in s3_keys, and take the old one away when it signs"

/* The first thing that makes a bucket no place for documents, in words; empty if there is none. `plain` is whether it
 * answers without TLS, which a written reason may allow. */
struct bucket_verdict {
	const char *refused, *todo;
	bool plain_only; /* nothing worse than that */
};
struct bucket_verdict bucket_judge(const struct store_bucket *b);
/* Before documents come in: NEVER DENIED for a bucket that is open to others. */
err objects_check(struct arena *a, const struct config *config, struct store *store, struct fault *fault);

#endif
