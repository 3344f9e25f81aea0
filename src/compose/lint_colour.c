/* Colours as styles write them, and how far apart two of them are (WCAG 2.2, 1.4.3 and "relative luminance"). */
#include "compose/lint_inner.h"

#include <math.h>

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
	return (struct colour){ true, (rgb >> 16 & 0xFF) / 255.0, (rgb >> 8 & 0xFF) / 255.0, (rgb & 0xFF) / 255.0 };
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

static double linear(double c)
{
	return c <= 0.04045 ? c / 12.92 : pow((c + 0.055) / 1.055, 2.4);
}

static double luminance(struct colour c)
{
	return 0.2126 * linear(c.r) + 0.7152 * linear(c.g) + 0.0722 * linear(c.b);
}

double colour_contrast(struct colour text, struct colour ground)
{
	double a = luminance(text) + 0.05, b = luminance(ground) + 0.05;

	return a > b ? a / b : b / a;
}

/* Hue and saturation stay: adding the same to all three moves lightness alone. */
struct colour colour_inverted(struct colour c)
{
	double most = fmax(c.r, fmax(c.g, c.b)), least = fmin(c.r, fmin(c.g, c.b));
	double shift = 1 - (most + least);

	return (struct colour){ c.known, c.r + shift, c.g + shift, c.b + shift };
}
