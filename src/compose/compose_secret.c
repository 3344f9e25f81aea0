/* What opens a link must not travel with it. The columns a proof asks for are known by name; the same text may
 * stand in another column, a document's name or the address, so all values are searched for it as well.
 *
 * Texts are compared without case, blanks and punctuation: "AB-12 34" is found in "ab1234.pdf". */
#include "compose/compose_inner.h"

enum {
	SECRETS_MAX = 16,
	SECRET_SHORT = 4, /* shorter texts stand in others by chance: only equality counts */
};

struct secrets {
	struct arena *arena;
	str folded[SECRETS_MAX];
	size_t count;
};

static size_t fold_char(char c)
{
	unsigned char byte = (unsigned char)c;

	if (byte >= 'A' && byte <= 'Z')
		return byte | 0x20u;
	bool counts = (byte >= 'a' && byte <= 'z') || (byte >= '0' && byte <= '9') || byte >= 0x80;
	return counts ? byte : 0;
}

/* Does `text` hold the folded `secret` from its byte `at` on? `whole`: and nothing else. */
static bool matches(str secret, str text, size_t at, bool whole)
{
	size_t found = 0;

	for (; at < text.len && (found < secret.len || whole); at++) {
		size_t c = fold_char(text.at[at]);
		if (!c)
			continue;
		if (found == secret.len || c != (unsigned char)secret.at[found])
			return false;
		found++;
	}
	return found == secret.len;
}

static bool holds(str secret, str text)
{
	if (secret.len < SECRET_SHORT)
		return matches(secret, text, 0, true);
	for (size_t at = 0; at < text.len; at++)
		if (fold_char(text.at[at]) == (unsigned char)secret.at[0] && matches(secret, text, at, false))
			return true;
	return false;
}

bool secrets_in(const struct secrets *s, str text)
{
	for (size_t i = 0; i < s->count; i++)
		if (holds(s->folded[i], text))
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
	struct buf b;

	TRY(buf_open(s->arena, text.len + 1, &b));
	for (size_t i = 0; i < text.len; i++)
		if (fold_char(text.at[i]))
			buf_add_char(&b, (char)fold_char(text.at[i]));
	if (b.len == 0)
		return OK;
	if (s->count == SECRETS_MAX)
		return NEVER(LIMIT, "the proof asks for too many details");
	s->folded[s->count++] = buf_str(&b);
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
