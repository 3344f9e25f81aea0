/* What the files of the HTTP client share. Not for others. */
#ifndef LETTERLOCK_NET_HTTP_CLIENT_INSIDE_H
#define LETTERLOCK_NET_HTTP_CLIENT_INSIDE_H

#include "net/http_client.h"
#include "sys/sys.h"

#include <curl/curl.h>

/* Where a URL leads: its host, and the addresses it was found to have. */
struct reach {
	char host[256]; /* without the brackets of an IPv6 address */
	uint16_t port;
	bool plain;
	struct endpoint to[ENDPOINTS_MAX];
	size_t count;
	int64_t known_until; /* ticks; 0: nothing is known */
};

struct http_client {
	struct http_client_options options;
	struct clock clock;
	CURL *curl;
	int socket;         /* that curl opened last, and has not closed; or -1 */
	struct reach reach; /* of the latest call */
	struct wait wait;   /* of the present one */
	char error[CURL_ERROR_SIZE];
};

/* One request and what comes back. */
struct http_exchange {
	struct http_client *client;
	struct arena *arena;
	const struct http_call *call;
	struct http_result result;
	struct buf body;
	struct http_field *fields;
	size_t head_len;
	uint64_t stream_left;
	curl_off_t moved; /* bytes of both bodies, as of `moved_at`, in ticks */
	int64_t moved_at;
	bool head_whole;
	err failed; /* of a callback: what curl then only knows as "aborted" */
};

/* Takes the URL apart, resolves its host unless that was done a moment ago, and judges where it leads. */
err http_client_reach(struct http_client *c, CURLU *url, struct fault *fault);
/* Whether a socket may be made to this address: only if it is one of those that were judged. */
bool http_client_may_dial(const struct http_client *c, const struct endpoint *to);

/* Tells curl where the exchange's bytes come from and go to. */
err http_exchange_begin(struct http_exchange *x);
err http_exchange_result(struct http_exchange *x, struct http_result *out);

#endif
