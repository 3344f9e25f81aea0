#include "seal/deflate.h"

#include <libdeflate.h>
#include <string.h>

enum { STORED_MAX = 65535, STORED_HEAD = 5 };

size_t deflate_bound(size_t len)
{
	/* A stored block at most every half kilobyte, with an empty one before it at worst. */
	return len + (len / 512 + 2) * 2 * STORED_HEAD;
}

void deflate_begin(struct deflate *d)
{
	d->len = d->bits = 0;
}

void deflate_taken(struct deflate *d)
{
	d->out[0] = d->out[d->len];
	d->len = 0;
}

/* RFC 1951 3.2.4: three bits of header, zeros up to the byte, length and its complement. */
static void stored_block(struct deflate *d, const uint8_t *at, size_t len, bool last)
{
	if (d->bits == 0)
		d->out[d->len] = 0;
	d->out[d->len] = (uint8_t)(d->out[d->len] | (last ? 1u << d->bits : 0));
	d->len++;
	if (d->bits > 8 - 3)
		d->out[d->len++] = 0;
	d->bits = 0;
	put_u16le(d->out + d->len, (uint16_t)len);
	put_u16le(d->out + d->len + 2, (uint16_t)~len);
	d->len += 4;
	if (len)
		memcpy(d->out + d->len, at, len);
	d->len += len;
}

static void store(struct deflate *d, const uint8_t *at, size_t len, bool last)
{
	do {
		size_t some = len < STORED_MAX ? len : STORED_MAX;
		stored_block(d, at, some, last && some == len);
		at += some, len -= some;
	} while (len);
}

/* libdeflate's stream ends with a block marked as the last and is filled up to a byte. Unless it is the end, the mark
 * goes and the next block follows at the very bit. */
static void open_end(struct deflate *d, size_t made)
{
	uint8_t *piece = d->out + d->len;
	uint64_t begin, end;

	must(deflate_last_block(d->walk, str_bytes(piece, made), &begin, &end));
	piece[begin / 8] = (uint8_t)(piece[begin / 8] & ~(1u << begin % 8));
	d->len += end / 8;
	d->bits = (unsigned)(end % 8);
}

static bool squeeze(struct deflate *d, struct stretch s, const uint8_t *at, bool last)
{
	/* It must begin on a byte; an empty stored block ends on one. */
	if (d->bits)
		stored_block(d, NULL, 0, false);
	size_t made = libdeflate_deflate_compress(s.quick ? d->quick : d->thorough, at, s.len, d->out + d->len, s.len);
	if (made == 0)
		return false;
	if (last)
		d->len += made;
	else
		open_end(d, made);
	return true;
}

void deflate_add(struct deflate *d, const uint8_t *at, size_t len, bool last)
{
	do {
		struct stretch s = density_stretch(at, len);
		bool ends = last && s.len == len;
		if (s.dense || !squeeze(d, s, at, ends))
			store(d, at, s.len, ends);
		at += s.len, len -= s.len;
	} while (len);
}
