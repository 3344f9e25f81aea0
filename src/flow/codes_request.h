/* Inside flow/codes: the request to the gateway, as it is configured. Not for others. */
#ifndef LETTERLOCK_FLOW_CODES_REQUEST_H
#define LETTERLOCK_FLOW_CODES_REQUEST_H

#include "config/config.h"

/* The body with {number} and {text} put in, escaped for its type. In secret memory: the text holds a code. */
err codes_body(const struct config *c, str number, str text, struct arena *secret, str *out);

#endif
