/* Directories that hold secrets. */
#include "sys/sys.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

err dir_check_private(const char *path)
{
	struct stat st;

	if (stat(path, &st))
		return sys_failed(errno);
	if (!S_ISDIR(st.st_mode))
		return NEVER(KEY, "not a directory");
	if (st.st_mode & 077)
		return NEVER(KEY, "a directory of secrets is open to others; chmod 700 it");
	if (st.st_uid != geteuid() && st.st_uid != 0)
		return NEVER(KEY, "a directory of secrets belongs to another user; chown it");
	return OK;
}
