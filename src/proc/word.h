/* Inside proc: what a child tells its parent. The parent reads nothing from outside and no more than this from its
 * children: a packet of fixed length that means one of three things. */
#ifndef LETTERLOCK_PROC_WORD_H
#define LETTERLOCK_PROC_WORD_H

#include "base/base.h"

enum word_kind {
	WORD_READY,  /* it does its work */
	WORD_FAILED, /* it could not begin, and why */
	WORD_WRONG,  /* the keeper: a client asked what is no question, and was cut off */
};
struct word {
	enum word_kind kind;
	err e;
	struct fault fault;
};
err word_tell(int parent, enum word_kind kind, err e, const struct fault *fault);
err word_hear(int child, struct word *out); /* LATER CLOSED: it is gone; NEVER PROTOCOL: no word */

#endif
