#include "seal/deflate.h"

#include <endian.h>
#include <string.h>

/* libdeflate does not say at which bit its output ends, so its codes are walked over, without unpacking anything.
 * RFC 1951 throughout. The input is our own library's, but nothing is read beyond it, whatever it holds. */

enum { CODE_MAX = 15, LITERALS = 288, DISTANCES = 32, END_OF_BLOCK = 256, CODE_LENGTHS = 19 };

/* What a code says about the way ahead: how many bits it takes with its extra bits, and what comes then. */
enum { TAKES = 0x1F, DISTANCE_FOLLOWS = 0x20, ENDS_BLOCK = 0x40 };

/* Most codes met are short and found by the next bits in a small table, which is quickly made; the rest is found by
 * the lengths, as RFC 1951 3.2.2 numbers them. */
enum { SHORT = 10 };
struct code {
	unsigned bits;            /* that `step` is looked up by: SHORT, or less if no code is that long */
	uint8_t step[1 << SHORT]; /* 0 is a longer code, or none */
	uint16_t count[CODE_MAX + 2];
	uint8_t ordered[LITERALS]; /* steps of all symbols, in the order of their codes */
};
struct deflate_walk {
	struct code literals, distances;
};
size_t deflate_walk_size(void)
{
	return sizeof(struct deflate_walk);
}

struct place {
	str stream;
	uint64_t bit;
};

/* At least 56 bits from here on, zeros beyond the end. */
static inline uint64_t ahead(const struct place *p)
{
	size_t at = (size_t)(p->bit / 8), left = at < p->stream.len ? p->stream.len - at : 0;
	uint64_t word = 0;

	if (left >= sizeof word)
		memcpy(&word, p->stream.at + at, sizeof word);
	else if (left)
		memcpy(&word, p->stream.at + at, left);
	return le64toh(word) >> p->bit % 8;
}

static unsigned take(struct place *p, unsigned bits)
{
	uint64_t word = ahead(p);

	p->bit += bits;
	return (unsigned)(word & ((1u << bits) - 1));
}

static unsigned reversed(unsigned code, unsigned bits)
{
	unsigned r = 0;

	for (; bits; bits--, code >>= 1)
		r = r << 1 | (code & 1);
	return r;
}

static void number_codes(struct code *c, const uint8_t *lengths, unsigned symbols, unsigned *next, unsigned *place)
{
	memset(c->count, 0, sizeof c->count);
	for (unsigned i = 0; i < symbols; i++)
		c->count[lengths[i]]++;
	c->count[0] = 0;
	c->bits = 1;
	for (unsigned len = 1; len <= CODE_MAX; len++) {
		next[len + 1] = (next[len] + c->count[len]) << 1;
		place[len + 1] = place[len] + c->count[len];
		if (c->count[len])
			c->bits = len < SHORT ? len : SHORT;
	}
}

/* RFC 1951 3.2.2: codes in the order of their lengths, then of their symbols; the first bit of a code comes first. */
static void read_code(struct code *c, const uint8_t *lengths, unsigned symbols, const uint8_t *steps)
{
	unsigned next[CODE_MAX + 2] = { 0 }, place[CODE_MAX + 2] = { 0 };

	number_codes(c, lengths, symbols, next, place);
	memset(c->step, 0, (size_t)1 << c->bits);
	for (unsigned i = 0; i < symbols; i++) {
		unsigned len = lengths[i];
		if (len == 0)
			continue;
		unsigned code = next[len]++;
		c->ordered[place[len]++] = (uint8_t)(len + steps[i]);
		for (unsigned at = len <= SHORT ? reversed(code, len) : UINT32_MAX; at < 1u << c->bits; at += 1u << len)
			c->step[at] = (uint8_t)(len + steps[i]);
	}
}

static uint8_t long_step(const struct code *c, uint64_t word)
{
	unsigned code = 0, first = 0, place = 0;

	for (unsigned len = 1; len <= CODE_MAX; len++, word >>= 1) {
		code = code << 1 | (unsigned)(word & 1);
		first <<= 1;
		if (code - first < c->count[len])
			return c->ordered[place + code - first];
		first += c->count[len];
		place += c->count[len];
	}
	return 0;
}

static inline uint8_t step_of(const struct code *c, uint64_t word)
{
	uint8_t step = c->step[word & ((1u << c->bits) - 1)];

	return step ? step : long_step(c, word);
}

/* RFC 1951 3.2.5: the extra bits after length and distance codes. */
static void literal_steps(uint8_t steps[LITERALS])
{
	memset(steps, 0, END_OF_BLOCK);
	steps[END_OF_BLOCK] = ENDS_BLOCK;
	for (unsigned i = 257; i < LITERALS; i++)
		steps[i] = (uint8_t)(DISTANCE_FOLLOWS | (i >= 265 && i < 285 ? (i - 261) / 4 : 0));
}

static void distance_steps(uint8_t steps[DISTANCES])
{
	for (unsigned i = 0; i < DISTANCES; i++)
		steps[i] = (uint8_t)(i < 4 ? 0 : i / 2 - 1);
}

static void read_codes(struct deflate_walk *w, const uint8_t *lengths, unsigned literals, unsigned distances)
{
	uint8_t steps[LITERALS];

	literal_steps(steps);
	read_code(&w->literals, lengths, literals, steps);
	distance_steps(steps);
	read_code(&w->distances, lengths + literals, distances, steps);
}

/* RFC 1951 3.2.6 */
static void fixed_codes(struct deflate_walk *w)
{
	uint8_t lengths[LITERALS + DISTANCES];

	memset(lengths, 8, 144);
	memset(lengths + 144, 9, 112);
	memset(lengths + 256, 7, 24);
	memset(lengths + 280, 8, 8);
	memset(lengths + LITERALS, 5, DISTANCES);
	read_codes(w, lengths, LITERALS, DISTANCES);
}

/* The lengths of both codes in one run, themselves coded; 16 repeats the one before, 17 and 18 are runs of zeros. */
static bool read_lengths(struct place *p, const struct code *c, uint8_t *lengths, unsigned total)
{
	static const uint8_t base[] = { 3, 3, 11 }, bits[] = { 2, 3, 7 };

	for (unsigned i = 0; i < total;) {
		uint8_t symbol = step_of(c, ahead(p));
		if (symbol == 0)
			return false;
		p->bit += symbol >> 5;
		symbol &= 0x1F;
		unsigned run = symbol < 16 ? 1 : (unsigned)base[symbol - 16] + take(p, bits[symbol - 16]);
		if (run > total - i || (symbol == 16 && i == 0))
			return false;
		memset(lengths + i, symbol < 16 ? symbol : symbol == 16 ? lengths[i - 1] : 0, run);
		i += run;
	}
	return true;
}

/* RFC 1951 3.2.7 */
static bool dynamic_codes(struct deflate_walk *w, struct place *p)
{
	static const uint8_t order[CODE_LENGTHS] = { 16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15 };
	uint8_t lengths[LITERALS + DISTANCES] = { 0 }, coded[CODE_LENGTHS] = { 0 }, symbols[CODE_LENGTHS];
	unsigned literals = 257 + take(p, 5), distances = 1 + take(p, 5), count = 4 + take(p, 4);

	for (unsigned i = 0; i < count; i++)
		coded[order[i]] = (uint8_t)take(p, 3);
	/* Here a step says which symbol it is, and read_code() adds the length: at most 7, so it goes above. */
	for (unsigned i = 0; i < CODE_LENGTHS; i++)
		symbols[i] = (uint8_t)(i + 31u * coded[i]);
	read_code(&w->literals, coded, CODE_LENGTHS, symbols);
	if (literals > LITERALS || !read_lengths(p, &w->literals, lengths, literals + distances))
		return false;
	read_codes(w, lengths, literals, distances);
	return true;
}

static bool walk_codes(const struct deflate_walk *w, struct place *p)
{
	while (p->bit <= p->stream.len * 8) {
		uint64_t word = ahead(p);
		uint8_t step = step_of(&w->literals, word);
		/* As many literals as surely fit into the bits fetched. */
		for (unsigned used = 0; step && step <= CODE_MAX && used <= 56 - 2 * CODE_MAX;) {
			used += step;
			p->bit += step;
			word >>= step;
			step = step_of(&w->literals, word);
		}
		if (step == 0)
			return false;
		if (step <= CODE_MAX)
			continue;
		p->bit += step & TAKES;
		if (step & ENDS_BLOCK)
			return true;
		step = step_of(&w->distances, ahead(p));
		if (step == 0)
			return false;
		p->bit += step;
	}
	return false;
}

static bool walk_stored(struct place *p)
{
	p->bit = (p->bit + 7) / 8 * 8;
	unsigned len = take(p, 16), complement = take(p, 16);
	p->bit += (uint64_t)len * 8;
	return (len ^ complement) == 0xFFFF;
}

static bool walk_block(struct deflate_walk *w, struct place *p)
{
	switch (take(p, 2)) {
	case 0:
		return walk_stored(p);
	case 1:
		fixed_codes(w);
		return walk_codes(w, p);
	case 2:
		return dynamic_codes(w, p) && walk_codes(w, p);
	default:
		return false;
	}
}

bool deflate_last_block(struct deflate_walk *w, str stream, uint64_t *begin, uint64_t *end)
{
	struct place p = { .stream = stream };
	unsigned last = 0;

	while (!last) {
		*begin = p.bit;
		last = take(&p, 1);
		if (!walk_block(w, &p) || p.bit > stream.len * 8)
			return false;
	}
	*end = p.bit;
	return true;
}
