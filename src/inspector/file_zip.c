#include "inspector/file_inside.h"

#include <stdlib.h>
#include <string.h>

/* The archive is described twice in itself, and readers differ in which description they believe. So both are read
 * here, and the smallest difference between them, or between them and the bytes there are, refuses the archive. */

enum { END_LEN = 22, END64_LEN = 56, LOCATOR_LEN = 20, CENTRAL_LEN = 46, LOCAL_LEN = 30 };
enum { FLAG_ENCRYPTED = 1, FLAG_DESCRIPTOR = 8, FLAG_STRONG = 0x40, FLAG_UTF8 = 0x800, FLAG_MASKED = 0x2000 };
enum { STORED = 0, DEFLATED = 8, AES = 99 };

struct zip {
	struct look *look;
	str bytes;
	uint64_t count, at, size; /* of the central directory */
};

#define DIFFERS(l, what) look_refuse(l, "is an inconsistent archive: %s", what)

/* ── The end ─────────────────────────────────────────────────────────────────────────────────────── */

/* The one record whose comment reaches exactly to the last byte; a second would be another archive to another reader.
 */
static err find_end(struct zip *z, size_t *out)
{
	size_t first = z->bytes.len > 65535 + END_LEN ? z->bytes.len - 65535 - END_LEN : 0, found = SIZE_MAX;

	if (z->bytes.len < END_LEN)
		return DIFFERS(z->look, "it has no central directory");
	for (size_t at = first; at + END_LEN <= z->bytes.len; at++) {
		const char *next = memmem(z->bytes.at + at, z->bytes.len - at, "PK\5\6", 4);
		if (!next || (at = (size_t)(next - z->bytes.at)) + END_LEN > z->bytes.len)
			break;
		struct reader r = READER(str_from(z->bytes, at + 20));
		if (reader_u16le(&r) != z->bytes.len - at - END_LEN)
			continue;
		if (found != SIZE_MAX)
			return DIFFERS(z->look, "it has two central directories");
		found = at;
	}
	*out = found;
	return found == SIZE_MAX ? DIFFERS(z->look, "it has no central directory at its end, or goes on after it") : OK;
}

/* 4.3.14: if a zip64 locator stands before the end record, what it leads to must stand right before it, and say the
 * same wherever the short record can say anything. */
static err read_end64(struct zip *z, size_t *end)
{
	str locator = str_from(z->bytes, *end - LOCATOR_LEN);
	struct reader r = READER(locator);

	if (*end < LOCATOR_LEN + END64_LEN || reader_u32le(&r) != 0x07064b50)
		return OK;
	uint32_t disk = reader_u32le(&r);
	uint64_t at = reader_u64le(&r);
	uint32_t disks = reader_u32le(&r);
	if (disk || disks != 1 || at != *end - LOCATOR_LEN - END64_LEN)
		return DIFFERS(z->look, "its zip64 end record is not where it says");
	r = READER(str_from(z->bytes, (size_t)at));
	uint32_t sign = reader_u32le(&r);
	uint64_t len = reader_u64le(&r);
	reader_u32le(&r);
	uint64_t disk_numbers = reader_u64le(&r), here = reader_u64le(&r), all = reader_u64le(&r);
	uint64_t size = reader_u64le(&r), offset = reader_u64le(&r);
	if (sign != 0x06064b50 || len != END64_LEN - 12 || disk_numbers || here != all ||
	    (z->count != 0xFFFF && z->count != all) || (z->size != 0xFFFFFFFF && z->size != size) ||
	    (z->at != 0xFFFFFFFF && z->at != offset))
		return DIFFERS(z->look, "its two end records tell different things");
	z->count = all;
	z->size = size;
	z->at = offset;
	*end = (size_t)at;
	return OK;
}

static err read_end(struct zip *z)
{
	size_t end = 0;

	TRY(find_end(z, &end));
	struct reader r = READER(str_from(z->bytes, end + 4));
	uint32_t disks = reader_u32le(&r);
	uint16_t here = reader_u16le(&r), all = reader_u16le(&r);
	z->count = all;
	z->size = reader_u32le(&r);
	z->at = reader_u32le(&r);
	uint16_t comment = reader_u16le(&r);
	if (disks || here != all)
		return look_refuse(z->look, "is one part of a split archive");
	if (comment && memmem(r.rest.at, r.rest.len, "PK", 2))
		return DIFFERS(z->look, "its comment could be read as a part of it");
	if (end >= LOCATOR_LEN)
		TRY(read_end64(z, &end));
	if (z->size > end || z->at != end - z->size)
		return DIFFERS(z->look,
			       "its central directory is not where it says, or something stands before or after");
	return z->count <= z->size / CENTRAL_LEN ? OK : DIFFERS(z->look, "it counts more entries than it has");
}

/* ── Extra fields ────────────────────────────────────────────────────────────────────────────────── */

struct extra {
	str zip64, aes, unicode_name;
};

static bool read_extra(str bytes, struct extra *out)
{
	struct reader r = READER(bytes);

	while (r.rest.len && !r.failed) {
		uint16_t kind = reader_u16le(&r), len = reader_u16le(&r);
		str data = reader_take(&r, len);
		str *to = kind == 0x0001   ? &out->zip64
			  : kind == 0x9901 ? &out->aes
			  : kind == 0x7075 ? &out->unicode_name
					   : NULL;
		if (to && to->at)
			return false;
		if (to)
			*to = data;
	}
	return !r.failed;
}

/* 4.5.3: only the fields that are full stand here, in this order. */
static bool widen(str zip64, uint64_t *size, uint64_t *packed, uint64_t *at)
{
	struct reader r = READER(zip64);

	if (*size == 0xFFFFFFFF)
		*size = reader_u64le(&r);
	if (*packed == 0xFFFFFFFF)
		*packed = reader_u64le(&r);
	if (at && *at == 0xFFFFFFFF)
		*at = reader_u64le(&r);
	return !r.failed;
}

/* ── One entry ───────────────────────────────────────────────────────────────────────────────────── */

static err judge_name(struct look *l, struct zip_entry *e)
{
	str path = e->name;

	e->directory = str_ends(path, STR("/"));
	if (e->directory)
		path.len--;
	err judged = file_path_judge(path);
	if (failed(judged))
		return look_refuse(l, "holds an entry that cannot be let in: %s", judged.note);
	return OK;
}

/* The upper half of the attributes is a Unix mode if a Unix or a Mac packed it (4.4.2). */
static err judge_mode(struct look *l, const struct zip_entry *e)
{
	uint32_t kind = (e->made_by >> 8) == 3 || (e->made_by >> 8) == 19 ? (e->attributes >> 16) & 0170000 : 0;

	if (kind == 0120000)
		return look_refuse(l, "holds a symbolic link");
	if (kind && kind != 0100000 && kind != 0040000)
		return look_refuse(l, "holds a device or a pipe");
	if (e->directory && (e->size || e->packed > 2))
		return DIFFERS(l, "a folder in it has content");
	return OK;
}

static err judge_method(struct look *l, struct zip_entry *e, str aes)
{
	e->encrypted = e->flags & FLAG_ENCRYPTED;
	if (e->flags & (FLAG_STRONG | FLAG_MASKED))
		return look_refuse(l, "is an archive encrypted in a way that only one program reads");
	if (e->encrypted != (e->method == AES))
		return e->encrypted
			       ? look_refuse(l, "is encrypted with ZipCrypto, which protects nothing: anyone opens it "
						"in minutes")
			       : DIFFERS(l, "an entry is encrypted and is not");
	if (e->method == AES && aes.len != 7)
		return DIFFERS(l, "an encrypted entry does not say how");
	if (e->method != STORED && e->method != DEFLATED && e->method != AES)
		return look_refuse(l, "is packed by a rare method (%u) that not every program reads", e->method);
	if (e->method == STORED && e->packed != e->size)
		return DIFFERS(l, "a stored entry has two sizes");
	return OK;
}

static err read_central(struct zip *z, struct reader *r, struct zip_entry *e)
{
	struct extra extra = { 0 };

	if (reader_u32le(r) != 0x02014b50)
		return DIFFERS(z->look, "its central directory is damaged");
	e->made_by = reader_u16le(r);
	reader_u16le(r);
	e->flags = reader_u16le(r);
	e->method = reader_u16le(r);
	reader_u32le(r);
	e->crc = reader_u32le(r);
	e->packed = reader_u32le(r);
	e->size = reader_u32le(r);
	uint16_t name = reader_u16le(r), extras = reader_u16le(r), comment = reader_u16le(r), disk = reader_u16le(r);
	reader_u16le(r);
	e->attributes = reader_u32le(r);
	e->at = reader_u32le(r);
	e->name = reader_take(r, name);
	if (!read_extra(reader_take(r, extras), &extra) || !widen(extra.zip64, &e->size, &e->packed, &e->at) || disk)
		return DIFFERS(z->look, "its central directory is damaged");
	reader_take(r, comment);
	if (r->failed)
		return DIFFERS(z->look, "its central directory is cut off");
	if (extra.unicode_name.at && !str_same(str_from(extra.unicode_name, 5), e->name))
		return DIFFERS(z->look, "an entry has two names");
	TRY(judge_name(z->look, e));
	TRY(judge_method(z->look, e, extra.aes));
	return judge_mode(z->look, e);
}

/* 4.3.9: CRC and sizes again, after the data, with or without a signature, short or long. */
static bool descriptor_says(str s, const struct zip_entry *e, size_t *len)
{
	for (unsigned form = 0; form < 4; form++) {
		struct reader r = READER(s);
		bool sign = !(form & 1), wide = form & 2;
		if (sign && reader_u32le(&r) != 0x08074b50)
			continue;
		uint32_t crc = reader_u32le(&r);
		uint64_t packed = wide ? reader_u64le(&r) : reader_u32le(&r);
		uint64_t size = wide ? reader_u64le(&r) : reader_u32le(&r);
		*len = s.len - r.rest.len;
		if (!r.failed && crc == e->crc && packed == e->packed && size == e->size && r.rest.len == 0)
			return true;
	}
	return false;
}

/* A header before data that a descriptor follows may leave open what it could not know. */
static bool foretold(uint16_t flags, uint64_t said, uint64_t is)
{
	return said == is || (flags & FLAG_DESCRIPTOR && (said == 0 || said == 0xFFFFFFFF));
}

static err read_local(struct zip *z, struct zip_entry *e, uint64_t ends)
{
	struct reader r = READER(str_upto(str_from(z->bytes, (size_t)e->at), (size_t)(ends - e->at)));
	struct extra extra = { 0 };
	uint32_t sign = reader_u32le(&r);

	reader_u16le(&r);
	uint16_t flags = reader_u16le(&r), method = reader_u16le(&r);
	reader_u32le(&r);
	uint32_t crc = reader_u32le(&r);
	uint64_t packed = reader_u32le(&r), size = reader_u32le(&r);
	uint16_t name_len = reader_u16le(&r), extras = reader_u16le(&r);
	str name = reader_take(&r, name_len);
	if (!read_extra(reader_take(&r, extras), &extra) || r.failed || sign != 0x04034b50)
		return DIFFERS(z->look, "the header of an entry is not where it should be");
	if (!widen(extra.zip64, &size, &packed, NULL) && !(flags & FLAG_DESCRIPTOR))
		return DIFFERS(z->look, "the header of an entry is damaged");
	if (!str_same(name, e->name) || flags != e->flags || method != e->method)
		return DIFFERS(z->look,
			       "the header of an entry names another file, flag or method than the directory does");
	if (!foretold(flags, crc, e->crc) || !foretold(flags, packed, e->packed) || !foretold(flags, size, e->size))
		return DIFFERS(z->look,
			       "the header of an entry tells another size or checksum than the directory does");
	e->data = ends - r.rest.len;
	reader_take(&r, (size_t)e->packed);
	size_t len;
	if (r.failed)
		return DIFFERS(z->look, "entries overlap");
	if (flags & FLAG_DESCRIPTOR ? !descriptor_says(r.rest, e, &len) : r.rest.len > 0)
		return DIFFERS(z->look, "something stands between two entries, or is said of one in two ways");
	e->end = ends;
	return OK;
}

/* ── All ─────────────────────────────────────────────────────────────────────────────────────────── */

static int by_place(const void *a, const void *b)
{
	const struct zip_entry *x = a, *y = b;
	return (x->at > y->at) - (x->at < y->at);
}

static int by_name(const void *a, const void *b)
{
	const str *x = a, *y = b;
	return str_order(*x, *y);
}

/* The C library's qsort() asks the kernel once how much memory there is, when it first sorts more than a page or so:
 * that must have been before the doors shut. */
void zip_prepare(void)
{
	struct zip_entry some[64] = { { .at = 1 } };

	qsort(some, sizeof some / sizeof *some, sizeof *some, by_place);
}

/* In any case, since Windows and macOS know no other; a folder and a file of one name, too. */
static err judge_twins(struct zip *z, const struct zip_list *list)
{
	struct look *l = z->look;
	SCRATCH(l->arena);
	str *names;

	TRY(NEW_ARRAY(l->arena, list->count, names));
	for (size_t i = 0; i < list->count; i++) {
		str name = list->entries[i].name;
		name.len -= list->entries[i].directory;
		TRY(str_lower(l->arena, name, &names[i]));
	}
	qsort(names, list->count, sizeof *names, by_name);
	for (size_t i = 1; i < list->count; i++)
		if (str_same(names[i - 1], names[i]))
			return DIFFERS(l, "two entries have the same name");
	return OK;
}

static err read_directory(struct zip *z, struct zip_list *list)
{
	struct reader r = READER(str_upto(str_from(z->bytes, (size_t)z->at), (size_t)z->size));

	for (size_t i = 0; i < list->count; i++)
		TRY(read_central(z, &r, &list->entries[i]));
	return r.rest.len ? DIFFERS(z->look, "its central directory goes on after its last entry") : OK;
}

/* Each begins where the one before ends: the first at the first byte, the last ends at the directory. */
static err read_locals(struct zip *z, struct zip_list *list)
{
	struct zip_entry *e = list->entries;

	if (list->count ? e[0].at != 0 : z->at != 0)
		return DIFFERS(z->look, "something stands before its first entry");
	for (size_t i = 0; i < list->count; i++) {
		uint64_t ends = i + 1 < list->count ? e[i + 1].at : z->at;
		if (ends > z->at || ends <= e[i].at)
			return DIFFERS(z->look, "entries overlap");
		TRY(read_local(z, &e[i], ends));
	}
	return OK;
}

err zip_read(struct look *l, str bytes, struct zip_list *out)
{
	struct zip z = { .look = l, .bytes = bytes };
	struct zip_list list;

	TRY(read_end(&z));
	if (z.count > l->rules->entries_max || l->entries + z.count > l->rules->entries_max)
		return look_refuse(l, "holds more than %llu entries", (unsigned long long)l->rules->entries_max);
	list.count = (size_t)z.count;
	TRY(NEW_ARRAY(l->arena, list.count, list.entries));
	TRY(read_directory(&z, &list));
	if (list.count)
		qsort(list.entries, list.count, sizeof *list.entries, by_place);
	TRY(read_locals(&z, &list));
	if (list.count)
		TRY(judge_twins(&z, &list));
	l->entries += list.count;
	*out = list;
	return OK;
}
