#include "seal/zip.h"
#include "wire/rune.h"

static const struct range {
	uint32_t from, to;
} blank[] = {
	{ 0x00A0, 0x00A0 }, { 0x1680, 0x1680 }, { 0x2000, 0x200A }, { 0x202F, 0x202F }, { 0x205F, 0x205F }, { 0x3000, 0x3000 },
}, look_like_separators[] = {
	{ 0x2044, 0x2044 }, { 0x2215, 0x2216 }, { 0x29F5, 0x29F9 }, { 0xFE68, 0xFE68 }, { 0xFF0F, 0xFF0F }, { 0xFF3C, 0xFF3C },
};

static bool within(const struct range *ranges, size_t count, uint32_t code)
{
	for (size_t i = 0; i < count; i++)
		if (code >= ranges[i].from && code <= ranges[i].to)
			return true;
	return false;
}
#define WITHIN(ranges, code) within((ranges), sizeof(ranges) / sizeof *(ranges), (code))

static bool forbidden_on_windows(uint32_t code)
{
	return code < 0x80 && str_has(STR("<>:\"|?*"), (char)code);
}

static bool unseen(uint32_t code)
{
	return rune_control(code) || rune_direction(code) || rune_invisible(code) || rune_unassigned(code);
}

static str last_part(str path)
{
	for (size_t i = path.len; i-- > 0;)
		if (path.at[i] == '/' || path.at[i] == '\\')
			return str_from(path, i + 1);
	return path;
}

static void add_clean(struct buf *b, str name)
{
	uint32_t code;

	while (name.len) {
		size_t taken = str_rune(name, &code);
		str rune = str_upto(name, taken ? taken : 1);
		name = str_from(name, rune.len);
		if (taken == 0 || forbidden_on_windows(code) || WITHIN(look_like_separators, code))
			buf_add_char(b, '_');
		else if (code == ' ' || WITHIN(blank, code))
			buf_add_char(b, ' ');
		else if (!unseen(code))
			buf_add(b, rune);
	}
}

static str without_edges(str s)
{
	while (s.len && (s.at[0] == '.' || s.at[0] == ' '))
		s = str_from(s, 1);
	while (s.len && (s.at[s.len - 1] == '.' || s.at[s.len - 1] == ' '))
		s.len--;
	return s;
}

/* "con.txt" is the console too, whatever stands after the first dot. */
static bool is_device(str name)
{
	static const str devices[] = { STR("con"), STR("prn"), STR("aux"), STR("nul"), STR("conin$"), STR("conout$") };
	static const str digits[] = { STR("1"), STR("2"), STR("3"), STR("4"), STR("5"), STR("6"), STR("7"),
				      STR("8"), STR("9"), STR("0"), STR("¹"), STR("²"), STR("³") };
	str stem, rest;

	str_cut(name, '.', &stem, &rest);
	stem = str_trim(stem);
	for (size_t i = 0; i < sizeof devices / sizeof *devices; i++)
		if (str_same_nocase(stem, devices[i]))
			return true;
	bool port = str_starts_nocase(stem, STR("com")) || str_starts_nocase(stem, STR("lpt"));
	for (size_t i = 0; port && i < sizeof digits / sizeof *digits; i++)
		if (str_same(str_from(stem, 3), digits[i]))
			return true;
	return false;
}

/* With its dot; none if there is no dot or what follows is longer than any extension. */
static str extension(str name)
{
	enum { LONGEST = 16 };

	for (size_t i = name.len; i-- > 1 && name.len - i <= LONGEST;)
		if (name.at[i] == '.')
			return str_from(name, i);
	return STR_NONE;
}

static str cut_at_rune(str s, size_t max)
{
	size_t len = s.len < max ? s.len : max;

	while (len < s.len && len > 0 && ((unsigned char)s.at[len] & 0xC0) == 0x80)
		len--;
	return str_upto(s, len);
}

/* Stem, insert, extension, within the limit. */
static void add_shortened(struct buf *b, str name, str insert)
{
	str end = extension(name), stem = str_upto(name, name.len - end.len);

	buf_add(b, without_edges(cut_at_rune(stem, SEAL_NAME_MAX - b->len - end.len - insert.len)));
	buf_add(b, insert);
	buf_add(b, end);
}

err seal_name_clean(struct arena *a, str name, str *out)
{
	struct buf clean, b;
	str kept;

	TRY(buf_open(a, name.len + 1, &clean));
	TRY(buf_open(a, SEAL_NAME_MAX + 1, &b));
	add_clean(&clean, last_part(name));
	/* One spelling of an accented letter, or the same name could be there twice. */
	TRY(text_nfc(a, buf_str(&clean), &kept));
	kept = without_edges(kept);
	if (kept.len == 0)
		kept = STR("document");
	if (is_device(kept))
		buf_add_char(&b, '_');
	if (kept.len + b.len <= SEAL_NAME_MAX)
		buf_add(&b, kept);
	else
		add_shortened(&b, kept, STR_NONE);
	TRY(buf_check(&b));
	*out = buf_str(&b);
	return OK;
}

static bool taken(const struct zip *z, str name)
{
	for (const struct zip_record *r = z->first; r; r = r->next)
		if (str_same_nocase(r->name, name))
			return true;
	return false;
}

err zip_name_unique(struct zip *z, str name, str *out)
{
	char room[32];

	for (uint64_t n = 2; taken(z, name); n++) {
		struct buf insert = BUF_ON(room), b;
		buf_add_format(&insert, " (%llu)", (unsigned long long)n);
		TRY(buf_open(z->arena, SEAL_NAME_MAX, &b));
		add_shortened(&b, name, buf_str(&insert));
		if (!taken(z, buf_str(&b)))
			return *out = buf_str(&b), OK;
	}
	*out = name;
	return OK;
}
