#include "seal/deflate.h"

/* Compressed or encrypted data spreads evenly over the 256 byte values; what can be squeezed does not. How evenly is
 * told by how often two bytes of a sample agree: the sum of the squares of the counts. It is counted on a quarter of
 * each half kilobyte, in runs, so that records of a fixed width do not hide. */
enum { BLOCK = 512, RUN = 16, SAMPLE = BLOCK / 4, RUN_EVERY = BLOCK / (SAMPLE / RUN) };

/* Of n even bytes about n + n(n-1)/256 agree, counting each with itself: 192 with a spread of 11. Letters that armour
 * dense data agree about 320 times (base 85) or 380 (base 64), any language many times more often. */
enum { DENSE_BELOW = 260, ARMOUR_BELOW = 450 };

/* Looking for repetitions well takes long, and is worth it in long stretches of text only. */
enum { SHORT = 8192 };

static uint32_t agreement(const uint8_t *block)
{
	uint8_t count[256] = { 0 };
	uint32_t sum = 0;

	for (unsigned run = 0; run < BLOCK; run += RUN_EVERY)
		for (unsigned i = 0; i < RUN; i++)
			count[block[run + i]]++;
	for (unsigned i = 0; i < 256; i++)
		sum += (uint32_t)(count[i] * count[i]);
	return sum;
}

/* The last piece is judged together with what stands before it: the index of a PDF is there. */
static uint32_t agreement_at(const uint8_t *at, size_t done, size_t len)
{
	return agreement(len - done >= BLOCK ? at + done : at + len - BLOCK);
}

struct stretch density_stretch(const uint8_t *at, size_t len)
{
	struct stretch s = { .len = len, .quick = true };
	size_t armoured = 0;

	if (len < BLOCK)
		return s;
	s.dense = agreement(at) < DENSE_BELOW;
	for (size_t done = 0; done < len; done += BLOCK) {
		uint32_t agree = agreement_at(at, done, len);
		if ((agree < DENSE_BELOW) != s.dense) {
			s.len = done;
			break;
		}
		armoured += agree < ARMOUR_BELOW ? BLOCK : 0;
	}
	s.quick = s.len <= SHORT || armoured > s.len / 2;
	return s;
}
