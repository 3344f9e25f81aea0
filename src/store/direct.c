/* What is the same for all direct objects: the container goes by and is measured, there is no envelope. */
#include "store/engine.h"

static const struct store_direct *direct_of(const struct store *s)
{
	return s->engine->direct;
}

bool store_has_direct(const struct store *s)
{
	return direct_of(s) != NULL;
}

static err unsupported(void)
{
	return NEVER(UNSUPPORTED, "only a bucket has objects that others fetch");
}

/* ── In ──────────────────────────────────────────────────────────────────────────────────────────── */

struct direct_put {
	struct store_batch *batch;
	struct object *object;
	struct sink below;
	struct hash *hash;
	uint64_t size;
};

static void release(struct direct_put *p)
{
	hash_done(&p->hash);
	if (p->batch)
		p->batch->open_sinks--;
	p->batch = NULL;
}

static err write_direct(void *state, const void *from, size_t len)
{
	struct direct_put *p = state;

	TRY(hash_add(p->hash, str_bytes(from, len)));
	p->size += len;
	return sink_write(&p->below, from, len);
}

static err finish_direct(void *state)
{
	struct direct_put *p = state;

	TRY(hash_finish(p->hash, p->object->sha256));
	TRY(sink_finish(&p->below));
	p->object->size = p->size;
	release(p);
	return OK;
}

static void abandon_direct(void *state)
{
	struct direct_put *p = state;

	sink_done(&p->below);
	release(p);
}

/* The key that nothing is sealed with; see store.h. */
static err mint_key(struct keyring *k, const struct entropy *e, struct object *object)
{
	uint8_t key[AEAD_KEY];
	char context[WRAP_CONTEXT];

	TRY(keyring_new_key(k, e, wrap_context_object(object->id, context), key, object->wrapped));
	crypt_wipe(key, sizeof key);
	return OK;
}

err store_create_direct(struct store_batch *b, struct arena *a, struct keyring *k, const struct entropy *e,
			struct object *object, struct sink *out)
{
	static const struct sink_ops ops = { .write = write_direct,
					     .finish = finish_direct,
					     .abandon = abandon_direct };
	struct direct_put *p;

	if (!direct_of(b->store))
		return unsupported();
	TRY(NEW(a, p));
	OWNED(sink_done) struct sink made = { &ops, p };
	p->batch = b;
	b->open_sinks++;
	p->object = object;
	if (id_none(object->id))
		TRY(id_new(e, &object->id));
	TRY(mint_key(k, e, object));
	TRY(hash_open(&p->hash));
	TRY(direct_of(b->store)->create(b->store->state, b->batch, object, &p->below));
	*out = made;
	made = (struct sink){ 0 };
	return OK;
}

/* ── Out ─────────────────────────────────────────────────────────────────────────────────────────── */

struct direct_get {
	struct store *store;
	struct store_reader reader;
	const struct object *object;
	struct hash *hash; /* null: not all of it is read */
	uint64_t at, left;
};

static err check_digest(struct direct_get *g)
{
	uint8_t digest[SHA256_LEN];

	TRY(hash_finish(g->hash, digest));
	hash_done(&g->hash);
	return memcmp(digest, g->object->sha256, SHA256_LEN) == 0
		       ? OK
		       : NEVER(TAMPERED, "the object is not the one that was written");
}

static err read_direct(void *state, void *to, size_t max, size_t *got)
{
	struct direct_get *g = state;
	size_t want = g->left < max ? (size_t)g->left : max, have = 0;

	if (want) {
		TRY(store_read_failed(
			g->store->engine->read_at(g->store->state, g->reader.state, g->at, to, want, &have)));
		if (have != want)
			return NEVER(TAMPERED, "the object is cut short");
		g->at += have;
		g->left -= have;
		if (g->hash)
			TRY(hash_add(g->hash, str_bytes(to, have)));
	}
	if (g->hash && g->left == 0)
		TRY(check_digest(g));
	*got = have;
	return OK;
}

static void done_direct(void *state)
{
	struct direct_get *g = state;

	hash_done(&g->hash);
	if (g->reader.state)
		g->store->engine->reader_done(g->store->state, g->reader.state);
	g->reader.state = NULL;
}

err store_read_direct(struct store *s, struct arena *a, const struct object *object, uint64_t offset, uint64_t len,
		      struct source *out)
{
	static const struct source_ops ops = { .read = read_direct, .done = done_direct };
	struct direct_get *g;

	if (!direct_of(s))
		return unsupported();
	TRY(NEW(a, g));
	OWNED(source_done) struct source made = { &ops, g };
	*g = (struct direct_get){ .store = s, .object = object, .at = offset };
	g->left = len == STORE_ALL ? object->size - offset : len;
	if (g->left == object->size)
		TRY(hash_open(&g->hash));
	TRY(store_read_failed(direct_of(s)->open(s->state, a, object->id, &g->reader)));
	if (g->reader.size != object->size)
		return NEVER(TAMPERED, "the object does not have the length it was written with");
	*out = made;
	made = (struct source){ 0 };
	return OK;
}

/* ── The rest is the engine's ────────────────────────────────────────────────────────────────────── */

err store_destroy_direct(struct store *s, const id *objects, size_t count)
{
	return direct_of(s) ? direct_of(s)->destroy(s->state, objects, count) : unsupported();
}

err store_share(struct store *s, struct arena *a, id object, moment at, span good_for, str *url)
{
	if (!direct_of(s))
		return unsupported();
	if (good_for < SECOND || good_for > STORE_SHARED_MAX)
		return NEVER(LIMIT, "a presigned URL lives for seven days at the most");
	return direct_of(s)->share(s->state, a, object, at, good_for, url);
}

err store_share_ready(struct store *s, moment until, struct fault *fault)
{
	return direct_of(s) ? direct_of(s)->share_ready(s->state, until, fault) : unsupported();
}

err store_share_try(struct store *s, id object, str url)
{
	return direct_of(s) ? direct_of(s)->share_try(s->state, object, url) : unsupported();
}
