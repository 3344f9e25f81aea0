/* Encoded words (RFC 2047) where they may not stand, in the name of a file, as many mailers write them all the same. */
#include "wire/mime_field.h"
#include "wire/mime_scan.h"

static int hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* RFC 2047 4.2 with the upper-case digits that it asks for. */
static bool read_q(str text, struct buf *out)
{
	for (size_t i = 0; i < text.len; i++) {
		char c = text.at[i];
		if (c <= ' ' || c >= 0x7F || c == '?')
			return false;
		if (c != '=') {
			buf_add_char(out, c == '_' ? ' ' : c);
			continue;
		}
		int high = i + 2 < text.len ? hex(text.at[i + 1]) : -1,
		    low = i + 2 < text.len ? hex(text.at[i + 2]) : -1;
		if (high < 0 || low < 0)
			return false;
		buf_add_char(out, (char)(high << 4 | low));
		i += 2;
	}
	return true;
}

/* =?utf-8?Q?text?= and the rest behind it. Each word is whole UTF-8: what is cut between two words is put together by
 * some readers and not by others. */
static bool read_word(str *rest, struct buf *out)
{
	str charset, way, text;
	size_t before = out->len;

	if (!str_starts(*rest, STR("=?")) || !str_cut(str_from(*rest, 2), '?', &charset, rest) ||
	    !str_cut(*rest, '?', &way, rest))
		return false;
	ptrdiff_t end = str_find(*rest, STR("?="));
	if (end <= 0 || !str_same_nocase(charset, STR("utf-8")))
		return false;
	text = str_upto(*rest, (size_t)end);
	*rest = str_from(*rest, (size_t)end + 2);
	if (str_same_nocase(way, STR("b")) ? failed(base64_decode(text, out))
					   : !str_same_nocase(way, STR("q")) || !read_q(text, out))
		return false;
	return !out->overflow && str_utf8(str_from(buf_str(out), before));
}

bool mime_words_alone(str text, struct buf *out)
{
	do {
		if (!read_word(&text, out))
			return false;
		if (text.len && text.at[0] != ' ')
			return false;
		text = str_from(text, 1);
	} while (text.len);
	return out->len > 0;
}
