/* Six values, apart by 0xFF, in a message that is otherwise fixed: whatever they are, the message is refused or
 * has exactly the fields it was meant to have. */
#include "wire/mime.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static err fill(void *state, void *to, size_t len)
{
	(void)state;
	memset(to, 7, len);
	return OK;
}

static const char *const wanted[] = { "From: ", "To: ",           "Subject:",       "Date: ", "Message-ID: ",
				      "X-Job:", "MIME-Version: ", "Content-Type: ", NULL };

/* Lines of the head that do not begin with a blank are these fields, in this order. */
static void check_head(str bytes)
{
	const char *const *next = wanted;

	for (;;) {
		ptrdiff_t end = str_find(bytes, STR("\r\n"));
		must(end >= 0 && end <= MIME_LINE_HARD);
		str line = str_upto(bytes, (size_t)end);
		if (line.len == 0)
			break;
		must(!str_has(line, '\n') && !str_has(line, '\r') && !str_has(line, 0) && str_utf8(line));
		must(str_trim(line).len > 0);
		if (line.at[0] != ' ')
			must(*next && str_starts(line, str_of(*next++)));
		bytes = str_from(bytes, (size_t)end + 2);
	}
	must(*next == NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = NULL;
	str rest = str_bytes(data, size), part[6];
	str *content;
	struct entropy e = { fill, NULL };
	struct buf b;

	for (size_t i = 0; i < 6; i++)
		str_cut(rest, (char)0xFF, &part[i], &rest);
	must(!failed(arena_open(1 << 21, &a)));
	must(!failed(buf_open(a, 1 << 19, &b)) && !failed(NEW(a, content)));
	*content = part[0];
	struct address at = { .local = STR("a"), .domain = STR("b.example"), .text = STR("a@b.example") };
	struct mime_mailbox from = { .address = at, .name = part[1] }, to = { .address = at, .name = part[2] };
	struct mime_header job = { .name = STR("X-Job"), .value = part[3] };
	struct mime_attachment file = { .name = part[4], .content = source_of_str(content) };
	struct mime m = { .from = &from, .to = &to, .subject = part[5], .id = STR("<a@b>"), .headers = &job };
	m.text = part[0];
	m.attachments = &file;
	struct sink out = sink_to_buf(&b);
	if (!failed(mime_write(&m, &e, &out, NULL)))
		check_head(buf_str(&b));
	arena_close(a);
	return 0;
}
