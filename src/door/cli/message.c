#include "door/cli/message.h"

#include <jansson.h>
#include <string.h>

static size_t count_of(str s, char c)
{
	size_t count = 0;
	const char *end = s.at + s.len, *at = s.at;

	while (at < end && (at = memchr(at, c, (size_t)(end - at)))) {
		count++;
		at++;
	}
	return count;
}

static size_t pairs_of(str s)
{
	size_t count = 0;

	for (size_t i = 1; i < s.len; i++)
		count += s.at[i] == '\n' && s.at[i - 1] == '\r';
	return count;
}

static err with_crlf(struct arena *a, str text, size_t lines, str *out)
{
	struct buf b;

	TRY(buf_open(a, text.len + lines + 1, &b));
	while (text.len) {
		str line;
		bool ended = str_cut(text, '\n', &line, &text);
		buf_add(&b, line);
		if (ended)
			buf_add(&b, STR("\r\n"));
	}
	*out = buf_str(&b);
	return buf_check(&b);
}

err cli_message(struct cli *cli, str *out)
{
	str text;

	TRY(cli_stdin(cli, cli->arena, (size_t)cli_limit(cli, "message_bytes", MESSAGE_MAX), &text));
	size_t cr = count_of(text, '\r'), lf = count_of(text, '\n');
	if (cr == 0)
		return with_crlf(cli->arena, text, lf, out);
	if (cr != lf || pairs_of(text) != lf) {
		fault_where(&cli->fault, STR("standard input"), 0, 0);
		fault_set(&cli->fault, "the message mixes ends of line: use CRLF throughout, or LF throughout");
		return NEVER(SYNTAX, "mixed ends of line");
	}
	*out = text;
	return OK;
}

json_t *cli_text_json(struct arena *a, str bytes)
{
	struct buf b;

	if (str_utf8(bytes))
		return json_stringn(bytes.at ? bytes.at : "", bytes.len);
	if (failed(buf_open(a, 4 * bytes.len, &b)))
		return NULL;
	while (bytes.len) {
		uint32_t rune;
		size_t taken = str_rune(bytes, &rune);
		if (taken)
			buf_add(&b, str_upto(bytes, taken));
		else
			buf_add_format(&b, "\\x%02x", (unsigned char)bytes.at[0]);
		bytes = str_from(bytes, taken ? taken : 1);
	}
	return json_stringn(b.at, b.len);
}

err cli_needed(struct cli *cli, const char *option, const char **out)
{
	const char *value = cli_value(cli, option);

	if (!value) {
		fault_set(&cli->fault, "%s is needed", option);
		return NEVER(USAGE, "an option is missing");
	}
	*out = value;
	return OK;
}
