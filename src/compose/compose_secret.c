/* What opens a link must not travel with it. The columns a proof asks for are known by name; the same text may
 * stand in another column, a document's name or the address, so all values are searched for it as well.
 *
 * Texts are compared without case, blanks and punctuation: "AB-12 34" is found in "ab1234.pdf". A text that as a
 * whole says the same as a detail is found as well: "3 Feb 1980" is "1980-02-03". */
#include "compose/compose_inner.h"
#include "wire/details.h"
#include "wire/rune.h"

enum {
	SECRETS_MAX = 16,
	SECRET_SHORT = 4, /* shorter texts stand in others by chance: only equality counts */
};

struct secrets {
	struct arena *arena;
	struct {
		str folded, detail;
	} each[SECRETS_MAX];
	size_t count;
};

static bool counts(char c)
{
	unsigned char byte = (unsigned char)c;
	return (byte >= 'a' && byte <= 'z') || (byte >= '0' && byte <= '9') || byte >= 0x80;
}

/* Case and compatible forms are one (NFKC), as where proofs are compared; what is not UTF-8 is taken as it is. */
static err fold(struct arena *a, str text, str *out)
{
	struct buf b;

	if (str_utf8(text))
		TRY(text_fold_nfkc(a, text, &text));
	TRY(buf_open(a, text.len + 1, &b));
	for (size_t i = 0; i < text.len; i++) {
		char c = text.at[i] >= 'A' && text.at[i] <= 'Z' ? (char)(text.at[i] | 0x20) : text.at[i];
		if (counts(c))
			buf_add_char(&b, c);
	}
	*out = buf_str(&b);
	return buf_check(&b);
}

static bool holds(str secret, str folded)
{
	return secret.len < SECRET_SHORT ? str_same(secret, folded) : str_find(folded, secret) >= 0;
}

/* As it would be compared if it were a detail; empty for what cannot be one. */
static str as_detail(struct arena *a, str text)
{
	str detail = STR_NONE;

	(void)failed(details_normalise(a, text, &detail));
	return detail;
}

/* What cannot be looked at is taken for a secret. */
bool secrets_in(const struct secrets *s, str text)
{
	SCRATCH(s->arena);
	str folded, detail = as_detail(s->arena, text);

	if (failed(fold(s->arena, text, &folded)))
		return true;
	for (size_t i = 0; i < s->count; i++)
		if (holds(s->each[i].folded, folded) || (detail.len && str_same(s->each[i].detail, detail)))
			return true;
	return false;
}

static bool has_digit(str text)
{
	for (size_t i = 0; i < text.len; i++)
		if (text.at[i] >= '0' && text.at[i] <= '9')
			return true;
	return false;
}

static err add(struct secrets *s, str text)
{
	str folded;

	TRY(fold(s->arena, text, &folded));
	if (folded.len == 0)
		return OK;
	if (s->count == SECRETS_MAX)
		return NEVER(LIMIT, "the proof asks for too many details");
	s->each[s->count].detail = as_detail(s->arena, text);
	s->each[s->count++].folded = folded;
	return OK;
}

/* A list's column may have a plus in its name: then it is asked for alone. */
static bool next_column(const struct recipient *r, str *rest, str *column)
{
	if (rest->len == 0)
		return false;
	if (value_find(r->values, *rest)) {
		*column = *rest;
		*rest = STR_NONE;
		return true;
	}
	str_cut(*rest, '+', column, rest);
	return true;
}

bool secrets_name_column(const struct recipient *r, str column)
{
	str rest = r->link.proof == PROOF_PASSWORD ? STR_NONE : r->link.prompt, name;

	while (next_column(r, &rest, &name))
		if (str_same(name, column))
			return true;
	return false;
}

err secrets_gather(struct arena *a, const struct recipient *r, struct secrets **out)
{
	str rest = r->link.proof == PROOF_PASSWORD ? STR_NONE : r->link.prompt, name;
	struct secrets *s;

	TRY(NEW(a, s));
	s->arena = a;
	TRY(add(s, r->link.secret));
	while (next_column(r, &rest, &name)) {
		const str *text = value_find(r->values, name);
		/* A name among other details has to be speakable: a greeting holds it. A number has not. */
		bool alone = str_same(name, r->link.prompt);
		if (text && (alone || has_digit(*text)))
			TRY(add(s, *text));
	}
	*out = s;
	return OK;
}
