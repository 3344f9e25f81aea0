#include "net/connection.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

err connection_new(struct arena *a, struct connection **out)
{
	struct connection *c;
	void *room;

	TRY(NEW(a, c));
	TRY(arena_take(a, HELD_MAX, &room));
	TRY(buf_open(a, STREAM_WINDOW, &c->out));
	c->held = room;
	c->fd = -1;
	*out = c;
	return OK;
}

void connection_adopt(struct connection *c, int fd, int stop_fd, span grace)
{
	must(c->fd < 0);
	c->fd = fd;
	c->broken = false;
	c->from = c->upto = 0;
	c->out.len = 0;
	c->out.overflow = false;
	c->security[0] = 0;
	c->wait = (struct wait){ .until = INT64_MAX, .stop_fd = stop_fd, .grace = grace };
}

err connection_dial(struct connection *c, const struct dial *how, struct fault *fault)
{
	struct wait w = { .until = INT64_MAX, .stop_fd = how->stop_fd };
	int fd = -1;

	if (wait_stopping(&w))
		return LATER(CANCELLED, "stopping: no new connection is made");
	wait_begin(&w, how->timeout);
	TRY(socket_dial(how->host, how->port, &w, &fd, fault));
	connection_adopt(c, fd, how->stop_fd, how->grace);
	return OK;
}

void connection_close(struct connection *c)
{
	if (!c || c->fd < 0)
		return;
	connection_end_tls(c);
	fd_done(&c->fd);
	c->fd = -1;
}

void connection_done(struct connection **c)
{
	connection_close(*c);
	*c = NULL;
}

bool connection_is_open(const struct connection *c)
{
	return c && c->fd >= 0 && !c->broken;
}

bool connection_is_local(const struct connection *c)
{
	return c->fd >= 0 && socket_is_local(c->fd);
}

bool connection_stopping(struct connection *c)
{
	return wait_stopping(&c->wait);
}

void connection_grace(struct connection *c, span grace)
{
	c->wait.grace = grace;
}

void connection_patience(struct connection *c, span timeout)
{
	wait_begin(&c->wait, timeout);
}

/* What has failed once is not tried again: nobody knows what the other side has seen. */
static err note(struct connection *c, err e)
{
	c->broken = c->broken || failed(e);
	return e;
}

static err usable(const struct connection *c)
{
	return connection_is_open(c) ? OK : LATER(CLOSED, "the connection is closed");
}

static err write_all(struct connection *c, str bytes)
{
	return c->tls ? connection_tls_write(c, bytes) : socket_write(c->fd, bytes, &c->wait);
}

err connection_flush(struct connection *c)
{
	TRY(usable(c));
	str bytes = buf_str(&c->out);
	c->out.len = 0;
	return note(c, write_all(c, bytes));
}

void connection_wipe(struct connection *c)
{
	c->out.len = 0;
	explicit_bzero(c->out.at, c->out.max);
}

err connection_put(struct connection *c, str bytes)
{
	while (bytes.len > c->out.max - c->out.len) {
		size_t room = c->out.max - c->out.len;
		buf_add(&c->out, str_upto(bytes, room));
		bytes = str_from(bytes, room);
		TRY(connection_flush(c));
	}
	buf_add(&c->out, bytes);
	return usable(c);
}

static void make_room(struct connection *c)
{
	memmove(c->held, c->held + c->from, c->upto - c->from);
	c->upto -= c->from;
	c->from = 0;
}

static err fill(struct connection *c)
{
	size_t got = 0;

	make_room(c);
	must(c->upto < HELD_MAX);
	if (c->tls)
		TRY(connection_tls_read(c, c->held + c->upto, HELD_MAX - c->upto, &got));
	else
		TRY(socket_read(c->fd, c->held + c->upto, HELD_MAX - c->upto, &c->wait, &got));
	c->upto += got;
	return got ? OK : LATER(CLOSED, "the other side closed the connection");
}

static err next_line(struct connection *c, size_t max, str *line)
{
	size_t looked = 0;

	for (;;) {
		str unread = str_bytes(c->held + c->from, c->upto - c->from);
		ptrdiff_t end = str_find_char(str_from(unread, looked), '\n');
		size_t len = end < 0 ? unread.len : looked + (size_t)end;
		if (len > max + 1)
			return LATER(PROTOCOL, "the other side sent a line that is too long");
		if (end >= 0) {
			/* RFC 5321 2.3.8: a line ends in CRLF and in nothing else. */
			if (len == 0 || unread.at[len - 1] != '\r')
				return LATER(PROTOCOL, "the other side ended a line with a bare line feed");
			*line = str_upto(unread, len - 1);
			c->from += len + 1;
			return OK;
		}
		looked = unread.len;
		TRY(fill(c));
	}
}

err connection_line(struct connection *c, size_t max, str *line)
{
	must(max <= CONNECTION_LINE_MAX);
	TRY(usable(c));
	return note(c, next_line(c, max, line));
}

err connection_quiet(struct connection *c)
{
	TRY(usable(c));
	if (c->from == c->upto) {
		/* A deadline in the past: what is there is taken, and nothing is waited for. */
		struct wait kept = c->wait;
		c->wait = (struct wait){ .until = INT64_MIN, .stop_fd = -1 };
		err e = fill(c);
		c->wait = kept;
		if (failed(e))
			return e.why == WHY_TIMEOUT ? OK : note(c, e);
	}
	return LATER(PROTOCOL, "the other side spoke without being asked");
}
