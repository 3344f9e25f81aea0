/* A message on its way into DATA. It is checked as a whole before the server hears of it, since a message that turns
 * out wrong half-way can only be dropped together with its connection. */
#include "wire/smtp.h"

#include <string.h>

enum { TEXT_LINE_MAX = 998 };

static err check_line(str line)
{
	if (line.len == 0 || line.at[line.len - 1] != '\r')
		return NEVER(PROTOCOL, "the message has a bare line feed");
	if (memchr(line.at, '\r', line.len - 1))
		return NEVER(PROTOCOL, "the message has a bare carriage return");
	return line.len - 1 > TEXT_LINE_MAX ? NEVER(PROTOCOL, "the message has a line of more than 998 bytes") : OK;
}

static bool has_eight_bits(str s)
{
	unsigned char all = 0;

	for (size_t i = 0; i < s.len; i++)
		all |= (unsigned char)s.at[i];
	return all & 0x80;
}

err smtp_body_check(str message, struct smtp_body *facts)
{
	struct smtp_body found = { .eight_bit = has_eight_bits(message) };
	str rest = message, line;

	if (message.len && memchr(message.at, 0, message.len))
		return NEVER(PROTOCOL, "the message has a NUL byte");
	while (rest.len) {
		if (!str_cut(rest, '\n', &line, &rest))
			return NEVER(PROTOCOL, "the message does not end in a line end");
		TRY(check_line(line));
		found.lines++;
	}
	if (found.lines == 0)
		return NEVER(PROTOCOL, "the message is empty");
	*facts = found;
	return OK;
}

/* The next dot that begins a line, seen from the beginning of a line. */
static ptrdiff_t leading_dot(str s)
{
	if (str_starts(s, STR(".")))
		return 0;
	ptrdiff_t hit = str_find(s, STR("\r\n."));
	return hit < 0 ? -1 : hit + 2;
}

err smtp_body_write(str message, struct sink *to)
{
	ptrdiff_t dot;

	while ((dot = leading_dot(message)) >= 0) {
		/* Up to and with the dot, and the dot again: now the rest begins in the middle of a line. */
		TRY(sink_put(to, str_upto(message, (size_t)dot + 1)));
		message = str_from(message, (size_t)dot);
		ptrdiff_t end = str_find(message, STR("\r\n"));
		must(end >= 0);
		TRY(sink_put(to, str_upto(message, (size_t)end + 2)));
		message = str_from(message, (size_t)end + 2);
	}
	TRY(sink_put(to, message));
	return sink_put(to, STR(".\r\n"));
}
