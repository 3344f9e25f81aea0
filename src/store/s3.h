/* Inside store: the engine that keeps objects in a bucket of S3, or of anything that speaks like it. An object is the
 * key PREFIX + id. Up to a part's size it is one PUT whose length and hash are known; beyond that it is uploaded in
 * parts.
 *
 * Requests of a batch run side by side, on a few threads of the engine, while the caller seals the next object; the
 * commit waits for all of them. An object counts as stored when the store said 200 and its ETag is the MD5 of what was
 * sent (where the store gives one); what was stored of a batch that fails is deleted again, and what even that leaves
 * behind is found by the sweep.
 *
 * Nothing rests on the store's secrecy, its checksums or its clock: objects are sealed before they come here and
 * authenticated when they are read. */
#ifndef LETTERLOCK_STORE_S3_H
#define LETTERLOCK_STORE_S3_H

#include "net/http_client.h"
#include "store/engine.h"
#include "wire/sigv4.h"

#include <pthread.h>

enum {
	S3_PART = 5 * 1024 * 1024, /* the least that S3 takes, and up to 10,000 of them */
	S3_THREADS = 8,
	S3_JOBS_MAX = 2 * S3_THREADS,
	S3_BUFFERED_MAX = 20 * 1024 * 1024,
	S3_AHEAD_MAX = 32 * 1024 * 1024,
	S3_KEY_MAX = 512,
	S3_ETAG_MAX = 128
};

/* Clocks further apart than this are set by people: nothing else that has a date could be believed either. */
#define S3_SKEW_MAX DAY
#define S3_PROBE_PATIENCE (5 * SECOND)

/* Below the prefix: what lies there without our envelope, for who has a URL. */
#define S3_MAILED STR("mailed/")

/* One request of the engine. Everything it needs lies in it or outlives it. */
struct s3_call {
	str method;
	const char *key; /* of the object, with the prefix; "" for the bucket */
	str query;       /* encoded */
	str body;
	bool seals;            /* creates an object: says how it is to be encrypted at rest */
	str type, disposition; /* of an object that others fetch; else empty */
	str if_match;          /* an ETag, or empty */
	bool only_new;         /* NEVER EXISTS if the key is taken */
	bool anonymous, once;  /* without a signature; not tried again */
	const char *answers;   /* a 200 whose body has not this element says nothing: "Root/Child"; null: any body */
	void *to;              /* `room` bytes of the object from `at` on go there, or fewer at its end */
	size_t room;
	uint64_t at;
	uint64_t answer_max; /* for answers that are read as text; in the arena */
};

struct s3_answer {
	unsigned status;
	str body; /* of those that are read as text */
	size_t got;
	uint64_t total; /* of Content-Range; of HEAD, the length */
	char etag[S3_ETAG_MAX];
};

struct s3_client {
	struct s3_client *next;
	struct http_client *http;
};

struct s3 {
	struct store_s3_options options;
	char *memory; /* of the strings in options */
	char origin[1024];
	char base_path[S3_KEY_MAX]; /* "/" or "/bucket/" */
	char host[512];
	pthread_mutex_t lock; /* over all that follows */
	pthread_cond_t work, done;
	struct s3_client *idle;
	struct s3_job *first, **last;
	size_t given, buffered; /* jobs that are not done yet, and their bytes */
	size_t ahead;           /* of windows that were fetched before they were asked for */
	bool ending;
	unsigned threads;
	pthread_t thread[S3_THREADS];
	span skew; /* their clock minus ours, where it is more than they bear */
	struct s3_left_behind *left_behind;
};

/* As store_open_s3(), without the store. */
err s3_new(const struct store_s3_options *options, struct s3 **out, struct fault *fault);
void s3_close(void *s3);

/* Tries again with growing waits what may go better, and says in words what will not. NEVER NOT_FOUND for a key that is
 * not there. `a` holds what the answer shows. */
err s3_call(struct s3 *s, struct arena *a, const struct s3_call *call, struct s3_answer *out);
span s3_skew(struct s3 *s); /* as learnt; 0: none was needed */
/* The text of the element a/b/c of an answer; empty if it has none. */
str s3_element(struct arena *a, str body, const char *path);

const char *s3_key(const struct s3 *s, id object, bool direct, char room[S3_KEY_MAX]);
/* As it is sent, for signing, and as a whole. */
err s3_url(const struct s3 *s, struct arena *a, const char *key, str query, str *path, str *url);
void s3_forget_left_behind(struct s3 *s);

/* ── Jobs of the threads ── */

struct s3_job {
	struct s3_job *next;
	err (*run)(struct s3 *s, struct s3_job *job);
	char key[S3_KEY_MAX];
	char *bytes; /* sent, and freed when that is done; or read, and freed with the job */
	size_t len, room;
	uint64_t at, total; /* of a window */
	void *state;        /* of whoever made it */
	unsigned part;
	char etag[S3_ETAG_MAX];
	bool reads, offered, begun, done, forgotten;
	err result;
};
void s3_stop(struct s3 *s);
/* Waits while too much is under way. The job is the engine's until it is done. */
void s3_give(struct s3 *s, struct s3_job *job);
bool s3_is_done(struct s3 *s, const struct s3_job *job);
void s3_wait(struct s3 *s, const struct s3_job *job);

/* A window that will be asked for. False, and it is still the caller's, if there is no room for it. */
bool s3_offer(struct s3 *s, struct s3_job *window);
/* Until it is done; by this thread, unless another began it. */
void s3_collect(struct s3 *s, struct s3_job *window);
void s3_forget(struct s3 *s, struct s3_job *window); /* frees it, now or when it is done */

err s3_begin(void *state, void **batch);
err s3_create(void *state, void *batch, struct arena *a, id *object, struct sink *out);
err s3_create_direct(void *state, void *batch, const struct object *object, struct sink *out);
err s3_commit(void *state, void *batch);
void s3_batch_done(void *state, void *batch);
err s3_open(void *state, struct arena *a, id object, struct store_reader *out);
err s3_open_direct(void *state, struct arena *a, id object, struct store_reader *out);
err s3_read_at(void *state, void *reader, uint64_t offset, void *to, size_t len, size_t *got);
void s3_reader_done(void *state, void *reader);
err s3_destroy(void *state, const id *objects, size_t count);
err s3_destroy_direct(void *state, const id *objects, size_t count);
err s3_share(void *state, struct arena *a, id object, moment at, span good_for, str *url);
err s3_share_ready(void *state, moment until, struct fault *fault);
err s3_share_try(void *state, id object, str url);
err s3_ready(void *state);
err s3_list(void *state, struct arena *scratch, err (*each)(void *to, const struct store_entry *entry), void *to);

#endif
