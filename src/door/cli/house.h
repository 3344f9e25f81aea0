/* What the commands about deliveries have in common: the line and a database connection, opened from the
 * configuration, and the id that was given. */
#ifndef LETTERLOCK_DOOR_CLI_HOUSE_H
#define LETTERLOCK_DOOR_CLI_HOUSE_H

#include "door/cli/cli.h"
#include "flow/recall.h"

#include <jansson.h>

struct house {
	struct line *line;
	struct db *db;
};
err house_open(struct cli *cli, struct house *out);
void house_done(struct house *h); /* for OWNED */

/* The first operand as an id, and what it stands for. */
err house_find(struct cli *cli, const struct house *h, struct standing **out, bool *is_submission);

void text_id(id i, char out[ID_TEXT + 1]);
void text_moment(moment at, char out[32]); /* "-" for 0 */
/* What is known of an opening, in plain words: "not opened …", or when, by which proof, and how many bytes left. */
void text_opening(const struct link_view *v, char out[512]);
json_t *json_id(id i);          /* null for none */
json_t *json_moment(moment at); /* null for 0 */
json_t *json_str(str s);        /* broken UTF-8 is escaped */

#endif
