#include "crypt/ae2_paths.h"

#if defined(__x86_64__)
#include <immintrin.h>

typedef uint32_t vec __attribute__((vector_size(64)));
#define LANES 16
#define TARGET __attribute__((target("avx512f")))
#define ROTL(x, n) ((vec)_mm512_rol_epi32((__m512i)(x), (n)))
/* One instruction computes any function of three bits; the constant is its truth table. */
#define TERNARY(b, c, d, table) ((vec)_mm512_ternarylogic_epi32((__m512i)(b), (__m512i)(c), (__m512i)(d), (table)))
#define CHOOSE(b, c, d) TERNARY(b, c, d, 0xCA)
#define PARITY(b, c, d) TERNARY(b, c, d, 0x96)
#define MAJORITY(b, c, d) TERNARY(b, c, d, 0xE8)
#include "crypt/sha1_lanes.h"

const struct derive_path derive_avx512 = { "AVX-512", cpu_has_avx512, LANES, run_lanes };

#else
const struct derive_path derive_avx512 = { "AVX-512", cpu_has_avx512, 1, NULL };
#endif
