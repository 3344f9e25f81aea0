/* Whatever clamd's socket says: only one text is clean, and what is kept of others is short, clean and terminated. */
#include "check/clamd.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char clean[] = "stream: OK";
	str said = str_bytes(data, size);
	struct clamd_verdict v = { 0 };
	struct clamd_version version;

	enum clamd_answer answer = clamd_answer_parse(said, &v);
	must((answer == CLAMD_CLEAN) == (size == sizeof clean && memcmp(data, clean, size) == 0));
	must(v.infected == (answer == CLAMD_FOUND) && (v.infected || !v.opaque));
	must(memchr(v.name, 0, sizeof v.name) && str_clean(str_of(v.name)) && !str_has(str_of(v.name), ' '));
	must(!v.infected || v.name[0]);
	if (!failed(clamd_version_parse(said, &version))) {
		must(memchr(version.engine, 0, sizeof version.engine) && str_clean(str_of(version.engine)));
		must(version.signatures_at >= 0);
	}
	return 0;
}
