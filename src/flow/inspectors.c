#include "flow/inspectors.h"

err flow_inspectors(const struct config *config, struct inspectors **out, struct fault *fault)
{
	struct inspectors_options o = { 0 };

	if (config) {
		o.program = config->inspector.program;
		o.workers = (unsigned)config->inspector.workers;
		o.jobs_each = (unsigned)config->inspector.jobs_each;
		o.every_layer = config->inspector.sandbox == SANDBOX_REQUIRED;
		o.without = config->inspector.allow_no_sandbox_reason.len > 0;
	}
	return inspectors_open(&o, out, fault);
}
