/* The pool of inspectors as the settings want it. It is opened by the process that asks, after it forked. */
#ifndef LETTERLOCK_FLOW_INSPECTORS_H
#define LETTERLOCK_FLOW_INSPECTORS_H

#include "config/config.h"
#include "inspect/inspect.h"

/* config null: the defaults of the settings, for commands that need no configuration. */
err flow_inspectors(const struct config *config, struct inspectors **out, struct fault *fault);

#endif
