#include "inspector/file_inside.h"

#include "sys/sys.h"

#include <locale.h>
#include <string.h>

#include <magic.h>

/* One handle for the process, which looks at one file at a time. Its database is read once, before the doors shut. */
static magic_t library;

err file_ready(void)
{
	return library ? OK
		       : BROKEN(SYSTEM, "libmagic's database could not be read: is the package libmagic-mgc there?");
}

/* Where a package brings everything along, the database lies beside the program. */
static bool load_beside(void)
{
	OWNED(arena_done) struct arena *a = NULL;
	const char *program, *slash;
	str path;

	if (failed(arena_open(64 * 1024, &a)) || failed(path_real(a, "/proc/self/exe", &program)))
		return false;
	slash = strrchr(program, '/');
	if (!slash || failed(str_format(a, &path, "%.*s/magic.mgc", (int)(slash - program), program)))
		return false;
	return file_exists(path.at) && magic_load(library, path.at) == 0;
}

/* libarchive wants names in the locale's coding and moments in the locale's zone; unprepared it would look for both
 * behind the shut doors. Without a locale of UTF-8 it finds no name but ASCII's, and such an archive is refused. */
void file_prepare(void)
{
	if (library)
		return;
	setlocale(LC_CTYPE, "C.UTF-8");
	setenv("TZ", "UTC0", 1); /* the C library asks after a zone from a file again and again */
	tzset();
	zip_prepare();
	library = magic_open(MAGIC_MIME_TYPE | MAGIC_NO_CHECK_COMPRESS | MAGIC_NO_CHECK_TAR | MAGIC_NO_CHECK_CDF |
			     MAGIC_NO_CHECK_ELF | MAGIC_NO_CHECK_TOKENS);
	if (library && !load_beside() && magic_load(library, NULL) != 0) {
		magic_close(library);
		library = NULL;
	}
}

str magic_opinion(str head)
{
	return str_of(head.len ? magic_buffer(library, head.at, head.len) : NULL);
}
