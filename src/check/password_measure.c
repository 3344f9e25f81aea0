/* How many guesses a secret needs: the least of several attacks. libzxcvbn knows words, keyboards, repeats and
 * leet; we know what personal secrets look like (dates in every form, numbers) and what is known of this person. */
#include "check/password_inside.h"

#include "wire/details.h"
#include "wire/rune.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <zxcvbn.h>

enum { WORDS_MAX = 400, WORD_LEAST = 3 };

static const double century = 36525, names = 10000;

struct words {
	const char **word; /* folded; ended by null, for zxcvbn */
	size_t count;
};

static void lower_to(struct estimate *e, double bits, const char *because)
{
	if (bits >= e->bits)
		return;
	e->bits = bits;
	e->because = because;
}

/* ── What is known of the person ─────────────────────────────────────────────────────────────────── */

static err add_word(struct arena *a, struct words *w, str word)
{
	if (word.len < WORD_LEAST || w->count + 1 >= WORDS_MAX)
		return OK;
	TRY(str_c(a, word, &w->word[w->count]));
	w->count++;
	return OK;
}

/* 1987-04-03 is also 19870403, 03041987, 04031987, 030487, 870403, 0304 and 1987. */
static err add_date(struct arena *a, struct words *w, str date)
{
	str y = str_upto(date, 4), m = str_upto(str_from(date, 5), 2), d = str_from(date, 8), yy = str_from(y, 2);
	const str forms[][3] = { { y, m, d },  { d, m, y }, { m, d, y }, { d, m, yy }, { yy, m, d },
				 { m, d, yy }, { d, m },    { m, d },    { y } };

	for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
		str form;
		TRY(str_format(a, &form, "%.*s%.*s%.*s", STR_ARG(forms[i][0]), STR_ARG(forms[i][1]),
			       STR_ARG(forms[i][2])));
		TRY(add_word(a, w, form));
	}
	return OK;
}

static bool inside_word(char c)
{
	return (unsigned char)c >= 0x80 || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z');
}

static err add_parts(struct arena *a, struct words *w, str folded)
{
	while (folded.len) {
		size_t len = 0;
		while (len < folded.len && inside_word(folded.at[len]))
			len++;
		TRY(add_word(a, w, str_upto(folded, len)));
		folded = str_from(folded, len + 1);
	}
	return OK;
}

static err add_value(struct arena *a, struct words *w, str text)
{
	str normal, folded;

	if (text.len > DETAIL_MAX || !str_utf8(text) || str_has(text, 0))
		return OK;
	TRY(details_normalise(a, text, &normal));
	if (details_is_date(normal))
		return add_date(a, w, normal);
	TRY(add_word(a, w, normal));
	TRY(text_fold_nfkc(a, text, &folded));
	return add_parts(a, w, folded);
}

static err gather(struct arena *a, const struct value *known, struct words *w)
{
	w->count = 0;
	TRY(NEW_ARRAY(a, WORDS_MAX, w->word));
	for (const struct value *v = known; v; v = v->next)
		TRY(add_value(a, w, v->text));
	return OK;
}

static void cut_out(struct buf *text, size_t at, size_t len)
{
	memmove(text->at + at, text->at + at + len, text->len - at - len);
	text->len -= len;
}

/* Takes the known words out, the longest first; each costs an attacker the choice of where to put it. */
static size_t remove_known(struct buf *text, const struct words *w)
{
	size_t removed = 0;

	for (;;) {
		str best = STR_NONE;
		for (size_t i = 0; i < w->count; i++) {
			str word = str_of(w->word[i]);
			if (word.len > best.len && str_find(buf_str(text), word) >= 0)
				best = word;
		}
		if (best.len == 0)
			return removed;
		cut_out(text, (size_t)str_find(buf_str(text), best), best.len);
		removed++;
	}
}

/* ── The attacks ─────────────────────────────────────────────────────────────────────────────────── */

/* libzxcvbn uses what malloc gives it without a look. What it will need is asked for here first, and given back so
 * that it finds it there. */
static err room_for_zxcvbn(size_t len)
{
	void *room = malloc(32 * 1024 + len * 1024);

	if (!room)
		return LATER(MEMORY, "no memory is left to measure a password");
	free(room);
	return OK;
}

err password_guesses(struct arena *a, str text, const char **words, double *bits)
{
	const char *c;

	TRY(str_c(a, text, &c));
	TRY(room_for_zxcvbn(text.len));
	*bits = text.len ? ZxcvbnMatch(c, words, NULL) : 0;
	return OK;
}

static bool all_digits(str s)
{
	for (size_t i = 0; i < s.len; i++)
		if (s.at[i] < '0' || s.at[i] > '9')
			return false;
	return s.len > 0;
}

static bool all_letters(str s)
{
	uint32_t c = 0;

	for (size_t taken, i = 0; i < s.len; i += taken) {
		taken = str_rune(str_from(s, i), &c);
		if (!taken || (!rune_letter(c) && !rune_mark(c)))
			return false;
	}
	return s.len > 0;
}

/* In the form of our own phrases an attacker needs to try no other letters. */
static double phrase_bits(str secret)
{
	size_t letters = 0;

	for (size_t i = 0; i < secret.len; i++)
		if (i % 5 == 4 ? secret.at[i] != '-' : !str_has(STR("abcdefghjkmnpqrstuvwxyz23456789"), secret.at[i]))
			return INFINITY;
		else
			letters += i % 5 != 4;
	return (double)letters * log2(31);
}

static void measure_form(str normal, bool is_details, struct estimate *e)
{
	if (details_is_date(normal))
		lower_to(e, log2(century), "it reads as a date, and a century has only 36,525 of them");
	else if (all_digits(normal))
		lower_to(e, (double)normal.len * log2(10), "it is a number: each digit has only ten values");
	else if (is_details && all_letters(normal))
		lower_to(e, log2(names), "it reads as a name, and names are few and known");
	else if (normal.len == 0)
		lower_to(e, 0, "it has neither letters nor digits");
}

static err measure_known(struct arena *a, str normal, const struct words *w, struct estimate *e)
{
	struct buf rest;
	double bits = 0;

	if (details_is_date(normal)) /* the forms of a known date have no hyphens */
		TRY(str_format(a, &normal, "%.*s%.*s%.*s", 4, normal.at, 2, normal.at + 5, 2, normal.at + 8));
	TRY(buf_open(a, normal.len, &rest));
	buf_add(&rest, normal);
	size_t removed = remove_known(&rest, w);
	if (removed == 0)
		return OK;
	TRY(password_guesses(a, buf_str(&rest), w->word, &bits));
	if (all_digits(buf_str(&rest)))
		bits = fmin(bits, (double)rest.len * log2(10));
	/* One of the words, and for each piece its place. */
	bits += rest.len || removed > 1 ? (double)removed * log2(2.0 * (double)w->count) : 0;
	lower_to(e, bits, "it is, or is made of, what stands in the recipient's own data");
	return OK;
}

/* Our own phrases are no words, whatever letters come together in them. */
static err measure_phrase(struct arena *a, str secret, struct estimate *e)
{
	double bits = phrase_bits(secret);

	if (isinf(bits))
		TRY(password_words(a, secret, &bits));
	lower_to(e, bits, NULL);
	return OK;
}

err password_measure(struct arena *a, str secret, const struct value *known, bool is_details, struct estimate *out)
{
	struct estimate e = { .bits = INFINITY };
	struct words words;
	str normal;
	double bits;

	TRY(gather(a, known, &words));
	TRY(details_normalise(a, secret, &normal));
	TRY(password_guesses(a, secret, words.word, &bits));
	lower_to(&e, bits, NULL);
	TRY(measure_phrase(a, secret, &e));
	measure_form(normal, is_details, &e);
	TRY(measure_known(a, normal, &words, &e));
	*out = e;
	return OK;
}
