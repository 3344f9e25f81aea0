/* A small value sealed for one column of one row: nonce (12, random), ciphertext, tag (16).
 *
 * Authenticated with it: a label, the place (table and column) and the owner (the row), the place with its
 * length before it, so that no two different pairs are spelled alike. A key belongs to one submission and
 * seals far fewer than 2^32 values, the limit for random nonces (NIST SP 800-38D 8.3). */
#include "crypt/library.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { PLACE_MAX = 128, AAD_MAX = 64 + PLACE_MAX };

struct column_key {
	pthread_mutex_t lock; /* a cipher context serves one thread at a time; a value takes a microsecond */
	struct aead *aead;
};

err column_key_open(const uint8_t key[AEAD_KEY], struct column_key **out)
{
	struct column_key *k = calloc(1, sizeof *k);

	if (!k)
		return LATER(MEMORY, "no memory for a column key");
	must(pthread_mutex_init(&k->lock, NULL) == 0);
	err e = aead_open(key, &k->aead);
	if (failed(e))
		column_key_done(&k);
	else
		*out = k;
	return e;
}

void column_key_done(struct column_key **k)
{
	if (*k) {
		aead_done(&(*k)->aead);
		(void)pthread_mutex_destroy(&(*k)->lock);
		free(*k);
	}
	*k = NULL;
}

static err context(struct buf *aad, str place, const id *owner)
{
	uint8_t len[2];

	if (place.len > PLACE_MAX)
		return NEVER(LIMIT, "the name of a column is too long");
	put_u16be(len, (uint16_t)place.len);
	buf_add(aad, STR("letterlock column 1"));
	buf_add(aad, str_bytes(len, sizeof len));
	buf_add(aad, place);
	buf_add(aad, id_bytes(owner));
	return buf_check(aad);
}

err column_seal(struct column_key *k, const struct entropy *e, str place, id owner, str plain, struct buf *out)
{
	char room[AAD_MAX];
	struct buf aad = BUF_ON(room);

	TRY(context(&aad, place, &owner));
	if (out->overflow || out->max - out->len < COLUMN_OVERHEAD || out->max - out->len - COLUMN_OVERHEAD < plain.len)
		return NEVER(LIMIT, "no room for a sealed value");
	uint8_t *nonce = (uint8_t *)out->at + out->len;
	TRY(entropy_fill(e, nonce, AEAD_NONCE));
	must(pthread_mutex_lock(&k->lock) == 0);
	err done = aead_seal(k->aead, nonce, buf_str(&aad), plain, nonce + AEAD_NONCE);
	must(pthread_mutex_unlock(&k->lock) == 0);
	if (!failed(done))
		out->len += COLUMN_OVERHEAD + plain.len;
	return done;
}

err column_unseal(struct column_key *k, struct arena *a, str place, id owner, str sealed, str *out)
{
	char room[AAD_MAX];
	struct buf aad = BUF_ON(room);
	void *plain;

	TRY(context(&aad, place, &owner));
	if (sealed.len < COLUMN_OVERHEAD)
		return NEVER(TAMPERED, "a sealed value is too short");
	size_t len = sealed.len - COLUMN_OVERHEAD;
	TRY(arena_take(a, len + 1, &plain)); /* one more, zero: a text may be read as a C string */
	must(pthread_mutex_lock(&k->lock) == 0);
	err done = aead_unseal(k->aead, (const uint8_t *)sealed.at, buf_str(&aad), str_from(sealed, AEAD_NONCE), plain);
	must(pthread_mutex_unlock(&k->lock) == 0);
	if (!failed(done))
		*out = str_bytes(plain, len);
	return done;
}
