/* The rows of a chunk, in one transaction: recipients, links, messages, deliveries and events; and who was refused. */
#ifndef LETTERLOCK_FLOW_WRITE_DOWN_H
#define LETTERLOCK_FLOW_WRITE_DOWN_H

#include "flow/submit.h"

/* As many messages as intakes. After OK it is durable: the chunk is accepted. *committing: it came as far as the
 * commit, and after a failure nobody knows what a crash would find. */
err write_down(struct line *line, struct db *db, struct chunk *c, const struct message *messages, bool *committing);

#endif
