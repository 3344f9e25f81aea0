/* A pool over some inspector, and a question to it. */
#ifndef LETTERLOCK_TEST_INSPECT_ASKING_H
#define LETTERLOCK_TEST_INSPECT_ASKING_H

#include "test/support/support.h"

#include "inspect/inspect.h"

#include <sys/types.h>

const char *real_inspector(void);  /* with the sanitizers of this build */
const char *plain_inspector(void); /* without: its memory can be limited and measured */
/* An executable file with this shell script. */
const char *script_inspector(const char *script);
#define SAYS_READY "printf 'y\\000\\000\\000\\007\\001\\000" LETTERLOCK_VERSION "'\n"

struct asking {
	struct arena *a;
	struct inspectors *pool;
	struct fault fault;
	enum inspect_end end;
	str answer;
};
void asking_open(struct asking *q, const struct inspectors_options *o);
void asking_close(struct asking *q);
err ask_measure(struct asking *q, str document, str parameters, struct buf *result);
err ask_try(struct asking *q, const char *what); /* sandbox_try */

size_t children(pid_t *out, size_t max); /* of this process */

#endif
