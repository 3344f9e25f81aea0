#include "crypt/ae2_paths.h"

#if defined(__x86_64__)

typedef uint32_t vec __attribute__((vector_size(32)));
#define LANES 8
#define TARGET __attribute__((target("avx2")))
#define ROTL(x, n) ((x) << (n) | (x) >> (32 - (n)))
#define CHOOSE(b, c, d) ((d) ^ ((b) & ((c) ^ (d))))
#define PARITY(b, c, d) ((b) ^ (c) ^ (d))
#define MAJORITY(b, c, d) (((b) & (c)) | ((d) & ((b) | (c))))
#include "crypt/sha1_lanes.h"

const struct derive_path derive_avx2 = { "AVX2", cpu_has_avx2, LANES, run_lanes };

#else
const struct derive_path derive_avx2 = { "AVX2", cpu_has_avx2, 1, NULL };
#endif
