#include "sys/packet.h"

#include "sys/sys.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <unistd.h>

enum { WAIT_MAX = 64 };

err packet_pair(int ends[2])
{
	return socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) ? sys_failed(errno) : OK;
}

err packet_patience(int fd, span patience)
{
	const struct timeval t = { .tv_sec = patience / SECOND, .tv_usec = patience % SECOND };

	if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &t, sizeof t) ||
	    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &t, sizeof t))
		return sys_failed(errno);
	return OK;
}

static err went_wrong(int error)
{
	switch (error) {
	case EAGAIN:
		return LATER(TIMEOUT, "the other process was too slow");
	case EPIPE:
	case ECONNRESET:
	case ENOTCONN:
	case EBADF: /* closed by another thread */
		return LATER(CLOSED, "the other process is gone");
	default:
		return sys_failed(error);
	}
}

static err send_message(int fd, const struct msghdr *m, int flags)
{
	ssize_t sent;

	do
		sent = sendmsg(fd, m, flags | MSG_NOSIGNAL);
	while (sent < 0 && errno == EINTR);
	return sent < 0 ? went_wrong(errno) : OK;
}

err packet_send(int fd, str head, str body)
{
	struct iovec parts[2] = {
		{ .iov_base = (void *)(uintptr_t)head.at, .iov_len = head.len },
		{ .iov_base = (void *)(uintptr_t)body.at, .iov_len = body.len },
	};

	return send_message(fd, &(struct msghdr){ .msg_iov = parts, .msg_iovlen = 2 }, 0);
}

err packet_send_now(int fd, str bytes)
{
	struct iovec part = { .iov_base = (void *)(uintptr_t)bytes.at, .iov_len = bytes.len };

	err e = send_message(fd, &(struct msghdr){ .msg_iov = &part, .msg_iovlen = 1 }, MSG_DONTWAIT);
	return e.why == WHY_TIMEOUT ? LATER(BUSY, "the other process does not listen") : e;
}

static err receive_message(int fd, struct msghdr *m, size_t *got)
{
	ssize_t n;

	do
		n = recvmsg(fd, m, MSG_CMSG_CLOEXEC);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return went_wrong(errno);
	if (n == 0)
		return LATER(CLOSED, "the other process is gone");
	*got = (size_t)n;
	return OK;
}

err packet_receive(int fd, void *to, size_t max, size_t *got)
{
	struct iovec part = { .iov_base = to, .iov_len = max };
	struct msghdr m = { .msg_iov = &part, .msg_iovlen = 1 };

	TRY(receive_message(fd, &m, got));
	if (m.msg_flags & MSG_CTRUNC)
		return NEVER(PROTOCOL, "a descriptor came along"); /* the kernel has closed it */
	return m.msg_flags & MSG_TRUNC ? NEVER(LIMIT, "the packet is too long") : OK;
}

/* ── Descriptors ─────────────────────────────────────────────────────────────────────────────────── */

union one_fd {
	struct cmsghdr align;
	char room[CMSG_SPACE(sizeof(int))];
};

err packet_send_fd(int fd, uint8_t what, int give)
{
	struct iovec part = { .iov_base = &what, .iov_len = 1 };
	union one_fd control = { 0 };
	struct msghdr m = {
		.msg_iov = &part, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control
	};
	struct cmsghdr *c = CMSG_FIRSTHDR(&m);

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(c), &give, sizeof give);
	return send_message(fd, &m, 0);
}

err packet_receive_fd(int fd, uint8_t *what, int *given)
{
	struct iovec part = { .iov_base = what, .iov_len = 1 };
	union one_fd control = { 0 };
	struct msghdr m = {
		.msg_iov = &part, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control
	};
	size_t got;

	TRY(receive_message(fd, &m, &got));
	const struct cmsghdr *c = CMSG_FIRSTHDR(&m);
	if (!c || c->cmsg_type != SCM_RIGHTS || c->cmsg_len != CMSG_LEN(sizeof(int)))
		return NEVER(PROTOCOL, "no descriptor came along");
	memcpy(given, CMSG_DATA(c), sizeof *given);
	return OK;
}

/* ── Waiting for several ─────────────────────────────────────────────────────────────────────────── */

err packet_wait(const int *fds, size_t count, span patience, bool *ready)
{
	struct pollfd set[WAIT_MAX];

	must(count <= WAIT_MAX);
	for (size_t i = 0; i < count; i++)
		set[i] = (struct pollfd){ .fd = fds[i], .events = POLLIN };
	int n = poll(set, count, patience <= 0 ? 0 : (int)((patience + 999) / 1000));
	if (n < 0 && errno != EINTR)
		return sys_failed(errno);
	for (size_t i = 0; i < count; i++)
		ready[i] = n > 0 && set[i].revents != 0;
	return OK;
}
