#include "check/check.h"

#include "wire/file_type.h"
#include "wire/rune.h"

static str last_part(str path, char at)
{
	str rest = path;

	for (ptrdiff_t i; (i = str_find_char(rest, at)) >= 0;)
		rest = str_from(rest, (size_t)i + 1);
	return rest;
}

str check_document_type(str name)
{
	return file_type_media(file_type_of_name(name));
}

/* What Windows, macOS or a shell refuse or read as something else becomes an underscore; what nobody sees goes. */
static void add_clean(struct buf *b, str one, uint32_t c)
{
	if (rune_control(c) || rune_direction(c) || rune_unassigned(c) || (rune_invisible(c) && c != ' '))
		return;
	if (c < 0x80 && str_has(STR("<>:\"/\\|?*"), (char)c))
		buf_add_char(b, '_');
	else
		buf_add(b, one);
}

static bool edge(char c)
{
	return c == ' ' || c == '.';
}

/* Blanks and dots at the ends fall away on Windows, and a dot in front hides a file elsewhere. */
static str trim_edges(str s)
{
	while (s.len && edge(s.at[0]))
		s = str_from(s, 1);
	while (s.len && edge(s.at[s.len - 1]))
		s.len--;
	return s;
}

/* Cut in the stem, at a character, so that the extension stays. */
static err shorten(struct arena *a, str name, str *out)
{
	str extension = last_part(name, '.');
	size_t tail = extension.len < name.len && extension.len <= 16 ? extension.len + 1 : 0;
	size_t head = DOCUMENT_NAME_MAX - tail;

	while (head && ((unsigned char)name.at[head] & 0xC0) == 0x80)
		head--;
	return str_format(a, out, "%.*s%.*s", (int)head, name.at, (int)tail, name.at + name.len - tail);
}

err check_document_name(struct arena *a, str path, str *out)
{
	str name, rest;
	struct buf b;
	uint32_t c = 0;

	TRY(text_nfc(a, last_part(path, '/'), &name));
	TRY(buf_open(a, name.len + 1, &b));
	for (rest = name; rest.len;) {
		size_t taken = str_rune(rest, &c);
		add_clean(&b, str_upto(rest, taken), c);
		rest = str_from(rest, taken);
	}
	name = trim_edges(buf_str(&b));
	if (file_name_is_device(name) || str_starts(name, STR("-")))
		TRY(str_format(a, &name, "_%.*s", STR_ARG(name)));
	if (name.len > DOCUMENT_NAME_MAX)
		TRY(shorten(a, name, &name));
	*out = name.len ? name : STR("document");
	return OK;
}
