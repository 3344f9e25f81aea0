#include "sys/sys.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

_Static_assert(sizeof(struct sockaddr_storage) <= sizeof(struct endpoint), "an endpoint holds every address");
_Static_assert(SOCKET_READABLE == POLLIN && SOCKET_WRITABLE == POLLOUT, "events are those of poll");

static int64_t ticks_now(void)
{
	struct clock c = sys_clock();

	return clock_ticks(&c);
}

void wait_begin(struct wait *w, span patience)
{
	int64_t now = ticks_now();

	w->until = patience > INT64_MAX - now ? INT64_MAX : now + patience;
}

bool wait_stopping(struct wait *w)
{
	struct pollfd bell = { .fd = w->stop_fd, .events = POLLIN };

	if (!w->stopping && poll(&bell, 1, 0) == 1) {
		w->stopping = true;
		w->grace_end = ticks_now() + w->grace;
	}
	return w->stopping;
}

static err time_is_over(const struct wait *w, int64_t now)
{
	if (w->stopping && now >= w->grace_end)
		return LATER(CANCELLED, "stopping: the grace period is over");
	return LATER(TIMEOUT, "no answer came in time");
}

bool wait_over(struct wait *w)
{
	int64_t now = ticks_now();

	return now >= w->until || (wait_stopping(w) && now >= w->grace_end);
}

/* Sleeps once, for at most an hour, rounded up so that nobody spins through the last millisecond. */
static int sleep_once(struct pollfd fds[2], const struct wait *w, int64_t left)
{
	int64_t ms = left > HOUR ? HOUR / 1000 : (left + 999) / 1000;

	return poll(fds, w->stopping || w->stop_fd < 0 ? 1 : 2, (int)ms);
}

err socket_wait(int fd, enum socket_event what, struct wait *w)
{
	for (;;) {
		struct pollfd fds[2] = { { .fd = fd, .events = (short)what }, { .fd = w->stop_fd, .events = POLLIN } };
		int64_t now = ticks_now();
		int64_t end = w->stopping && w->grace_end < w->until ? w->grace_end : w->until;

		if (now >= end)
			return time_is_over(w, now);
		if (sleep_once(fds, w, end - now) < 0 && errno != EINTR)
			return BROKEN(SYSTEM, "poll failed");
		if (fds[0].revents)
			return OK;
		if (fds[1].revents)
			(void)wait_stopping(w);
	}
}

/* How a finished connect attempt ended; 0 or an errno. */
static int connect_result(int fd)
{
	int error = 0;
	socklen_t len = sizeof error;

	return getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) < 0 ? errno : error;
}

static void no_delay(int fd)
{
	int yes = 1;

	/* Commands are gathered before they are written; waiting for more would only cost time. */
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
}

void socket_acknowledge_at_once(int fd)
{
	int yes = 1;

	(void)setsockopt(fd, IPPROTO_TCP, TCP_QUICKACK, &yes, sizeof yes);
}

static int family(const struct endpoint *e)
{
	return ((const struct sockaddr *)e->address)->sa_family;
}

static err dial_one(const struct endpoint *to, struct wait *w, int *out, int *error)
{
	OWNED(fd_done) int fd = socket(family(to), SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return *error = errno, LATER(CONNECT, "no socket could be made");
	*error = connect(fd, (const struct sockaddr *)to->address, to->len) < 0 ? errno : 0;
	if (*error == EINPROGRESS) {
		*error = ETIMEDOUT;
		TRY(socket_wait(fd, SOCKET_WRITABLE, w));
		*error = connect_result(fd);
	}
	if (*error)
		return LATER(CONNECT, "no connection could be made");
	no_delay(fd);
	*out = fd;
	fd = -1;
	return OK;
}

/* One address that never answers must not use up the time of the others. */
static err dial_each(const struct endpoint *to, size_t count, struct wait *w, int *fd, int *error)
{
	int64_t end = w->until;
	err e = LATER(RESOLVE, "the name has no address");

	for (size_t i = 0; i < count; i++) {
		int64_t now = ticks_now();
		w->until = end == INT64_MAX ? end : now + (end - now) / (int64_t)(count - i);
		e = dial_one(&to[i], w, fd, error);
		w->until = end;
		if (!failed(e) || w->stopping)
			return e;
	}
	return e;
}

err socket_dial(const char *host, uint16_t port, struct wait *w, int *fd, struct fault *fault)
{
	struct endpoint to[ENDPOINTS_MAX];
	size_t count = 0;
	int error = 0;
	err e = socket_resolve(host, port, w, to, &count);

	if (failed(e)) {
		fault_set(fault, "%s: %s", host, e.note);
		return e;
	}
	e = dial_each(to, count, w, fd, &error);
	if (failed(e))
		fault_set(fault, "%s port %u: %s", host, port, error ? strerror(error) : e.note);
	return e;
}

err socket_listen(const char *address, uint16_t port, int *out)
{
	struct endpoint at[ENDPOINTS_MAX];
	struct wait w = WAIT_NONE;
	size_t count = 0;
	int yes = 1;

	TRY(socket_resolve(address, port, &w, at, &count));
	OWNED(fd_done) int fd = socket(family(&at[0]), SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return sys_failed(errno);
	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
	if (bind(fd, (const struct sockaddr *)at[0].address, at[0].len) < 0)
		return errno == EADDRINUSE ? LATER(BUSY, "the port is in use") : sys_failed(errno);
	if (listen(fd, SOMAXCONN) < 0)
		return sys_failed(errno);
	*out = fd;
	fd = -1;
	return OK;
}

err socket_accept(int listening, struct wait *w, int *fd)
{
	for (;;) {
		int got = accept4(listening, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
		if (got >= 0) {
			no_delay(got);
			*fd = got;
			return OK;
		}
		if (errno == EAGAIN)
			TRY(socket_wait(listening, SOCKET_READABLE, w));
		else if (errno != EINTR && errno != ECONNABORTED)
			return sys_failed(errno);
	}
}

/* A connection that is reset is closed, whatever the kernel calls it. */
static err transfer_failed(int error)
{
	return error == ECONNRESET || error == EPIPE || error == ENOTCONN ? LATER(CLOSED, "the connection was closed")
	       : error == ETIMEDOUT || error == EHOSTUNREACH || error == ENETUNREACH || error == ENETDOWN
		       ? LATER(CLOSED, "the network failed")
		       : sys_failed(error);
}

err socket_read(int fd, void *to, size_t max, struct wait *w, size_t *got)
{
	for (;;) {
		ssize_t n = recv(fd, to, max, 0);
		if (n >= 0)
			return *got = (size_t)n, OK;
		if (errno == EAGAIN)
			TRY(socket_wait(fd, SOCKET_READABLE, w));
		else if (errno != EINTR)
			return transfer_failed(errno);
	}
}

err socket_write(int fd, str bytes, struct wait *w)
{
	while (bytes.len) {
		ssize_t n = send(fd, bytes.at, bytes.len, MSG_NOSIGNAL);
		if (n >= 0)
			bytes = str_from(bytes, (size_t)n);
		else if (errno == EAGAIN)
			TRY(socket_wait(fd, SOCKET_WRITABLE, w));
		else if (errno != EINTR)
			return transfer_failed(errno);
	}
	return OK;
}
