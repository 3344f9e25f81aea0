/* store: opaque encrypted bytes at rest, known by a random id. One interface, several engines: disk, s3, mem, and
 * faulty, which fails as it is told to. The layer that encrypts is the same above all of them.
 *
 * Each object has a data key of its own, wrapped by the master key; the wrapped key lives in the database, so that
 * destroying it there destroys the object wherever copies of its bytes are. Objects are chunks of 64 KiB under
 * AES-256-GCM (the STREAM construction, Hoang, Reyhanitabar, Rogaway, Vizár 2015): the nonce is the chunk's number and
 * whether it is the last; owner, object, format, number and last are authenticated. A chunk that was changed, cut off,
 * swapped, or taken from another object or owner is NEVER TAMPERED, and no byte is given out before its tag is checked.
 *
 * Durability is bought in groups: objects are created in a batch, and what store_commit() returned OK for survives a
 * crash. A batch that is not committed leaves nothing; in a bucket its objects can be seen until then, by who
 * knows their ids. A failing sync is BROKEN IO; the batch is lost, and is never
 * tried again with the same bytes. A full disk is LATER DISK_FULL.
 *
 * A container that protects itself, an AES-256 zip or PDF, may lie in a bucket without that envelope: an object that is
 * `direct`, so that its recipient fetches it there by a URL that we signed. That is an attribute of the object and no
 * other store, because it is created, committed, read, listed and destroyed among the others; what differs is said
 * below, at store_share().
 *
 * A store may be used by many threads at once, a batch and its sinks by one. */
#ifndef LETTERLOCK_STORE_H
#define LETTERLOCK_STORE_H

#include "model/model.h"

struct store;
struct store_batch;

/* "disk:DIR"; "mem:" for tests. NEVER CONFIG for anything else: a bucket needs more than its name. */
err store_open(str where, struct store **out, struct fault *fault);
/* Makes the directory if its parent is there; NEVER DENIED, with a fault, if others may get at it. */
err store_open_disk(const char *dir, struct store **out, struct fault *fault);
err store_open_mem(struct store **out);

/* A bucket of S3, or of anything that speaks like it. Who signs is asked for each request, since credentials may live
 * for an hour only. The strings are copied. */
struct aws_credentials;
struct store_login {
	err (*get)(void *state, struct arena *secret, struct aws_credentials *out);
	bool (*refused)(void *state,
			str access_key_id); /* the store does not know it; true: there is another. Or null */
	/* Will what signs now still be good at that moment? NEVER KEY, with a fault, if not or if nobody knows. Or
	 * null. */
	err (*lasts)(void *state, moment until, struct fault *fault);
	void (*done)(void *state); /* with the store; or null */
	void *state;
};
struct store_s3_options {
	str bucket, prefix;  /* keys are PREFIX + id; the prefix may be empty */
	str region;          /* us-east-1, eu-central-1 … */
	str endpoint;        /* https://host[:port]; empty: that of AWS in the region */
	bool bucket_in_path; /* https://host/BUCKET/KEY instead of https://BUCKET.host/KEY */
	const char *ca_file; /* null: the system's authorities */
	bool plain_local;    /* http:// to this machine itself, for tests */
	str kms_key;         /* SSE-KMS under this key; empty: SSE-S3 is asked for */
	struct store_login login;
	struct clock clock;
	span patience; /* how long a request is tried again; 0: two minutes */
};
/* Asks nothing of the network. The login is the store's, and done with even if this fails. NEVER CONFIG, with a
 * fault. */
err store_open_s3(const struct store_s3_options *options, struct store **out, struct fault *fault);

/* What can be known of a bucket from outside, for who judges it. What the store does not tell, or tells nobody of our
 * rights, stays UNKNOWN. */
enum store_tells { STORE_UNKNOWN, STORE_NO, STORE_YES };
struct store_bucket {
	enum store_tells listed_by_anyone; /* asked without any signature */
	enum store_tells public_policy, public_acl;
	enum store_tells public_ignored; /* Block Public Access: what would be public is not. UNKNOWN: no such thing */
	enum store_tells public_forbidden; /* and nobody can make it so by mistake */
	enum store_tells plain_denied;     /* the policy denies what comes without TLS */
	span skew;                         /* their clock minus ours, if they have refused ours; else 0 */
};
/* NEVER UNSUPPORTED if it is none. One request each, not tried again. */
err store_look_bucket(struct store *s, struct arena *a, struct store_bucket *out);
/* Does it answer, now? Asked once, with little patience; OK for what is in this machine. */
err store_ready(struct store *s);
void store_done(struct store **s);

/* What goes wrong, for tests: the nth time (from 1) that `step` is reached, it fails with `with`. */
enum store_step { STORE_CREATE, STORE_WRITE, STORE_FINISH, STORE_COMMIT, STORE_READ, STORE_DESTROY, STORE_STEPS };
struct store_fault {
	enum store_step step;
	unsigned nth;
	err with;
};
/* Both `below` and the plan outlive it. The plan counts down: nth 0 fails no more. */
err store_open_faulty(struct store *below, struct store_fault *plan, struct store **out);

err store_begin(struct store *s, struct store_batch **out);
/* A new object of `owner` (its submission): fills object->id and ->wrapped at once, ->size and ->sha256 when the sink
 * is finished. The arena holds two windows until then. Release the sink before the batch, and before
 * the arena is rewound: SCRATCH stands above OWNED(sink_done). Of an object that is direct the caller says name and
 * type, and may say the id. */
err store_create(struct store_batch *b, struct arena *a, struct keyring *k, const struct entropy *e, id owner,
		 struct object *object, struct sink *out);
/* NEVER STATE while a sink of the batch is neither finished nor abandoned. */
err store_commit(struct store_batch *b);
void store_batch_done(struct store_batch **b); /* abandons what was not committed */

/* `len` bytes from `offset` on, both within object->size; STORE_ALL for the rest. NEVER NOT_FOUND if the bytes are
 * gone, NEVER KEY or NEVER TAMPERED if the wrapped key does not open; LATER STORE if nobody can sign for it now.
 * The arena holds two windows. */
#define STORE_ALL UINT64_MAX
err store_read(struct store *s, struct arena *a, struct keyring *k, id owner, const struct object *object,
	       uint64_t offset, uint64_t len, struct source *out);

/* Removes the bytes, durably; OK for those that are not there. */
err store_destroy(struct store *s, const id *objects, size_t count);
err store_destroy_direct(struct store *s, const id *objects, size_t count);

/* ── Direct objects: fetched from the store itself ──
 *
 * Only buckets have them; elsewhere all of this is NEVER UNSUPPORTED. Such an object is the container's own bytes under
 * the key PREFIX mailed/ID, where the id is 128 bits of chance; the store is asked to encrypt it and told a name and a
 * type for who downloads it. It has a wrapped key as all objects have, so that rows are destroyed and rotated in one
 * way, but nothing is sealed with that: the document is there until its bytes are removed. What is read as a whole is
 * compared with its digest before the last of it is given out; of a part nothing is proven. */
bool store_has_direct(const struct store *s);

/* A presigned URL (SigV4, query) for GET of the object from `at` on, for so long; in whole seconds. The object need not
 * be there yet. Up to STORE_LENT anything that signs may sign; what is to live longer outlives no temporary
 * credentials and no key that is retired, so that is NEVER KEY. NEVER LIMIT beyond STORE_SHARED_MAX. */
#define STORE_LENT MINUTE
#define STORE_SHARED_MAX (7 * DAY)
err store_share(struct store *s, struct arena *a, id object, moment at, span good_for, str *url);
/* Would a URL that is minted now be good at `until`? Asked of the store itself, with little patience: NEVER CLOCK if
 * its clock is not ours, NEVER KEY, or why it does not answer. */
err store_share_ready(struct store *s, moment until, struct fault *fault);
/* Fetches the first byte as whoever has the URL would, without any login: OK if it opens, else what the store says. */
err store_share_try(struct store *s, id object, str url);

/* Everything that is there, also what is being written or was left behind by a crash; for the sweep. `written_at`
 * is of the last byte. A failing `each` ends the walk. */
struct store_entry {
	id object;
	uint64_t size; /* as stored */
	moment written_at;
	bool finished, direct;
};
err store_list(struct store *s, struct arena *scratch, err (*each)(void *state, const struct store_entry *entry),
	       void *state);

#endif
