#include "seal/deflate.h"

#include <string.h>

/* Compressed or encrypted data spreads evenly over the 256 byte values; what can be squeezed does not. How evenly is
 * told by how often two bytes of a sample agree: the sum of the squares of the counts. It is counted on a quarter of
 * each kilobyte, in runs, so that records of a fixed width do not hide. */
enum { BLOCK = 1024, RUN = 64, SAMPLE = BLOCK / 4 };

/* Of n even bytes about n + n(n-1)/256 agree, counting each with itself; n is 256, and the spread is about 23. */
enum { DENSE_BELOW = 600 };

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

size_t density_stretch(const uint8_t *at, size_t len, bool *dense)
{
	size_t done = 0;

	if (len < BLOCK) {
		*dense = false;
		return len;
	}
	*dense = agreement(at) < DENSE_BELOW;
	for (done = BLOCK; len - done >= BLOCK; done += BLOCK)
		if ((agreement(at + done) < DENSE_BELOW) != *dense)
			return done;
	return len;
}
