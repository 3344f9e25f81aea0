/* The server's side of sockets: binding, accepting, and waiting with a deadline. Everything accepted is
 * non-blocking and O_CLOEXEC; who reads or writes tries first and then waits here, so that every wait has an
 * end, and so that raising one `wake` ends the waits of all.
 *
 * A peer is kept as an IPv6 address, IPv4 mapped into it. Limits count peer_group(): a whole IPv4 address, but
 * the /64 of an IPv6 one, because a single customer commands 2^64 of those. */
#ifndef LETTERLOCK_SYS_LISTEN_H
#define LETTERLOCK_SYS_LISTEN_H

#include "base/base.h"

struct peer {
	uint8_t address[16];
	uint16_t port;
};
void buf_add_peer(struct buf *b, const struct peer *p); /* the address alone: "192.0.2.1", "2001:db8::1" */
struct peer peer_group(const struct peer *p);
bool peer_same(const struct peer *a, const struct peer *b); /* address, not port */

/* `address` is numeric, "*" is every one (IPv6 with IPv4); port 0 lets the kernel choose. */
err listen_open(str address, uint16_t port, int *fd, struct fault *fault);
err listen_port(int fd, uint16_t *port);
err listen_accept(int listener, int *fd, struct peer *peer); /* LATER BUSY when nobody is waiting */

/* Until `fd` can be read (or written). LATER TIMEOUT, or LATER CANCELLED when `wake` was raised first; -1: none. */
enum wait_for { WAIT_READ, WAIT_WRITE };
err fd_wait(int fd, enum wait_for what, int wake, span timeout);

/* As many descriptors as the process may have: a connection is one. */
void descriptors_raise(void);

/* Until the other machine has acknowledged every byte written; LATER CLOSED if the connection is gone. */
err fd_arrived(int fd, span timeout);

err wake_open(int *fd);
void wake_raise(int fd); /* stays raised */

#endif
