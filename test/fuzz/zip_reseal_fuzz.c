#include "seal/seal.h"
#include "sys/sys.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Two are open at a time: the archive, and a few bytes of it. */
struct archive {
	str bytes, rest[2];
	unsigned opened;
};

static err open_at(void *state, uint64_t offset, uint64_t len, struct source *out)
{
	struct archive *a = state;
	str *rest = &a->rest[len == a->bytes.len && offset == 0];

	must(offset <= a->bytes.len && len <= a->bytes.len - offset);
	*rest = str_upto(str_from(a->bytes, (size_t)offset), (size_t)len);
	*out = source_of_str(rest);
	return OK;
}

static err chance_none(void *state, void *to, size_t len)
{
	(void)state;
	memset(to, 7, len);
	return OK;
}

/* Whatever comes: refused in time and memory that are bounded, or as long as it was. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct entropy chance = { .fill = chance_none };
	OWNED(arena_done) struct arena *a = NULL;
	struct archive archive = { .bytes = str_bytes(data, size) };
	const struct zip_reseal r = { .size = size,
				      .open = open_at,
				      .state = &archive,
				      .old_password = STR("correct horse"),
				      .new_password = STR("battery staple"),
				      .chance = &chance };
	uint64_t written = 0;
	struct sink to = sink_to_count(&written);

	must(!failed(arena_open(64 << 20, &a)));
	err e = seal_zip_reseal(a, &r, &to);
	must(written <= size);
	must(failed(e) || written == size);
	return 0;
}
