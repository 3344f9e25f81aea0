/* A secret of any bytes, with anything known: judged within the bounds, never more than its bytes could hold. */
#include "check/check.h"

#include <math.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = NULL;
	struct password_verdict v;
	str secret, known;

	str_cut(str_bytes(data, size), '\n', &secret, &known);
	struct value value = { .text = known };
	must(!failed(arena_open(1 << 22, &a)));
	for (int what = SEAL_OPEN; what <= SEAL_PDF; what++)
		for (int details = 0; details < 2; details++) {
			must(!failed(check_password(a, (enum seal_kind)what, secret, &value, details, &v)));
			must(v.bits >= 0 && v.bits <= 8.0 * (double)secret.len && isfinite(v.seconds_to_guess));
			must(v.accepted == !v.reason);
		}
	arena_close(a);
	return 0;
}
