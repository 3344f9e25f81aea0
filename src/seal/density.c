#include "seal/deflate.h"

#include <string.h>

/* Compressed or encrypted data spreads evenly over the 256 byte values; what can be squeezed does not. How evenly is
 * told by how often two bytes of a sample agree: the sum of the squares of the counts. It is counted on a quarter of
 * each kilobyte, in runs, so that records of a fixed width do not hide. */
enum { BLOCK = 1024, RUN = 64, SAMPLE = BLOCK / 4 };

/* Of n even bytes about n + n(n-1)/256 agree, counting each with itself; n is 256, and the spread is about 23. Letters
 * that armour dense data agree about 1,020 times (base 85) or 1,270 (base 64), any language many times more often. */
enum { DENSE_BELOW = 600, ARMOUR_BELOW = 1600 };

/* Looking for repetitions well takes long, and is worth it in long stretches of text only. */
enum { SHORT = 8 * BLOCK };

static uint32_t agreement(const uint8_t *block)
{
	uint16_t count[256] = { 0 };
	uint32_t sum = 0;

	for (unsigned run = 0; run < BLOCK; run += BLOCK / (SAMPLE / RUN))
		for (unsigned i = 0; i < RUN; i++)
			count[block[run + i]]++;
	for (unsigned i = 0; i < 256; i++)
		sum += (uint32_t)count[i] * count[i];
	return sum;
}

struct stretch density_stretch(const uint8_t *at, size_t len)
{
	struct stretch s = { .len = len };
	size_t armoured = 0;

	for (size_t done = 0; len - done >= BLOCK; done += BLOCK) {
		uint32_t agree = agreement(at + done);
		bool dense = agree < DENSE_BELOW;
		if (done == 0)
			s.dense = dense;
		if (dense != s.dense) {
			s.len = done;
			break;
		}
		armoured += agree < ARMOUR_BELOW ? BLOCK : 0;
	}
	s.quick = s.len <= SHORT || armoured > s.len / 2;
	return s;
}
