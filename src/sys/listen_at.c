/* Where to listen, as it is written in a configuration, and Unix sockets. */
#include "sys/listen.h"
#include "sys/sys.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

/* 192.0.2.1:443, [::]:443, *:443, unix:/run/letterlock/page. */
static err parse_port(str text, struct listen_at *out)
{
	size_t colon = text.len;
	uint64_t port = 0;

	while (colon > 0 && text.at[colon - 1] != ':')
		colon--;
	if (colon < 2 || !str_number(str_from(text, colon), &port) || port > UINT16_MAX)
		return NEVER(CONFIG, "address and port are written 127.0.0.1:8443 or [::]:443");
	str host = str_upto(text, colon - 1);
	if (str_starts(host, STR("[")) && str_ends(host, STR("]")))
		host = str_upto(str_from(host, 1), host.len - 2);
	else if (str_has(host, ':'))
		return NEVER(CONFIG, "an IPv6 address stands in brackets: [::]:443");
	struct peer any;
	if (!str_same(host, STR("*")) && failed(peer_parse(host, &any)))
		return NEVER(CONFIG, "the address to listen at is written in figures");
	*out = (struct listen_at){ .host = host, .port = (uint16_t)port };
	return OK;
}

static err parse_path(str path, struct listen_at *out)
{
	if (!str_starts(path, STR("/")) || path.len >= sizeof((struct sockaddr_un *)NULL)->sun_path)
		return NEVER(CONFIG, "a Unix socket is written unix:/absolute/path, of at most 107 bytes");
	*out = (struct listen_at){ .path = path };
	return OK;
}

err listen_at_parse(str text, struct listen_at *out)
{
	if (str_starts(text, STR("unix:")))
		return parse_path(str_from(text, 5), out);
	return parse_port(text, out);
}

err listen_at_all(str text, struct listen_at at[LISTENERS_MAX], size_t *count)
{
	str word;

	*count = 0;
	while ((text = str_trim(text)).len) {
		(void)str_cut(text, ' ', &word, &text);
		if (*count == LISTENERS_MAX)
			return NEVER(CONFIG, "too many places to listen at");
		TRY(listen_at_parse(word, &at[(*count)++]));
	}
	return *count ? OK : NEVER(CONFIG, "there is nothing to listen at");
}

static bool is_loopback(const struct peer *p)
{
	static const struct network nets[] = { { { [10] = 0xff, [11] = 0xff, [12] = 127 }, 104 },
					       { { [15] = 1 }, 128 } };

	return network_has(&nets[0], p) || network_has(&nets[1], p);
}

bool listen_at_is_local(const struct listen_at *at)
{
	struct peer p;

	return at->path.len || (!failed(peer_parse(at->host, &p)) && is_loopback(&p));
}

/* ── Unix sockets ────────────────────────────────────────────────────────────────────────────────── */

/* What a process that was killed left behind is in the way; what somebody listens at is not ours to remove. */
static err make_way(const struct sockaddr_un *at)
{
	OWNED(fd_done) int probe = -1;
	struct stat there;

	if (lstat(at->sun_path, &there) < 0)
		return errno == ENOENT ? OK : sys_failed(errno);
	if (!S_ISSOCK(there.st_mode))
		return NEVER(EXISTS, "something that is no socket is in its place");
	probe = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (probe < 0)
		return sys_failed(errno);
	if (connect(probe, (const struct sockaddr *)at, sizeof *at) == 0 || errno != ECONNREFUSED)
		return NEVER(EXISTS, "another program listens there");
	return unlink(at->sun_path) < 0 && errno != ENOENT ? sys_failed(errno) : OK;
}

/* Its mode is right from the first moment: bound under a mask, then opened to the group if that was wished. */
static err bind_path(int fd, const struct sockaddr_un *at, mode_t mode)
{
	mode_t mask = umask(0177);
	int bound = bind(fd, (const struct sockaddr *)at, sizeof *at), error = errno;

	umask(mask);
	if (bound < 0)
		return sys_failed(error);
	if (chmod(at->sun_path, mode) < 0 || listen(fd, SOMAXCONN) < 0)
		return sys_failed(errno);
	return OK;
}

err listen_unix(str path, mode_t mode, int *fd, struct fault *fault)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	OWNED(fd_done) int s = -1;

	must(path.len < sizeof at.sun_path);
	memcpy(at.sun_path, path.at, path.len);
	err e = make_way(&at);
	if (!failed(e)) {
		s = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
		e = s < 0 ? sys_failed(errno) : bind_path(s, &at, mode);
	}
	if (failed(e)) {
		fault_set(fault, "cannot listen at the Unix socket %.*s: %s", STR_ARG(path), e.note);
		return e;
	}
	*fd = s;
	s = -1;
	return OK;
}
