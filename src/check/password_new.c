#include "check/check.h"

#include <math.h>

enum { GROUP = 4, PHRASE_MAX = 64 };

/* Without 0 and o, 1, i and l: what is read from paper or heard on the telephone has one spelling. */
static const char alphabet[] = "abcdefghjkmnpqrstuvwxyz23456789";
enum { LETTERS = sizeof alphabet - 1 };
_Static_assert(LETTERS == 31, "five bits with one value rejected");

/* Five random bits are a letter, or are thrown away: no letter is likelier than another. */
static err one_letter(struct arena *secret, const struct entropy *chance, char *out)
{
	SCRATCH(secret);
	uint8_t *random;

	TRY(NEW_ARRAY(secret, 16, random));
	for (;;) {
		TRY(entropy_fill(chance, random, 16));
		for (size_t i = 0; i < 16; i++)
			if ((random[i] & 31) < LETTERS) {
				*out = alphabet[random[i] & 31];
				return OK;
			}
	}
}

err check_password_new(struct arena *secret, const struct entropy *chance, unsigned bits, str *out, double *bits_out)
{
	double each = log2(LETTERS);
	size_t groups = (size_t)ceil(ceil(bits / each) / (double)GROUP);
	struct buf b;

	if (bits == 0 || bits > PASSWORD_BITS_MAX)
		return NEVER(LIMIT, "a generated password has 1 to 256 bits");
	TRY(buf_open(secret, PHRASE_MAX, &b));
	for (size_t i = 0; i < groups * GROUP; i++) {
		char letter;
		TRY(one_letter(secret, chance, &letter));
		if (i > 0 && i % GROUP == 0)
			buf_add_char(&b, '-');
		buf_add_char(&b, letter);
	}
	*out = buf_str(&b);
	*bits_out = each * (double)(groups * GROUP);
	return buf_check(&b);
}
