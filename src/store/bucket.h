/* store/bucket: objects of a bucket by their names, bytes as they are: lists and documents that others put there, and
 * what is kept there beside sealed documents. Requests are signed, tried again and understood as those of the store
 * (s3.h); what is read on is read by its ETag, so that it is one object from the first byte to the last.
 *
 * bucket_put_new() is how several who do not know of each other agree: of all who put one name, one succeeds. It rests
 * on the store's honouring `If-None-Match: *` (S3 since 2024, Ceph); whoever relies on it tries it out first, for there
 * are stores that do not look at it.
 *
 * Names have at most 500 bytes. For many threads at once. */
#ifndef LETTERLOCK_STORE_BUCKET_H
#define LETTERLOCK_STORE_BUCKET_H

#include "store/store.h"

enum { BUCKET_NAME_MAX = 500 };

struct bucket;
/* Asks nothing of the network. The login is the bucket's, and done with even if this fails; `prefix` goes before every
 * name. NEVER CONFIG, with a fault. */
err bucket_open(const struct store_s3_options *options, struct bucket **out, struct fault *fault);
void bucket_done(struct bucket **b);

struct bucket_object {
	uint64_t size;
	char etag[130]; /* with its quotes */
};
/* NEVER NOT_FOUND; where the right to list the bucket is missing S3 says NEVER STORE instead. */
err bucket_look(struct bucket *b, struct arena *a, str name, struct bucket_object *out);
/* All of it, if it is still the object that was looked at (NEVER TAMPERED else); the sink is not finished. */
err bucket_read(struct bucket *b, struct arena *a, str name, const struct bucket_object *what, struct sink *to);
/* All of one that was not looked at: mostly one request. NEVER LIMIT beyond max, before a byte is given. */
err bucket_fetch(struct bucket *b, struct arena *a, str name, uint64_t max, struct sink *to);
/* The whole of one that is not empty, in `a`; NEVER LIMIT beyond max. */
err bucket_get(struct bucket *b, struct arena *a, str name, uint64_t max, str *out);

err bucket_put(struct bucket *b, str name, str bytes);
/* NEVER EXISTS if the name is taken: by whom, reading tells. The answer to a try before may have been lost. */
err bucket_put_new(struct bucket *b, str name, str bytes);

#endif
