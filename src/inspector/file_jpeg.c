#include "inspector/file_inside.h"

/* JPEG, ITU T.81 annex B, walked marker by marker. One thing may follow its end: the further pictures of CIPA DC-007
 * (MPF), which phones add for bright screens and cameras for previews. They may only stand where the index in the first
 * picture says, be whole JPEGs of just that size, and have nothing but zeros between them. */

enum { PICTURES_MAX = 16, ENTRY_LEN = 16, TAG_ENTRIES = 0xB002, FIELD_LEN = 12, FIELDS_MAX = 64 };

struct jpeg {
	bool framed, scanned;
	str index;    /* of further pictures; empty: none */
	size_t begin; /* where the index stands: it counts from itself */
};

static err damaged(struct look *l)
{
	return look_refuse(l, "is a damaged JPEG: it ends before its end, or its blocks do not fit");
}

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

static err look_frame(struct look *l, str data, struct jpeg *j)
{
	struct reader r = READER(data);

	reader_u8(&r);
	uint16_t height = reader_u16be(&r), width = reader_u16be(&r);
	j->framed = true;
	return r.failed ? damaged(l) : look_size(l, width, height);
}

static err look_segment(struct look *l, str bytes, uint8_t marker, str data, struct jpeg *j)
{
	if (marker == 0xE2 && str_starts(data, STR("MPF\0")) && !j->index.len) {
		j->index = str_from(data, 4);
		j->begin = (size_t)(j->index.at - bytes.at);
	}
	return is_frame(marker) ? look_frame(l, data, j) : OK;
}

/* One picture; *len is where it ends. */
static err walk(struct look *l, str bytes, struct jpeg *j, size_t *len)
{
	struct reader r = READER(bytes);

	reader_take(&r, 2);
	for (;;) {
		if (reader_u8(&r) != 0xFF)
			return damaged(l);
		uint8_t marker = reader_u8(&r);
		while (marker == 0xFF && !r.failed)
			marker = reader_u8(&r);
		if (marker == 0xD9) {
			*len = bytes.len - r.rest.len;
			return j->framed && j->scanned ? OK : damaged(l);
		}
		uint16_t size = reader_u16be(&r);
		str data = reader_take(&r, size >= 2 ? size - 2u : 0);
		if (r.failed || size < 2 || marker < 0xC0 || marker == 0xD8)
			return damaged(l);
		TRY(look_segment(l, bytes, marker, data, j));
		if (marker == 0xDA) {
			j->scanned = true;
			skip_scan(&r);
		}
	}
}

/* ── Further pictures, CIPA DC-007 5.2 ───────────────────────────────────────────────────────────── */

struct index {
	str bytes;
	bool big; /* endian */
};

static uint32_t number(const struct index *x, struct reader *r, unsigned octets)
{
	if (octets == 2)
		return x->big ? reader_u16be(r) : reader_u16le(r);
	return x->big ? reader_u32be(r) : reader_u32le(r);
}

/* The table of pictures within the index; false if there is none that is whole. */
static bool find_entries(struct index *x, str *out)
{
	struct reader r = READER(x->bytes);
	str order = reader_take(&r, 4);

	x->big = str_same(order, STR("MM\0*"));
	if (!x->big && !str_same(order, STR("II*\0")))
		return false;
	uint32_t at = number(x, &r, 4);
	r = READER(str_from(x->bytes, at < x->bytes.len ? at : x->bytes.len));
	uint32_t fields = number(x, &r, 2);
	for (uint32_t i = 0; i < fields && i < FIELDS_MAX && !r.failed; i++) {
		struct reader f = READER(reader_take(&r, FIELD_LEN));
		uint32_t tag = number(x, &f, 2);
		(void)number(x, &f, 2);
		uint32_t len = number(x, &f, 4), place = number(x, &f, 4);
		if (tag != TAG_ENTRIES)
			continue;
		if (f.failed || place > x->bytes.len || len > x->bytes.len - place || len % ENTRY_LEN)
			return false;
		*out = str_upto(str_from(x->bytes, place), len);
		return len / ENTRY_LEN <= PICTURES_MAX;
	}
	return false;
}

static bool zeros(str s)
{
	for (size_t i = 0; i < s.len; i++)
		if (s.at[i])
			return false;
	return true;
}

static err goes_on(struct look *l)
{
	return look_refuse(l, "goes on after the end of the JPEG, as pictures with a film or a phone's own notes do: "
			      "export it as a plain JPEG");
}

/* The picture of one entry: behind what was read so far, and just as long as it says. */
static err look_further(struct look *l, str bytes, uint64_t at, uint64_t size, size_t *end)
{
	struct jpeg inner = { 0 };
	size_t len = 0;

	if (at < *end || at > bytes.len || size > bytes.len - at || !zeros(str_from(str_upto(bytes, (size_t)at), *end)))
		return goes_on(l);
	str picture = str_upto(str_from(bytes, (size_t)at), (size_t)size);
	if (!str_starts(picture, STR("\xff\xd8\xff")))
		return goes_on(l);
	TRY(walk(l, picture, &inner, &len));
	*end = (size_t)at + len;
	return zeros(str_from(picture, len)) ? OK : goes_on(l);
}

static err look_pictures(struct look *l, str bytes, const struct jpeg *j, size_t end)
{
	struct index x = { .bytes = j->index };
	str entries = STR_NONE;

	if (!find_entries(&x, &entries) || entries.len < ENTRY_LEN)
		return goes_on(l);
	struct reader r = READER(str_from(entries, ENTRY_LEN)); /* the first is the one that was walked */
	while (r.rest.len) {
		(void)number(&x, &r, 4);
		uint32_t size = number(&x, &r, 4), at = number(&x, &r, 4);
		(void)number(&x, &r, 4);
		TRY(look_further(l, bytes, (uint64_t)j->begin + at, size, &end));
	}
	return zeros(str_from(bytes, end)) ? OK : goes_on(l);
}

err look_jpeg(struct look *l, str bytes)
{
	struct jpeg first = { 0 };
	size_t end = 0;

	TRY(walk(l, bytes, &first, &end));
	return end == bytes.len ? OK : look_pictures(l, bytes, &first, end);
}
