#include "wire/http_value.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Whatever a form, a cookie, a range or a file name is made of, what comes out is clean. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	OWNED(arena_done) struct arena *a = NULL;
	str bytes = str_bytes(data, size);
	static char room[64 * 1024];
	struct buf field = BUF_ON(room);
	uint64_t first = 0, len = 0;
	struct form f;

	must(!failed(arena_open(1 << 20, &a)));
	if (!failed(form_parse(a, bytes, 16, &f)))
		for (size_t i = 0; i < f.count; i++)
			must(str_utf8(f.fields[i].value) && str_clean(f.fields[i].value));
	(void)cookie_value(bytes, STR("a"));
	if (range_of(bytes, 1000, &first, &len) == RANGE_PART)
		must(len >= 1 && first < 1000 && len <= 1000 - first);
	buf_add_attachment(&field, str_upto(bytes, 4096));
	must(!failed(buf_check(&field)) && str_clean(buf_str(&field)) && !str_has(buf_str(&field), '\t'));
	return 0;
}
