#include "door/cli/frame.h"

static void blanks(struct buf *b, size_t count)
{
	while (count--)
		buf_add_char(b, ' ');
}

/* Columns that a text takes: code points, which is near enough for our own words. */
static size_t width(str s)
{
	size_t n = 0;

	for (size_t i = 0; i < s.len; i++)
		n += ((unsigned char)s.at[i] & 0xC0) != 0x80;
	return n;
}

static void wrap_line(struct buf *b, str line, size_t first, size_t indent, size_t columns)
{
	size_t at = first;
	bool begun = false;

	blanks(b, first);
	while (line.len) {
		str word;
		str_cut(line, ' ', &word, &line);
		if (begun && at + 1 + width(word) > columns) {
			buf_add_char(b, '\n');
			blanks(b, indent);
			at = indent;
			begun = false;
		}
		if (begun)
			buf_add_char(b, ' ');
		buf_add(b, word);
		at += begun + width(word);
		begun = true;
	}
	buf_add_char(b, '\n');
}

/* Words of one paragraph stand on several lines of the source: they are joined until an empty line, or one that
 * begins with a blank and is kept as it is. */
void wrap_text(struct buf *b, str text, size_t first, size_t indent, size_t columns)
{
	char room[4096];
	struct buf paragraph = BUF_ON(room);

	while (text.len) {
		str line;
		str_cut(text, '\n', &line, &text);
		bool kept = line.len && line.at[0] == ' ';
		if (line.len && !kept) {
			if (paragraph.len)
				buf_add_char(&paragraph, ' ');
			buf_add(&paragraph, line);
			if (text.len && text.at[0] != '\n' && text.at[0] != ' ')
				continue;
		}
		if (paragraph.len)
			wrap_line(b, buf_str(&paragraph), first, indent, columns);
		paragraph.len = 0;
		first = indent;
		if (kept) {
			blanks(b, indent);
			buf_add(b, line);
		}
		if (kept || !line.len)
			buf_add_char(b, '\n');
	}
}
