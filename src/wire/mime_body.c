/* Transfer encodings (RFC 2045 section 6). Texts may come with any line ends and leave with CRLF; there is
 * never a line that begins with a dot or with "From ", because some hop of the way may alter those. */
#include "wire/mime_field.h"

#include <string.h>

static bool starts_badly(str line)
{
	return str_starts(line, STR(".")) || str_starts(line, STR("From "));
}

/* The next line of `rest` without its end; `ended` says whether it had one. */
static bool next_line(str *rest, str *line, bool *ended)
{
	size_t i = 0;

	if (rest->len == 0)
		return false;
	while (i < rest->len && rest->at[i] != '\r' && rest->at[i] != '\n')
		i++;
	*line = str_upto(*rest, i);
	*ended = i < rest->len;
	size_t end = *ended && str_starts(str_from(*rest, i), STR("\r\n")) ? 2 : *ended;
	*rest = str_from(*rest, i + end);
	return true;
}

static bool prints(char c)
{
	return (c >= 0x20 && c < 0x7F) || c == '\t';
}

static bool line_is_7bit(str line)
{
	for (size_t i = 0; i < line.len; i++)
		if (!prints(line.at[i]))
			return false;
	char last = line.len ? line.at[line.len - 1] : 'x';
	return line.len <= MIME_LINE && last != ' ' && last != '\t' && !starts_badly(line);
}

enum mime_encoding mime_encoding_for(str text)
{
	size_t quoted = 0, whole = text.len;
	bool plain = true, ended;
	str line;

	while (next_line(&text, &line, &ended)) {
		plain = plain && line_is_7bit(line);
		for (size_t i = 0; i < line.len; i++)
			quoted += prints(line.at[i]) && line.at[i] != '=' ? 1 : 3;
		quoted += 2;
	}
	if (plain)
		return MIME_7BIT;
	return quoted <= whole / 3 * 4 + 4 ? MIME_QUOTED : MIME_BASE64;
}

str mime_encoding_name(enum mime_encoding e)
{
	return e == MIME_7BIT ? STR("7bit") : e == MIME_QUOTED ? STR("quoted-printable") : STR("base64");
}

/* ── quoted-printable, section 6.7 ───────────────────────────────────────────────────────────────── */

static bool must_quote(str rest, size_t column)
{
	char c = rest.at[0];

	if (!prints(c) || c == '=')
		return true;
	if ((c == ' ' || c == '\t') && rest.len == 1)
		return true;
	return column == 0 && starts_badly(rest);
}

/* How much of the line stands for itself here; the last column is left for the = of a soft line break. */
static size_t plain_run(str rest, size_t column)
{
	size_t len = 0, room = MIME_LINE - column;

	if (column == 0 && starts_badly(rest))
		return 0;
	while (len < rest.len && len < room && prints(rest.at[len]) && rest.at[len] != '=')
		len++;
	bool ends = len == rest.len;
	if (ends && len && (rest.at[len - 1] == ' ' || rest.at[len - 1] == '\t')) {
		ends = false;
		len--;
	}
	return !ends && len == room ? len - 1 : len;
}

static err quoted_line(struct sink *to, str line, str end)
{
	char room[MIME_LINE + 4];
	struct buf out = BUF_ON(room);

	while (line.len) {
		size_t run = plain_run(line, out.len);
		buf_add(&out, str_upto(line, run));
		line = str_from(line, run);
		if (line.len && must_quote(line, out.len) && out.len + 3 <= MIME_LINE - (line.len > 1)) {
			buf_add_format(&out, "=%02X", (unsigned char)line.at[0]);
			line = str_from(line, 1);
		} else if (line.len) {
			buf_add(&out, STR("=\r\n"));
			TRY(sink_put(to, buf_str(&out)));
			out.len = 0;
		}
	}
	buf_add(&out, end);
	TRY(buf_check(&out));
	return sink_put(to, buf_str(&out));
}

/* ── base64, section 6.8 ─────────────────────────────────────────────────────────────────────────── */

err mime_base64_lines(struct sink *to, const char *bytes, size_t len)
{
	char room[BASE64_LINES * (MIME_LINE + 2)];
	struct buf out = BUF_ON(room);

	for (size_t at = 0; at < len; at += BASE64_IN) {
		buf_add_base64(&out, str_bytes(bytes + at, len - at < BASE64_IN ? len - at : BASE64_IN));
		buf_add(&out, STR("\r\n"));
	}
	TRY(buf_check(&out));
	return sink_put(to, buf_str(&out));
}

err mime_body_base64(struct sink *to, struct source *content)
{
	char window[BASE64_LINES * BASE64_IN];
	size_t got;

	do {
		TRY(source_read_full(content, window, sizeof window, &got));
		TRY(mime_base64_lines(to, window, got));
	} while (got == sizeof window);
	return OK;
}

/* Gathers canonical lines (RFC 2045 6.8: line breaks become CRLF before encoding) into whole blocks. */
struct gather {
	struct sink *to;
	size_t len;
	char window[BASE64_LINES * BASE64_IN];
};

static err gather_add(struct gather *g, str bytes)
{
	while (bytes.len) {
		size_t room = sizeof g->window - g->len;
		size_t taken = bytes.len < room ? bytes.len : room;
		memcpy(g->window + g->len, bytes.at, taken);
		g->len += taken;
		bytes = str_from(bytes, taken);
		if (g->len == sizeof g->window) {
			TRY(mime_base64_lines(g->to, g->window, g->len));
			g->len = 0;
		}
	}
	return OK;
}

static err base64_text(struct sink *to, str text, bool exact)
{
	struct gather g = { .to = to };
	bool ended;
	str line;

	while (next_line(&text, &line, &ended)) {
		TRY(gather_add(&g, line));
		TRY(gather_add(&g, ended || !exact ? STR("\r\n") : STR("")));
	}
	return mime_base64_lines(to, g.window, g.len);
}

err mime_body_text(struct sink *to, enum mime_encoding e, str text, bool exact)
{
	bool ended;
	str line;

	if (e == MIME_BASE64)
		return base64_text(to, text, exact);
	while (next_line(&text, &line, &ended)) {
		str end = ended || !exact ? STR("\r\n") : STR("");
		if (e == MIME_QUOTED) {
			TRY(quoted_line(to, line, end));
			continue;
		}
		TRY(sink_put(to, line));
		TRY(sink_put(to, end));
	}
	return OK;
}
