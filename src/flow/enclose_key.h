/* For flow/enclose alone: what its two files share. */
#ifndef LETTERLOCK_FLOW_ENCLOSE_KEY_H
#define LETTERLOCK_FLOW_ENCLOSE_KEY_H

#include "flow/enclose.h"

/* Judged now: since it was put on file it may have expired, or its authority may no longer be believed. NEVER KEY. */
err enclose_certificate(const struct line *line, const struct intake *in, moment now, const struct recipient_key *key,
			struct mail_certificate **out, struct fault *fault);
/* How much room the mail takes while it is made; NEVER LIMIT for one that cannot fit. */
err enclose_measure(const struct line *line, struct intake *in, size_t *room);

#endif
