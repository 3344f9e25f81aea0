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

#endif
