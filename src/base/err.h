/* An error is a value with a fate: what the caller should do now. LATER retries, NEVER refuses,
 * BROKEN stops and shouts. `why` names the reason; one table (why.def) turns it into exit status,
 * HTTP status, SMTP reply and words, and nothing else invents numbers. Details for people (which row,
 * which host) go to a `struct fault`, never into control flow.
 *
 * What cannot be is must(condition), in production too. */
#ifndef LETTERLOCK_BASE_ERR_H
#define LETTERLOCK_BASE_ERR_H

#include <stdint.h>

enum fate { FATE_OK, FATE_LATER, FATE_NEVER, FATE_BROKEN };

enum why {
#define WHY(name, exit, http, smtp, enhanced, words) WHY_##name,
#include "base/why.def"
#undef WHY
	WHY_COUNT
};

/* clang polices that no error is dropped; gcc knows the attribute only on functions. */
#if defined(__clang__)
#define MUST_LOOK __attribute__((warn_unused_result))
#else
#define MUST_LOOK
#endif

typedef struct MUST_LOOK err {
	uint16_t fate, why; /* what to do now; which reason */
	uint32_t line;      /* where it arose, for a developer */
	const char *note;   /* always a literal */
} err;

#define OK ((err){ .fate = FATE_OK })
#define LATER(reason, text) ((err){ FATE_LATER, WHY_##reason, __LINE__, "" text })
#define NEVER(reason, text) ((err){ FATE_NEVER, WHY_##reason, __LINE__, "" text })
#define BROKEN(reason, text) ((err){ FATE_BROKEN, WHY_##reason, __LINE__, "" text })

#define TRY(call)                                                                                                      \
	do {                                                                                                           \
		err e_ = (call);                                                                                       \
		if (e_.fate != FATE_OK)                                                                                \
			return e_;                                                                                     \
	} while (0)

static inline int failed(err e)
{
	return e.fate != FATE_OK;
}

/* The error that matters when two things fail in a row: the first. */
static inline err err_first(err a, err b)
{
	return failed(a) ? a : b;
}

/* What the outside sees of a reason. */
struct verdict {
	int exit_status;      /* of the process: 1, or a named cause from 10 up */
	int http_status;      /* RFC 9110 */
	int smtp_reply;       /* RFC 5321 4.2 */
	const char *enhanced; /* RFC 3463 */
	const char *name;     /* stable; JSON shows it in lower case */
	const char *words;    /* one sentence for people */
};
const struct verdict *err_verdict(err e);

_Noreturn void must_fail(const char *what, const char *file, int line);
#define must(condition) ((condition) ? (void)0 : must_fail(#condition, __FILE__, __LINE__))

#endif
