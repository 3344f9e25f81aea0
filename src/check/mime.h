/* Messages from outside, judged by the inspector (inspector/mime.h says what it refuses, wire/mime_scan.h why). What
 * comes back is the tree: parts, names, sizes, hashes, decoded headers, and where each body stands in the message. It
 * is believed only as far as it is one: names are file names, offsets lie within `size`, depths within the bounds. */
#ifndef LETTERLOCK_CHECK_MIME_H
#define LETTERLOCK_CHECK_MIME_H

#include "inspect/inspect.h"
#include "wire/mime_scan.h"

struct mime_policy {
	struct mime_limits limits; /* mime_limits, or lower */
	bool strict;               /* only CRLF ends a line; else LF may, throughout */
};

/* `message` is read once, to its end. The answer as JSON is given too; either may be null. NEVER HEADER, SYNTAX or
 * LIMIT with line and sentence; what inspect() returns if the inspector could not do it. */
err check_mime(struct inspectors *pool, struct arena *a, const struct mime_policy *policy, struct source *message,
	       struct mime_part **root, str *json, struct fault *f);

#endif
