#include "inspector/file_inside.h"

#include <string.h>

/* The Finder of macOS puts a second entry beside each file of a zip, "__MACOSX/._name", with what its file system knows
 * of the file (RFC 1740, AppleDouble): every archive packed on a Mac has them, so they are let in. Only in their usual
 * form: Finder information with the extended attributes behind it, and a resource fork that is the one which says that
 * it was left blank. Anything else in such a fork could be a program, as old ones are. */

enum { APPLE_MAX = 64 * 1024, HEAD_LEN = 26, FORK = 2, FINDER = 9, FINDER_LEAST = 32, FORK_MAX = 286 };

bool apple_names(str path)
{
	str part, rest = path;

	if (!str_starts(path, STR("__MACOSX/")))
		return false;
	while (str_cut(rest, '/', &part, &rest))
		;
	return str_starts(part, STR("._")) && part.len > 2;
}

static bool blank_fork(str fork)
{
	static const str words = STR("This resource fork intentionally left blank");

	return !fork.len || (fork.len <= FORK_MAX && memmem(fork.at, fork.len, words.at, words.len));
}

static bool fits(uint32_t kind, str piece)
{
	return kind == FINDER ? piece.len >= FINDER_LEAST : kind == FORK && blank_fork(piece);
}

err look_apple(struct look *l, str bytes)
{
	struct reader r = READER(bytes);
	bool good = bytes.len <= APPLE_MAX && reader_u32be(&r) == 0x00051607 && reader_u32be(&r) == 0x00020000;
	uint64_t end = HEAD_LEN;

	reader_take(&r, 16); /* "Mac OS X" and blanks, or zeros */
	uint16_t count = reader_u16be(&r);
	for (uint16_t i = 0; good && i < count; i++) {
		uint32_t kind = reader_u32be(&r), at = reader_u32be(&r), len = reader_u32be(&r);
		good = !r.failed && at <= bytes.len && len <= bytes.len - at &&
		       fits(kind, str_upto(str_from(bytes, at), len));
		end = good && end < (uint64_t)at + len ? (uint64_t)at + len : end;
	}
	return good && !r.failed && count && end == bytes.len
		       ? OK
		       : look_refuse(l,
				     "is no note of the Finder of macOS, though named as one: pack the archive again "
				     "with `zip -X`");
}
