/* A file that says it is a recipient's OpenPGP key. What is taken is a key that is taken again as it is kept, with the
 * same facts; what is refused has a reason in words. */
#include "inspector/pgp.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define NOW 1790000000u

static void check_kept(struct arena *a, const struct pgp_facts *facts)
{
	struct pgp_facts again;

	must(facts->fingerprint.len >= 40 && facts->algorithm.len && facts->bytes.len &&
	     facts->bytes.len <= PGP_KEPT_MAX);
	must(!failed(pgp_key_read(a, facts->bytes, STR_NONE, NOW, &again, NULL)));
	must(str_same(again.fingerprint, facts->fingerprint) && str_same(again.algorithm, facts->algorithm));
	must(again.bits == facts->bits && again.expires == facts->expires);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static bool prepared;
	struct pgp_facts facts;
	struct arena *a = NULL;
	struct fault f = { 0 };

	if (!prepared)
		pgp_prepare();
	prepared = true;
	must(!failed(arena_open(32 << 20, &a)));
	if (!failed(pgp_key_read(a, str_bytes(data, size), STR_NONE, NOW, &facts, &f)))
		check_kept(a, &facts);
	else
		must(!fault_empty(&f));
	arena_close(a);
	return 0;
}
