/* libzxcvbn knows English words. A word of another language it takes for random letters, at 4.7 bits each, though a
 * long compound is no more than three or four entries of a dictionary. So runs of letters that read like a language
 * are counted as words here: 13 bits (a list of 8,000), and two more for each letter beyond the sixth, which is about
 * what further words in a compound cost. Random letters are told from words by their vowels and rare consonants. */
#include "check/password_inside.h"

#include "wire/rune.h"

#include <math.h>

enum { WORD_LEAST = 4, WORD_USUAL = 6 };

struct run {
	str text;
	size_t letters, vowels, rare, capitals;
	bool capital_inside;
};

static void count(struct run *r, uint32_t c)
{
	uint32_t lower = c < 0x80 ? c | 0x20 : c;
	bool capital = c >= 'A' && c <= 'Z';

	r->capital_inside |= capital && r->letters > 0;
	r->capitals += capital;
	r->vowels += c >= 0x80 || str_has(STR("aeiou"), (char)lower);
	r->rare += c < 0x80 && str_has(STR("jqxz"), (char)lower);
	r->letters++;
}

static struct run next_run(str s)
{
	struct run r = { 0 };
	uint32_t c = 0;
	size_t len = 0;

	for (size_t taken; (taken = str_rune(str_from(s, len), &c)) > 0; len += taken) {
		if (!rune_letter(c) && !rune_mark(c))
			break;
		count(&r, c);
	}
	r.text = str_upto(s, len);
	return r;
}

/* one, One or ONE; natural languages have a vowel in four letters at least, and few of j, q, x, z. */
static bool reads_as_word(const struct run *r)
{
	bool one_case = !r->capital_inside || r->capitals == r->letters;

	return r->letters >= WORD_LEAST && one_case && r->vowels * 4 >= r->letters && r->rare * 6 <= r->letters;
}

static double word_bits(const struct run *r)
{
	return 13 + (r->letters > WORD_USUAL ? 2.0 * (double)(r->letters - WORD_USUAL) : 0);
}

err password_words(struct arena *a, str secret, double *bits)
{
	struct buf rest;
	double words = 0;
	size_t found = 0;

	TRY(buf_open(a, secret.len, &rest));
	while (secret.len) {
		struct run r = next_run(secret);
		size_t len = r.text.len ? r.text.len : 1;
		if (reads_as_word(&r)) {
			words += word_bits(&r);
			found++;
		} else {
			buf_add(&rest, str_upto(secret, len));
		}
		secret = str_from(secret, len);
	}
	*bits = INFINITY;
	if (found == 0)
		return OK;
	TRY(password_guesses(a, buf_str(&rest), NULL, bits));
	*bits += words;
	return OK;
}
