/* Values of attributes, each kind by its grammar, in one spelling. */
#include "inspector/html_inside.h"

#include <string.h>

static bool digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static void add_lower(struct buf *out, str text)
{
	for (size_t i = 0; i < text.len; i++)
		buf_add_char(out, text.at[i] >= 'A' && text.at[i] <= 'Z' ? (char)(text.at[i] | 0x20) : text.at[i]);
}

static bool add_word(const struct html_attribute *a, str value, struct buf *out)
{
	if (!html_word_among(a->words, value)) { /* the case counts for the kind of a list only */
		size_t before = out->len;
		add_lower(out, value);
		return !out->overflow && html_word_among(a->words, str_from(buf_str(out), before));
	}
	buf_add(out, value);
	return true;
}

/* Browsers read "600px" as 600; a fraction is cut. */
static bool add_number(const struct html_attribute *a, str value, bool percent, struct buf *out)
{
	size_t len = 0;
	uint64_t number;

	while (len < value.len && digit(value.at[len]))
		len++;
	str unit = str_from(value, len);
	if (len > 9 || !str_number(str_upto(value, len), &number))
		return false;
	if (number < (uint64_t)a->least || number > (uint64_t)a->most)
		return false;
	buf_add_number(out, number);
	if (percent && str_same(unit, STR("%")))
		buf_add_char(out, '%');
	else
		return unit.len == 0 || str_same_nocase(unit, STR("px")) || unit.at[0] == '.';
	return true;
}

/* Of a font: 3, +1, -2; of a rule: pixels. */
static bool add_size(const struct html_attribute *a, str value, struct buf *out)
{
	if (str_starts(value, STR("+")) || str_starts(value, STR("-"))) {
		buf_add_char(out, value.at[0]);
		value = str_from(value, 1);
	}
	return add_number(a, value, false, out);
}

/* #rgb, #rrggbb, a name; and rrggbb, as old mail has it. */
static bool add_colour(str value, struct buf *out)
{
	str digits = str_starts(value, STR("#")) ? str_from(value, 1) : value;
	bool hex = digits.len == 6 || (digits.len == 3 && digits.len < value.len);

	for (size_t i = 0; i < digits.len; i++)
		hex = hex && (digit(digits.at[i]) || (letter(digits.at[i]) && (digits.at[i] | 0x20) <= 'f'));
	if (hex)
		buf_add_char(out, '#');
	add_lower(out, hex ? digits : value);
	return hex || html_colour_name(value) || str_same_nocase(value, STR("transparent"));
}

/* RFC 5646 in shape: letters, digits, hyphens. */
static bool add_lang(str value, struct buf *out)
{
	for (size_t i = 0; i < value.len; i++)
		if (!letter(value.at[i]) && !digit(value.at[i]) && value.at[i] != '-')
			return false;
	buf_add(out, value);
	return value.len > 0 && value.len <= 35;
}

static bool add_moment(str value, struct buf *out)
{
	for (size_t i = 0; i < value.len; i++)
		if (!digit(value.at[i]) && !strchr("-:+.TWPZYMDHS ", value.at[i]))
			return false;
	buf_add(out, value);
	return value.len > 0 && value.len <= 64;
}

bool html_value(const struct html_writer *w, enum html_attribute_id which, str value, struct buf *room)
{
	const struct html_attribute *a = &html_attributes[which];
	str trimmed = str_trim(value);

	switch (a->kind) {
	case VALUE_TEXT:
		buf_add(room, value);
		return true;
	case VALUE_LINK:
	case VALUE_IMAGE:
		return html_url(w, value, a->kind == VALUE_IMAGE, room);
	case VALUE_LANG:
		return add_lang(trimmed, room);
	case VALUE_WORD:
		return add_word(a, trimmed, room);
	case VALUE_LENGTH:
		return add_number(a, trimmed, true, room);
	case VALUE_NUMBER:
		return add_number(a, trimmed, false, room);
	case VALUE_SIZE:
		return add_size(a, trimmed, room);
	case VALUE_COLOUR:
		return add_colour(trimmed, room);
	case VALUE_FAMILY:
		return html_families(value, room);
	case VALUE_FLAG:
		return true;
	case VALUE_MOMENT:
		return add_moment(trimmed, room);
	case VALUE_STYLE:
		html_style(w, value, room);
		return room->len > 0;
	}
	return false;
}
