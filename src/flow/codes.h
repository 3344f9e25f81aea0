/* flow/codes: six digits to the telephone of who asked for them at the page. The front writes down that a code is
 * wanted; the courier, which is the one process that dials out, draws it, keeps its MAC, and gives it to the gateway.
 * So nobody who is reached from outside ever holds a code, and no code is stored but as a MAC.
 *
 * The database is looked at three times a second: a text message takes longer than that by itself, and no process has
 * to know where the others run. A gateway that does not answer or says "later" is asked again for a minute; a code that
 * could not be sent is not counted. One that may have been sent is: asking twice would make the first code worthless
 * while it arrives. */
#ifndef LETTERLOCK_FLOW_CODES_H
#define LETTERLOCK_FLOW_CODES_H

#include "flow/line.h"

struct codes_options {
	/* A code could not be sent; says why without number or text. May be null. */
	void (*failed)(void *state, err e, const struct fault *fault);
	void *state;
};
struct codes; /* null where no gateway is configured */
err codes_begin(struct line *line, const struct codes_options *options, struct codes **out, struct fault *fault);
void codes_end(struct codes **c); /* what is being sent is finished first */

#endif
