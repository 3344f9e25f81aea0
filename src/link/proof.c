/* What is compared of a proof. People type on phones, from paper, with a keyboard that begins with a capital; what is
 * forgiven here is forgiven on both sides, the sender's list and the recipient's form, and tries are counted.
 *
 * A password: blanks around it go; Unicode is composed (NFC). If it is sixteen or more ASCII letters and digits,
 * however grouped by '-' or blanks, as the generated ones are, then neither the grouping nor the case matters.
 *
 * A code: six digits, however grouped by '-' or blanks. What is anything else could not be right, and is no try.
 *
 * A detail is brought to the one form of wire/details: "AB-123 456" is "ab123456", "3. April 1987" is "1987-04-03".
 */
#include "link/link.h"

#include "wire/details.h"
#include "wire/rune.h"

enum { GENERATED_LEAST = 16, PART_MAX = 512 };
#define PART_END '\x1f'

static bool is_grouping(char c)
{
	return c == '-' || c == ' ';
}

static bool is_alnum(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool looks_generated(str s)
{
	size_t count = 0;

	for (size_t i = 0; i < s.len; i++) {
		if (!is_alnum(s.at[i]) && !is_grouping(s.at[i]))
			return false;
		count += is_alnum(s.at[i]);
	}
	return count >= GENERATED_LEAST;
}

static err add_password(struct arena *a, str shown, struct buf *out)
{
	str text;

	shown = str_trim(shown);
	if (!looks_generated(shown)) {
		TRY(text_nfc(a, shown, &text));
		buf_add(out, text);
		return OK;
	}
	TRY(str_lower(a, shown, &text));
	for (size_t i = 0; i < text.len; i++)
		if (!is_grouping(text.at[i]))
			buf_add_char(out, text.at[i]);
	return OK;
}

static err add_detail(struct arena *a, str shown, struct buf *out)
{
	str text;

	TRY(details_normalise(a, shown, &text));
	buf_add(out, text);
	return OK;
}

static err add_code(str shown, struct buf *out)
{
	size_t before = out->len;

	shown = str_trim(shown);
	for (size_t i = 0; i < shown.len; i++) {
		if (shown.at[i] >= '0' && shown.at[i] <= '9')
			buf_add_char(out, shown.at[i]);
		else if (!is_grouping(shown.at[i]))
			return NEVER(PROOF, "a code is digits alone");
	}
	return out->len - before == LINK_CODE_DIGITS ? OK : NEVER(PROOF, "a code has six digits");
}

static err add_kind(struct arena *a, enum proof_kind kind, str shown, struct buf *out)
{
	switch (kind) {
	case PROOF_PASSWORD:
		return add_password(a, shown, out);
	case PROOF_CODE:
		return add_code(shown, out);
	case PROOF_DETAILS:
		break;
	}
	return add_detail(a, shown, out);
}

static err add_part(struct arena *a, enum proof_kind kind, str shown, struct buf *out)
{
	size_t before = out->len;

	if (shown.len > PART_MAX || !str_utf8(shown))
		return NEVER(PROOF, "no proof that could be right");
	TRY(add_kind(a, kind, shown, out));
	return out->len > before ? OK : NEVER(PROOF, "a part of the proof is empty");
}

err link_proof_text(struct arena *secret, enum proof_kind kind, const str *parts, size_t count, str *out)
{
	struct buf text;

	if (count == 0)
		return NEVER(PROOF, "no proof");
	TRY(buf_open(secret, LINK_PROOF_MAX, &text));
	for (size_t i = 0; i < count; i++) {
		if (i > 0)
			buf_add_char(&text, PART_END);
		TRY(add_part(secret, kind, parts[i], &text));
	}
	*out = buf_str(&text);
	return buf_check(&text);
}
