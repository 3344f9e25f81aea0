/* Dialling a socket of this machine by its path. */
#include "sys/sys.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#define QUEUE_PAUSE (5 * SECOND / 1000)

/* A queue that is full is EAGAIN, and nothing tells when it no longer is. */
static err connect_patiently(int fd, const struct sockaddr_un *to, struct wait *w, int *error)
{
	for (;;) {
		struct wait pause = *w;

		*error = connect(fd, (const struct sockaddr *)to, sizeof *to) < 0 ? errno : 0;
		if (*error == 0)
			return OK;
		if (*error != EAGAIN && *error != EINTR)
			return LATER(CONNECT, "no connection could be made");
		if (wait_over(w))
			return LATER(TIMEOUT, "no connection could be made in time");
		wait_begin(&pause, QUEUE_PAUSE);
		(void)failed(socket_wait(-1, SOCKET_READABLE, &pause)); /* nothing comes: it sleeps */
	}
}

err socket_dial_path(const char *path, struct wait *w, int *out, struct fault *fault)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	OWNED(fd_done) int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int error = 0;

	if (fd < 0)
		return sys_failed(errno);
	if (strlen(path) >= sizeof to.sun_path) {
		fault_set(fault, "%s: the path of a socket has at most %zu bytes", path, sizeof to.sun_path - 1);
		return NEVER(CONFIG, "the path of a socket is too long");
	}
	memcpy(to.sun_path, path, strlen(path));
	err e = connect_patiently(fd, &to, w, &error);
	if (failed(e)) {
		fault_set(fault, "%s: %s", path, e.why == WHY_TIMEOUT ? e.note : strerror(error));
		return e;
	}
	*out = fd;
	fd = -1;
	return OK;
}
