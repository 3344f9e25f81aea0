/* What parses prints to itself: a key file has one spelling. */
#include "crypt/key_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(struct arena *a, const struct key_file *f, str text)
{
	struct buf b;
	struct key_file again;
	uint8_t raw[RAW_KEY];
	str name;

	must(!failed(buf_open(a, text.len + 256, &b)));
	key_file_print(&b, f);
	must(!failed(buf_check(&b)) && !failed(key_file_parse(buf_str(&b), &again, NULL)));
	must(again.kind == f->kind && again.number == f->number && again.retired == f->retired);
	must(str_same(again.body, f->body) && str_same(again.domain, f->domain));
	must(!failed(key_file_name(a, f, &name)) && !str_has(name, '/') && str_clean(name));
	(void)failed(key_file_raw(f, raw));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = NULL;
	struct key_file f;
	struct fault fault = { 0 };

	must(!failed(arena_open(16 << 20, &a)));
	if (failed(key_file_parse(str_bytes(data, size), &f, &fault)))
		must(!fault_empty(&fault));
	else
		check(a, &f, str_bytes(data, size));
	arena_close(a);
	return 0;
}
