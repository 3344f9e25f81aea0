/* Inside seal_zip_reseal() only: the directory of an archive that we wrote ourselves. It is no reader of zips: whatever
 * differs from what zip_records.c writes is refused. */
#ifndef LETTERLOCK_SEAL_ZIP_RESEAL_H
#define LETTERLOCK_SEAL_ZIP_RESEAL_H

#include "seal/seal.h"

struct reseal_row {
	uint64_t offset; /* of the local header */
	uint64_t packed; /* salt, verifier, data and tag */
	uint16_t name_len;
};
struct reseal_directory {
	struct reseal_row *rows; /* in the order of their offsets */
	size_t count;
	uint64_t start; /* where the directory itself begins */
};
err reseal_directory_read(struct arena *a, const struct zip_reseal *r, struct reseal_directory *out);
err reseal_read(struct arena *a, const struct zip_reseal *r, uint64_t offset, size_t len, str *out);

enum { RESEAL_HEADER = 30, RESEAL_FRAME = AE2_SALT + 2 + AE2_TAG };
/* A local header at the front of `bytes`: how much stands before the salt. */
err reseal_header_read(str bytes, const struct reseal_row *row, size_t *len);
err reseal_not_ours(void);

#endif
