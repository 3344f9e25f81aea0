#include "inspector/file_inside.h"
#include "sys/sys.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What acts is seen wherever it is added, in the clear or with an escaped letter; and a PDF that is let in is one that
 * qpdf reads as well, or one in which nothing had to be read. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const str launch = STR(" /L#61unch /JS ");
	const struct clock clock = sys_clock();
	const struct file_rules rules = file_rules_default();
	OWNED(arena_done) struct arena *arena = NULL;
	struct pdf_names seen = { 0 }, more = { 0 };
	struct buf b;

	must(!failed(arena_open(16 << 20, &arena)));
	struct look look = { .arena = arena, .clock = &clock, .ends_at = INT64_MAX, .rules = &rules };
	str bytes = str_bytes(data, size);
	pdf_scan_names(bytes, &seen);
	must(!failed(buf_open(arena, size + launch.len, &b)));
	buf_add(&b, str_upto(bytes, size / 2));
	buf_add(&b, launch);
	buf_add(&b, str_from(bytes, size / 2));
	pdf_scan_names(buf_str(&b), &more);
	must(more.active & ACTIVE_BIT(ACTIVE_LAUNCH) && more.active & ACTIVE_BIT(ACTIVE_SCRIPT));

	err e = look_pdf(&look, bytes);
	must(failed(e) == (look.reason[0] != 0));
	must(failed(e) || str_starts(bytes, STR("%PDF-")));
	return 0;
}
