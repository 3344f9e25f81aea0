#include "inspector/file_inside.h"

#include <string.h>

/* ISO 32000-2. In a PDF whatever acts is named in a dictionary, and names are written in the clear everywhere but in
 * object streams (7.5.7); inside the streams of pages, pictures and fonts there are none that count. So one pass over
 * the bytes, taking every '/' for the beginning of a name and undoing #xx, tells of most documents that there is
 * nothing: it sees too much at times, never too little. Only where it saw something in a stream, or where there are
 * object streams, a parser has to tell. */

static const struct {
	str name;
	uint32_t active;
} meanings[] = {
	{ STR("JS"), ACTIVE_BIT(ACTIVE_SCRIPT) },
	{ STR("JavaScript"), ACTIVE_BIT(ACTIVE_SCRIPT) },
	{ STR("Launch"), ACTIVE_BIT(ACTIVE_LAUNCH) },
	{ STR("GoToE"), ACTIVE_BIT(ACTIVE_LAUNCH) },
	{ STR("GoToR"), ACTIVE_BIT(ACTIVE_LAUNCH) },
	{ STR("EmbeddedFile"), ACTIVE_BIT(ACTIVE_EMBEDDED) },
	{ STR("EmbeddedFiles"), ACTIVE_BIT(ACTIVE_EMBEDDED) },
	{ STR("FileAttachment"), ACTIVE_BIT(ACTIVE_EMBEDDED) },
	{ STR("AA"), ACTIVE_BIT(ACTIVE_ACTION) },
	{ STR("SubmitForm"), ACTIVE_BIT(ACTIVE_ACTION) },
	{ STR("ImportData"), ACTIVE_BIT(ACTIVE_ACTION) },
	{ STR("RichMedia"), ACTIVE_BIT(ACTIVE_MEDIA) },
	{ STR("Rendition"), ACTIVE_BIT(ACTIVE_MEDIA) },
	{ STR("Movie"), ACTIVE_BIT(ACTIVE_MEDIA) },
	{ STR("Sound"), ACTIVE_BIT(ACTIVE_MEDIA) },
	{ STR("3D"), ACTIVE_BIT(ACTIVE_MEDIA) },
	{ STR("XFA"), ACTIVE_BIT(ACTIVE_XFA) },
	{ STR("Encrypt"), ACTIVE_BIT(ACTIVE_ENCRYPTED) },
	{ STR("ByteRange"), ACTIVE_BIT(ACTIVE_SIGNED) },
};

enum { NAME_LONGEST = sizeof "FileAttachment" };

void pdf_name_meaning(str name, struct pdf_names *out)
{
	for (size_t i = 0; i < sizeof meanings / sizeof *meanings; i++)
		if (str_same(name, meanings[i].name))
			out->active |= meanings[i].active;
	if (str_same(name, STR("ObjStm")) || str_same(name, STR("XRef")) || str_same(name, STR("XRefStm")))
		out->object_streams = true; /* a table in a stream may find objects in streams that do not say so */
}

/* White space and delimiters, 7.2.3: they end a name. */
static bool ends_name(char c)
{
	static const str enders = STR("\t\n\f\r ()<>[]{}/%");
	return c == 0 || str_has(enders, c);
}

static int hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)(c | 0x20);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The name at `at`, decoded (7.3.5); *end is behind it. Longer ones than we know are cut, and so mean nothing. */
static size_t read_name(str s, size_t at, char name[NAME_LONGEST + 1], size_t *end)
{
	size_t len = 0;

	for (; at < s.len && len <= NAME_LONGEST && !ends_name(s.at[at]); at++) {
		char c = s.at[at];
		if (c == '#' && at + 2 < s.len && hex(s.at[at + 1]) >= 0 && hex(s.at[at + 2]) >= 0) {
			c = (char)(hex(s.at[at + 1]) << 4 | hex(s.at[at + 2]));
			at += 2;
		}
		name[len++] = c;
	}
	*end = at;
	return len;
}

/* [page /Fit …] shows a place in this document; anything else is an action, or says so elsewhere. */
static bool opens_at_place(str s, size_t at)
{
	while (at < s.len && s.at[at] && ends_name(s.at[at]) && !str_has(STR("()<>[]{}/%"), s.at[at]))
		at++;
	return at < s.len && s.at[at] == '[';
}

/* Most names are not ours, and most slashes stand in compressed bytes: their first letter tells. */
static bool may_begin(char c)
{
	static const bool first[256] = {
		['J'] = true, ['L'] = true, ['G'] = true, ['E'] = true, ['F'] = true,
		['A'] = true, ['S'] = true, ['I'] = true, ['R'] = true, ['M'] = true,
		['3'] = true, ['X'] = true, ['B'] = true, ['O'] = true, ['#'] = true,
	};
	return first[(unsigned char)c];
}

void pdf_scan_names(str bytes, struct pdf_names *out)
{
	const char *end = bytes.at + bytes.len;

	for (const char *at = bytes.at; at < end && (at = memchr(at, '/', (size_t)(end - at))) != NULL; at++) {
		char name[NAME_LONGEST + 1];
		size_t after;
		if (at + 1 >= end || !may_begin(at[1]))
			continue;
		str read = str_bytes(name, read_name(bytes, (size_t)(at - bytes.at) + 1, name, &after));
		pdf_name_meaning(read, out);
		if (str_same(read, STR("OpenAction")) && !opens_at_place(bytes, after))
			out->unclear_opening = true;
	}
}

static str upto_word(str s, str word, size_t *after)
{
	const char *at = s.len ? memmem(s.at, s.len, word.at, word.len) : NULL;

	*after = at ? (size_t)(at - s.at) + word.len : s.len;
	return str_upto(s, *after);
}

/* `stream` and a line's end begin what `endstream` ends (7.3.8). Who writes these words where none begins hides
 * nothing by it: what this look leaves out, the parser's has to tell. */
void pdf_scan_outside_streams(str bytes, struct pdf_names *out)
{
	size_t after;

	while (bytes.len) {
		pdf_scan_names(upto_word(bytes, STR("stream"), &after), out);
		bytes = str_from(bytes, after);
		if (!str_starts(bytes, STR("\r\n")) && !str_starts(bytes, STR("\n")))
			continue;
		upto_word(bytes, STR("endstream"), &after);
		bytes = str_from(bytes, after);
	}
}

/* ── Beginning and end ───────────────────────────────────────────────────────────────────────────── */

/* %PDF-1.4 at the very first byte: readers look for it in the first 1024, and so a file may be two things. */
static err look_header(struct look *l, str s)
{
	if (!str_starts(s, STR("%PDF-1.")) && !str_starts(s, STR("%PDF-2.")))
		return look_refuse(l, "does not begin as a PDF does, with its version");
	return OK;
}

static ptrdiff_t find_last(str s, str word)
{
	for (size_t at = s.len < word.len ? 0 : s.len - word.len + 1; at-- > 0;)
		if (str_starts(str_from(s, at), word))
			return (ptrdiff_t)at;
	return -1;
}

static bool blank(str s)
{
	for (size_t i = 0; i < s.len; i++)
		if (!str_has(STR("\r\n \t"), s.at[i]) && s.at[i])
			return false;
	return true;
}

/* The offset that startxref names must be that of a cross-reference table or stream. */
static bool table_at(str s, uint64_t offset)
{
	str at = str_from(s, offset < s.len ? (size_t)offset : s.len);
	size_t digits = 0;

	at = str_trim(str_upto(at, 32)); /* some writers count the line's end before it, too */
	if (str_starts(at, STR("xref")))
		return true;
	while (digits < at.len && at.at[digits] >= '0' && at.at[digits] <= '9')
		digits++;
	return digits > 0 && digits < 11 && str_starts(str_from(at, digits), STR(" 0 obj"));
}

static err look_trailer(struct look *l, str s)
{
	str tail = s.len > 2048 ? str_from(s, s.len - 2048) : s, number, rest;
	ptrdiff_t eof = find_last(tail, STR("%%EOF")), start;
	uint64_t offset = 0;

	if (eof < 0)
		return look_refuse(l, "is no whole PDF: its end is missing");
	if (!blank(str_from(tail, (size_t)eof + 5)))
		return look_refuse(l, "goes on after the end of the PDF");
	tail = str_upto(tail, (size_t)eof);
	if ((start = find_last(tail, STR("startxref"))) < 0)
		return look_refuse(l, "is a damaged PDF: it does not say where its table of objects is");
	number = str_trim(str_from(tail, (size_t)start + 9));
	str_cut(number, '\n', &number, &rest);
	if (!str_number(str_trim(number), &offset) || !table_at(s, offset))
		return look_refuse(l, "is a damaged PDF: its table of objects is not where it says");
	return OK;
}

static err judge(struct look *l, const struct pdf_names *names)
{
	uint32_t active = names->active;

	if (names->unclear_opening)
		active |= ACTIVE_BIT(ACTIVE_ACTION);
	for (unsigned i = 0; i < FILE_ACTIVES; i++)
		if (active & ACTIVE_BIT(i))
			TRY(look_active(l, (enum file_active)i));
	return OK;
}

err look_pdf(struct look *l, str bytes)
{
	struct pdf_names seen = { 0 }, sure = { 0 };

	TRY(look_header(l, bytes));
	TRY(look_trailer(l, bytes));
	pdf_scan_names(bytes, &seen);
	if (!seen.active && !seen.object_streams && !seen.unclear_opening)
		return OK;
	pdf_scan_outside_streams(bytes, &sure);
	sure.unclear_opening = false; /* where it leads, only the parser knows */
	TRY(judge(l, &sure));
	if (sure.active & ACTIVE_BIT(ACTIVE_ENCRYPTED)) /* and tolerated */
		return OK;
	TRY(pdf_walk(l, bytes, &sure));
	return judge(l, &sure);
}
