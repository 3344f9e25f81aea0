/* Sockets, part of sys.h (and not called socket.h, which is the system's). Every socket is non-blocking and closed on
 * exec; every call that may wait is told for how long by a `struct wait`: until a tick of the monotonic clock, and how
 * long an operation in flight may still take once stopping is wanted (`stop_fd` readable). LATER TIMEOUT when the time
 * is over, LATER CANCELLED when the grace is. Names are resolved in a thread of their own, because the resolver of the
 * C library knows no deadline; an answer that comes too late is dropped. */
#ifndef LETTERLOCK_SYS_SOCKETS_H
#define LETTERLOCK_SYS_SOCKETS_H

#include "base/base.h"

struct wait {
	int64_t until; /* ticks; of the present operation */
	int stop_fd;   /* -1: nobody can ask to stop */
	span grace;    /* for what is in flight when stopping is wanted */
	bool stopping; /* it was: `grace_end` holds */
	int64_t grace_end;
};
#define WAIT_NONE ((struct wait){ .until = INT64_MAX, .stop_fd = -1 })
void wait_begin(struct wait *w, span patience); /* from now; INT64_MAX: for ever */
bool wait_stopping(struct wait *w);             /* whether stopping is wanted: begin nothing new */
bool wait_over(struct wait *w);                 /* the time is over, or the grace is */

/* The addresses a name has. Numbers are taken as they are, without asking anybody. */
struct endpoint {
	_Alignas(8) unsigned char address[128]; /* a struct sockaddr_storage, which needs no header here */
	unsigned len;
};
enum { ENDPOINTS_MAX = 16 };
/* Not private, link-local, loopback, reserved or a translation of such: what a stranger's URL may name (B-70). */
bool endpoint_is_public(const struct endpoint *e);
bool endpoint_is_loopback(const struct endpoint *e);
void endpoint_text(const struct endpoint *e, char to[64]); /* the address in figures; empty if it is none */
bool endpoint_same_address(const struct endpoint *a, const struct endpoint *b);
err socket_resolve(const char *host, uint16_t port, struct wait *w, struct endpoint to[ENDPOINTS_MAX], size_t *count);
/* False only if whoever knows names says that there is none; LATER RESOLVE if nobody could be asked. */
err socket_name_exists(const char *host, struct wait *w, bool *exists);

/* Tries each address in turn, dividing what is left of the time; LATER RESOLVE or LATER CONNECT. */
err socket_dial(const char *host, uint16_t port, struct wait *w, int *fd, struct fault *fault);
/* The same for a socket of this machine, by its path; while its queue is full, it is tried again. */
err socket_dial_path(const char *path, struct wait *w, int *fd, struct fault *fault);
err socket_listen(const char *address, uint16_t port, int *fd); /* a number; port 0: any */
err socket_accept(int listening, struct wait *w, int *fd);
uint16_t socket_port(int fd);          /* own side */
bool socket_is_local(int fd);          /* the other side is this machine: loopback or a Unix socket */
void socket_peer(int fd, char to[64]); /* its address as text; empty if unknown */

/* Until something is sent again, what comes in is acknowledged when it is read and not up to 40 ms later: a peer that
 * waits for that before it sends on (RFC 896) would stand still so long. */
void socket_acknowledge_at_once(int fd);
err socket_read(int fd, void *to, size_t max, struct wait *w, size_t *got); /* got 0: the other side closed */
err socket_write(int fd, str bytes, struct wait *w);                        /* all of it */
enum socket_event { SOCKET_READABLE = 1, SOCKET_WRITABLE = 4 };             /* as POLLIN, POLLOUT */
err socket_wait(int fd, enum socket_event what, struct wait *w);

#endif
