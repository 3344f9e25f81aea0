/* What `template lint` and `config check` share. */
#ifndef LETTERLOCK_DOOR_CLI_TEMPLATE_LINT_H
#define LETTERLOCK_DOOR_CLI_TEMPLATE_LINT_H

#include "config/config.h"
#include "door/cli/cli.h"

/* Where links in templates may lead: the domain, where the page is, what mail.link_hosts names, and `more`. */
err template_hosts(struct arena *a, const struct config *config, const char *more, str *out);

#endif
