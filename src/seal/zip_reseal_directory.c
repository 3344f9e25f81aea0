#include "seal/zip_reseal.h"

/* APPNOTE 4.3.12 to 4.3.16, as far as zip_records.c writes them. */

enum {
	END = 22,
	LOCATOR = 20,
	ZIP64_END = 56,
	ROW = 46,
	METHOD_AES = 99,
	FLAG_ENCRYPTED = 1,
	DIRECTORY_MAX = 16 << 20,
};

err reseal_not_ours(void)
{
	return NEVER(SYNTAX, "this is no archive that was sealed here, or it is damaged");
}

err reseal_read(struct arena *a, const struct zip_reseal *r, uint64_t offset, size_t len, str *out)
{
	OWNED(source_done) struct source from = { 0 };
	size_t got = 0;
	void *at;

	if (offset > r->size || len > r->size - offset)
		return reseal_not_ours();
	TRY(arena_take(a, len, &at));
	TRY(r->open(r->state, offset, len, &from));
	TRY(source_read_full(&from, at, len, &got));
	*out = str_bytes(at, got);
	return got == len ? OK : reseal_not_ours();
}

struct extent {
	uint64_t start, size, count;
};

/* 4.3.14 and 4.3.15 */
static err read_zip64_end(struct arena *a, const struct zip_reseal *r, struct extent *out)
{
	str bytes;

	if (r->size < ZIP64_END + LOCATOR + END)
		return reseal_not_ours();
	TRY(reseal_read(a, r, r->size - END - LOCATOR - ZIP64_END, ZIP64_END, &bytes));
	struct reader in = READER(bytes);
	if (reader_u32le(&in) != 0x06064b50)
		return reseal_not_ours();
	reader_take(&in, 28);
	out->count = reader_u64le(&in);
	out->size = reader_u64le(&in);
	out->start = reader_u64le(&in);
	return reader_ended(&in) ? OK : reseal_not_ours();
}

/* 4.3.16 */
static err read_end(struct arena *a, const struct zip_reseal *r, struct extent *out)
{
	uint64_t tail = END;
	str bytes;

	if (r->size < END)
		return reseal_not_ours();
	TRY(reseal_read(a, r, r->size - END, END, &bytes));
	struct reader in = READER(bytes);
	if (reader_u32le(&in) != 0x06054b50)
		return reseal_not_ours();
	reader_take(&in, 6);
	*out = (struct extent){ .count = reader_u16le(&in) };
	out->size = reader_u32le(&in);
	out->start = reader_u32le(&in);
	if (reader_u16le(&in) != 0 || !reader_ended(&in))
		return reseal_not_ours();
	if (out->count == UINT16_MAX || out->size == UINT32_MAX || out->start == UINT32_MAX) {
		TRY(read_zip64_end(a, r, out));
		tail += ZIP64_END + LOCATOR;
	}
	bool fits = out->start <= r->size && out->size <= DIRECTORY_MAX && out->count <= out->size / ROW;
	return fits && out->count && out->start + out->size + tail == r->size ? OK : reseal_not_ours();
}

/* The wide numbers that the row says it has, in their order (4.5.3). */
static void read_extra(str extra, uint32_t size, struct reseal_row *row)
{
	struct reader in = READER(extra);

	while (in.rest.len && !in.failed) {
		uint16_t kind = reader_u16le(&in);
		struct reader field = READER(reader_take(&in, reader_u16le(&in)));
		if (kind != 1)
			continue;
		if (size == UINT32_MAX)
			(void)reader_u64le(&field);
		if (row->packed == UINT32_MAX)
			row->packed = reader_u64le(&field);
		if (row->offset == UINT32_MAX)
			row->offset = reader_u64le(&field);
	}
}

static err read_row(struct reader *in, struct reseal_row *out)
{
	struct reseal_row row = { 0 };

	bool ours = reader_u32le(in) == 0x02014b50;
	reader_take(in, 4);
	ours = ours && (reader_u16le(in) & FLAG_ENCRYPTED) && reader_u16le(in) == METHOD_AES;
	reader_take(in, 8);
	row.packed = reader_u32le(in);
	uint32_t size = reader_u32le(in);
	row.name_len = reader_u16le(in);
	uint16_t extra_len = reader_u16le(in);
	ours = ours && reader_u16le(in) == 0; /* no comment */
	reader_take(in, 8);
	row.offset = reader_u32le(in);
	reader_take(in, row.name_len);
	read_extra(reader_take(in, extra_len), size, &row);
	*out = row;
	return ours && !in->failed && row.packed >= RESEAL_FRAME ? OK : reseal_not_ours();
}

err reseal_directory_read(struct arena *a, const struct zip_reseal *r, struct reseal_directory *out)
{
	struct reseal_directory d = { 0 };
	struct extent where = { 0 };
	uint64_t behind = 0;
	str bytes;

	TRY(read_end(a, r, &where));
	TRY(reseal_read(a, r, where.start, (size_t)where.size, &bytes));
	TRY(NEW_ARRAY(a, (size_t)where.count, d.rows));
	struct reader in = READER(bytes);
	for (; d.count < where.count; d.count++) {
		struct reseal_row *row = &d.rows[d.count];
		TRY(read_row(&in, row));
		if (row->offset < behind || row->offset > where.start || row->packed > where.start - row->offset)
			return reseal_not_ours();
		behind = row->offset + row->packed;
	}
	d.start = where.start;
	*out = d;
	return reader_ended(&in) ? OK : reseal_not_ours();
}

/* 4.3.7 */
err reseal_header_read(str bytes, const struct reseal_row *row, size_t *len)
{
	struct reader in = READER(bytes);

	bool ours = reader_u32le(&in) == 0x04034b50;
	reader_take(&in, 4);
	ours = ours && reader_u16le(&in) == METHOD_AES;
	reader_take(&in, 16);
	ours = ours && reader_u16le(&in) == row->name_len;
	*len = RESEAL_HEADER + (size_t)row->name_len + reader_u16le(&in);
	return ours && !in.failed ? OK : reseal_not_ours();
}
