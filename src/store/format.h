/* Inside store: the layout of an object at rest.
 *
 *     header   "LLOB", version 1, log2 of the chunk 16, two zero bytes
 *     chunks   64 KiB of AES-256-GCM each, and 16 bytes of tag; the last holds what is left: 0 bytes of an empty
 *              object, else 1 byte to 64 KiB
 *     nonce    three zero bytes, number of the chunk (8, big-endian), 1 for the last, else 0
 *     AAD      header, owner (16), object (16), number (8), last (1)
 *
 * Nonces count because the data key is new for each object and seals it once. */
#ifndef LETTERLOCK_STORE_FORMAT_H
#define LETTERLOCK_STORE_FORMAT_H

#include "store/store.h"

enum {
	CHUNK = 65536,
	SEALED_CHUNK = CHUNK + AEAD_TAG,
	OBJECT_HEADER = 8,
	OBJECT_AAD = OBJECT_HEADER + 16 + 16 + 8 + 1,
};
extern const uint8_t object_header[OBJECT_HEADER];

struct place {
	id owner, object;
	uint64_t number;
	bool last;
};
void place_nonce(const struct place *p, uint8_t nonce[AEAD_NONCE]);
str place_aad(const struct place *p, uint8_t aad[OBJECT_AAD]);

uint64_t chunks_of(uint64_t size); /* at least 1 */
/* Of the object at rest; NEVER LIMIT if no file is that long. */
err sealed_size(uint64_t size, uint64_t *out);

#endif
