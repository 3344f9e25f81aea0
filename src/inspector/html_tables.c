/* The allow-list as tables, and the searches in them. */
#include "inspector/html_inside.h"

#include <string.h>

const struct html_attribute html_attributes[ATTRIBUTE_COUNT] = {
#define ATTRIBUTE(id, name, kind, least, most, words) { name, kind, least, most, words },
#include "inspector/html_attributes.def"
#undef ATTRIBUTE
};

#define A(id) (UINT64_C(1) << ATTRIBUTE_##id)
#define EVERYWHERE (A(TITLE) | A(LANG) | A(DIR) | A(ROLE) | A(ARIA_LABEL) | A(ARIA_HIDDEN) | A(STYLE))

const struct html_element html_elements[ELEMENT_COUNT] = {
	[ELEMENT_NONE] = { STR_NONE, HTML_UNKNOWN, 0 },
#define ELEMENT(id, nature, attributes) { { #id, sizeof #id - 1 }, nature, attributes },
#include "inspector/html_elements.def"
#undef ELEMENT
};

static const char *const colours[] = {
#define COLOUR(name) #name,
#include "inspector/html_colours.def"
#undef COLOUR
};

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

/* Order of `name` in lower case and of a C string. */
static int order(str name, const char *row)
{
	for (size_t i = 0; i < name.len; i++) {
		int difference = lower(name.at[i]) - row[i];
		if (difference || !row[i])
			return difference ? difference : 1;
	}
	return row[name.len] ? -1 : 0;
}

enum html_element_id html_element_find(str name)
{
	size_t low = ELEMENT_NONE + 1, high = ELEMENT_COUNT;

	while (low < high) {
		size_t middle = (low + high) / 2;
		int side = order(name, html_elements[middle].name.at);
		if (side == 0)
			return (enum html_element_id)middle;
		if (side < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return ELEMENT_NONE;
}

/* In the order of writing, so this is a walk; the first letter decides nearly every step. */
int html_attribute_find(str name)
{
	if (name.len == 0)
		return -1;
	for (int i = 0; i < ATTRIBUTE_COUNT; i++)
		if (html_attributes[i].name[0] == lower(name.at[0]) && order(name, html_attributes[i].name) == 0)
			return i;
	return -1;
}

bool html_colour_name(str name)
{
	size_t low = 0, high = sizeof colours / sizeof *colours;

	while (low < high) {
		size_t middle = (low + high) / 2;
		int side = order(name, colours[middle]);
		if (side == 0)
			return true;
		if (side < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return false;
}

bool html_word_among(const char *words, str word)
{
	if (!words || word.len == 0)
		return false;
	for (const char *at = words + 1; *at;) {
		const char *end = strchr(at, ' ');
		if ((size_t)(end - at) == word.len && memcmp(at, word.at, word.len) == 0)
			return true;
		at = end + 1;
	}
	return false;
}
