/* What the files of the HTTP server share. Not for others. */
#ifndef LETTERLOCK_NET_HTTP_INSIDE_H
#define LETTERLOCK_NET_HTTP_INSIDE_H

#include "net/http.h"

#include <pthread.h>
#include <stdatomic.h>

/* One accepted connection; a place in the server's table, used by one thread. */
struct http_place {
	struct http_server *server;
	const struct http_options *options;
	struct peer peer, group;
	int fd;       /* -1: the place is free */
	bool plain;   /* no TLS */
	bool proxied; /* first comes the word of a proxy */
	bool counted; /* among those of its group */
	bool beyond;  /* more than the server takes: to be told 503 */
};
/* The proxy has said who it is: false if there are too many of that one. */
bool http_place_is_of(struct http_place *place, const struct peer *peer);

/* How long this one's request has to wait for its turn; asked once for each request. */
struct http_turns;
err http_turns_open(unsigned a_second, const struct entropy *chance, struct http_turns **out);
void http_turns_done(struct http_turns **turns);
span http_turn(struct http_turns *t, const struct peer *group, int64_t now);
struct http_turns *http_server_turns(struct http_server *server);

/* Counted by many threads. */
struct http_tally {
	atomic_uint_fast64_t connections, turned_away, handshakes_failed, bytes, answers[HTTP_STATUS_END];
};
struct http_tally *http_server_tally(struct http_server *server);

void http_converse(struct http_place *place, int wake);
bool http_server_crowded(struct http_server *server); /* more than three quarters full: have less patience */

/* One answer on its way. */
struct http_reply {
	struct tls_session *session;
	const struct http_options *options;
	struct http_answer *answer;
	enum http_method method;
	bool keep_alive;
};
/* OK when all of it was written. *sent counts the bytes of the stream that left. */
err http_reply_write(const struct http_reply *reply, uint64_t *sent);

#endif
