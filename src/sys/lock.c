/* Locks that end with their holder, however it ends: the kernel lets go of them (flock). The file stays; a
 * file that is removed while it is locked would let two holders in. */
#include "sys/sys.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

err lock_take(const char *path, int *fd)
{
	OWNED(fd_done) int opened = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

	if (opened < 0)
		return sys_failed(errno);
	if (flock(opened, LOCK_EX | LOCK_NB))
		return errno == EWOULDBLOCK ? LATER(BUSY, "another process holds the lock") : sys_failed(errno);
	*fd = opened;
	opened = -1;
	return OK;
}

bool lock_held(const char *path)
{
	OWNED(fd_done) int fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);

	if (fd < 0)
		return errno != ENOENT;
	return flock(fd, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK;
}

err lock_open_file(int fd)
{
	if (flock(fd, LOCK_EX | LOCK_NB) && errno == EWOULDBLOCK)
		return LATER(BUSY, "another process is working with this file");
	return OK;
}
