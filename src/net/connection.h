/* Inside of net: what a connection is made of, shared by its plain and its TLS half. */
#ifndef LETTERLOCK_NET_CONNECTION_H
#define LETTERLOCK_NET_CONNECTION_H

#include "net/net.h"

#include <openssl/ssl.h>

enum { HELD_MAX = 8192 }; /* at least two of the longest lines */

struct connection {
	int fd;
	SSL *tls; /* null: plain */
	struct wait wait;
	char *held; /* bytes read and not yet given: held[from..upto) */
	size_t from, upto;
	struct buf out;
	bool broken;
	char security[96];
};

err connection_tls_read(struct connection *c, void *to, size_t max, size_t *got);
err connection_tls_write(struct connection *c, str bytes);
void connection_end_tls(struct connection *c);

#endif
