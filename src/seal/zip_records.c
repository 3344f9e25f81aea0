#include "seal/zip.h"

/* The records of APPNOTE 4.3, put together in a small buffer and written at once. */

enum {
	NEEDS_DEFLATE = 20, /* APPNOTE 4.4.3.2 */
	NEEDS_ZIP64 = 45,
	NEEDS_AES = 51,
	MADE_BY = 3 << 8 | 63,     /* a Unix system, this version of the note: attributes are a file mode */
	ATTRIBUTES_HIGH = 0100600, /* a file for its owner alone */
	FLAG_ENCRYPTED = 1 << 0,   /* 4.4.4 */
	FLAG_DESCRIPTOR = 1 << 3,
	FLAG_UTF8 = 1 << 11,
	METHOD_AES = 99,
	EXTRA_ZIP64 = 0x0001,
	EXTRA_AES = 0x9901,
	AE_2 = 2,
	AES_256 = 3,
};

static void add16(struct buf *b, unsigned v)
{
	uint8_t at[2];
	put_u16le(at, (uint16_t)v);
	buf_add(b, str_bytes(at, sizeof at));
}
static void add32(struct buf *b, uint32_t v)
{
	uint8_t at[4];
	put_u32le(at, v);
	buf_add(b, str_bytes(at, sizeof at));
}
static void add64(struct buf *b, uint64_t v)
{
	uint8_t at[8];
	put_u64le(at, v);
	buf_add(b, str_bytes(at, sizeof at));
}

err zip_write(struct zip *z, const void *from, size_t len)
{
	z->offset += len;
	return sink_write(z->below, from, len);
}

static err write_record(struct zip *z, const struct buf *b)
{
	TRY(buf_check(b));
	return zip_write(z, b->at, b->len);
}

static bool wide(const struct zip *z, uint64_t v)
{
	return v >= z->options.zip64_from;
}
/* A field that does not fit says so, and the number stands in the zip64 extra field (APPNOTE 4.5.3). */
static void add_narrow(struct buf *b, uint64_t v, bool is_wide)
{
	add32(b, is_wide ? UINT32_MAX : (uint32_t)v);
}

/* What header and directory have in common: 4.4.3 to 4.4.7. */
static void add_common(struct buf *b, const struct zip_record *r, bool zip64)
{
	add16(b, r->encrypted ? NEEDS_AES : zip64 ? NEEDS_ZIP64 : NEEDS_DEFLATE);
	add16(b, FLAG_UTF8 | (r->encrypted ? FLAG_ENCRYPTED : 0u) | (r->has_descriptor ? FLAG_DESCRIPTOR : 0u));
	add16(b, r->encrypted ? METHOD_AES : r->method);
	add32(b, r->dos_time);
}

static void add_aes_extra(struct buf *b, const struct zip_record *r)
{
	if (!r->encrypted)
		return;
	add16(b, EXTRA_AES);
	add16(b, 7);
	add16(b, AE_2);
	buf_add(b, STR("AE"));
	buf_add_char(b, AES_256);
	add16(b, r->method);
}

/* 4.3.7. With a descriptor behind the data, CRC and sizes here are zero (4.4.4). */
err zip_write_header(struct zip *z, const struct zip_record *r)
{
	char room[64 + SEAL_NAME_MAX], extra_room[64];
	struct buf b = BUF_ON(room), extra = BUF_ON(extra_room);
	uint64_t size = r->has_descriptor ? 0 : r->size, packed = r->has_descriptor ? 0 : r->packed_size;

	if (r->local_zip64) {
		add16(&extra, EXTRA_ZIP64);
		add16(&extra, 16);
		add64(&extra, size);
		add64(&extra, packed);
	}
	add_aes_extra(&extra, r);
	add32(&b, 0x04034b50);
	add_common(&b, r, r->local_zip64);
	add32(&b, r->encrypted || r->has_descriptor ? 0 : r->crc);
	add_narrow(&b, packed, r->local_zip64);
	add_narrow(&b, size, r->local_zip64);
	add16(&b, (unsigned)r->name.len);
	add16(&b, (unsigned)extra.len);
	buf_add(&b, r->name);
	buf_add(&b, buf_str(&extra));
	return write_record(z, &b);
}

/* 4.3.9: as wide as the header announced. */
err zip_write_descriptor(struct zip *z, const struct zip_record *r)
{
	char room[32];
	struct buf b = BUF_ON(room);

	add32(&b, 0x08074b50);
	add32(&b, r->encrypted ? 0 : r->crc);
	if (r->local_zip64) {
		add64(&b, r->packed_size);
		add64(&b, r->size);
	} else {
		add32(&b, (uint32_t)r->packed_size);
		add32(&b, (uint32_t)r->size);
	}
	return write_record(z, &b);
}

/* Only the numbers whose fields say that they do not fit, in this order (4.5.3). */
static void add_zip64_extra(struct zip *z, struct buf *b, const struct zip_record *r)
{
	char room[32];
	struct buf numbers = BUF_ON(room);

	if (wide(z, r->size))
		add64(&numbers, r->size);
	if (wide(z, r->packed_size))
		add64(&numbers, r->packed_size);
	if (wide(z, r->offset))
		add64(&numbers, r->offset);
	if (numbers.len == 0)
		return;
	add16(b, EXTRA_ZIP64);
	add16(b, (unsigned)numbers.len);
	buf_add(b, buf_str(&numbers));
}

/* 4.3.12 */
err zip_write_row(struct zip *z, const struct zip_record *r)
{
	char room[64 + SEAL_NAME_MAX + 64], extra_room[64];
	struct buf b = BUF_ON(room), extra = BUF_ON(extra_room);

	add_zip64_extra(z, &extra, r);
	bool zip64 = r->local_zip64 || extra.len;
	add_aes_extra(&extra, r);
	add32(&b, 0x02014b50);
	add16(&b, MADE_BY);
	add_common(&b, r, zip64);
	add32(&b, r->encrypted ? 0 : r->crc);
	add_narrow(&b, r->packed_size, wide(z, r->packed_size));
	add_narrow(&b, r->size, wide(z, r->size));
	add16(&b, (unsigned)r->name.len);
	add16(&b, (unsigned)extra.len);
	add16(&b, 0); /* comment */
	add16(&b, 0); /* disk */
	add16(&b, 0); /* internal attributes: not said to be text */
	add32(&b, (uint32_t)ATTRIBUTES_HIGH << 16);
	add_narrow(&b, r->offset, wide(z, r->offset));
	buf_add(&b, r->name);
	buf_add(&b, buf_str(&extra));
	return write_record(z, &b);
}

/* 4.3.14 and 4.3.15 */
static void add_zip64_end(struct zip *z, struct buf *b, uint64_t start, uint64_t size)
{
	add32(b, 0x06064b50);
	add64(b, 44); /* of what follows in this record */
	add16(b, MADE_BY);
	add16(b, NEEDS_AES);
	add32(b, 0);
	add32(b, 0);
	add64(b, z->count);
	add64(b, z->count);
	add64(b, size);
	add64(b, start);
	add32(b, 0x07064b50);
	add32(b, 0);
	add64(b, start + size);
	add32(b, 1);
}

err zip_write_end(struct zip *z, uint64_t start)
{
	char room[128];
	struct buf b = BUF_ON(room);
	uint64_t size = z->offset - start;
	bool many = z->count >= UINT16_MAX || wide(z, z->count);
	if (many || wide(z, start) || wide(z, size))
		add_zip64_end(z, &b, start, size);
	/* 4.3.16 */
	add32(&b, 0x06054b50);
	add16(&b, 0);
	add16(&b, 0);
	add16(&b, many ? UINT16_MAX : (unsigned)z->count);
	add16(&b, many ? UINT16_MAX : (unsigned)z->count);
	add_narrow(&b, size, wide(z, size));
	add_narrow(&b, start, wide(z, start));
	add16(&b, 0);
	return write_record(z, &b);
}

err zip_write_directory(struct zip *z)
{
	uint64_t start = z->offset;

	for (struct zip_record *r = z->first; r; r = r->next)
		TRY(zip_write_row(z, r));
	return zip_write_end(z, start);
}

/* 4.4.6: two seconds a step, from 1980 to 2107, of no time zone: UTC here, which tells nothing about the sender. */
uint32_t zip_dos_time(moment at)
{
	struct civil c = moment_civil(at);

	if (c.year < 1980)
		return 1 << 21 | 1 << 16;
	if (c.year > 2107)
		c = (struct civil){ .year = 2107, .month = 12, .day = 31, .hour = 23, .minute = 59, .second = 58 };
	return (uint32_t)(c.year - 1980) << 25 | (uint32_t)c.month << 21 | (uint32_t)c.day << 16 |
	       (uint32_t)c.hour << 11 | (uint32_t)c.minute << 5 | (uint32_t)c.second / 2;
}
