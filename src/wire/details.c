#include "wire/details.h"

#include "wire/details_date.h"
#include "wire/rune.h"

enum { ROUNDS_MAX = 6 };

/* UAX 44: every decimal digit has its value; recipients type the digits of their keyboard. */
static err ascii_digits(struct arena *a, str text, str *out)
{
	struct buf b;
	uint32_t c = 0;
	unsigned digit;

	TRY(buf_open(a, text.len, &b));
	for (size_t taken; text.len; text = str_from(text, taken)) {
		taken = str_rune(text, &c);
		if (rune_decimal(c, &digit))
			buf_add_char(&b, (char)('0' + digit));
		else
			buf_add(&b, str_upto(text, taken));
	}
	*out = buf_str(&b);
	return buf_check(&b);
}

static bool counts(uint32_t c)
{
	return rune_letter(c) || rune_mark(c) || (c >= '0' && c <= '9');
}

static err strip(struct arena *a, str text, str *out)
{
	struct buf b;
	uint32_t c = 0;

	TRY(buf_open(a, text.len, &b));
	for (size_t taken; text.len; text = str_from(text, taken)) {
		taken = str_rune(text, &c);
		if (counts(c))
			buf_add(&b, str_upto(text, taken));
	}
	*out = buf_str(&b);
	return buf_check(&b);
}

static err fold(struct arena *a, str text, str *out)
{
	TRY(text_fold_nfkc(a, text, out));
	TRY(ascii_digits(a, *out, out));
	*out = str_trim(*out);
	return OK;
}

/* Round by round until nothing changes, so that normalising twice is normalising once: what falls away can bring
 * marks together that then compose, and can leave a date. */
static err normalise(struct arena *a, str text, str *out)
{
	struct date date;
	str folded, bare = STR_NONE;

	for (int round = 0; round < ROUNDS_MAX; round++) {
		TRY(fold(a, text, &folded));
		if (date_read(folded, &date))
			return date_text(a, &date, out);
		TRY(strip(a, folded, &bare));
		if (str_same(bare, text))
			break;
		text = bare;
	}
	*out = bare;
	return OK;
}

err details_normalise(struct arena *a, str text, str *out)
{
	if (text.len > DETAIL_MAX)
		return NEVER(LIMIT, "a detail is longer than 1024 octets");
	return normalise(a, text, out);
}

bool details_is_date(str normalised)
{
	struct date date;

	return normalised.len == 10 && normalised.at[4] == '-' && normalised.at[7] == '-' &&
	       date_read(normalised, &date);
}
