#include "inspector/file_inside.h"
#include "sys/sys.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The first octet chooses the vocabulary and the part, the rest is its XML. A DOCTYPE never passes. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const str parts[] = { STR("[Content_Types].xml"), STR("_rels/.rels"), STR("word/document.xml"),
				     STR("content.xml") };
	const struct clock clock = sys_clock();
	const struct file_rules rules = file_rules_default();
	OWNED(arena_done) struct arena *arena = NULL;

	if (size == 0)
		return 0;
	must(!failed(arena_open(16 << 20, &arena)));
	struct look look = { .arena = arena, .clock = &clock, .ends_at = INT64_MAX, .rules = &rules };
	struct office office = { .kind = data[0] % 4 == 3 ? OFFICE_ODF : OFFICE_OOXML, .type = FILE_TYPES };
	str bytes = str_bytes(data + 1, size - 1);
	err e = office_xml(&look, &office, parts[data[0] % 4], bytes);
	must(failed(e) || office.broken || !str_starts(bytes, STR("<!DOCTYPE")));
	must(!failed(e) || look.reason[0] || e.why == WHY_MEMORY);
	return 0;
}
