/* Entries: how one looks in the bucket.
 *
 *     "LLRL", version 1, kind, two zero bytes; number (8, big-endian); owner (16)
 *     of the head: the wrapped key (64)
 *     nonce (12), AES-256-GCM of the bytes, tag (16); the run's id and all that stands before the nonce is
 * authenticated
 *
 * The nonce is chance: two who put the same number have the same key, and one of them will be refused. */
#include "flow/run_inside.h"

#include <stdlib.h>

enum { HEADER = 32, VERSION = 1, NAME_MAX_HERE = BUCKET_NAME_MAX };

static err name_of(const struct run *r, uint64_t number, char room[NAME_MAX_HERE + 1], str *out)
{
	struct buf b = { .at = room, .max = NAME_MAX_HERE };

	buf_add_format(&b, "%s%010llu", r->options.prefix, (unsigned long long)number);
	*out = buf_str(&b);
	return buf_check(&b);
}

static void write_header(struct buf *b, const struct run *r, uint64_t number, enum run_kind kind)
{
	char be[8];

	put_u64be(be, number);
	buf_add(b, STR("LLRL\1"));
	buf_add_char(b, (char)kind);
	buf_add(b, STR("\0\0"));
	buf_add(b, str_bytes(be, sizeof be));
	buf_add(b, id_bytes(&r->owner));
	if (kind == RUN_HEAD)
		buf_add(b, str_bytes(r->wrapped, sizeof r->wrapped));
}

static str aad_of(const struct run *r, str header, char room[16 + HEADER + WRAPPED_KEY])
{
	struct buf b = { .at = room, .max = 16 + HEADER + WRAPPED_KEY };

	buf_add(&b, id_bytes(&r->options.id));
	buf_add(&b, header);
	must(!failed(buf_check(&b)));
	return buf_str(&b);
}

static err seal(struct run *r, struct buf *b, str bytes)
{
	char room[16 + HEADER + WRAPPED_KEY];
	uint8_t nonce[AEAD_NONCE];
	str aad = aad_of(r, buf_str(b), room);

	TRY(entropy_fill(&r->options.entropy, nonce, sizeof nonce));
	buf_add(b, str_bytes(nonce, sizeof nonce));
	must(!b->overflow && b->max - b->len >= bytes.len + AEAD_TAG);
	TRY(aead_seal(r->cipher, nonce, aad, bytes, (uint8_t *)b->at + b->len));
	b->len += bytes.len + AEAD_TAG;
	return OK;
}

/* The name is taken. It is ours if an earlier try of the same entry arrived and only its answer was lost. */
static err whose(struct run *r, str name)
{
	OWNED(arena_done) struct arena *a = NULL;
	str there;

	TRY(arena_open(2 * RUN_ENTRY_MAX, &a));
	TRY(bucket_get(r->options.bucket, a, name, RUN_ENTRY_MAX, &there));
	if (there.len >= HEADER && str_same(str_upto(str_from(there, 16), 16), id_bytes(&r->owner)))
		return OK;
	return NEVER(EXISTS, "the entry is somebody else's");
}

err run_put(struct run *r, uint64_t number, enum run_kind kind, str bytes)
{
	OWNED(arena_done) struct arena *a = NULL;
	char room[NAME_MAX_HERE + 1];
	struct buf b;
	str name;

	if (bytes.len > RUN_ENTRY_MAX / 2)
		return NEVER(LIMIT, "one step of the run is larger than an entry may be");
	TRY(arena_open(bytes.len + 64 * 1024, &a));
	TRY(buf_open(a, bytes.len + HEADER + WRAPPED_KEY + AEAD_NONCE + AEAD_TAG, &b));
	write_header(&b, r, number, kind);
	TRY(seal(r, &b, bytes));
	TRY(name_of(r, number, room, &name));
	err e = bucket_put_new(r->options.bucket, name, buf_str(&b));
	return e.why == WHY_EXISTS ? whose(r, name) : e;
}

static err context_of(const struct run *r, char room[32], str *out)
{
	struct buf b = { .at = room, .max = 32 };

	buf_add(&b, STR("run "));
	buf_add(&b, id_bytes(&r->options.id));
	*out = buf_str(&b);
	return buf_check(&b);
}

static err use_key(struct run *r, uint8_t key[AEAD_KEY])
{
	aead_done(&r->cipher);
	err e = aead_open(key, &r->cipher);
	crypt_wipe(key, AEAD_KEY);
	return e;
}

err run_new_key(struct run *r)
{
	uint8_t key[AEAD_KEY];
	char room[32];
	str context;

	TRY(context_of(r, room, &context));
	TRY(keyring_new_key(r->options.keys, &r->options.entropy, context, key, r->wrapped));
	return use_key(r, key);
}

static err take_key(struct run *r, str wrapped)
{
	uint8_t key[AEAD_KEY];
	char room[32];
	str context;

	memcpy(r->wrapped, wrapped.at, WRAPPED_KEY);
	TRY(context_of(r, room, &context));
	TRY(keyring_unwrap(r->options.keys, context, r->wrapped, key));
	return use_key(r, key);
}

static err damaged(void)
{
	return NEVER(TAMPERED, "an entry of the run is not what was put there");
}

static err unseal(struct run *r, struct arena *a, str all, size_t header_len, str *out)
{
	char room[16 + HEADER + WRAPPED_KEY];
	str aad = aad_of(r, str_upto(all, header_len), room), rest = str_from(all, header_len);
	void *plain;

	if (rest.len < AEAD_NONCE + AEAD_TAG)
		return damaged();
	const uint8_t *nonce = (const uint8_t *)rest.at;
	rest = str_from(rest, AEAD_NONCE);
	TRY(arena_room(a, rest.len, &plain));
	TRY(aead_unseal(r->cipher, nonce, aad, rest, plain));
	*out = str_bytes(plain, rest.len - AEAD_TAG);
	return OK;
}

static err read_header(str all, uint64_t number, enum run_kind *kind)
{
	struct reader in = READER(all);

	if (!str_same(reader_take(&in, 4), STR("LLRL")) || reader_u8(&in) != VERSION)
		return damaged();
	unsigned what = reader_u8(&in);
	if (reader_u16be(&in) || reader_u64be(&in) != number || reader_take(&in, 16).len != 16 || what >= RUN_KINDS ||
	    (what == RUN_HEAD) != (number == 0))
		return damaged();
	*kind = (enum run_kind)what;
	return OK;
}

err run_get(struct run *r, struct arena *a, uint64_t number, enum run_kind *kind, str *bytes)
{
	size_t header_len = HEADER;
	char room[NAME_MAX_HERE + 1];
	str name, all;

	TRY(name_of(r, number, room, &name));
	TRY(bucket_get(r->options.bucket, a, name, RUN_ENTRY_MAX, &all));
	TRY(read_header(all, number, kind));
	if (*kind == RUN_HEAD) {
		if (all.len < HEADER + WRAPPED_KEY)
			return damaged();
		header_len += WRAPPED_KEY;
		TRY(take_key(r, str_from(all, HEADER)));
	}
	return unseal(r, a, all, header_len, bytes);
}

static err name_hint(const struct run *r, char room[NAME_MAX_HERE + 1], str *out)
{
	struct buf b = { .at = room, .max = NAME_MAX_HERE };

	buf_add_format(&b, "%sfrom", r->options.prefix);
	*out = buf_str(&b);
	return buf_check(&b);
}

err run_hint(struct run *r, struct arena *a, str *out)
{
	char room[NAME_MAX_HERE + 1];
	str name;

	TRY(name_hint(r, room, &name));
	return bucket_get(r->options.bucket, a, name, 64, out);
}

err run_set_hint(struct run *r, str text)
{
	char room[NAME_MAX_HERE + 1];
	str name;

	TRY(name_hint(r, room, &name));
	return bucket_put(r->options.bucket, name, text);
}
