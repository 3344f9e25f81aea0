#include "link/link.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What is compared of a proof: bounded, clean, and the same when it is brought to its form once more. */
static void check(struct arena *a, enum proof_kind kind, str shown)
{
	str once, again;

	if (failed(link_proof_text(a, kind, &shown, 1, &once)))
		return;
	must(once.len > 0 && once.len <= LINK_PROOF_MAX);
	if (once.len <= 512 && !failed(link_proof_text(a, kind, &once, 1, &again)))
		must(str_same(once, again));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	OWNED(arena_done) struct arena *a = NULL;

	must(!failed(arena_open(1 << 20, &a)));
	check(a, PROOF_PASSWORD, str_bytes(data, size));
	check(a, PROOF_DETAILS, str_bytes(data, size));
	return 0;
}
