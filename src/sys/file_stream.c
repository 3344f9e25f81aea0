/* A file as a source or a sink. The sink gathers a window before it writes: seals give small pieces. */
#include "sys/sys.h"

#include <errno.h>
#include <unistd.h>

err file_read(int fd, void *to, size_t max, size_t *got)
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

static err read_fd(void *state, void *to, size_t max, size_t *got)
{
	return file_read(*(int *)state, to, max, got);
}

static void close_fd(void *state)
{
	fd_done(state);
}

err file_source(struct arena *a, int fd, struct source *out)
{
	static const struct source_ops ops = { .read = read_fd, .done = close_fd };
	int *state;

	TRY(NEW(a, state));
	*state = fd;
	*out = (struct source){ &ops, state };
	return OK;
}

struct file_sink {
	int fd;
	struct buf held;
};

static err flush(struct file_sink *s)
{
	err e = file_write(s->fd, buf_str(&s->held));

	s->held.len = 0;
	return e;
}

static err write_held(void *state, const void *from, size_t len)
{
	struct file_sink *s = state;

	if (len > s->held.max - s->held.len)
		TRY(flush(s));
	if (len >= s->held.max)
		return file_write(s->fd, str_bytes(from, len));
	buf_add(&s->held, str_bytes(from, len));
	return OK;
}

static err finish_held(void *state)
{
	return flush(state);
}

err file_sink(struct arena *a, int fd, struct sink *out)
{
	static const struct sink_ops ops = { .write = write_held, .finish = finish_held };
	struct file_sink *s;

	TRY(NEW(a, s));
	TRY(buf_open(a, STREAM_WINDOW, &s->held));
	s->fd = fd;
	*out = (struct sink){ &ops, s };
	return OK;
}
