/* Tag lists and key records: every slice lies within the input, and no name stands there twice. */
#include "wire/dkim_tags.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool within(str part, str whole)
{
	return part.len == 0 || (part.at >= whole.at && part.at + part.len <= whole.at + whole.len);
}

static void check(const struct dkim_tags *t, str text)
{
	for (size_t i = 0; i < t->count; i++) {
		const struct dkim_tag *tag = &t->tags[i];
		must(within(tag->name, text) && within(tag->value, text) && within(tag->place, text));
		must(within(tag->value, tag->place) && !str_has(tag->value, ';'));
		must(dkim_tags_find(t, tag->name) == tag);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = NULL;
	struct dkim_tags t;
	struct dkim_key key;
	str text = str_bytes(data, size);

	must(!failed(arena_open(16 << 20, &a)));
	if (!failed(dkim_tags_parse(text, &t)))
		check(&t, text);
	if (!failed(dkim_key_parse(a, text, &key)))
		must(key.public_key.len <= text.len);
	arena_close(a);
	return 0;
}
