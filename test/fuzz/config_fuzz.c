/* Whatever the file holds: it is read, or refused with a sentence; and what is read prints as it would be read again.
 */
#include "config/config.h"

#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char room[1 << 20];
	struct buf b = BUF_ON(room);
	struct fault fault = { 0 };
	const struct config *c = NULL;
	struct arena *a;
	size_t count;

	if (failed(arena_open(8 << 20, &a)))
		return 0;
	err e = config_from_text(a, "/nowhere/letterlock.yaml", str_bytes(data, size), &c, &fault);
	must(failed(e) == (c == NULL));
	if (failed(e))
		must(e.why == WHY_MEMORY || e.why == WHY_LIMIT || !fault_empty(&fault));
	const struct config_setting *table = config_settings(&count);
	for (size_t i = 0; c && i < count; i++)
		for (size_t n = 0; n < config_records(c, &table[i]); n++)
			config_print(c, &table[i], n, &b);
	must(str_utf8(buf_str(&b)) || b.overflow);
	arena_close(a);
	return 0;
}
