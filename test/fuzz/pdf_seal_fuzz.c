#include "inspector/pdf.h"
#include "sys/sys.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static err count(void *state, const void *from, size_t len)
{
	(void)from;
	*(uint64_t *)state += len;
	return OK;
}

/* Whatever comes: either a reason and not one byte, or a PDF that was checked. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct sink_ops ops = { .write = count };
	static const struct pdf_order order = { .password = "user-password", .owner = "owner-password" };
	const struct clock clock = sys_clock();
	struct file_rules rules = file_rules_default();
	OWNED(arena_done) struct arena *arena = NULL;
	struct pdf_sealed sealed = { 0 };
	uint64_t written = 0;
	struct sink to = { &ops, &written };

	must(!failed(arena_open(16 << 20, &arena)));
	rules.tolerated = ~ACTIVE_BIT(ACTIVE_ENCRYPTED);
	struct look look = { .arena = arena, .clock = &clock, .ends_at = INT64_MAX, .rules = &rules };
	err e = pdf_seal(&look, &order, str_bytes(data, size), &to, &sealed);
	must(!failed(e) || written == 0);
	must(failed(e) || (written > 0 && sealed.revision == 6 && sealed.pages > 0));
	must(e.why != WHY_DOCUMENT || look.reason[0]);
	return 0;
}
