/* Files: opened close-on-exec, read within a bound, written so that a crash leaves the old or the new. */
#include "sys/file_place.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

err sys_failed(int error)
{
	switch (error) {
	case ENOENT:
		return NEVER(NOT_FOUND, "no such file or directory");
	case EEXIST:
		return NEVER(EXISTS, "it exists already");
	case EACCES:
	case EPERM:
	case ELOOP:
		return NEVER(DENIED, "permission denied");
	case ENOSPC:
	case EDQUOT:
		return LATER(DISK_FULL, "no space is left on the device");
	case EMFILE:
	case ENFILE:
	case ENOMEM:
		return LATER(MEMORY, "the system is out of memory or file descriptors");
	default:
		return BROKEN(IO, "reading or writing failed");
	}
}

void fd_done(int *fd)
{
	if (*fd >= 0)
		(void)close(*fd);
	*fd = -1;
}

err file_open(const char *path, int flags, mode_t mode, int *fd)
{
	int how = O_CLOEXEC;

	if (flags & FILE_NEW)
		how |= O_WRONLY | O_CREAT | O_EXCL;
	else if (flags & FILE_APPEND)
		how |= O_WRONLY | O_CREAT | O_APPEND;
	else
		how |= O_RDONLY;
	if (flags & FILE_NO_LINKS)
		how |= O_NOFOLLOW;
	if (flags & FILE_REGULAR)
		how |= O_NONBLOCK; /* a pipe must not make us wait before we can refuse it */

	OWNED(fd_done) int opened = open(path, how, mode);
	if (opened < 0)
		return sys_failed(errno);
	struct stat st;
	if (flags & FILE_REGULAR) {
		if (fstat(opened, &st))
			return sys_failed(errno);
		if (!S_ISREG(st.st_mode))
			return NEVER(DENIED, "not a regular file");
	}
	*fd = opened;
	opened = -1;
	return OK;
}

err file_size(int fd, uint64_t *out)
{
	struct stat st;

	if (fstat(fd, &st))
		return sys_failed(errno);
	*out = (uint64_t)st.st_size;
	return OK;
}

err file_modified(int fd, moment *out)
{
	struct stat st;

	if (fstat(fd, &st))
		return sys_failed(errno);
	*out = (moment)st.st_mtim.tv_sec * SECOND + st.st_mtim.tv_nsec / 1000;
	return OK;
}

err file_identify(int fd, struct file_identity *out)
{
	struct stat st;

	if (fstat(fd, &st))
		return sys_failed(errno);
	*out = (struct file_identity){
		.device = st.st_dev,
		.inode = st.st_ino,
		.size = (uint64_t)st.st_size,
		.modified_s = st.st_mtim.tv_sec,
		.modified_ns = st.st_mtim.tv_nsec,
		.changed_s = st.st_ctim.tv_sec,
		.changed_ns = st.st_ctim.tv_nsec,
	};
	return OK;
}

static err read_some(int fd, void *to, size_t max, size_t *got)
{
	ssize_t n;

	do
		n = read(fd, to, max);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return sys_failed(errno);
	*got = (size_t)n;
	return OK;
}

/* The size that fstat tells is a hint for the room; what counts is what read() gives. */
static err read_open(struct arena *a, int fd, size_t max, str *out)
{
	struct buf b;
	uint64_t size = 0;

	TRY(file_size(fd, &size));
	if (size > max)
		return NEVER(LIMIT, "the file is larger than it may be");
	/* Pipes and /proc say 0: room for a page, doubled as needed up to max. */
	size_t room = size ? (size_t)size + 1 : 4096;
	TRY(buf_open(a, room, &b));
	for (;;) {
		size_t got = 0;
		if (b.len == b.max) {
			struct buf wider;
			TRY(buf_open(a, 2 * b.max, &wider));
			buf_add(&wider, buf_str(&b));
			b = wider;
		}
		TRY(read_some(fd, b.at + b.len, b.max - b.len, &got));
		b.len += got;
		if (b.len > max)
			return NEVER(LIMIT, "the file is larger than it may be");
		if (got == 0)
			break;
	}
	*out = buf_str(&b);
	return OK;
}

err file_read_all(struct arena *a, const char *path, size_t max, str *out)
{
	OWNED(fd_done) int fd = -1;

	TRY(file_open(path, FILE_READ, 0, &fd));
	return read_open(a, fd, max, out);
}

err file_read_private(struct arena *secret, const char *path, size_t max, str *out)
{
	OWNED(fd_done) int fd = -1;
	struct stat st;

	TRY(file_open(path, FILE_READ | FILE_REGULAR, 0, &fd));
	if (fstat(fd, &st))
		return sys_failed(errno);
	if (st.st_mode & 077)
		return NEVER(KEY, "a secret file may be read by others; chmod 600 it");
	return read_open(secret, fd, max, out);
}

err file_write(int fd, str bytes)
{
	while (bytes.len) {
		ssize_t n = write(fd, bytes.at, bytes.len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return sys_failed(errno);
		bytes = str_from(bytes, (size_t)n);
	}
	return OK;
}

err file_sync(int fd)
{
	return fdatasync(fd) ? sys_failed(errno == ENOSPC ? ENOSPC : EIO) : OK;
}

err file_reserve(int fd, uint64_t bytes)
{
	int error = posix_fallocate(fd, 0, (off_t)bytes);

	return error && error != EOPNOTSUPP && error != EINVAL ? sys_failed(error) : OK;
}

err disk_room(const char *path, uint64_t *bytes)
{
	struct statvfs s;

	if (statvfs(path, &s))
		return sys_failed(errno);
	*bytes = (uint64_t)s.f_bavail * s.f_frsize;
	return OK;
}

void file_release(int fd)
{
	(void)!ftruncate(fd, 0);
}

err dir_sync(const char *path)
{
	OWNED(fd_done) int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return sys_failed(errno);
	return fsync(fd) ? sys_failed(EIO) : OK;
}

err file_rename(const char *from, const char *to)
{
	return rename(from, to) ? sys_failed(errno) : OK;
}

err file_remove(const char *path)
{
	return unlink(path) && errno != ENOENT ? sys_failed(errno) : OK;
}

bool file_exists(const char *path)
{
	struct stat st;
	return lstat(path, &st) == 0;
}

static str dir_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	if (!slash)
		return STR(".");
	return slash == path ? STR("/") : str_bytes(path, (size_t)(slash - path));
}

static err sync_dir_of(const char *path)
{
	char dir[4096];
	str s = dir_of(path);

	if (s.len >= sizeof dir)
		return NEVER(LIMIT, "the path is too long");
	memcpy(dir, s.at, s.len);
	dir[s.len] = 0;
	return dir_sync(dir);
}

static err write_synced(const char *path, str bytes, mode_t mode)
{
	OWNED(fd_done) int fd = -1;

	TRY(file_open(path, FILE_NEW | FILE_NO_LINKS, mode, &fd));
	/* The mode asked for, whatever the umask: a results file is 0600, a template 0644. */
	if (fchmod(fd, mode))
		return sys_failed(errno);
	TRY(file_write(fd, bytes));
	TRY(file_sync(fd));
	int closing = fd;
	fd = -1;
	return close(closing) ? sys_failed(EIO) : OK;
}

err file_temporary_name(const char *path, char *to, size_t max)
{
	uint8_t chance[8];
	struct entropy e = sys_entropy();
	struct buf b = { .at = to, .max = max };

	TRY(entropy_fill(&e, chance, sizeof chance));
	buf_add(&b, str_of(path));
	buf_add(&b, STR(".part-"));
	buf_add_hex(&b, str_bytes(chance, sizeof chance));
	(void)buf_c(&b);
	return buf_check(&b);
}

err file_put_in_place(const char *temporary, const char *path, bool replace)
{
	if (replace ? rename(temporary, path) : link(temporary, path))
		return sys_failed(errno);
	if (!replace)
		(void)unlink(temporary);
	return sync_dir_of(path);
}

static err write_beside(const char *path, str bytes, mode_t mode, bool replace)
{
	char temporary[4096];

	TRY(file_temporary_name(path, temporary, sizeof temporary));
	err e = write_synced(temporary, bytes, mode);
	if (!failed(e))
		e = file_put_in_place(temporary, path, replace);
	if (failed(e))
		(void)unlink(temporary);
	return e;
}

err file_write_atomic(const char *path, str bytes, mode_t mode)
{
	return write_beside(path, bytes, mode, true);
}

err file_write_new(const char *path, str bytes, mode_t mode)
{
	return write_beside(path, bytes, mode, false);
}
