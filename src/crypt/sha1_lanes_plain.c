#include "crypt/ae2_paths.h"

/* Four lanes are what every 64-bit machine has (SSE2, NEON); where there are none the compiler spells them out. */
typedef uint32_t vec __attribute__((vector_size(16)));
#define LANES 4
#define TARGET
#define ROTL(x, n) ((x) << (n) | (x) >> (32 - (n)))
#define CHOOSE(b, c, d) ((d) ^ ((b) & ((c) ^ (d))))
#define PARITY(b, c, d) ((b) ^ (c) ^ (d))
#define MAJORITY(b, c, d) (((b) & (c)) | ((d) & ((b) | (c))))
#include "crypt/sha1_lanes.h"

static bool always(void)
{
	return true;
}

const struct derive_path derive_plain = { "plain", always, LANES, run_lanes };
