/* TLS for what listens (RFC 8446, RFC 5246): 1.2 and 1.3, AEAD with forward secrecy only, no renegotiation, no
 * compression, no early data, no resumption, so that no ticket key outlives a connection. ALPN offers http/1.1
 * and refuses clients that speak only other protocols (RFC 7301 3.2; ALPACA).
 *
 * An identity is a certificate chain and its key. It is shared by threads and can be read again while
 * connections are open: those keep the old one, the next ones get the new one; a new one that is unfit
 * (wrong key, unreadable, key open to others) changes nothing.
 *
 * A session is used by one thread. Every wait has a deadline, in ticks of the monotonic clock. */
#ifndef LETTERLOCK_NET_TLS_SERVER_H
#define LETTERLOCK_NET_TLS_SERVER_H

#include "base/base.h"

struct tls_identity;
err tls_identity_open(const char *certificate_path, const char *key_path, struct tls_identity **out,
		      struct fault *fault);
err tls_identity_reload(struct tls_identity *identity, struct fault *fault);
struct tls_dates {
	moment begins_at, ends_at;
};
struct tls_dates tls_identity_dates(struct tls_identity *identity); /* of the certificate in use */
void tls_identity_done(struct tls_identity **identity);

/* Answers an authority that comes by TLS to look whether the name is ours (ACME tls-alpn-01, RFC 8737): who offers
 * "acme-tls/1" and nothing else is shown the certificate that lies in `folder` at that moment, if one does, and gets no
 * further. Before the first session. */
#define TLS_CHALLENGE_CERTIFICATE "challenge.pem"
#define TLS_CHALLENGE_KEY "challenge-key.pem"
#define TLS_CHALLENGE_PROOF "challenge.txt" /* of http-01; not for here */
err tls_identity_challenges(struct tls_identity *identity, const char *folder);

/* A deadline that `wake`, if not -1, may cut short: LATER CANCELLED. */
struct tls_wait {
	struct clock clock;
	int64_t until; /* ticks */
	int wake;
};

struct tls_session;
/* Takes no ownership of fd. LATER TIMEOUT, LATER CLOSED, NEVER TLS. */
err tls_accept(struct tls_identity *identity, int fd, struct tls_wait wait, struct tls_session **out);
/* The same without TLS: for a Unix socket or the loopback, where a proxy or an operator's tool speaks. */
err tls_none(int fd, struct tls_session **out);
void tls_session_done(struct tls_session **session);
/* What comes ahead of TLS; at most `max` bytes, at least one. LATER CLOSED at the end. */
err bytes_before_tls(int fd, void *to, size_t max, struct tls_wait wait, size_t *got);

bool tls_was_challenge(const struct tls_session *session); /* nothing is to be said any more */

/* Until there is something to read; takes no memory for it. */
err tls_read_wait(struct tls_session *session, struct tls_wait wait);
/* At least one byte; LATER CLOSED at the end. */
err tls_read(struct tls_session *session, void *to, size_t max, struct tls_wait wait, size_t *got);
err tls_write(struct tls_session *session, const void *from, size_t len, struct tls_wait wait); /* all of it */
err tls_write_both(struct tls_session *session, str first, str then, struct tls_wait wait);     /* in one go */
/* Until the peer's machine has acknowledged all that was written; LATER CLOSED if it never will. */
err tls_arrived(struct tls_session *session, struct tls_wait wait);
bool tls_pending(const struct tls_session *session); /* more has arrived than was read */
/* Says goodbye and lets what was written arrive: a socket closed over unread bytes would be reset, and the
 * peer might lose our last answer (RFC 9112 9.6). */
void tls_goodbye(struct tls_session *session, struct tls_wait wait);

/* Frees what OpenSSL keeps for this thread, its random generators above all, of which a connection has no use after the
 * handshake. A thread that spoke TLS calls it before it ends. */
void tls_thread_rest(void);

#endif
