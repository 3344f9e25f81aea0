/* An HTTPS server (RFC 9110, RFC 9112, HTTP/1.1 only): one thread a connection, a deadline on every wait, so a
 * conversation reads from top to bottom in connection.c's terms: handshake, head, body, handler, answer.
 *
 * We answer requests ourselves instead of handing them to libmicrohttpd. Its parser takes what THREATS B-77
 * forbids, so ours must read every head first; TLS, deadlines and limits are ours for the same reason. What would
 * be left for the library is to print a status line, at the price of a second parser, a socket pair and a copy of
 * every byte of every document. Two readers of one request are the danger smuggling consists of; here is one.
 *
 * It promises: a handler sees only requests that passed wire/http_head, with their whole body; one request is
 * answered at a time, and whoever sends more before the answer gets the answer and a close; every answer carries
 * HSTS, no-store, nosniff, no-referrer and a strict policy, which a handler may only replace by name; a field
 * with CR, LF, NUL or another control byte never leaves. Slow or silent peers, too many from one address, and
 * too many altogether cost a bounded amount and are turned away with 408, 503 or a close. Nothing is logged
 * here, for targets hold tokens.
 *
 * Whose request it is, says the socket, or a configured proxy by the PROXY protocol; no field of a request is ever
 * believed about that (THREATS B-17). Over a Unix socket whose proxy says nothing the peer is unknown, and the limit of
 * one address does not count. */
#ifndef LETTERLOCK_NET_HTTP_H
#define LETTERLOCK_NET_HTTP_H

#include "net/tls_server.h"
#include "sys/listen.h"
#include "wire/http_head.h"

struct http_request {
	struct arena *arena; /* lives as long as the request, and holds at most arena_max */
	const struct http_head *head;
	str body;
	struct peer peer;
	moment now;
};

/* Filled by the handler; begins as an empty 200. Either `body` or `stream` with its length. */
struct http_answer {
	struct arena *arena;
	unsigned status;
	str policy;           /* Content-Security-Policy instead of the one that allows nothing */
	struct buf fields;    /* by http_answer_field() alone */
	str body;             /* not sent for HEAD, but counted */
	struct source stream; /* read only for GET and POST; released by the server in any case */
	uint64_t stream_len;  /* with `first` */
	str first;            /* what was read of the stream already */
	int64_t not_before;   /* ticks: no byte leaves earlier; 0: at once */
	bool close;
	/* If set: called exactly once, whatever happens to the answer, after `stream` was released: how many of its
	 * bytes were written to the connection, and whether all of them arrived at the peer's machine. */
	void (*sent)(void *state, uint64_t bytes, bool whole);
	void *sent_state;
};
/* A field of our own; NEVER HEADER if a byte may not stand in one. */
err http_answer_field(struct http_answer *a, str name, str value);
str http_status_words(unsigned status);

/* An err becomes its verdict's status with one plain sentence, never its details. Called by many threads. */
typedef err http_handler(void *state, const struct http_request *request, struct http_answer *answer);

struct http_listener {
	int fd;     /* by listen_open() or listen_unix(); stays the caller's */
	bool plain; /* without TLS: on this machine alone */
};

struct http_options {
	const struct http_listener *listeners;
	size_t listener_count; /* at most LISTENERS_MAX */
	/* Their connections begin with the PROXY protocol or are closed; nobody else's may. May be null: nobody. */
	const struct proxies *proxies;
	struct tls_identity *identity; /* may be null if all are plain */
	str authority;                 /* the one Host that is answered: "docs.example.com", "localhost:8443" */
	str alias;                     /* another; may be empty */
	bool any_port;                 /* and at whatever port it names */
	http_handler *handler;
	void *state;
	struct clock clock;

	/* Each has a default, taken when it is zero: */
	unsigned connections_max;        /* 2,000; beyond it 503, and a little further a plain close */
	unsigned connections_of_one_max; /* 256 from one address or one /64, if it is known */
	unsigned requests_of_one_max;    /* 100 a second from the same; who is faster waits for the answer */
	size_t body_max, arena_max;      /* 64 KiB, 1 MiB */
	/* A quarter for handshake, head and silence while three quarters of all connections are taken: */
	span handshake_max, head_max, body_max_t; /* 10 s, 10 s, 20 s */
	span idle_max;                            /* 30 s between two requests */
	span window_max;                          /* 30 s for 64 KiB of an answer: at least 2 KiB a second */
};

/* What happened since the server was opened. */
enum { HTTP_STATUS_END = 600 };
struct http_counts {
	uint64_t connections;       /* accepted */
	uint64_t turned_away;       /* too many, from one address or altogether */
	uint64_t handshakes_failed; /* TLS or the word of a proxy */
	uint64_t answers[HTTP_STATUS_END];
	uint64_t bytes; /* of bodies, written */
};

struct http_server;
err http_server_open(const struct http_options *options, struct http_server **out);
unsigned http_server_connections(struct http_server *server);
void http_server_counts(struct http_server *server, struct http_counts *out);
/* Accepts no more, lets requests under way end within `drain`, closes the rest. */
void http_server_stop(struct http_server *server, span drain);
void http_server_done(struct http_server **server); /* stops at once if it was not stopped */

#endif
