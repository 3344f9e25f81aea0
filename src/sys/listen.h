/* The server's side of sockets: binding, accepting, and waiting with a deadline. Everything accepted is
 * non-blocking and O_CLOEXEC; who reads or writes tries first and then waits here, so that every wait has an
 * end, and so that raising one `wake` ends the waits of all.
 *
 * A peer is kept as an IPv6 address, IPv4 mapped into it. Limits count peer_group(): a whole IPv4 address, but
 * the /64 of an IPv6 one, because a single customer commands 2^64 of those. */
#ifndef LETTERLOCK_SYS_LISTEN_H
#define LETTERLOCK_SYS_LISTEN_H

#include "base/base.h"

#include <sys/types.h>

struct peer {
	uint8_t address[16];
	uint16_t port;
	bool unknown; /* came by a Unix socket, and nobody said for whom: its address is zero */
};
void buf_add_peer(struct buf *b, const struct peer *p); /* the address alone: "192.0.2.1", "2001:db8::1" */
struct peer peer_group(const struct peer *p);
bool peer_same(const struct peer *a, const struct peer *b); /* address, not port */
err peer_parse(str figures, struct peer *out);              /* NEVER SYNTAX */

struct network {
	uint8_t address[16];
	unsigned bits; /* of the 128 */
};
err network_parse(str text, struct network *out); /* 192.0.2.0/24, 2001:db8::/32, one address; NEVER SYNTAX */
bool network_has(const struct network *n, const struct peer *p);

/* Who may say, by the PROXY protocol, for whom a connection comes: networks, and `unix` for all Unix sockets. */
enum { PROXIES_MAX = 32 };
struct proxies {
	struct network network[PROXIES_MAX];
	size_t count;
	bool sockets;
};
err proxies_parse(str words, struct proxies *out); /* parted by blanks; NEVER SYNTAX */
bool proxies_have(const struct proxies *p, const struct peer *peer);

/* Where to listen, as an operator writes it: 192.0.2.1:443, [::]:443, *:443, unix:/run/letterlock/page. */
enum { LISTENERS_MAX = 8 };
struct listen_at {
	str host; /* in figures, or "*"; points into what was parsed */
	uint16_t port;
	str path; /* of a Unix socket; then no host */
};
err listen_at_parse(str text, struct listen_at *out);                           /* NEVER CONFIG */
err listen_at_all(str text, struct listen_at at[LISTENERS_MAX], size_t *count); /* parted by blanks; at least one */
bool listen_at_is_local(const struct listen_at *at);                            /* loopback or a Unix socket */
/* Replaces a socket that nobody listens at any more. NEVER EXISTS if somebody does, or if it is no socket. */
err listen_unix(str path, mode_t mode, int *fd, struct fault *fault);

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
