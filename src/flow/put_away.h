/* A recipient's documents become objects at rest: as they are (`open`), in one container (`zip`), or each
 * encrypted by itself (`pdf`). */
#ifndef LETTERLOCK_FLOW_PUT_AWAY_H
#define LETTERLOCK_FLOW_PUT_AWAY_H

#include "flow/submit.h"

struct put_away {
	struct line *line;
	struct chunk *chunk;
	struct store_batch *batch;
	struct zip_workspace *workspace;
	const struct zip_key *keys; /* for this recipient */
	size_t key_count;
};

/* Fills to->objects. NEVER DOCUMENT if a file is not what was checked. The bytes are durable only after store_commit().
 */
err put_away(const struct put_away *p, struct intake *in);

#endif
