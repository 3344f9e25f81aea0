#include "crypt/ae2_paths.h"

#if defined(__x86_64__)
#include <immintrin.h>

#define TARGET __attribute__((target("vaes,avx512f,aes")))
#define INLINE static inline __attribute__((always_inline))

/* Four blocks in a register, four registers at once; spelled out for the same reason as in ae2_cipher_ni.c. */
enum { WIDE = 4, AT_ONCE = 4 * WIDE };
#define EACH(DO) (DO(0), DO(1), DO(2), DO(3))
#define BEGIN(i) (b##i = _mm512_xor_si512(_mm512_add_epi64(counters, ahead(WIDE * (i))), k[0]))
#define ROUND(i) (b##i = _mm512_aesenc_epi128(b##i, k[round]))
#define END(i) (xor_into(bytes + (size_t)(i)*WIDE * AES_BLOCK, _mm512_aesenclast_epi128(b##i, k[AES_ROUND_KEYS - 1])))

TARGET INLINE __m512i ahead(int blocks)
{
	return _mm512_set_epi64(0, blocks, 0, blocks, 0, blocks, 0, blocks);
}

TARGET INLINE void xor_into(void *bytes, __m512i stream)
{
	_mm512_storeu_si512(bytes, _mm512_xor_si512(_mm512_loadu_si512(bytes), stream));
}

TARGET INLINE void wide_step(const __m512i *k, __m512i counters, uint8_t *bytes)
{
	__m512i b0, b1, b2, b3;

	EACH(BEGIN);
	for (unsigned round = 1; round < AES_ROUND_KEYS - 1; round++)
		EACH(ROUND);
	EACH(END);
}

TARGET static void wide_blocks(struct cipher_state *s, uint8_t *bytes, size_t steps)
{
	__m512i k[AES_ROUND_KEYS];
	uint64_t c = s->counter;

	for (unsigned i = 0; i < AES_ROUND_KEYS; i++)
		k[i] = _mm512_broadcast_i32x4(_mm_load_si128((const __m128i *)(const void *)s->round_keys[i]));
	__m512i counters =
		_mm512_set_epi64(0, (long long)c + 3, 0, (long long)c + 2, 0, (long long)c + 1, 0, (long long)c);
	for (size_t i = 0; i < steps; i++, bytes += (size_t)AT_ONCE * AES_BLOCK) {
		wide_step(k, counters, bytes);
		counters = _mm512_add_epi64(counters, ahead(AT_ONCE));
	}
	s->counter = c + steps * AT_ONCE;
}

static err blocks_wide_then_single(struct cipher_state *s, uint8_t *bytes, size_t blocks)
{
	size_t steps = blocks / AT_ONCE;

	if (steps)
		wide_blocks(s, bytes, steps);
	return cipher_aes_ni.blocks(s, bytes + steps * AT_ONCE * AES_BLOCK, blocks - steps * AT_ONCE);
}

static err key(struct cipher_state *s, const uint8_t key_bytes[32])
{
	return cipher_aes_ni.key(s, key_bytes);
}

const struct cipher_path cipher_vaes = { "VAES", cpu_has_vaes, key, NULL, blocks_wide_then_single };

#else
const struct cipher_path cipher_vaes = { "VAES", cpu_has_vaes, NULL, NULL, NULL };
#endif
