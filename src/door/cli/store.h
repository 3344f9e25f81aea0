/* What the store's plumbing shares: the installation's database, keyring and store, opened together. */
#ifndef LETTERLOCK_DOOR_CLI_STORE_H
#define LETTERLOCK_DOOR_CLI_STORE_H

#include "door/cli/cli.h"
#include "store/store.h"

struct kept {
	struct db *db;
	struct keyring *keys;
	struct store *store;
};
err kept_open(struct cli *cli, struct kept *out);
void kept_done(struct kept *k); /* for OWNED */

/* The operand as an id; NEVER USAGE with words. */
err store_read_id(struct cli *cli, const char *operand, id *out);
/* object_find() with words for people. */
err store_find(struct cli *cli, struct kept *k, id which, id *owner, struct object *out, bool *by_hand);
str store_id_text(id object, char into[ID_TEXT]);

#endif
