#include "crypt/keyring_memory.h"

#include <pthread.h>
#include <stdlib.h>

enum { SLOTS = 256, QUESTION_MAX = 192, ANSWER = AEAD_KEY };
_Static_assert((int)AEAD_KEY == (int)MAC_LEN, "all answers have one length");

/* A question is all that its answer depends on, so the whole of it is compared. */
struct question {
	uint8_t len, bytes[QUESTION_MAX];
};

struct remembered {
	int64_t until; /* ticks; 0: the slot is empty */
	struct question of;
	uint8_t answer[ANSWER];
};

struct keyring_memory {
	struct keyring *below;
	struct clock clock;
	span how_long;
	struct arena *arena;
	pthread_mutex_t lock; /* over what follows */
	struct remembered *slot;
};

static bool make_question(struct question *q, char kind, uint32_t detail, str a, str b)
{
	struct buf to = { .at = (char *)q->bytes, .max = sizeof q->bytes };
	uint8_t figures[4];

	put_u32be(figures, detail);
	buf_add_char(&to, kind);
	buf_add(&to, str_bytes(figures, sizeof figures));
	buf_add(&to, a);
	buf_add(&to, b);
	q->len = (uint8_t)to.len;
	return !to.overflow;
}

/* FNV-1a: who finds two questions of one slot makes us ask the keeper again, no more. */
static struct remembered *slot_of(const struct keyring_memory *m, const struct question *q)
{
	uint32_t hash = 2166136261u;

	for (size_t i = 0; i < q->len; i++)
		hash = (hash ^ q->bytes[i]) * 16777619u;
	return &m->slot[hash % SLOTS];
}

static bool is_of(const struct remembered *r, const struct question *q)
{
	return crypt_same(str_bytes(r->of.bytes, r->of.len), str_bytes(q->bytes, q->len));
}

static bool recall(struct keyring_memory *m, const struct question *q, uint8_t answer[ANSWER])
{
	pthread_mutex_lock(&m->lock);
	const struct remembered *r = slot_of(m, q);
	bool known = r->until > clock_ticks(&m->clock) && is_of(r, q);
	if (known)
		memcpy(answer, r->answer, ANSWER);
	pthread_mutex_unlock(&m->lock);
	return known;
}

static void remember(struct keyring_memory *m, const struct question *q, const uint8_t answer[ANSWER])
{
	pthread_mutex_lock(&m->lock);
	struct remembered *r = slot_of(m, q);
	r->until = clock_ticks(&m->clock) + m->how_long;
	r->of = *q;
	memcpy(r->answer, answer, ANSWER);
	pthread_mutex_unlock(&m->lock);
}

void keyring_memory_sweep(struct keyring_memory *m)
{
	if (!m)
		return;
	pthread_mutex_lock(&m->lock);
	for (size_t i = 0; i < SLOTS; i++)
		if (m->slot[i].until && m->slot[i].until <= clock_ticks(&m->clock))
			crypt_wipe(&m->slot[i], sizeof m->slot[i]);
	pthread_mutex_unlock(&m->lock);
}

/* ── struct keyring_ops ──────────────────────────────────────────────────────────────────────────── */

static err memory_wrap(void *state, str context, const uint8_t key[AEAD_KEY], uint8_t wrapped[WRAPPED_KEY])
{
	return keyring_wrap(((struct keyring_memory *)state)->below, context, key, wrapped);
}

static err memory_unwrap(void *state, str context, const uint8_t wrapped[WRAPPED_KEY], uint8_t key[AEAD_KEY])
{
	struct keyring_memory *m = state;
	struct question q;
	bool fits = make_question(&q, 'u', 0, str_bytes(wrapped, WRAPPED_KEY), context);

	if (fits && recall(m, &q, key))
		return OK;
	err e = keyring_unwrap(m->below, context, wrapped, key);
	if (fits && !failed(e))
		remember(m, &q, key);
	return e;
}

/* The question holds a token or a session, which is as good as a key. */
static err memory_mac(void *state, enum mac_purpose purpose, unsigned age, str bytes, uint8_t mac[MAC_LEN])
{
	struct keyring_memory *m = state;
	struct question q;
	bool fits = (purpose == MAC_TOKEN || purpose == MAC_SESSION) &&
		    make_question(&q, purpose == MAC_TOKEN ? 't' : 's', age, bytes, STR_NONE);

	bool known = fits && recall(m, &q, mac);
	err e = known ? OK : keyring_mac(m->below, purpose, age, bytes, mac);
	if (fits && !known && !failed(e))
		remember(m, &q, mac);
	crypt_wipe(&q, sizeof q);
	return e;
}

static err memory_sign(void *state, str domain, str selector, const uint8_t digest[SHA256_LEN], struct buf *signature)
{
	return keyring_sign(((struct keyring_memory *)state)->below, domain, selector, digest, signature);
}

static err memory_list(void *state, struct arena *a, struct key_info **out)
{
	return keyring_list(((struct keyring_memory *)state)->below, a, out);
}

static void memory_close(void *state)
{
	struct keyring_memory *m = state;

	keyring_done(&m->below);
	arena_done(&m->arena);
	pthread_mutex_destroy(&m->lock);
	free(m);
}

static void memory_done(struct keyring_memory **m)
{
	if (*m)
		memory_close(*m);
	*m = NULL;
}

err keyring_remember(struct keyring **below, struct clock clock, span how_long, struct keyring **out,
		     struct keyring_memory **memory)
{
	static const struct keyring_ops ops = { memory_wrap, memory_unwrap, memory_mac, memory_sign,
						memory_list, memory_close,  NULL };
	OWNED(memory_done) struct keyring_memory *m = calloc(1, sizeof *m);

	if (!m)
		return LATER(MEMORY, "no memory for a keyring");
	m->clock = clock;
	m->how_long = how_long;
	pthread_mutex_init(&m->lock, NULL);
	TRY(arena_open_secret(2 * SLOTS * sizeof *m->slot, &m->arena));
	TRY(arena_take_array(m->arena, SLOTS, sizeof *m->slot, (void **)&m->slot));
	TRY(keyring_with(&ops, m, out));
	m->below = *below;
	*below = NULL;
	*memory = m;
	m = NULL;
	return OK;
}
