#include "base/base.h"

#include <stdio.h>
#include <stdlib.h>

static const struct verdict verdicts[WHY_COUNT] = {
#define WHY(reason, exit, http, smtp, enh, text)                                                                       \
	[WHY_##reason] = { .exit_status = exit,                                                                        \
			   .http_status = http,                                                                        \
			   .smtp_reply = smtp,                                                                         \
			   .enhanced = enh,                                                                            \
			   .name = #reason,                                                                            \
			   .words = text },
#include "base/why.def"
#undef WHY
};

const struct verdict *err_verdict(err e)
{
	must(e.why < WHY_COUNT);
	return &verdicts[e.why];
}

_Noreturn void must_fail(const char *what, const char *file, int line)
{
	fprintf(stderr, "letterlock: internal error: %s does not hold (%s:%d); stopping before harm is done\n", what,
		file, line);
	abort();
}
