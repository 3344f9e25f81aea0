#ifndef LETTERLOCK_CONFIG_H
#define LETTERLOCK_CONFIG_H

#include "base/base.h"

struct config;
err config_open(struct arena *a, const char *path, const struct config **out, struct fault *fault);

#endif
