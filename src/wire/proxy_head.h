/* What a proxy says ahead of a connection: for whom it speaks. The PROXY protocol, versions 1 and 2 (its specification
 * is doc/proxy-protocol.txt of HAProxy), read strictly, without a copy and without a byte too many: what follows is
 * already the handshake of somebody else.
 *
 * Call with what has arrived so far; *want says how many more bytes may be read at most, and 0 that the head is whole.
 * Only TCP over IPv4 and IPv6 is known. Fields of a second version's tail (TLV) are passed over, for nothing is
 * decided by them. */
#ifndef LETTERLOCK_WIRE_PROXY_HEAD_H
#define LETTERLOCK_WIRE_PROXY_HEAD_H

#include "base/base.h"
#include "sys/listen.h"

enum { PROXY_HEAD_MAX = 16 + 1024 };

struct proxy_head {
	bool own; /* the proxy speaks for itself (LOCAL, UNKNOWN): to look whether we live */
	struct peer from;
};
err proxy_head_read(str so_far, struct proxy_head *out, size_t *want); /* NEVER SYNTAX */

#endif
