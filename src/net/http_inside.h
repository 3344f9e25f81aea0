/* What the files of the HTTP server share. Not for others. */
#ifndef LETTERLOCK_NET_HTTP_INSIDE_H
#define LETTERLOCK_NET_HTTP_INSIDE_H

#include "net/http.h"

/* One accepted connection; a place in the server's table, used by one thread. */
struct http_place {
	struct http_server *server;
	const struct http_options *options;
	struct peer peer, group;
	int fd;      /* -1: the place is free */
	bool beyond; /* more than the server takes: to be told 503 */
};

void http_converse(struct http_place *place, int wake);
bool http_server_crowded(struct http_server *server); /* more than three quarters full: keep nobody waiting */

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
