/* PBKDF2's inner loop with one block in each lane of a vector; included once for each width, which defines before:
 *   LANES                 32-bit lanes in a vector
 *   TARGET                the attribute that allows the instructions
 *   vec                   the vector type, of uint32_t
 *   ROTL(x, n)            rotate each lane left
 *   CHOOSE MAJORITY PARITY  the functions of FIPS 180-4 4.1.1
 * and gets `static void run_lanes(struct derive_block *block, size_t count)`. Plain operators on vector types: the
 * compiler turns them into the instructions TARGET allows. No secret decides a branch or an address here. */

#define LANE_FUNCTION static inline TARGET __attribute__((always_inline))

/* The schedule is kept in 16 vectors that are overwritten as it goes on; with constant i they are registers. */
#define SCHEDULE(i)                                                                                                    \
	((i) < 16 ? w[(i)&15]                                                                                          \
		  : (w[(i)&15] =                                                                                       \
			     ROTL(PARITY(w[((i) + 13) & 15], w[((i) + 8) & 15], w[((i) + 2) & 15]) ^ w[(i)&15], 1)))
/* Registers change their roles instead of their contents. */
#define STEP(F, K, a, b, c, d, e, i) (e += ROTL(a, 5) + F(b, c, d) + SCHEDULE(i) + (uint32_t)(K), b = ROTL(b, 30))
#define FIVE_STEPS(F, K, i)                                                                                            \
	(STEP(F, K, a, b, c, d, e, i), STEP(F, K, e, a, b, c, d, (i) + 1), STEP(F, K, d, e, a, b, c, (i) + 2),         \
	 STEP(F, K, c, d, e, a, b, (i) + 3), STEP(F, K, b, c, d, e, a, (i) + 4))
#define TWENTY_STEPS(F, K, i)                                                                                          \
	(FIVE_STEPS(F, K, i), FIVE_STEPS(F, K, (i) + 5), FIVE_STEPS(F, K, (i) + 10), FIVE_STEPS(F, K, (i) + 15))

/* The message is always 20 bytes after a 64-byte pad, so its padding is constant: RFC 8018 with RFC 2104. */
LANE_FUNCTION void compress_lanes(const vec *state, const vec *message, vec *out)
{
	/* cppcheck-suppress ctuArrayIndex ; it does not know the size of a vector */
	vec a = state[0], b = state[1], c = state[2], d = state[3], e = state[4], zero = { 0 }, w[16];

	for (unsigned i = 0; i < 16; i++)
		w[i] = i < 5 ? message[i] : zero;
	w[5] = zero + 0x80000000u;
	w[15] = zero + (64 + 20) * 8u;
	TWENTY_STEPS(CHOOSE, 0x5A827999, 0);
	TWENTY_STEPS(PARITY, 0x6ED9EBA1, 20);
	TWENTY_STEPS(MAJORITY, 0x8F1BBCDC, 40);
	TWENTY_STEPS(PARITY, 0xCA62C1D6, 60);
	/* cppcheck-suppress ctuArrayIndex */
	out[0] = a + state[0], out[1] = b + state[1], out[2] = c + state[2], out[3] = d + state[3];
	out[4] = e + state[4];
}

TARGET static void run_group(struct derive_block *block)
{
	vec inner[5], outer[5], u[5], sum[5];

	for (unsigned i = 0; i < 5; i++)
		for (unsigned lane = 0; lane < LANES; lane++) {
			inner[i][lane] = block[lane].inner[i], outer[i][lane] = block[lane].outer[i];
			u[i][lane] = block[lane].u[i], sum[i][lane] = block[lane].sum[i];
		}
	for (unsigned round = 1; round < AE2_ROUNDS; round++) {
		compress_lanes(inner, u, u);
		compress_lanes(outer, u, u);
		for (unsigned i = 0; i < 5; i++)
			sum[i] ^= u[i];
	}
	for (unsigned i = 0; i < 5; i++)
		for (unsigned lane = 0; lane < LANES; lane++)
			block[lane].sum[i] = sum[i][lane];
}

static void run_lanes(struct derive_block *block, size_t count)
{
	for (; count >= LANES; block += LANES, count -= LANES)
		run_group(block);
}
