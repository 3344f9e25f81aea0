/* Directories and paths made of parts that came from elsewhere. */
#include "sys/sys.h"

#include <dirent.h>
#include <errno.h>
#include <sys/stat.h>

err dir_make(const char *path, mode_t mode)
{
	struct stat st;

	if (mkdir(path, mode) == 0)
		return OK;
	if (errno == EEXIST && stat(path, &st) == 0 && S_ISDIR(st.st_mode))
		return OK;
	return sys_failed(errno);
}

static int by_name(const void *a, const void *b)
{
	return str_order(*(const str *)a, *(const str *)b);
}

static void dir_done(DIR **d)
{
	if (*d)
		(void)closedir(*d);
}

static bool self_or_parent(const char *name)
{
	return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

err dir_list(struct arena *a, const char *path, str **names, size_t *count)
{
	OWNED(dir_done) DIR *d = opendir(path);
	struct dirent *entry;
	size_t room = 64, have = 0;
	str *list;

	if (!d)
		return sys_failed(errno);
	TRY(NEW_ARRAY(a, room, list));
	while ((errno = 0, entry = readdir(d))) {
		if (self_or_parent(entry->d_name))
			continue;
		if (have == room) {
			str *wider;
			TRY(NEW_ARRAY(a, 2 * room, wider));
			memcpy(wider, list, have * sizeof *list);
			list = wider;
			room *= 2;
		}
		TRY(str_copy(a, str_of(entry->d_name), &list[have++]));
	}
	if (errno)
		return sys_failed(errno);
	if (have)
		qsort(list, have, sizeof *list, by_name);
	*names = list;
	*count = have;
	return OK;
}

err path_join(struct arena *a, const char *dir, str name, const char **out)
{
	str joined;

	if (name.len == 0 || str_same(name, STR(".")) || str_same(name, STR("..")) || str_has(name, '/') ||
	    str_has(name, 0))
		return NEVER(DENIED, "not a file name");
	TRY(str_format(a, &joined, "%s/%.*s", dir, STR_ARG(name)));
	*out = joined.at;
	return OK;
}
