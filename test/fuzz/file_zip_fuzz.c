#include "inspector/file_inside.h"
#include "sys/sys.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Of a zip that is let in, the entries lie side by side from the first byte to the directory, and no name leaves the
 * folder. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct clock clock = sys_clock();
	const struct file_rules rules = file_rules_default();
	OWNED(arena_done) struct arena *arena = NULL;
	struct zip_list list;
	uint64_t at = 0;

	must(!failed(arena_open(16 << 20, &arena)));
	struct look look = { .arena = arena, .clock = &clock, .ends_at = INT64_MAX, .rules = &rules };
	err e = zip_read(&look, str_bytes(data, size), &list);
	if (failed(e)) {
		must(e.why != WHY_DOCUMENT || look.reason[0]);
		return 0;
	}
	for (size_t i = 0; i < list.count; i++) {
		const struct zip_entry *one = &list.entries[i];
		must(one->at == at && one->data > at && one->data + one->packed <= one->end && one->end <= size);
		must(str_find(one->name, STR("..")) < 0 || !str_starts(one->name, STR("../")));
		must(!str_starts(one->name, STR("/")) && !str_has(one->name, 0) && !str_has(one->name, '\\'));
		at = one->end;
	}
	return 0;
}
