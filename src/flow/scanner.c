#include "flow/scanner.h"

#include "sys/sys.h"

#define GRACE (5 * SECOND) /* for a scan in flight when we are asked to stop; its document is held then */

err scanner_open(struct arena *a, const struct config *config, moment now, struct clamd **out,
		 struct clamd_version *version, struct fault *fault)
{
	const struct clamd_options options = {
		.address = config->check.clamd,
		.timeout = config->check.clamd_timeout,
		.bytes_max = config->check.clamd_bytes,
		.stop_fd = stop_fd(),
		.grace = GRACE,
	};
	struct clamd_version found;
	struct clamd *c = NULL;

	if (config->check.clamd.len) {
		TRY(clamd_open(a, &options, &c, fault));
		TRY(clamd_ready(c, now, config->check.clamd_signatures_max_age, version ? version : &found, fault));
	}
	*out = c;
	return OK;
}
