/* Asking other servers over HTTPS (RFC 9110, RFC 9112), by libcurl as a pipe: an authority that gives certificates, an
 * SMS gateway, an object store. HTTP/1.1 only.
 *
 * It promises: the other side is verified (chain and name, TLS 1.2 or better) and there is no way to switch that off;
 * plain HTTP goes to this machine alone, and only where that was asked for; to the public Internet for what proves
 * itself, if that was. No redirect is followed, no proxy, no .netrc and no variable of the environment is believed, and
 * the path travels as it was given. The name is resolved once, by us, and exactly those addresses are dialled;
 * `public_only` refuses a name of which any address is not of the public Internet, so that a URL from a stranger cannot
 * reach into our network (THREATS B-70). CR, LF and NUL never leave in a field or a URL. An answer is bounded, head and
 * body, and so is the time it takes.
 *
 * A client keeps its connections open between calls and belongs to one thread at a time. What a call gives back lives
 * in the arena it was given. Nothing is logged here and no fault shows more than the host, for URLs and fields hold
 * secrets. */
#ifndef LETTERLOCK_NET_HTTP_CLIENT_H
#define LETTERLOCK_NET_HTTP_CLIENT_H

#include "base/base.h"
#include "wire/http_head.h"

struct http_client_options {
	const char *ca_file;     /* PEM; trusted instead of the system's authorities; may be null */
	const char *unix_socket; /* dialled whatever the URL's host, which still names it; may be null */
	bool public_only;        /* for URLs that were not written by the operator */
	bool plain_local;        /* http:// may be asked, of this machine's loopback or Unix socket alone */
	bool plain_metadata; /* as plain_local, and of what a cloud tells its own machines by link-local addresses */
	bool plain_public; /* http:// may be asked, of the public Internet alone: for what proves itself by a signature
			    */
	int stop_fd;       /* -1: nobody can ask to stop */
	span grace;        /* for what is under way when stopping is wanted; looked at once a second */
};

struct http_client;
/* The strings outlive the client. NEVER CONFIG if the authorities cannot be read. */
err http_client_open(const struct http_client_options *options, struct http_client **out, struct fault *fault);
void http_client_done(struct http_client **client);

enum { HTTP_CALL_FIELDS_MAX = 32, HTTP_RESULT_HEAD_MAX = 32 * 1024, HTTP_RESULT_ERROR_MAX = 16 * 1024 };

struct http_call {
	str method; /* "GET", "HEAD", "POST", "PUT", "DELETE" … */
	str url;    /* absolute, https:// and ASCII; no user, no fragment */
	const struct http_field *fields;
	size_t field_count; /* Host and Content-Length are ours to write */
	/* What is sent: `body`, or `stream_len` bytes of `stream`. */
	str body;
	struct source *stream;
	uint64_t stream_len;
	/* What comes back: to `to`, or into memory. `answer_max` bounds it, and memory takes that much room. */
	struct sink *to; /* gets the body of a 2xx alone, and is not finished */
	uint64_t answer_max;
	span patience; /* for all of it; 0: 30 s; INT64_MAX: for ever. Else slower than 1 KiB/s for 30 s is too slow */
	span stall;    /* how long nothing at all may move, looked at once a second; 0: as above */
	/* A request that is lost on a kept connection may be sent again. GET, HEAD, PUT and DELETE are repeatable by
	 * nature (RFC 9110 9.2.2); others take a connection of their own unless this says so. */
	bool repeatable;
	/* A kept connection may be used, and the stream goes out once and never again: what is lost is LATER CLOSED. */
	bool once;
	/* If not null: set when the last byte of the stream was taken. A failure before that shows that the other side
	 * did not get the request; one after it shows nothing. */
	bool *sent;
};

struct http_result {
	unsigned status;
	struct http_field *fields; /* in the order sent; values may hold any byte but controls */
	size_t field_count;
	/* In memory: the body; of a status other than 2xx that was meant for a sink at most HTTP_RESULT_ERROR_MAX. */
	str body;
	uint64_t body_len; /* as received */
};

/* OK with any status of 200 or above: what it means is the caller's to say. LATER RESOLVE, CONNECT, TLS, TIMEOUT,
 * CLOSED, PROTOCOL, CANCELLED, MEMORY; NEVER DENIED for a place that may not be asked; NEVER SYNTAX for a URL, NEVER
 * HEADER for a field, NEVER LIMIT for an answer beyond answer_max; or what the source or the sink said. The stream may
 * have been read in part. */
err http_call(struct http_client *client, struct arena *a, const struct http_call *call, struct http_result *out,
	      struct fault *fault);

/* The value of a field by its name in lower case; null if it is not there exactly once. */
const str *http_result_field(const struct http_result *result, str name);

#endif
