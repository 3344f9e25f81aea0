/* Opening a name that a list gave us, so that it cannot mean a file outside one directory: not by "..", not by
 * an absolute path, not by a symbolic link, and not by a link put in place between a check and its use. */
#include "sys/sys.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { HOW = O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK };

err dir_open(const char *path, int *fd)
{
	int opened = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (opened < 0)
		return sys_failed(errno);
	*fd = opened;
	return OK;
}

/* EXDEV is the kernel's word for "this leads out". */
static err beneath_failed(int error)
{
	if (error == EXDEV || error == ELOOP || error == ENOTDIR)
		return error == ENOTDIR ? NEVER(NOT_FOUND, "no such file or directory")
					: NEVER(DENIED, "it leads out of the directory");
	return sys_failed(error);
}

static int open_resolved(int dir_fd, const char *path)
{
	struct open_how how = { .flags = HOW, .resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS };

	return (int)syscall(SYS_openat2, dir_fd, path, &how, sizeof how);
}

static bool stays(str part)
{
	return part.len == 0 || str_same(part, STR("."));
}

static err step_down(struct arena *a, int *at, str part, bool last)
{
	const char *name;

	if (str_same(part, STR("..")))
		return NEVER(DENIED, "it leads out of the directory");
	TRY(str_c(a, part, &name));
	int next = openat(*at, name, HOW | O_NOFOLLOW | (last ? 0 : O_DIRECTORY));
	if (next < 0)
		return beneath_failed(errno);
	fd_done(at);
	*at = next;
	return OK;
}

/* Without openat2 (before Linux 5.6, or forbidden by a container): a part at a time, and no links at all. */
static err open_by_parts(struct arena *a, int dir_fd, str path, int *fd)
{
	OWNED(fd_done) int at = fcntl(dir_fd, F_DUPFD_CLOEXEC, 3);
	str part;

	if (at < 0)
		return sys_failed(errno);
	for (bool more = true; more;) {
		more = str_cut(path, '/', &part, &path);
		if (!stays(part))
			TRY(step_down(a, &at, part, !more));
	}
	*fd = at;
	at = -1;
	return OK;
}

static err open_any(struct arena *a, int dir_fd, str path, int *fd)
{
	const char *name;

	TRY(str_c(a, path, &name));
	int opened = open_resolved(dir_fd, name);
	if (opened < 0 && (errno == ENOSYS || errno == EPERM))
		return open_by_parts(a, dir_fd, path, fd);
	if (opened < 0)
		return beneath_failed(errno);
	*fd = opened;
	return OK;
}

err file_open_beneath(struct arena *a, int dir_fd, str path, int *fd)
{
	SCRATCH(a);
	OWNED(fd_done) int opened = -1;
	struct stat st;

	if (path.len == 0 || path.at[0] == '/')
		return NEVER(DENIED, "it leads out of the directory");
	TRY(open_any(a, dir_fd, path, &opened));
	if (fstat(opened, &st))
		return sys_failed(errno);
	if (!S_ISREG(st.st_mode))
		return NEVER(DENIED, "it is not a regular file");
	*fd = opened;
	opened = -1;
	return OK;
}
