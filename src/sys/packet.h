/* Packets between our own processes. SOCK_SEQPACKET keeps their borders: what is received is one whole packet or
 * nothing, so a reader never waits for the rest of a frame. An empty packet means that the other side is gone. */
#ifndef LETTERLOCK_SYS_PACKET_H
#define LETTERLOCK_SYS_PACKET_H

#include "base/base.h"

err packet_pair(int ends[2]);
/* How long sending and receiving may wait from now on; for ever unless told. */
err packet_patience(int fd, span patience);

err packet_send(int fd, str head, str body); /* one packet of both; LATER CLOSED, LATER TIMEOUT */
err packet_send_now(int fd, str bytes);      /* LATER BUSY instead of waiting */
/* LATER CLOSED at the end, LATER TIMEOUT; NEVER LIMIT beyond max, NEVER PROTOCOL if a descriptor came along. */
err packet_receive(int fd, void *to, size_t max, size_t *got);

/* A descriptor, with one byte that says what it is for. The sender keeps its own copy. */
err packet_send_fd(int fd, uint8_t what, int give);
err packet_receive_fd(int fd, uint8_t *what, int *given);

/* Until one of them (-1 is passed over) has something to say, or is closed; ready[i] tells which. A signal ends the
 * waiting too. At most 64. */
err packet_wait(const int *fds, size_t count, span patience, bool *ready);

#endif
