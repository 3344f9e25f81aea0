#include "inspector/file_inside.h"

/* Pictures are walked from their first octet to their last: every block must be whole, nothing follows the end, and
 * the size in pixels is what a screen can bear. Nothing is decoded. */

enum { SIDE_MAX = 20000 };
#define AREA_MAX 200000000ull /* pixels: 800 MB when a viewer unpacks it */

static err look_size(struct look *l, uint64_t width, uint64_t height)
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

/* ── JPEG, ITU T.81 annex B ──────────────────────────────────────────────────────────────────────── */

static bool is_frame(uint8_t marker) /* SOF0 … SOF15 without DHT, JPG and DAC */
{
	return marker >= 0xC0 && marker <= 0xCF && marker != 0xC4 && marker != 0xC8 && marker != 0xCC;
}

/* Up to the next marker that is one: FF 00 is an octet, FF D0 … D7 only mark where decoding may begin again. */
static void skip_scan(struct reader *r)
{
	for (;;) {
		ptrdiff_t at = str_find_char(r->rest, '\xff');
		if (at < 0 || (size_t)at + 1 >= r->rest.len) {
			r->failed = true;
			return;
		}
		uint8_t next = (uint8_t)r->rest.at[at + 1];
		if (next && !(next >= 0xD0 && next <= 0xD7)) {
			r->rest = str_from(r->rest, (size_t)at);
			return;
		}
		r->rest = str_from(r->rest, (size_t)at + 2);
	}
}

static err look_segment(struct look *l, uint8_t marker, str data, bool *framed)
{
	struct reader r = READER(data);

	if (!is_frame(marker))
		return OK;
	reader_u8(&r);
	uint16_t height = reader_u16be(&r), width = reader_u16be(&r);
	*framed = true;
	return r.failed ? damaged(l, "JPEG") : look_size(l, width, height);
}

err look_jpeg(struct look *l, str bytes)
{
	struct reader r = READER(bytes);
	bool framed = false, scanned = false;

	reader_take(&r, 2);
	for (;;) {
		if (reader_u8(&r) != 0xFF)
			return damaged(l, "JPEG");
		uint8_t marker = reader_u8(&r);
		while (marker == 0xFF && !r.failed)
			marker = reader_u8(&r);
		if (marker == 0xD9)
			return !framed || !scanned ? damaged(l, "JPEG") : ended(l, &r, "JPEG");
		uint16_t len = reader_u16be(&r);
		str data = reader_take(&r, len >= 2 ? len - 2u : 0);
		if (r.failed || len < 2 || marker < 0xC0 || marker == 0xD8)
			return damaged(l, "JPEG");
		TRY(look_segment(l, marker, data, &framed));
		if (marker == 0xDA) {
			scanned = true;
			skip_scan(&r);
		}
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
