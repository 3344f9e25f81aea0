/* Removing a folder with all that is in it. Links are removed, not followed, and no other file system is entered. */
#include "sys/sys.h"

#include <errno.h>
#include <ftw.h>
#include <stdio.h>

enum { OPEN_FOLDERS = 16 };

static int remove_one(const char *path, const struct stat *st, int what, struct FTW *at)
{
	(void)st, (void)what, (void)at;
	return remove(path) && errno != ENOENT ? -1 : 0;
}

err dir_remove_all(const char *path)
{
	if (nftw(path, remove_one, OPEN_FOLDERS, FTW_DEPTH | FTW_PHYS | FTW_MOUNT) && errno != ENOENT)
		return sys_failed(errno);
	return OK;
}
