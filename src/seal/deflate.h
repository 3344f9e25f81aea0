/* Inside seal only: one legal deflate stream (RFC 1951) made of pieces. libdeflate makes whole streams and is the
 * fastest at it, but knows neither "not the last block" nor data that should be left alone. Here dense stretches
 * become stored blocks, the others go through libdeflate, and the pieces are joined bit by bit. */
#ifndef LETTERLOCK_SEAL_DEFLATE_H
#define LETTERLOCK_SEAL_DEFLATE_H

#include "base/base.h"

struct libdeflate_compressor;
struct deflate_walk;

struct deflate {
	struct libdeflate_compressor *thorough, *quick;
	struct deflate_walk *walk; /* deflate_walk_size() bytes of scratch */
	uint8_t *out;              /* room for deflate_bound() of what is added before bytes are taken away */
	size_t len;                /* whole bytes in it */
	unsigned bits;             /* of the byte after them, less than 8 */
};

size_t deflate_bound(size_t len);
void deflate_begin(struct deflate *d);
/* len may be 0 only if `last`. After the last piece the stream ends on a whole byte. */
void deflate_add(struct deflate *d, const uint8_t *at, size_t len, bool last);
/* The caller took the whole bytes. */
void deflate_taken(struct deflate *d);

/* Where the last block of a whole stream begins and ends, in bits. False if it is not a stream. */
size_t deflate_walk_size(void);
bool deflate_last_block(struct deflate_walk *w, str stream, uint64_t *begin, uint64_t *end);

/* What the beginning of some data is like, and for how long. */
struct stretch {
	size_t len;
	bool dense; /* compressed or encrypted before: deflate gains nothing */
	bool quick; /* searching it well gains hardly more than searching it quickly */
};
struct stretch density_stretch(const uint8_t *at, size_t len);

#endif
