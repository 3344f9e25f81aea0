#include "sys/listen.h"

#include "sys/sys.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static const uint8_t mapped_prefix[12] = { [10] = 0xff, [11] = 0xff };

static bool is_mapped(const struct peer *p)
{
	return memcmp(p->address, mapped_prefix, sizeof mapped_prefix) == 0;
}

void buf_add_peer(struct buf *b, const struct peer *p)
{
	char text[INET6_ADDRSTRLEN];

	if (is_mapped(p))
		must(inet_ntop(AF_INET, p->address + 12, text, sizeof text));
	else
		must(inet_ntop(AF_INET6, p->address, text, sizeof text));
	buf_add(b, str_of(text));
}

struct peer peer_group(const struct peer *p)
{
	struct peer group = *p;

	group.port = 0;
	if (!is_mapped(p))
		memset(group.address + 8, 0, 8);
	return group;
}

bool peer_same(const struct peer *a, const struct peer *b)
{
	return memcmp(a->address, b->address, sizeof a->address) == 0;
}

/* ── Listening ───────────────────────────────────────────────────────────────────────────────────── */

union socket_address {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
	struct sockaddr_un local;
};

static err read_address(str address, uint16_t port, union socket_address *out, socklen_t *len)
{
	char text[INET6_ADDRSTRLEN + 1];
	struct buf c = BUF_ON(text);

	buf_add(&c, str_same(address, STR("*")) ? STR("::") : address);
	if (!buf_c(&c) || c.overflow)
		return NEVER(CONFIG, "not a numeric address");
	*out = (union socket_address){ 0 };
	if (inet_pton(AF_INET, text, &out->v4.sin_addr) == 1) {
		out->v4.sin_family = AF_INET;
		out->v4.sin_port = htons(port);
		*len = sizeof out->v4;
		return OK;
	}
	if (inet_pton(AF_INET6, text, &out->v6.sin6_addr) != 1)
		return NEVER(CONFIG, "not a numeric address");
	out->v6.sin6_family = AF_INET6;
	out->v6.sin6_port = htons(port);
	*len = sizeof out->v6;
	return OK;
}

static err bind_and_listen(int fd, const union socket_address *at, socklen_t len, bool both)
{
	int on = 1, v6_only = !both;

	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on))
		return sys_failed(errno);
	if (at->any.sa_family == AF_INET6 && setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &v6_only, sizeof v6_only))
		return sys_failed(errno);
	if (bind(fd, &at->any, len))
		return errno == EADDRINUSE ? NEVER(EXISTS, "another program has this port") : sys_failed(errno);
	return listen(fd, SOMAXCONN) ? sys_failed(errno) : OK;
}

err listen_open(str address, uint16_t port, int *fd, struct fault *fault)
{
	OWNED(fd_done) int s = -1;
	union socket_address at;
	socklen_t len;

	err e = read_address(address, port, &at, &len);
	if (!failed(e)) {
		s = socket(at.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
		e = s < 0 ? sys_failed(errno) : bind_and_listen(s, &at, len, str_same(address, STR("*")));
	}
	if (failed(e)) {
		fault_set(fault, "cannot listen on address %.*s, port %u: %s", STR_ARG(address), port, e.note);
		return e;
	}
	*fd = s;
	s = -1;
	return OK;
}

err listen_port(int fd, uint16_t *port)
{
	union socket_address at = { 0 };
	socklen_t len = sizeof at;

	if (getsockname(fd, &at.any, &len))
		return sys_failed(errno);
	*port = ntohs(at.any.sa_family == AF_INET ? at.v4.sin_port : at.v6.sin6_port);
	return OK;
}

static struct peer peer_of(const union socket_address *at)
{
	struct peer p = { 0 };

	if (at->any.sa_family == AF_INET6) {
		memcpy(p.address, &at->v6.sin6_addr, 16);
		p.port = ntohs(at->v6.sin6_port);
	} else if (at->any.sa_family != AF_INET) {
		p.unknown = true;
	} else {
		memcpy(p.address, mapped_prefix, sizeof mapped_prefix);
		memcpy(p.address + 12, &at->v4.sin_addr, 4);
		p.port = ntohs(at->v4.sin_port);
	}
	return p;
}

err listen_accept(int listener, int *fd, struct peer *peer)
{
	union socket_address at = { 0 };
	socklen_t len = sizeof at;
	int on = 1;

	int s = accept4(listener, &at.any, &len, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (s < 0) {
		bool nobody = errno == EAGAIN || errno == EINTR || errno == ECONNABORTED || errno == EPROTO;
		return nobody ? LATER(BUSY, "nobody is waiting") : sys_failed(errno);
	}
	/* Answers are written whole; waiting to join small pieces would only cost the last one 40 ms. */
	(void)setsockopt(s, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	*fd = s;
	*peer = peer_of(&at);
	return OK;
}

/* ── Waiting ─────────────────────────────────────────────────────────────────────────────────────── */

static int milliseconds(span timeout)
{
	if (timeout <= 0)
		return 0;
	return timeout > HOUR ? 3600 * 1000 : (int)((timeout + 999) / 1000);
}

err fd_wait(int fd, enum wait_for what, int wake, span timeout)
{
	struct pollfd set[2] = {
		{ .fd = fd, .events = what == WAIT_READ ? POLLIN : POLLOUT },
		{ .fd = wake, .events = POLLIN }, /* poll() passes over a negative one */
	};

	int ready = poll(set, 2, milliseconds(timeout));
	if (ready < 0 && errno != EINTR)
		return sys_failed(errno);
	if (ready < 0)
		return OK; /* who waits tries again, and waits again until its own deadline */
	if (ready == 0)
		return LATER(TIMEOUT, "the other side was too slow");
	return set[0].revents ? OK : LATER(CANCELLED, "stopping");
}

void descriptors_raise(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
		limit.rlim_cur = limit.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &limit);
	}
}

/* The kernel has no event for it. The first looks come quickly: on a good line the answer is there at once. */
err fd_arrived(int fd, span timeout)
{
	struct pollfd gone = { .fd = fd };
	int left = 0;

	for (span waited = 0, step = 50; waited <= timeout; waited += step, step = step < 50000 ? 2 * step : step) {
		const struct timespec pause = { .tv_nsec = (long)(step * 1000) };

		if (ioctl(fd, SIOCOUTQ, &left))
			return sys_failed(errno);
		/* A reset throws away what was not sent, and the queue is empty too. */
		if (poll(&gone, 1, 0) > 0 && gone.revents & (POLLERR | POLLHUP))
			return LATER(CLOSED, "the connection broke");
		if (left == 0)
			return OK;
		(void)ppoll(NULL, 0, &pause, NULL);
	}
	return LATER(TIMEOUT, "what was sent did not arrive in time");
}

err wake_open(int *fd)
{
	*fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	return *fd < 0 ? sys_failed(errno) : OK;
}

void wake_raise(int fd)
{
	const uint64_t one = 1;

	(void)!write(fd, &one, sizeof one);
}
