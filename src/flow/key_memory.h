/* flow/key_memory: what a run learns while it looks keys up, so that a list of many rows at few domains costs neither
 * them nor us more than it must.
 *
 *     an address without a key                 is not asked for again
 *     a domain without a directory             is not asked again: it answered 404 and has no policy file either
 *     a directory that did not answer at first,
 *     or three times in a row, or that took
 *     half a minute in all beyond a second     is not asked again: its rows do not hold the others up
 *     each
 *
 * One thread makes the first acquaintance with a directory, others who need it wait for what it finds. Nothing is kept
 * beyond the run; keys that were found are on file. For many threads at once. */
#ifndef LETTERLOCK_FLOW_KEY_MEMORY_H
#define LETTERLOCK_FLOW_KEY_MEMORY_H

#include "flow/key_directory.h"

struct key_memory;
err key_memory_open(struct key_memory **out);
void key_memory_done(struct key_memory **m); /* for OWNED */

/* An address whose key is being looked up; `server` is who is asked for all domains, or empty. */
struct key_asking {
	str folded; /* local part, in lower case */
	str domain, server;
	bool first;             /* out: nothing is known of the route yet */
	struct key_route route; /* out, unless `first` */
};
/* OK: ask, and then say how it went. Else what is remembered, in words: NEVER NOT_FOUND, or LATER for a directory that
 * does not answer. May wait for another thread. */
err key_memory_begin(struct key_memory *m, struct key_asking *w, struct fault *fault);
/* `e` as key_directory_route() or key_directory_ask() said, with its words; `route` if the first is known, else null.
 * True: somebody should find out whether there is a directory at all, and say so with key_memory_none() if not. */
bool key_memory_end(struct key_memory *m, const struct key_asking *w, const struct key_route *route, err e, span took,
		    const struct fault *fault);
void key_memory_none(struct key_memory *m, const struct key_asking *w);

#endif
