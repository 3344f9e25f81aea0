#include "inspector/file_inside.h"

#include <string.h>

/* What bytes begin like. Each signature stands at the first octet: what stands further in is a second face. */

static const struct {
	str head;
	enum file_type type;
} ours[] = {
	{ STR("%PDF-"), FILE_PDF },         { STR("\x89PNG\r\n\x1a\n"), FILE_PNG },
	{ STR("\xff\xd8\xff"), FILE_JPEG }, { STR("GIF87a"), FILE_GIF },
	{ STR("GIF89a"), FILE_GIF },        { STR("PK\3\4"), FILE_ZIP },
	{ STR("PK\5\6"), FILE_ZIP },        { STR("7z\xbc\xaf\x27\x1c"), FILE_SEVEN },
	{ STR("\x1f\x8b\x08"), FILE_GZ },
};

static const struct {
	str head;
	const char *called;
} foreign[] = {
	{ STR("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"), "an old or an encrypted Office document (OLE2)" },
	{ STR("MZ"), "a program for Windows" },
	{ STR("\x7f"
	      "ELF"),
	  "a program for Linux" },
	{ STR("\xcf\xfa\xed\xfe"), "a program for macOS" },
	{ STR("\xca\xfe\xba\xbe"), "a program for Java or macOS" },
	{ STR("#!"), "a script" },
	{ STR("{\\rtf"), "an RTF document" },
	{ STR("L\0\0\0\1\x14\2\0"), "a shortcut of Windows" },
	{ STR("ITSF"), "a help file of Windows" },
	{ STR("MSCF"), "a cabinet archive" },
	{ STR("Rar!"), "a RAR archive" },
	{ STR("BZh"), "a bzip2 archive" },
	{ STR("\xfd"
	      "7zXZ"),
	  "an xz archive" },
	{ STR("ID;P"), "a table in SYLK, which Excel lets act" },
	{ STR("BEGIN:VCALENDAR"), "a calendar entry" },
	{ STR("[InternetShortcut]"), "a link file of Windows" },
};

/* What a browser takes for a page, or a server for a program, if it stands near the beginning. */
static const str pages[] = { STR("<html"), STR("<script"), STR("<!doctype"), STR("<svg"),
			     STR("<body"), STR("<iframe"), STR("<?php"),     STR("<?xml") };

enum file_type sniff_type(str head)
{
	for (size_t i = 0; i < sizeof ours / sizeof *ours; i++)
		if (str_starts(head, ours[i].head))
			return ours[i].type;
	if (head.len >= 512 && str_starts(str_from(head, 257), STR("ustar")))
		return FILE_TAR;
	return FILE_TYPES;
}

static bool page_at(str s)
{
	for (size_t i = 0; i < sizeof pages / sizeof *pages; i++)
		if (str_starts_nocase(s, pages[i]))
			return true;
	return false;
}

const char *sniff_foreign(str head)
{
	str trimmed = str_starts(head, STR("\xef\xbb\xbf")) ? str_from(head, 3) : head;

	for (size_t i = 0; i < sizeof foreign / sizeof *foreign; i++)
		if (str_starts(head, foreign[i].head))
			return foreign[i].called;
	trimmed = str_trim(trimmed);
	return page_at(trimmed) ? "a page of HTML, SVG or XML" : NULL;
}

/* A page within the first 1024 octets of something that is none: browsers that sniff look no further. */
static bool page_inside(str bytes)
{
	str head = str_upto(bytes, 1024);

	for (const char *at = head.at; head.len; at++) {
		size_t left = head.len - (size_t)(at - head.at);
		if (!left || !(at = memchr(at, '<', left)))
			return false;
		if (page_at(str_bytes(at, head.len - (size_t)(at - head.at))))
			return true;
	}
	return false;
}

static uint64_t le(const char *at, unsigned octets)
{
	uint64_t v = 0;

	while (octets-- > 0)
		v = v << 8 | (unsigned char)at[octets];
	return v;
}

/* A directory's end that fits what stands before it: zip readers come from the end of a file, and do not ask how it
 * begins. */
static bool zip_ends_at(str s, size_t at)
{
	if (s.len - at < 22)
		return false;
	uint64_t size = le(s.at + at + 12, 4), offset = le(s.at + at + 16, 4);
	if (size < 46 || size > at)
		return false;
	return str_starts(str_from(s, at - (size_t)size), STR("PK\1\2")) ||
	       (offset < at && str_starts(str_from(s, (size_t)offset), STR("PK\1\2")));
}

/* Its signature ends with the rarest of its octets. */
static bool zip_inside(str s)
{
	size_t first = s.len > 65557 + 1024 ? s.len - 65557 - 1024 : 0;
	const char *end = s.at + s.len;

	for (const char *at = s.at + first; at < end && (at = memchr(at, 6, (size_t)(end - at))) != NULL; at++)
		if (at - s.at >= 3 && memcmp(at - 3, "PK\5", 3) == 0 && zip_ends_at(s, (size_t)(at - 3 - s.at)))
			return true;
	return false;
}

/* GIF89a and the first octets of a JPEG are words of JavaScript; what makes a program of them are the two octets of
 * a length that follow: they open a comment, a string, or assign. */
static bool script_at(str s, size_t at)
{
	if (s.len < at + 2)
		return false;
	char a = s.at[at], b = s.at[at + 1];
	return (a == '/' && (b == '*' || b == '/')) || (str_has(STR("=`;(.,[+-* \t\r\n"), a) && b >= '\t' && b < 0x7F);
}

err sniff_second_face(struct look *l, enum file_type type, str bytes)
{
	if (type != FILE_ZIP && zip_inside(bytes))
		return look_refuse(l, "is %s and a zip archive at the same time", file_type_called(type));
	if ((type == FILE_PDF || type == FILE_PNG || type == FILE_JPEG || type == FILE_GIF) && page_inside(bytes))
		return look_refuse(l, "is %s and a page of HTML or a script at the same time", file_type_called(type));
	if ((type == FILE_GIF && script_at(bytes, 6)) || (type == FILE_JPEG && script_at(bytes, 4)))
		return look_refuse(l, "is %s and a script at the same time", file_type_called(type));
	if ((type == FILE_PNG || type == FILE_JPEG || type == FILE_GIF) &&
	    memmem(bytes.at, bytes.len < 1024 ? bytes.len : 1024, "%PDF-", 5))
		return look_refuse(l, "is %s and a PDF at the same time", file_type_called(type));
	return OK;
}
