/* What the commands about recipients' keys share. */
#ifndef LETTERLOCK_DOOR_CLI_RECIPIENT_KEY_H
#define LETTERLOCK_DOOR_CLI_RECIPIENT_KEY_H

#include "door/cli/house.h"
#include "flow/recipient_keys.h"

/* An operand as an address. NEVER ADDRESS with words. */
err recipient_key_address(struct cli *cli, const char *given, str *out);
json_t *recipient_key_json(const struct recipient_key *key);
/* "pgp RSA, 3072 bits, until 2027-11-21T19:50:00Z, from a file" and the fingerprint on a line of its own, in groups. */
void recipient_key_print(struct cli *cli, const struct recipient_key *key);

#endif
