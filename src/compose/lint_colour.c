/* Colours as styles write them. How far apart two of them are is wire/colour's to say. */
#include "compose/lint_inner.h"

static const struct {
	str name;
	uint32_t rgb;
} named[] = {
	{ STR("black"), 0x000000 },     { STR("silver"), 0xC0C0C0 },    { STR("gray"), 0x808080 },
	{ STR("grey"), 0x808080 },      { STR("white"), 0xFFFFFF },     { STR("maroon"), 0x800000 },
	{ STR("red"), 0xFF0000 },       { STR("purple"), 0x800080 },    { STR("fuchsia"), 0xFF00FF },
	{ STR("green"), 0x008000 },     { STR("lime"), 0x00FF00 },      { STR("olive"), 0x808000 },
	{ STR("yellow"), 0xFFFF00 },    { STR("navy"), 0x000080 },      { STR("blue"), 0x0000FF },
	{ STR("teal"), 0x008080 },      { STR("aqua"), 0x00FFFF },      { STR("orange"), 0xFFA500 },
	{ STR("lightgray"), 0xD3D3D3 }, { STR("lightgrey"), 0xD3D3D3 }, { STR("darkgray"), 0xA9A9A9 },
	{ STR("darkgrey"), 0xA9A9A9 },
};

static struct colour of_rgb(uint32_t rgb)
{
	return (struct colour){ true, { (uint8_t)(rgb >> 16), (uint8_t)(rgb >> 8), (uint8_t)rgb } };
}

static bool hex_colour(str digits, struct colour *out)
{
	uint32_t rgb = 0;

	for (size_t i = 0; i < digits.len; i++) {
		char c = digits.at[i];
		int value = c >= '0' && c <= '9'                     ? c - '0'
			    : (c | 0x20) >= 'a' && (c | 0x20) <= 'f' ? (c | 0x20) - 'a' + 10
								     : -1;
		if (value < 0)
			return false;
		rgb = rgb << 4 | (uint32_t)value;
		if (digits.len == 3)
			rgb = rgb << 4 | (uint32_t)value;
	}
	*out = of_rgb(rgb);
	return digits.len == 3 || digits.len == 6;
}

/* rgb(1, 2, 3) */
static bool rgb_colour(str inside, struct colour *out)
{
	uint32_t rgb = 0;
	unsigned parts = 0;
	bool more = true;

	while (more) {
		str part;
		uint64_t value;
		more = str_cut(inside, ',', &part, &inside);
		if (!str_number(str_trim(part), &value) || value > 255)
			return false;
		rgb = rgb << 8 | (uint32_t)value;
		parts++;
	}
	*out = of_rgb(rgb);
	return parts == 3;
}

enum colour_read colour_parse(str text, struct colour *out)
{
	text = str_trim(text);
	if (str_same_nocase(text, STR("transparent")) || str_same_nocase(text, STR("inherit")) ||
	    str_same_nocase(text, STR("none")) || !text.len)
		return COLOUR_NONE;
	if (str_starts(text, STR("#")))
		return hex_colour(str_from(text, 1), out) ? COLOUR_READ : COLOUR_STRANGE;
	if (str_starts_nocase(text, STR("rgb(")) && str_ends(text, STR(")")))
		return rgb_colour(str_upto(str_from(text, 4), text.len - 5), out) ? COLOUR_READ : COLOUR_STRANGE;
	for (size_t i = 0; i < sizeof named / sizeof *named; i++)
		if (str_same_nocase(text, named[i].name)) {
			*out = of_rgb(named[i].rgb);
			return COLOUR_READ;
		}
	return COLOUR_STRANGE;
}

/* Hue and saturation stay: adding the same to all three moves lightness alone. */
struct colour colour_inverted(struct colour c)
{
	const uint8_t part[] = { c.rgb.red, c.rgb.green, c.rgb.blue };
	int most = 0, least = 255;

	for (size_t i = 0; i < sizeof part; i++) {
		most = part[i] > most ? part[i] : most;
		least = part[i] < least ? part[i] : least;
	}
	int shift = 255 - (most + least);
	return (struct colour){
		c.known, { (uint8_t)(part[0] + shift), (uint8_t)(part[1] + shift), (uint8_t)(part[2] + shift) }
	};
}
