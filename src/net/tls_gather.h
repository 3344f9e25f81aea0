/* Where a TLS session's records go: to its socket, several in one system call. OpenSSL writes each record of at most
 * 16 KiB by itself, and the kernel then sends, acknowledges and wakes the reader for each; gathered, they leave
 * together. What is gathered is ciphertext, so it needs no wiping.
 *
 * Without a room (`gather_begin`) records go straight to the socket, as those of the handshake do. */
#ifndef LETTERLOCK_NET_TLS_GATHER_H
#define LETTERLOCK_NET_TLS_GATHER_H

#include "base/base.h"

#include <openssl/bio.h>

struct gather {
	int fd;
	char *room; /* null: nothing is gathered */
	size_t max, from, upto;
};

/* A BIO to write to; it does not own the gather, which outlives it. Null without memory. */
BIO *gather_bio(struct gather *g);
/* Room for the records of `len` bytes of plaintext; without memory records just go out one by one. */
void gather_begin(struct gather *g, size_t len);
/* Sends what was gathered: 1 if nothing is left, 0 if the socket has to be waited for, -1 if it broke. */
int gather_send(struct gather *g);
void gather_end(struct gather *g);

#endif
