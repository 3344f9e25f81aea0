/* A recipient's values as they come out of a sealed column: what is read must be written back the same. */
#include "model/column.h"

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	OWNED(arena_done) struct arena *a = NULL;
	struct value *values;
	str again;

	must(!failed(arena_open(64 << 20, &a)));
	if (size > 1 << 16 || failed(values_unpack(a, str_bytes(data, size), &values)))
		return 0;
	must(!failed(values_pack(a, values, &again)));
	must(str_same(again, str_bytes(data, size)));
	return 0;
}
