/* The malware scanner that is configured, tried out before anything relies on it. */
#ifndef LETTERLOCK_FLOW_SCANNER_H
#define LETTERLOCK_FLOW_SCANNER_H

#include "check/clamd.h"
#include "config/config.h"

/* *out is null if none is configured. LATER UNSCANNED, with what to do, if it is not there, has no signatures or too
 * old ones, or is not fit to be relied on: then nobody begins. *version may be null. */
err scanner_open(struct arena *a, const struct config *config, moment now, struct clamd **out,
		 struct clamd_version *version, struct fault *fault);

#endif
