/* Inside store: what an engine is. It keeps sealed bytes under an id and knows neither keys nor owners. */
#ifndef LETTERLOCK_STORE_ENGINE_H
#define LETTERLOCK_STORE_ENGINE_H

#include "store/store.h"

struct store_reader {
	void *state;
	uint64_t size;
};

/* Objects without our envelope, where the store can be asked by others. */
struct store_direct {
	err (*create)(void *state, void *batch, const struct object *object, struct sink *out);
	err (*open)(void *state, struct arena *a, id object, struct store_reader *out);
	err (*destroy)(void *state, const id *objects, size_t count);
	err (*share)(void *state, struct arena *a, id object, moment at, span good_for, str *url);
	err (*share_ready)(void *state, moment until, struct fault *fault);
	err (*share_try)(void *state, id object, str url);
};

struct store_engine {
	err (*begin)(void *state, void **batch);
	/* The engine may set object->byte[0], and leaves the rest of the id as it is. */
	err (*create)(void *state, void *batch, struct arena *a, id *object, struct sink *out);
	err (*commit)(void *state, void *batch);
	void (*batch_done)(void *state, void *batch);
	err (*open)(void *state, struct arena *a, id object, struct store_reader *out);
	err (*read_at)(void *state, void *reader, uint64_t offset, void *to, size_t len, size_t *got);
	void (*reader_done)(void *state, void *reader);
	err (*destroy)(void *state, const id *objects, size_t count);
	err (*list)(void *state, struct arena *scratch, err (*each)(void *to, const struct store_entry *entry),
		    void *to);
	err (*ready)(void *state);         /* null: always */
	const struct store_direct *direct; /* or null */
	void (*close)(void *state);
};

struct store {
	const struct store_engine *engine;
	void *state;
};

struct store_batch {
	struct store *store;
	void *batch;
	unsigned open_sinks;
	err failed; /* the first failure of a commit; there is no second try */
};

err store_new(const struct store_engine *engine, void *state, struct store **out); /* closes state if it fails */

/* What an engine's read failed with: a login that cannot sign now is no key that does not open, and nothing is wrong
 * with the object. */
err store_read_failed(err e);

/* ── Direct objects ── */

err store_create_direct(struct store_batch *b, struct arena *a, struct keyring *k, const struct entropy *e,
			struct object *object, struct sink *out);
err store_read_direct(struct store *s, struct arena *a, const struct object *object, uint64_t offset, uint64_t len,
		      struct source *out);

#endif
