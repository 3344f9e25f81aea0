#include "inspector/file_inside.h"

/* Pictures are walked from their first octet to their last: every block must be whole, nothing follows the end, and
 * the size in pixels is what a screen can bear. Nothing is decoded. */

enum { SIDE_MAX = 20000 };
#define AREA_MAX 200000000ull /* pixels: 800 MB when a viewer unpacks it */

err look_size(struct look *l, uint64_t width, uint64_t height)
{
	if (width == 0 || height == 0)
		return look_refuse(l, "is a damaged picture: it has no size");
	if (width > SIDE_MAX || height > SIDE_MAX || width * height > AREA_MAX)
		return look_refuse(l, "is a picture of %llu by %llu pixels, more than a viewer should have to unpack",
				   (unsigned long long)width, (unsigned long long)height);
	return OK;
}

static err damaged(struct look *l, const char *kind)
{
	return look_refuse(l, "is a damaged %s: it ends before its end, or its blocks do not fit", kind);
}

static err ended(struct look *l, const struct reader *r, const char *kind)
{
	return r->rest.len ? look_refuse(l, "goes on after the end of the %s", kind) : OK;
}

/* ISO 15948: length, type, data, CRC; IHDR first, IEND last. */
err look_png(struct look *l, str bytes)
{
	struct reader r = READER(bytes);
	bool first = true, pixels = false;

	reader_take(&r, 8);
	for (;;) {
		uint32_t len = reader_u32be(&r);
		str type = reader_take(&r, 4), data = reader_take(&r, len);
		reader_take(&r, 4);
		if (r.failed || first != str_same(type, STR("IHDR")) || (first && len != 13))
			return damaged(l, "PNG");
		if (first) {
			struct reader size = READER(data);
			uint32_t width = reader_u32be(&size), height = reader_u32be(&size);
			TRY(look_size(l, width, height));
		}
		pixels |= str_same(type, STR("IDAT"));
		first = false;
		if (str_same(type, STR("IEND")))
			return !pixels || len ? damaged(l, "PNG") : ended(l, &r, "PNG");
	}
}

/* ── GIF89a ──────────────────────────────────────────────────────────────────────────────────────── */

static void skip_table(struct reader *r, uint8_t flags)
{
	if (flags & 0x80)
		reader_take(r, (size_t)3 << ((flags & 7) + 1));
}

static void skip_blocks(struct reader *r)
{
	for (uint8_t len; !r->failed && (len = reader_u8(r)) != 0;)
		reader_take(r, len);
}

static err look_frame(struct look *l, struct reader *r)
{
	reader_take(r, 4);
	uint16_t width = reader_u16le(r), height = reader_u16le(r);
	skip_table(r, reader_u8(r));
	reader_u8(r);
	skip_blocks(r);
	return r->failed ? damaged(l, "GIF") : look_size(l, width, height);
}

err look_gif(struct look *l, str bytes)
{
	struct reader r = READER(bytes);
	bool pictured = false;

	reader_take(&r, 6);
	uint16_t width = reader_u16le(&r), height = reader_u16le(&r);
	uint8_t flags = reader_u8(&r);
	reader_take(&r, 2);
	skip_table(&r, flags);
	TRY(look_size(l, width, height));
	for (;;) {
		uint8_t kind = reader_u8(&r);
		if (r.failed || (kind != '!' && kind != ',' && kind != ';'))
			return damaged(l, "GIF");
		if (kind == ';')
			return pictured ? ended(l, &r, "GIF") : damaged(l, "GIF");
		if (kind == ',') {
			pictured = true;
			TRY(look_frame(l, &r));
			continue;
		}
		reader_u8(&r);
		skip_blocks(&r);
	}
}
