/* What the commands about suppressions share. */
#ifndef LETTERLOCK_DOOR_CLI_SUPPRESSION_H
#define LETTERLOCK_DOOR_CLI_SUPPRESSION_H

#include "door/cli/house.h"
#include "flow/suppressions.h"

/* The first operand as an address. NEVER ADDRESS with words. */
err suppression_operand(struct cli *cli, str *out);
void suppression_print(struct cli *cli, const struct suppression *s); /* one line, or one JSON object */

#endif
