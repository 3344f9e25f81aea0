#include "crypt/ae2_paths.h"

#if defined(__x86_64__)
#include <immintrin.h>

#define TARGET __attribute__((target("sha,sse4.1")))

/* A state as the SHA instructions want it: A in the highest lane, E alone in the highest lane of the other. */
struct ni_state {
	__m128i abcd, e;
};

TARGET static struct ni_state ni_load(const uint32_t word[5])
{
	return (struct ni_state){
		_mm_set_epi32((int)word[0], (int)word[1], (int)word[2], (int)word[3]),
		_mm_set_epi32((int)word[4], 0, 0, 0),
	};
}

TARGET static void ni_store(struct ni_state s, uint32_t word[5])
{
	word[0] = (uint32_t)_mm_extract_epi32(s.abcd, 3);
	word[1] = (uint32_t)_mm_extract_epi32(s.abcd, 2);
	word[2] = (uint32_t)_mm_extract_epi32(s.abcd, 1);
	word[3] = (uint32_t)_mm_extract_epi32(s.abcd, 0);
	word[4] = (uint32_t)_mm_extract_epi32(s.e, 3);
}

/* Four rounds of one of the two streams. sha1rnds4 has a long latency and starts every other cycle: two streams side
 * by side take hardly longer than one. Four words of the schedule are made from the sixteen before them. */
#define FOUR_ROUNDS(s, g)                                                                                              \
	do {                                                                                                           \
		if ((g) >= 4)                                                                                          \
			w[s][(g)&3] =                                                                                  \
				_mm_sha1msg2_epu32(_mm_xor_si128(_mm_sha1msg1_epu32(w[s][(g)&3], w[s][((g) + 1) & 3]), \
								 w[s][((g) + 2) & 3]),                                 \
						   w[s][((g) + 3) & 3]);                                               \
		__m128i e_ =                                                                                           \
			(g) == 0 ? _mm_add_epi32(before[s], w[s][0]) : _mm_sha1nexte_epu32(before[s], w[s][(g)&3]);    \
		before[s] = abcd[s];                                                                                   \
		abcd[s] = _mm_sha1rnds4_epu32(abcd[s], e_, (g) / 5);                                                   \
	} while (0)
#define BOTH(g)                                                                                                        \
	FOUR_ROUNDS(0, g);                                                                                             \
	FOUR_ROUNDS(1, g)
#define FIVE_BOTH(g)                                                                                                   \
	BOTH(g);                                                                                                       \
	BOTH((g) + 1);                                                                                                 \
	BOTH((g) + 2);                                                                                                 \
	BOTH((g) + 3);                                                                                                 \
	BOTH((g) + 4)

/* message: 20 bytes after a 64-byte pad, so the rest of the block is constant. */
TARGET static inline __attribute__((always_inline)) void
compress_pair(const struct ni_state state[2], const struct ni_state message[2], struct ni_state out[2])
{
	__m128i w[2][4], abcd[2], before[2];

	for (unsigned s = 0; s < 2; s++) {
		w[s][0] = message[s].abcd;
		w[s][1] = _mm_or_si128(message[s].e, _mm_set_epi32(0, (int)0x80000000u, 0, 0));
		w[s][2] = _mm_setzero_si128();
		w[s][3] = _mm_set_epi32(0, 0, 0, (64 + 20) * 8);
		abcd[s] = state[s].abcd, before[s] = state[s].e;
	}
	FIVE_BOTH(0);
	FIVE_BOTH(5);
	FIVE_BOTH(10);
	FIVE_BOTH(15);
	for (unsigned s = 0; s < 2; s++) {
		out[s].e = _mm_sha1nexte_epu32(before[s], state[s].e);
		out[s].abcd = _mm_add_epi32(abcd[s], state[s].abcd);
	}
}

TARGET static void run_pair(struct derive_block *block)
{
	struct ni_state inner[2], outer[2], u[2], sum[2];

	for (unsigned s = 0; s < 2; s++) {
		inner[s] = ni_load(block[s].inner), outer[s] = ni_load(block[s].outer);
		u[s] = ni_load(block[s].u), sum[s] = ni_load(block[s].sum);
	}
	for (unsigned round = 1; round < AE2_ROUNDS; round++) {
		compress_pair(inner, u, u);
		compress_pair(outer, u, u);
		for (unsigned s = 0; s < 2; s++) {
			sum[s].abcd = _mm_xor_si128(sum[s].abcd, u[s].abcd);
			sum[s].e = _mm_xor_si128(sum[s].e, u[s].e);
		}
	}
	for (unsigned s = 0; s < 2; s++)
		ni_store(sum[s], block[s].sum);
}

static void run(struct derive_block *block, size_t count)
{
	for (; count >= 2; block += 2, count -= 2)
		run_pair(block);
}

const struct derive_path derive_sha_ni = { "SHA extensions", cpu_has_sha, 2, run };

#else
const struct derive_path derive_sha_ni = { "SHA extensions", cpu_has_sha, 1, NULL };
#endif
