/* An object at rest in, plaintext out: the source that store_read() gives. */
#include "store/engine.h"
#include "store/format.h"

struct get {
	struct store *store;
	struct store_reader reader;
	struct aead *cipher;
	struct place place; /* of the chunk that is opened next */
	uint64_t size;      /* of the object */
	uint64_t left;      /* still to be given out */
	size_t skip;        /* of the next chunk, for a range that begins within it */
	uint8_t *sealed, *plain;
	size_t plain_len; /* of `plain`, ever written */
	str ready;        /* opened and not yet given out */
	err failed;       /* sticks */
};

err store_read_failed(err e)
{
	if (e.why == WHY_KEY) {
		e.fate = FATE_LATER;
		e.why = WHY_STORE;
	}
	return e;
}

static err read_exactly(struct get *g, uint64_t offset, void *to, size_t len)
{
	size_t got;

	TRY(store_read_failed(g->store->engine->read_at(g->store->state, g->reader.state, offset, to, len, &got)));
	return got == len ? OK : NEVER(TAMPERED, "the object is cut short");
}

/* Opens the next chunk into `plain`, which has room for one. */
static err open_chunk(struct get *g, uint8_t *plain)
{
	uint8_t nonce[AEAD_NONCE], aad[OBJECT_AAD];
	uint64_t first = g->place.number * CHUNK;
	size_t len = (size_t)(g->size - first < CHUNK ? g->size - first : CHUNK);

	g->place.last = g->place.number + 1 == chunks_of(g->size);
	place_nonce(&g->place, nonce);
	TRY(read_exactly(g, OBJECT_HEADER + g->place.number * SEALED_CHUNK, g->sealed, len + AEAD_TAG));
	TRY(aead_unseal(g->cipher, nonce, place_aad(&g->place, aad), str_bytes(g->sealed, len + AEAD_TAG), plain));
	g->ready = str_upto(str_from(str_bytes(plain, len), g->skip), g->left < CHUNK ? (size_t)g->left : CHUNK);
	g->left -= g->ready.len;
	g->skip = 0;
	g->place.number++;
	return OK;
}

static err open_chunk_here(struct get *g)
{
	g->plain_len = CHUNK; /* memory that was never touched need not be wiped */
	return open_chunk(g, g->plain);
}

/* A reader with room for a whole chunk gets it without a stop in between: aead_unseal() gives out nothing unproven. */
static bool fits(const struct get *g, size_t max)
{
	return max >= CHUNK && g->skip == 0 && g->left >= CHUNK;
}

static err read_get(void *state, void *to, size_t max, size_t *got)
{
	struct get *g = state;
	bool direct = g->ready.len == 0 && fits(g, max);

	if (!failed(g->failed) && g->ready.len == 0 && g->left)
		g->failed = direct ? open_chunk(g, to) : open_chunk_here(g);
	TRY(g->failed);
	if (direct) {
		*got = g->ready.len;
		g->ready = STR_NONE;
		return OK;
	}
	*got = g->ready.len < max ? g->ready.len : max;
	if (*got)
		memcpy(to, g->ready.at, *got);
	g->ready = str_from(g->ready, *got);
	return OK;
}

static void done_get(void *state)
{
	struct get *g = state;

	aead_done(&g->cipher);
	if (g->plain)
		crypt_wipe(g->plain, g->plain_len);
	if (g->reader.state)
		g->store->engine->reader_done(g->store->state, g->reader.state);
	g->reader.state = NULL;
}

/* The length is the first thing that must be right: it tells which chunk is the last. */
static err check_shape(struct get *g)
{
	uint8_t header[OBJECT_HEADER];
	uint64_t expected;

	TRY(sealed_size(g->size, &expected));
	if (g->reader.size != expected)
		return NEVER(TAMPERED, "the object does not have the length it was written with");
	TRY(read_exactly(g, 0, header, sizeof header));
	if (memcmp(header, object_header, sizeof header) != 0)
		return NEVER(TAMPERED, "the object does not begin as it was written");
	return OK;
}

static err open_cipher(struct keyring *k, const struct object *object, struct aead **out)
{
	uint8_t key[AEAD_KEY];
	char context[WRAP_CONTEXT];

	TRY(keyring_unwrap(k, wrap_context_object(object->id, context), object->wrapped, key));
	err e = aead_open(key, out);
	crypt_wipe(key, sizeof key);
	return e;
}

static err take_windows(struct get *g, struct arena *a)
{
	void *sealed, *plain;

	TRY(arena_room(a, SEALED_CHUNK, &sealed));
	TRY(arena_room(a, CHUNK, &plain));
	g->sealed = sealed;
	g->plain = plain;
	return OK;
}

/* An empty object has one chunk too; nothing of it would be read, so it is opened here. */
static err prove_empty(struct get *g)
{
	return g->size == 0 ? open_chunk_here(g) : OK;
}

err store_read(struct store *s, struct arena *a, struct keyring *k, id owner, const struct object *object,
	       uint64_t offset, uint64_t len, struct source *out)
{
	static const struct source_ops ops = { .read = read_get, .done = done_get };
	struct get *g;

	if (offset > object->size || (len != STORE_ALL && len > object->size - offset))
		return NEVER(LIMIT, "beyond the end of the object");
	if (object->direct)
		return store_read_direct(s, a, object, offset, len, out);
	TRY(NEW(a, g));
	OWNED(source_done) struct source made = { &ops, g };
	*g = (struct get){ .store = s, .size = object->size, .skip = (size_t)(offset % CHUNK) };
	g->left = len == STORE_ALL ? object->size - offset : len;
	g->place = (struct place){ .owner = owner, .object = object->id, .number = offset / CHUNK };
	TRY(take_windows(g, a));
	TRY(open_cipher(k, object, &g->cipher));
	TRY(store_read_failed(s->engine->open(s->state, a, object->id, &g->reader)));
	TRY(check_shape(g));
	TRY(prove_empty(g));
	*out = made;
	made = (struct source){ 0 };
	return OK;
}
