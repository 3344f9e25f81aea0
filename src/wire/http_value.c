#include "wire/http_value.h"

#include "wire/rune.h"

/* ── Cookies ─────────────────────────────────────────────────────────────────────────────────────── */

str cookie_value(str header, str name)
{
	str one, key, value, found = STR_NONE;
	unsigned count = 0;

	while (header.len) {
		(void)str_cut(header, ';', &one, &header);
		if (!str_cut(str_trim(one), '=', &key, &value) || !str_same(key, name))
			continue;
		found = value;
		count++;
	}
	return count == 1 ? found : STR_NONE;
}

/* ── Ranges ──────────────────────────────────────────────────────────────────────────────────────── */

static enum range suffix(str digits, uint64_t size, uint64_t *first, uint64_t *len)
{
	uint64_t last_ones;

	if (!str_number(digits, &last_ones))
		return RANGE_WHOLE;
	if (last_ones == 0 || size == 0)
		return RANGE_OUTSIDE;
	*len = last_ones < size ? last_ones : size;
	*first = size - *len;
	return RANGE_PART;
}

enum range range_of(str header, uint64_t size, uint64_t *first, uint64_t *len)
{
	uint64_t from, to = UINT64_MAX;
	str start, end;

	header = str_trim(header);
	if (!str_starts_nocase(header, STR("bytes=")) || str_has(header, ','))
		return RANGE_WHOLE;
	if (!str_cut(str_trim(str_from(header, 6)), '-', &start, &end))
		return RANGE_WHOLE;
	if (start.len == 0)
		return suffix(end, size, first, len);
	if (!str_number(start, &from) || (end.len > 0 && !str_number(end, &to)) || to < from)
		return RANGE_WHOLE;
	if (from >= size)
		return RANGE_OUTSIDE;
	*first = from;
	*len = (to < size ? to + 1 : size) - from;
	return RANGE_PART;
}

/* ── File names ──────────────────────────────────────────────────────────────────────────────────── */

static bool is_harmful(uint32_t rune)
{
	return rune_control(rune) || rune_direction(rune) || rune_invisible(rune) || rune == '/' || rune == '\\';
}

/* RFC 8187 3.2.1: attr-char. */
static bool is_attr_char(unsigned char c)
{
	if ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'))
		return true;
	return c && str_has(STR("!#$&+-.^_`|~"), (char)c);
}

static void add_percent(struct buf *b, str bytes)
{
	for (size_t i = 0; i < bytes.len; i++) {
		unsigned char c = (unsigned char)bytes.at[i];
		if (is_attr_char(c))
			buf_add_char(b, (char)c);
		else
			buf_add_format(b, "%%%02X", c);
	}
}

/* One character of the name, as the ASCII form or the full one writes it. */
static void add_rune(struct buf *b, uint32_t rune, str bytes, bool full)
{
	bool blank = rune == ' ';

	if (!blank && is_harmful(rune))
		buf_add_char(b, '_');
	else if (full)
		add_percent(b, bytes);
	else
		buf_add_char(b, rune < 0x20 || rune > 0x7E || str_has(STR("\"%;"), (char)rune) ? '_' : (char)rune);
}

static void add_name(struct buf *b, str name, bool full)
{
	uint32_t rune;

	while (name.len) {
		size_t taken = str_rune(name, &rune);
		if (taken == 0) {
			buf_add_char(b, '_');
			taken = 1;
		} else {
			add_rune(b, rune, str_upto(name, taken), full);
		}
		name = str_from(name, taken);
	}
}

static void add_disposition(struct buf *b, str how, str name)
{
	if (name.len == 0)
		name = STR("document");
	buf_add(b, how);
	buf_add(b, STR("; filename=\""));
	add_name(b, name, false);
	buf_add(b, STR("\"; filename*=UTF-8''"));
	add_name(b, name, true);
}

void buf_add_attachment(struct buf *b, str name)
{
	add_disposition(b, STR("attachment"), name);
}

void buf_add_inline(struct buf *b, str name)
{
	add_disposition(b, STR("inline"), name);
}

/* ── Languages ───────────────────────────────────────────────────────────────────────────────────── */

/* RFC 9110 12.4.2: the weight in thousandths; 1000 if none is given, 0 for one that is malformed. */
static unsigned weight_of(str parameters)
{
	uint64_t whole, part = 0;
	str value = str_trim(parameters), digits;

	if (value.len == 0)
		return 1000;
	if (!str_starts_nocase(value, STR("q=")))
		return 0;
	bool decimals = str_cut(str_from(value, 2), '.', &value, &digits);
	if (!str_number(value, &whole) || whole > 1 || digits.len > 3 ||
	    (decimals && digits.len && !str_number(digits, &part)))
		return 0;
	if (whole)
		return part ? 0 : 1000;
	for (size_t i = digits.len; i < 3; i++)
		part *= 10;
	return (unsigned)part;
}

/* "de" for "de", "de-CH" and "de_AT" (RFC 4647 3.3.1). */
static bool speaks(str range, str offered)
{
	return str_starts_nocase(range, offered) &&
	       (range.len == offered.len || range.at[offered.len] == '-' || range.at[offered.len] == '_');
}

str language_of(str header, const str *offered, size_t count)
{
	str one, range, parameters, best = STR_NONE;
	unsigned most = 0;

	while (header.len) {
		(void)str_cut(header, ',', &one, &header);
		(void)str_cut(one, ';', &range, &parameters);
		unsigned weight = weight_of(parameters);
		for (size_t i = 0; weight > most && i < count; i++)
			if (speaks(str_trim(range), offered[i])) {
				best = offered[i];
				most = weight;
			}
	}
	return best;
}
