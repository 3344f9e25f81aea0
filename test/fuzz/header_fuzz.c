/* What splits can be put together again byte for byte, and its canonical form is a fixed point. */
#include "sign/sign.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_whole(const struct header *h, str message, str body)
{
	const char *at = message.at;

	for (size_t i = 0; i < h->count; i++) {
		const struct header_field *f = &h->fields[i];
		must(f->raw.at == at && f->name.at == at && f->name.len > 0 && !str_has(f->name, ':'));
		must(f->body.at > f->name.at && f->body.at + f->body.len == f->raw.at + f->raw.len);
		must(f->raw.len <= HEADER_FIELD_MAX && !str_has(f->raw, 0));
		at += f->raw.len;
		must(at[0] == '\r' && at[1] == '\n');
		at += 2;
	}
	must((size_t)(at - message.at) + body.len <= message.len);
}

static void check_canon(struct arena *a, const struct header_field *f)
{
	struct buf once, twice;

	must(!failed(buf_open(a, f->raw.len + 4, &once)) && !failed(buf_open(a, f->raw.len + 4, &twice)));
	canon_field(CANON_RELAXED, f, &once);
	must(!failed(buf_check(&once)));
	str line = str_upto(buf_str(&once), once.len - 2);
	must(!str_has(line, '\r') && !str_has(line, '\n') && !str_has(line, '\t'));
	struct header_field again = { .raw = line };
	must(str_cut(line, ':', &again.name, &again.body));
	canon_field(CANON_RELAXED, &again, &twice);
	must(str_same(buf_str(&once), buf_str(&twice)));
}

static void check_body(struct arena *a, str body)
{
	for (int how = CANON_SIMPLE; how <= CANON_RELAXED; how++) {
		struct buf once, twice;
		struct canon_body c;
		must(!failed(buf_open(a, body.len + 2, &once)) && !failed(buf_open(a, body.len + 4, &twice)));
		struct sink to = sink_to_buf(&once), again = sink_to_buf(&twice);
		canon_body_begin(&c, (enum canon)how, &to);
		if (failed(canon_body_add(&c, body)) || failed(canon_body_finish(&c)))
			return;
		canon_body_begin(&c, (enum canon)how, &again);
		for (size_t i = 0; i < once.len; i += 3)
			must(!failed(canon_body_add(&c, str_upto(str_from(buf_str(&once), i), 3))));
		must(!failed(canon_body_finish(&c)) && str_same(buf_str(&once), buf_str(&twice)));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = NULL;
	struct header h;
	str body, message = str_bytes(data, size);

	must(!failed(arena_open(16 << 20, &a)));
	if (!failed(header_split(a, message, &h, &body, NULL))) {
		check_whole(&h, message, body);
		for (size_t i = 0; i < h.count; i++)
			check_canon(a, &h.fields[i]);
		check_body(a, body);
	}
	arena_close(a);
	return 0;
}
