/* net: conversations over sys. A connection is a socket with buffers for both directions, plain or under
 * TLS, and one deadline for whatever is being waited for.
 *
 * Its promises: what is put is written in order and only when flushed or the buffer is full; a line is given
 * only when its CRLF has come, however the connection ended; bytes that came before TLS are never taken for
 * bytes that came under it (THREATS B-05); after any failure the connection is dead and says so to everybody.
 *
 * TLS (RFC 8446, 5246; BCP 195 = RFC 9325) is 1.2 or better, with forward secrecy, without compression,
 * renegotiation and resumption. The chain is verified against the system's or the given authorities and the
 * name against the certificate (RFC 6125, 9525): there is no way to switch that off.
 *
 * A connection belongs to one thread at a time; a tls_client may serve many. The arena that lent the memory
 * outlives the connection. SIGPIPE must be ignored (sys_harden does it). */
#ifndef LETTERLOCK_NET_H
#define LETTERLOCK_NET_H

#include "base/base.h"
#include "sys/sys.h"

struct tls_client;
struct tls_client_options {
	const char *ca_file; /* PEM; the authorities that are trusted instead of the system's; may be null */
};
err tls_client_open(const struct tls_client_options *options, struct tls_client **out, struct fault *fault);
void tls_client_done(struct tls_client **t);

struct connection;
enum { CONNECTION_LINE_MAX = 4096 };
err connection_new(struct arena *a, struct connection **out); /* not yet connected; about 72 KiB */
void connection_close(struct connection *c);                  /* accepts null; may be dialled again afterwards */
void connection_done(struct connection **c);                  /* for OWNED: closes */
bool connection_is_open(const struct connection *c);          /* and has not failed */

/* `stop_fd`, `grace`: as in struct wait. */
struct dial {
	const char *host;
	uint16_t port;
	span timeout;
	int stop_fd;
	span grace;
};
err connection_dial(struct connection *c, const struct dial *how, struct fault *fault);
void connection_adopt(struct connection *c, int fd, int stop_fd, span grace); /* a socket made elsewhere */

/* From here on everything goes through TLS. NEVER PROTOCOL if bytes lie unread; LATER TLS if the other side
 * is not who it should be, with the reason in words. `host` is a name or an address in figures. */
err connection_secure(struct connection *c, struct tls_client *t, const char *host, struct fault *fault);
str connection_security(const struct connection *c); /* "TLSv1.3 TLS_AES_256_GCM_SHA384"; empty: none */
bool connection_is_local(const struct connection *c);
moment connection_certificate_end(const struct connection *c); /* when it expires; MOMENT_NEVER without TLS */
bool connection_stopping(struct connection *c);                /* stopping is wanted: begin nothing new */

void connection_grace(struct connection *c, span grace); /* for what begins now; too late once that is wanted */
/* From now; holds for everything until it is set again. */
void connection_patience(struct connection *c, span timeout);
err connection_put(struct connection *c, str bytes); /* flushes when the buffer is full */
err connection_flush(struct connection *c);
void connection_wipe(struct connection *c); /* after a secret was flushed: nothing of it stays in the buffer */
err connection_line(struct connection *c, size_t max, str *line); /* without CRLF; valid until the next call */

/* Whether nothing has arrived unasked: LATER CLOSED at the end of the stream, LATER PROTOCOL if there are bytes
 * (they stay and can be read, because a server may say good-bye by itself). Never waits. */
err connection_quiet(struct connection *c);

#endif
