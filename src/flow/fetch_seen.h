/* Inside flow/fetch: the looks at pages, gathered. Not for others. */
#ifndef LETTERLOCK_FLOW_FETCH_SEEN_H
#define LETTERLOCK_FLOW_FETCH_SEEN_H

#include "flow/fetch_inside.h"

struct seen;
err seen_open(struct seen **out);
void seen_done(struct fetch *f); /* writes what is left */

#endif
