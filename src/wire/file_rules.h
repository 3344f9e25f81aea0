/* What is asked when a file is looked into, and what is answered: the question goes to another process as JSON and so
 * does the answer, and both sides have them from here. A question without a bound does not exist. */
#ifndef LETTERLOCK_WIRE_FILE_RULES_H
#define LETTERLOCK_WIRE_FILE_RULES_H

#include "wire/file_type.h"

#include <jansson.h>

enum file_active {
#define FILE_ACTIVE(name, word, sentence) ACTIVE_##name,
#include "wire/file_active.def"
#undef FILE_ACTIVE
	FILE_ACTIVES,
};
#define ACTIVE_BIT(active) (1u << (unsigned)(active))

str file_active_word(enum file_active a);
const char *file_active_sentence(enum file_active a);
void buf_add_file_actives(struct buf *b, uint32_t bits);      /* their words, with blanks between */
err file_actives_read(str words, uint32_t *bits, str *wrong); /* as file_types_read(); "none" adds nothing */

enum file_policy { POLICY_REFUSE, POLICY_FLAG, POLICY_ALLOW };

struct file_rules {
	uint32_t types;          /* FILE_BIT of those let in */
	enum file_policy active; /* what holds something active is refused, let in and told of, or let in */
	uint32_t tolerated;      /* ACTIVE_BIT of what is told of instead of refused */
	uint64_t look_bytes;     /* of one file held in memory; text is not held */
	uint64_t entries_max;    /* of an archive and all archives in it */
	uint64_t bytes_max;      /* that unpacking may produce, all in all */
	uint64_t ratio_max;      /* of bytes produced to bytes packed, once they are more than a few MiB */
	uint64_t depth_max;      /* of archives in archives; 1: none in another */
	span time_max;           /* for one file */
};

/* pdf, docx, xlsx, pptx, odt, ods, png, jpeg, gif, txt, csv, zip; what is active is refused. */
struct file_rules file_rules_default(void);

enum file_outcome { FILE_ALLOWED, FILE_HELD, FILE_REFUSED }; /* held: a person may decide otherwise, we cannot tell */

struct file_verdict {
	enum file_type type; /* by content; FILE_TYPES: none known */
	enum file_outcome outcome;
	uint32_t active; /* ACTIVE_BIT of what was found, refused or not; after a refusal maybe not all */
	str reason;      /* "it …"; empty if allowed. Escaped: fit for a terminal. */
};

struct file_question {
	struct file_rules rules;
	str name, declared;
};

enum { FILE_QUESTION_MAX = 4096, FILE_ANSWER_MAX = 4096 };
void buf_add_file_question(struct buf *b, const struct file_question *q);
void buf_add_file_verdict(struct buf *b, const struct file_verdict *v);
/* NEVER SYNTAX for anything but what the two above write; texts are copied to `a`. */
err file_question_read(struct arena *a, const json_t *question, struct file_question *out);
err file_verdict_read(struct arena *a, str json, struct file_verdict *out);

#endif
