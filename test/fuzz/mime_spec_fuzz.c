/* A description in JSON, as `mime build` takes it: what is accepted is written in sound lines. */
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

static void check_lines(str bytes)
{
	size_t column = 0;

	must(str_ends(bytes, STR("\r\n")));
	for (size_t i = 0; i < bytes.len; i++) {
		char c = bytes.at[i];
		must(c != 0 && (c != '\n' || (i && bytes.at[i - 1] == '\r')));
		must(c != '\r' || (i + 1 < bytes.len && bytes.at[i + 1] == '\n'));
		column = c == '\n' ? 0 : column + 1;
		must(column <= MIME_LINE_HARD + 1);
	}
}

static void write(struct arena *a, struct mime *m)
{
	struct entropy e = { fill, NULL };
	struct buf b;

	must(!failed(buf_open(a, 1 << 20, &b)));
	struct sink to = sink_to_buf(&b);
	if (!m->id.len)
		m->id = STR("<a@b>");
	for (struct mime_attachment *part = m->attachments; part; part = part->next)
		if (!part->content.ops)
			return;
	if (!failed(mime_write(m, &e, &to, NULL)))
		check_lines(buf_str(&b));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = NULL;
	struct mime_file *files;
	struct mime m;

	must(!failed(arena_open(1 << 23, &a)));
	if (!failed(mime_spec_read(a, str_bytes(data, size), &m, &files, NULL)))
		write(a, &m);
	arena_close(a);
	return 0;
}
