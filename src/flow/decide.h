/* flow/decide: gathers the facts about one recipient, lets flow/choose judge them, and takes the form that comes out.
 */
#ifndef LETTERLOCK_FLOW_DECIDE_H
#define LETTERLOCK_FLOW_DECIDE_H

#include "flow/submit.h"

/* Where the submission is sealed as SEAL_AUTO: sets to->seal and the choice, once the documents were looked into. */
err decide(const struct line *line, const struct submission *sub, struct intake *in);
/* A document turned out to be none that its form can hold: is there another? Then to->seal and the choice are that, and
 * what was stored of it so far is left to remove. Only of SEAL_AUTO. */
bool decide_otherwise(const struct submission *sub, struct intake *in, err refused);
/* A key turned out not to be one that is encrypted to, or the mail to be too large, when it was tried: then *again, and
 * to->seal is the next form, the reason is kept in in->passed_over, and what was refused is forgotten. Only of
 * SEAL_AUTO. */
err decide_without_key(const struct line *line, const struct submission *sub, struct intake *in, err refused,
		       bool *again);

#endif
