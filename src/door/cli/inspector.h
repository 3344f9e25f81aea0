/* The inspectors of a command. Those that need no configuration look at none unless --config names one. */
#ifndef LETTERLOCK_DOOR_CLI_INSPECTOR_H
#define LETTERLOCK_DOOR_CLI_INSPECTOR_H

#include "door/cli/cli.h"
#include "inspect/inspect.h"

err cli_inspectors(struct cli *cli, struct inspectors **out); /* with cli->fault; OWNED(inspectors_done) */

#endif
