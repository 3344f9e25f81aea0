#include "inspector/file_inside.h"
#include "wire/rune.h"

#include <stdlib.h>

#include <archive.h>
#include <archive_entry.h>

/* libarchive unpacks, we count: entries, bytes and their ratio to what was packed, over all archives of the document
 * together, so that a nest of small bombs is one bomb. Only the format that the file has is switched on. */

enum { RATIO_FREE = 16 << 20, STEP = 65536 }; /* below this much unpacked a ratio proves nothing */

struct unpack {
	struct look *look;
	enum file_type type;
	str name; /* of the archive */
	struct archive *archive;
	struct zip_list list; /* of a zip: what libarchive finds must be this */
	struct office office;
};

struct member {
	char *at;
	size_t len, room;
};

static void archive_done(struct archive **a)
{
	if (*a)
		archive_read_free(*a);
}

static void member_done(struct member *m)
{
	free(m->at);
}

static err damaged(struct look *l)
{
	return look_refuse(l, "is a damaged archive");
}

static err count(struct look *l, uint64_t more)
{
	l->produced += more;
	if (l->produced > l->rules->bytes_max)
		return look_refuse(l, "unpacks to more than %llu MiB", (unsigned long long)(l->rules->bytes_max >> 20));
	if (l->produced > RATIO_FREE && l->produced / l->rules->ratio_max >= l->packed)
		return look_refuse(l, "unpacks to more than %llu times its size",
				   (unsigned long long)l->rules->ratio_max);
	return look_time(l);
}

static err grow(struct member *m)
{
	size_t room = m->room ? 2 * m->room : STEP;
	char *more = realloc(m->at, room);

	if (!more)
		return LATER(MEMORY, "memory ran out over an archive");
	m->at = more;
	m->room = room;
	return OK;
}

static err unpack_member(struct unpack *u, struct member *m)
{
	for (;;) {
		if (m->len == m->room)
			TRY(grow(m));
		size_t room = m->room - m->len;
		la_ssize_t got = archive_read_data(u->archive, m->at + m->len, room < STEP ? room : STEP);
		if (got < 0)
			return damaged(u->look);
		if (got == 0)
			return OK;
		m->len += (size_t)got;
		TRY(count(u->look, (uint64_t)got));
		if (m->len > u->look->rules->look_bytes)
			return look_refuse(u->look, "is larger than the %llu MiB that can be looked into",
					   (unsigned long long)(u->look->rules->look_bytes >> 20));
	}
}

static str base_name(str path)
{
	for (ptrdiff_t i; (i = str_find_char(path, '/')) >= 0;)
		path = str_from(path, (size_t)i + 1);
	return path;
}

static bool is_office(const struct unpack *u)
{
	return u->office.kind != OFFICE_NONE;
}

static err look_member(struct unpack *u, str path, str bytes)
{
	enum file_type type;

	if (is_office(u))
		return office_member(u->look, &u->office, path, bytes);
	if (u->type == FILE_ZIP && apple_names(path))
		return look_apple(u->look, bytes);
	if (str_same(base_name(path), STR(".DS_Store")))
		return look_refuse(u->look, "is macOS's list of a folder, which names files that are not in the "
					    "archive: pack it again with `zip -X -x '*.DS_Store'`");
	return look_file(u->look, base_name(path), STR_NONE, bytes, &type);
}

/* Links lead elsewhere, devices are no content; tar and 7z say so here, a zip said so already. */
static err judge_entry(struct unpack *u, struct archive_entry *e, str path)
{
	bool directory = archive_entry_filetype(e) == AE_IFDIR;

	if (archive_entry_symlink(e) || archive_entry_hardlink(e))
		return look_refuse(u->look, "holds a link");
	if (!directory && archive_entry_filetype(e) != AE_IFREG && archive_entry_filetype(e))
		return look_refuse(u->look, "holds a device or a pipe");
	if (directory && str_ends(path, STR("/")))
		path.len--;
	err judged = file_path_judge(path);
	return failed(judged) ? look_refuse(u->look, "holds an entry that cannot be let in: %s", judged.note) : OK;
}

static err look_entry(struct unpack *u, struct archive_entry *e, str path)
{
	OWNED(member_done) struct member m = { 0 };

	if (u->type == FILE_SEVEN || u->type == FILE_TAR)
		TRY(judge_entry(u, e, path));
	if (archive_entry_filetype(e) == AE_IFDIR)
		return OK;
	if (archive_entry_is_encrypted(e))
		return look_active(u->look, ACTIVE_ENCRYPTED);
	escaped_copy(u->look->inside, sizeof u->look->inside, path);
	TRY(look_time(u->look));
	TRY(unpack_member(u, &m));
	return look_member(u, path, str_bytes(m.at, m.len));
}

/* A second reader that finds other entries than the strict one is a difference, too. */
static err agrees(struct unpack *u, size_t n, str path)
{
	SCRATCH(u->look->arena);
	str ours;

	if (u->type == FILE_SEVEN || u->type == FILE_TAR || u->type == FILE_GZ)
		return ++u->look->entries > u->look->rules->entries_max
			       ? look_refuse(u->look, "holds more than %llu entries",
					     (unsigned long long)u->look->rules->entries_max)
			       : OK;
	if (n >= u->list.count)
		return look_refuse(u->look, "is an inconsistent archive: two programs find different entries in it");
	TRY(text_nfc(u->look->arena, u->list.entries[n].name, &ours)); /* as libarchive does */
	if (!str_same(ours, path))
		return look_refuse(u->look, "is an inconsistent archive: two programs read different names in it");
	return OK;
}

/* What a gzip file holds has the file's own name without .gz, unless it is a tar. */
static str entry_path(const struct unpack *u, struct archive_entry *e)
{
	str path = str_of(archive_entry_pathname(e));
	bool named = u->type == FILE_GZ && archive_format(u->archive) == ARCHIVE_FORMAT_RAW && u->name.len > 3;

	return named ? str_upto(u->name, u->name.len - 3) : path;
}

static err look_entries(struct unpack *u, str bytes)
{
	char inside[sizeof u->look->inside];
	struct archive_entry *e;
	size_t n = 0;

	if (archive_read_open_memory(u->archive, bytes.at, bytes.len) != ARCHIVE_OK)
		return damaged(u->look);
	snprintf(inside, sizeof inside, "%s", u->look->inside);
	for (int got; (got = archive_read_next_header(u->archive, &e)) != ARCHIVE_EOF; n++) {
		if (got != ARCHIVE_OK)
			return damaged(u->look);
		TRY(agrees(u, n, entry_path(u, e)));
		TRY(look_entry(u, e, entry_path(u, e)));
		snprintf(u->look->inside, sizeof inside, "%s", inside);
	}
	if (u->type != FILE_SEVEN && u->type != FILE_TAR && u->type != FILE_GZ && n != u->list.count)
		return look_refuse(u->look, "is an inconsistent archive: two programs find different entries in it");
	return OK;
}

/* ── Opening ─────────────────────────────────────────────────────────────────────────────────────── */

static bool switch_on(struct archive *a, enum file_type type)
{
	switch (type) {
	case FILE_SEVEN:
		return archive_read_support_format_7zip(a) == ARCHIVE_OK;
	case FILE_TAR:
		return archive_read_support_format_tar(a) == ARCHIVE_OK;
	case FILE_GZ:
		return archive_read_support_filter_gzip(a) == ARCHIVE_OK &&
		       archive_read_support_format_tar(a) == ARCHIVE_OK &&
		       archive_read_support_format_raw(a) == ARCHIVE_OK;
	default:
		return archive_read_support_format_zip_seekable(a) == ARCHIVE_OK;
	}
}

static err judge_kind(struct unpack *u)
{
	static const char *const called[] = { "", "an Office document", "an OpenDocument file",
					      "a program (JAR or APK)" };

	u->office = (struct office){ .kind = office_kind_of(&u->list), .type = FILE_TYPES };
	if (u->type == FILE_ZIP && is_office(u))
		return look_refuse(u->look, "is named as a zip archive but is %s", called[u->office.kind]);
	if (u->type != FILE_ZIP && !is_office(u))
		return look_refuse(u->look, "is named as %s but is a zip archive without the parts of one",
				   file_type_called(u->type));
	return OK;
}

static err look_zip(struct unpack *u, str bytes)
{
	TRY(zip_read(u->look, bytes, &u->list));
	if (u->type == FILE_ZIP && u->list.count == 0)
		return look_refuse(u->look, "is an empty archive");
	TRY(judge_kind(u));
	TRY(look_entries(u, bytes));
	if (!is_office(u))
		return OK;
	TRY(office_end(u->look, &u->office, &u->list));
	if (u->office.type != u->type)
		return look_refuse(u->look, "is named as %s but is %s", file_type_called(u->type),
				   file_type_called(u->office.type));
	return OK;
}

err look_archive(struct look *l, enum file_type type, str bytes)
{
	SCRATCH(l->arena);
	OWNED(archive_done) struct archive *archive = archive_read_new();
	struct unpack u = { .look = l, .type = type, .name = l->name, .archive = archive };

	if (++l->depth > l->rules->depth_max)
		return look_refuse(l, "is an archive in an archive, more than %llu deep",
				   (unsigned long long)l->rules->depth_max);
	if (!archive || !switch_on(archive, type))
		return LATER(MEMORY, "libarchive could not be made ready");
	TRY(type == FILE_SEVEN || type == FILE_TAR || type == FILE_GZ ? look_entries(&u, bytes) : look_zip(&u, bytes));
	l->depth--;
	return OK;
}
