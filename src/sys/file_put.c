#include "sys/file_place.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

struct put {
	int fd;
	bool replace;
	const char *path;
	struct sink held; /* gathers what is written */
	char temporary[FILE_TEMPORARY_MAX];
};

static err put_write(void *state, const void *from, size_t len)
{
	return sink_write(&((struct put *)state)->held, from, len);
}

static err put_finish(void *state)
{
	struct put *p = state;

	TRY(sink_finish(&p->held));
	TRY(file_sync(p->fd));
	int closing = p->fd;
	p->fd = -1;
	if (close(closing))
		return sys_failed(EIO);
	return file_put_in_place(p->temporary, p->path, p->replace);
}

static void put_abandon(void *state)
{
	struct put *p = state;

	sink_done(&p->held);
	fd_done(&p->fd);
	(void)unlink(p->temporary);
}

static err begin(struct arena *a, struct put *p, mode_t mode)
{
	TRY(file_temporary_name(p->path, p->temporary, sizeof p->temporary));
	TRY(file_open(p->temporary, FILE_NEW | FILE_NO_LINKS, mode, &p->fd));
	if (fchmod(p->fd, mode))
		return sys_failed(errno);
	return file_sink(a, p->fd, &p->held);
}

err file_put(struct arena *a, const char *path, mode_t mode, bool replace, struct sink *out)
{
	static const struct sink_ops ops = { put_write, put_finish, put_abandon };
	struct put *p;

	if (!replace && file_exists(path))
		return NEVER(EXISTS, "it exists already");
	TRY(NEW(a, p));
	p->fd = -1;
	p->replace = replace;
	TRY(str_c(a, str_of(path), &p->path));
	err e = begin(a, p, mode);
	if (failed(e))
		fd_done(&p->fd), (void)unlink(p->temporary);
	TRY(e);
	*out = (struct sink){ &ops, p };
	return OK;
}
