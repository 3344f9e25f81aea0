/* Inside model: sealed columns on their way into and out of a row. Failure sticks, so that a row reads like its table;
 * it is asked once, before the row is used. */
#ifndef LETTERLOCK_MODEL_COLUMN_H
#define LETTERLOCK_MODEL_COLUMN_H

#include "model/model.h"

struct sealing {
	struct arena *scratch;
	const struct entropy *entropy;
	struct column_key *key;
	id owner; /* the row */
	err failed;
};
struct db_value sealed(struct sealing *s, str place, str plain);

struct unsealing {
	struct arena *arena;
	struct column_key *key;
	id owner;
	const struct db_rows *rows;
	err failed;
};
str unsealed(struct unsealing *u, str place, int column); /* empty for NULL */
void unsealed_digest(struct unsealing *u, str place, int column, uint8_t out[SHA256_LEN]);

/* A number that stands for one of `count` things. BROKEN DATABASE if it does not. */
err row_below(const struct db_rows *rows, int column, int64_t count, unsigned *out);

/* A list of values as one column: length and bytes of each name and text. */
err values_pack(struct arena *a, const struct value *values, str *out);
err values_unpack(struct arena *a, str packed, struct value **out);

#endif
