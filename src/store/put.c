/* Plaintext in, an object at rest out: the sink that store_create() gives. */
#include "store/engine.h"
#include "store/format.h"

struct put {
	struct store_batch *batch;
	struct object *object;
	struct sink below;
	struct aead *cipher;
	struct hash *hash;
	struct place place;
	uint64_t size;
	struct buf held; /* a chunk is not sealed before it is known whether it is the last */
	uint8_t *sealed; /* header, if it is still to be written, and one sealed chunk */
	size_t header_len;
};

static err seal_chunk(struct put *p, str plain, bool last)
{
	uint8_t nonce[AEAD_NONCE], aad[OBJECT_AAD];

	p->place.last = last;
	place_nonce(&p->place, nonce);
	TRY(aead_seal(p->cipher, nonce, place_aad(&p->place, aad), plain, p->sealed + p->header_len));
	TRY(sink_write(&p->below, p->sealed, p->header_len + plain.len + AEAD_TAG));
	p->header_len = 0;
	p->place.number++;
	return OK;
}

static err write_put(void *state, const void *from, size_t len)
{
	struct put *p = state;
	str rest = str_bytes(from, len);

	TRY(hash_add(p->hash, rest));
	p->size += len;
	while (rest.len) {
		/* Whole chunks go past the window when more is sure to follow. */
		if (p->held.len == 0 && rest.len > CHUNK) {
			TRY(seal_chunk(p, str_upto(rest, CHUNK), false));
			rest = str_from(rest, CHUNK);
			continue;
		}
		if (p->held.len == CHUNK) {
			TRY(seal_chunk(p, buf_str(&p->held), false));
			p->held.len = 0;
		}
		str part = str_upto(rest, CHUNK - p->held.len);
		buf_add(&p->held, part);
		rest = str_from(rest, part.len);
	}
	return OK;
}

static void release(struct put *p)
{
	aead_done(&p->cipher);
	hash_done(&p->hash);
	if (p->held.at)
		crypt_wipe(p->held.at, CHUNK);
	if (p->batch)
		p->batch->open_sinks--;
	p->batch = NULL;
}

static err finish_put(void *state)
{
	struct put *p = state;

	TRY(seal_chunk(p, buf_str(&p->held), true));
	TRY(hash_finish(p->hash, p->object->sha256));
	TRY(sink_finish(&p->below));
	p->object->size = p->size;
	release(p);
	return OK;
}

static void abandon_put(void *state)
{
	struct put *p = state;

	sink_done(&p->below);
	release(p);
}

static err prepare(struct put *p, struct arena *a, struct keyring *k, const struct entropy *e)
{
	uint8_t key[AEAD_KEY];
	char context[WRAP_CONTEXT];
	void *room;

	TRY(buf_open(a, CHUNK, &p->held));
	TRY(arena_take(a, OBJECT_HEADER + SEALED_CHUNK, &room));
	p->sealed = room;
	p->header_len = OBJECT_HEADER;
	memcpy(p->sealed, object_header, OBJECT_HEADER);
	TRY(hash_open(&p->hash));
	TRY(keyring_new_key(k, e, wrap_context_object(p->object->id, context), key, p->object->wrapped));
	err opened = aead_open(key, &p->cipher);
	crypt_wipe(key, sizeof key);
	return opened;
}

err store_create(struct store_batch *b, struct arena *a, struct keyring *k, const struct entropy *e, id owner,
		 struct object *object, struct sink *out)
{
	static const struct sink_ops ops = { .write = write_put, .finish = finish_put, .abandon = abandon_put };
	struct put *p;

	if (failed(b->failed))
		return b->failed;
	if (object->direct)
		return store_create_direct(b, a, k, e, object, out);
	TRY(NEW(a, p));
	OWNED(sink_done) struct sink made = { &ops, p };
	p->batch = b;
	b->open_sinks++;
	p->object = object;
	TRY(id_new(e, &object->id));
	TRY(b->store->engine->create(b->store->state, b->batch, a, &object->id, &p->below));
	p->place = (struct place){ .owner = owner, .object = object->id };
	TRY(prepare(p, a, k, e));
	*out = made;
	made = (struct sink){ 0 };
	return OK;
}
