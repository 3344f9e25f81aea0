/* Normalising twice changes nothing; what is stored today is found tomorrow. */
#include "wire/details.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = NULL;
	str once, twice;

	must(!failed(arena_open(1 << 22, &a)));
	if (!failed(details_normalise(a, str_bytes(data, size), &once))) {
		must(str_utf8(once));
		/* A folded text may be longer than the bound, never a stored one that was within it twice. */
		if (once.len <= DETAIL_MAX) {
			must(!failed(details_normalise(a, once, &twice)));
			must(str_same(once, twice));
		}
	}
	arena_close(a);
	return 0;
}
