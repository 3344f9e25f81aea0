#include "wire/rune.h"

#include <stdlib.h>
#include <unicase.h>
#include <unictype.h>
#include <uninorm.h>

bool rune_control(uint32_t c)
{
	return c < 0x20 || (c >= 0x7F && c < 0xA0) || c == 0x2028 || c == 0x2029;
}

bool rune_direction(uint32_t c)
{
	return uc_is_property_bidi_control(c);
}

bool rune_unassigned(uint32_t c)
{
	return uc_is_general_category_withtable(c, UC_CATEGORY_MASK_Cn | UC_CATEGORY_MASK_Co | UC_CATEGORY_MASK_Cs);
}

bool rune_invisible(uint32_t c)
{
	return uc_is_property_default_ignorable_code_point(c) ||
	       uc_is_general_category_withtable(c, UC_CATEGORY_MASK_Cf | UC_CATEGORY_MASK_Z) || c == 0x2800;
}

bool rune_mark(uint32_t c)
{
	return uc_is_general_category_withtable(c, UC_CATEGORY_MASK_M);
}

bool rune_letter(uint32_t c)
{
	return uc_is_general_category_withtable(c, UC_CATEGORY_MASK_L);
}

bool rune_decimal(uint32_t c, unsigned *digit)
{
	int value = uc_decimal_value(c);

	if (value < 0)
		return false;
	*digit = (unsigned)value;
	return true;
}

/* U+3002 and its half-width sister have no compatible ASCII form, yet IDNA 2003 reads them as a dot. */
bool rune_posing(uint32_t c)
{
	uint32_t room[32]; /* the longest compatibility form has 18 code points (U+FDFA) */
	size_t len = sizeof room / sizeof *room;
	bool posing = c == 0x3002 || c == 0xFF61;

	if (c < 0x80)
		return false;
	uint32_t *compatible = u32_normalize(UNINORM_NFKC, &c, 1, room, &len);
	for (size_t i = 0; compatible && i < len; i++)
		posing |= compatible[i] < 0x80;
	if (compatible != room)
		free(compatible);
	return posing || !compatible;
}

bool str_ascii(str s)
{
	unsigned char all = 0;

	for (size_t i = 0; i < s.len; i++)
		all |= (unsigned char)s.at[i];
	return all < 0x80;
}

/* libunistring allocates by itself; what it made is copied into the arena and given back. */
static err keep(struct arena *a, uint8_t *made, size_t len, str *out)
{
	if (!made)
		return LATER(MEMORY, "no memory to normalise a text");
	err e = str_copy(a, str_bytes(made, len), out);
	free(made);
	return e;
}

static err normalise(struct arena *a, uninorm_t form, str text, str *out)
{
	size_t len = 0;

	if (str_ascii(text))
		return str_copy(a, text, out);
	if (!str_utf8(text))
		return NEVER(SYNTAX, "the text is not UTF-8");
	uint8_t *made = u8_normalize(form, (const uint8_t *)text.at, text.len, NULL, &len);
	return keep(a, made, len, out);
}

err text_nfc(struct arena *a, str text, str *out)
{
	return normalise(a, UNINORM_NFC, text, out);
}

err text_nfkc(struct arena *a, str text, str *out)
{
	return normalise(a, UNINORM_NFKC, text, out);
}

err text_fold_nfkc(struct arena *a, str text, str *out)
{
	size_t len = 0;

	if (str_ascii(text))
		return str_lower(a, text, out);
	if (!str_utf8(text))
		return NEVER(SYNTAX, "the text is not UTF-8");
	uint8_t *made = u8_casefold((const uint8_t *)text.at, text.len, NULL, UNINORM_NFKC, NULL, &len);
	return keep(a, made, len, out);
}
