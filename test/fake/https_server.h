/* A web server that says exactly what it is told, over TLS or plainly, on the loopback: for tests of what asks. It
 * serves one connection after the other and keeps what it heard. */
#ifndef LETTERLOCK_TEST_FAKE_HTTPS_SERVER_H
#define LETTERLOCK_TEST_FAKE_HTTPS_SERVER_H

#include "base/base.h"

struct fake_https {
	const char *certificate; /* of fake_certificates(): "good", "expired" …; null: plain HTTP */
	int version_max;         /* of TLS; 0: any */
	/* The whole answer to a request line and its head and body, byte by byte; `rest` unused bytes of to[]. Empty:
	 * hang up without a word. An answer that does not say "Connection: close" keeps the connection. */
	str (*answer)(str head, str body, char *to, size_t max);
	bool hang_up; /* after each answer, without having said so */
};

struct fake_https_server;
struct fake_https_server *fake_https_start(const struct fake_https *how, uint16_t *port);
unsigned fake_https_connections(struct fake_https_server *s); /* that sent at least one byte */
unsigned fake_https_requests(struct fake_https_server *s);
void fake_https_stop(struct fake_https_server *s);

#endif
