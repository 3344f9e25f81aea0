#include "crypt/ae2_paths.h"

#if defined(__x86_64__)
#include <immintrin.h>

#define TARGET __attribute__((target("aes,sse4.1")))
#define INLINE static inline __attribute__((always_inline))

/* FIPS 197 5.2: a new four words are the old ones, each xored into the next, xored with a mixed word. */
TARGET INLINE __m128i spread(__m128i k, __m128i mixed)
{
	k = _mm_xor_si128(k, _mm_slli_si128(k, 4));
	k = _mm_xor_si128(k, _mm_slli_si128(k, 8));
	return _mm_xor_si128(k, mixed);
}
/* The constant must stand in the instruction; the last even key needs no odd one after it. */
#define EVEN_KEY(i, constant)                                                                                          \
	k[i] = spread(k[(i)-2], _mm_shuffle_epi32(_mm_aeskeygenassist_si128(k[(i)-1], constant), 0xFF))
#define ODD_KEY(i) k[i] = spread(k[(i)-2], _mm_shuffle_epi32(_mm_aeskeygenassist_si128(k[(i)-1], 0), 0xAA))

TARGET static err ni_key(struct cipher_state *s, const uint8_t key[32])
{
	__m128i *k = (__m128i *)(void *)s->round_keys;

	k[0] = _mm_loadu_si128((const __m128i *)(const void *)key);
	k[1] = _mm_loadu_si128((const __m128i *)(const void *)(key + 16));
	EVEN_KEY(2, 0x01);
	ODD_KEY(3);
	EVEN_KEY(4, 0x02);
	ODD_KEY(5);
	EVEN_KEY(6, 0x04);
	ODD_KEY(7);
	EVEN_KEY(8, 0x08);
	ODD_KEY(9);
	EVEN_KEY(10, 0x10);
	ODD_KEY(11);
	EVEN_KEY(12, 0x20);
	ODD_KEY(13);
	EVEN_KEY(14, 0x40);
	return OK;
}

TARGET INLINE __m128i counter_block(uint64_t counter)
{
	return _mm_set_epi64x(0, (long long)counter);
}

TARGET INLINE void xor_into(uint8_t *bytes, __m128i stream)
{
	__m128i *at = (__m128i *)(void *)bytes;

	_mm_storeu_si128(at, _mm_xor_si128(_mm_loadu_si128(at), stream));
}

TARGET INLINE void one_block(const __m128i *k, uint64_t counter, uint8_t *bytes)
{
	__m128i block = _mm_xor_si128(counter_block(counter), k[0]);

	for (unsigned round = 1; round < AES_ROUND_KEYS - 1; round++)
		block = _mm_aesenc_si128(block, k[round]);
	xor_into(bytes, _mm_aesenclast_si128(block, k[AES_ROUND_KEYS - 1]));
}

/* The rounds of one block wait for each other, those of different blocks do not: eight keep the unit busy. Spelled out,
 * so that they are registers without any loop to unroll. */
enum { AT_ONCE = 8 };
#define EACH(DO) (DO(0), DO(1), DO(2), DO(3), DO(4), DO(5), DO(6), DO(7))
#define BEGIN(i) (b##i = _mm_xor_si128(counter_block(counter + (i)), k[0]))
#define ROUND(i) (b##i = _mm_aesenc_si128(b##i, k[round]))
#define END(i) (xor_into(bytes + (size_t)(i)*AES_BLOCK, _mm_aesenclast_si128(b##i, k[AES_ROUND_KEYS - 1])))

TARGET INLINE void eight_blocks(const __m128i *k, uint64_t counter, uint8_t *bytes)
{
	__m128i b0, b1, b2, b3, b4, b5, b6, b7;

	EACH(BEGIN);
	for (unsigned round = 1; round < AES_ROUND_KEYS - 1; round++)
		EACH(ROUND);
	EACH(END);
}

TARGET static err ni_blocks(struct cipher_state *s, uint8_t *bytes, size_t blocks)
{
	const __m128i *k = (const __m128i *)(const void *)s->round_keys;

	for (; blocks >= AT_ONCE; blocks -= AT_ONCE, bytes += (size_t)AT_ONCE * AES_BLOCK, s->counter += AT_ONCE)
		eight_blocks(k, s->counter, bytes);
	for (; blocks; blocks--, bytes += AES_BLOCK)
		one_block(k, s->counter++, bytes);
	return OK;
}

const struct cipher_path cipher_aes_ni = { "AES-NI", cpu_has_aes, ni_key, NULL, ni_blocks };

#else
const struct cipher_path cipher_aes_ni = { "AES-NI", cpu_has_aes, NULL, NULL, NULL };
#endif
