#include "config/config.h"

err config_open(struct arena *a, const char *path, const struct config **out, struct fault *fault)
{
	(void)a, (void)path, (void)out, (void)fault;
	return NEVER(UNSUPPORTED, "not yet");
}
