#include "flow/key_directory.h"

#include "check/key.h"
#include "crypt/crypt.h"
#include "net/http_client.h"
#include "sys/sys.h"
#include "wire/wkd.h"

#include <stdlib.h>

_Static_assert(WKD_DIGEST_LEN == (int)SHA1_LEN, "the name in a directory is a SHA-1");

struct key_directory {
	const struct config *config;
	struct http_client *client;
	struct clock clock;
};

struct lookup {
	const struct key_directory *directory;
	struct arena *arena;
	const struct address *address;
	struct fault *fault;
	int64_t until; /* ticks; for all of it */
};

err key_directory_open(const struct config *c, struct key_directory **out, struct fault *fault)
{
	OWNED(key_directory_done) struct key_directory *d = calloc(1, sizeof *d);
	const struct http_client_options options = { .ca_file = c->recipients.wkd_ca_file,
						     .public_only = c->recipients.wkd_server.len == 0,
						     .stop_fd = -1 };

	if (!d)
		return LATER(MEMORY, "no memory");
	d->config = c;
	d->clock = sys_clock();
	TRY(http_client_open(&options, &d->client, fault));
	*out = d;
	d = NULL;
	return OK;
}

void key_directory_done(struct key_directory **directory)
{
	struct key_directory *d = *directory;

	*directory = NULL;
	if (!d)
		return;
	http_client_done(&d->client);
	free(d);
}

/* ── Whom to ask ─────────────────────────────────────────────────────────────────────────────────── */

static span time_left(const struct lookup *l)
{
	int64_t left = l->until - clock_ticks(&l->directory->clock);
	return left > 0 ? left : 1;
}

/* The direct method is for domains that have no such name, and not for such whose directory does not answer: else who
 * disturbs the one could choose the other (draft 3.1). */
static err choose_host(const struct lookup *l, struct key_route *out)
{
	struct wait wait = WAIT_NONE;
	const char *name;
	bool exists;
	str host;

	TRY(wkd_advanced_host(l->arena, l->address, &host));
	TRY(str_c(l->arena, host, &name));
	wait_begin(&wait, time_left(l));
	err e = socket_name_exists(name, &wait, &exists);
	if (failed(e)) {
		fault_set(l->fault, "%s: %s", name, e.note);
		return e;
	}
	*out = (struct key_route){ exists ? host : l->address->domain, !exists };
	return OK;
}

static err take_server(const struct lookup *l, struct key_route *out)
{
	str server = l->directory->config->recipients.wkd_server;

	for (size_t i = 0; i < server.len; i++)
		if (server.at[i] == '/' || server.at[i] == '?' || server.at[i] == '#' || server.at[i] == '@') {
			fault_set(l->fault, "recipients.wkd_server is a host or host:port, not a URL");
			return NEVER(CONFIG, "the directory's name cannot be used");
		}
	*out = (struct key_route){ server, false };
	return OK;
}

err key_directory_route(const struct key_directory *d, struct arena *a, const struct address *address, int64_t until,
			struct key_route *out, struct fault *fault)
{
	const struct lookup l = { d, a, address, fault, until };
	str folded;

	err e = wkd_folded(a, address, &folded);
	if (failed(e)) {
		fault_set(fault, "%s", e.note);
		return e;
	}
	return d->config->recipients.wkd_server.len ? take_server(&l, out) : choose_host(&l, out);
}

/* ── Asking ──────────────────────────────────────────────────────────────────────────────────────── */

/* Its body is a stranger's and is not repeated. */
static err judge(const struct lookup *l, str host, unsigned status)
{
	if (status == 200)
		return OK;
	if (status == 404) {
		fault_set(l->fault,
			  "%.*s publishes no key for %.*s; ask the recipient for it: `letterlock recipient key add` "
			  "takes a file",
			  STR_ARG(host), STR_ARG(l->address->text));
		return NEVER(NOT_FOUND, "the directory has no key for this address");
	}
	fault_set(l->fault, "the key directory %.*s answered with status %u%s", STR_ARG(host), status,
		  status >= 300 && status < 400 ? "; redirects are not followed" : "");
	return status == 429 || status >= 500 ? LATER(REPLY_LATER, "the key directory said: later")
					      : NEVER(PROTOCOL, "the key directory gave no key");
}

static err get(const struct lookup *l, str url, struct http_result *out)
{
	const struct http_call call = {
		.method = STR("GET"), .url = url, .answer_max = KEY_DIRECTORY_ANSWER_MAX, .patience = time_left(l)
	};

	return http_call(l->directory->client, l->arena, &call, out, l->fault);
}

/* A directory publishes OpenPGP keys; a certificate would be judged by other rules than its origin says. */
static err must_be_pgp(const struct lookup *l, str host, str key)
{
	enum recipient_key_kind kind;

	if (!failed(check_key_kind(key, &kind, NULL)) && kind == RECIPIENT_KEY_PGP)
		return OK;
	fault_set(l->fault, "what the key directory %.*s gave is no OpenPGP key", STR_ARG(host));
	return NEVER(KEY, "no OpenPGP key");
}

err key_directory_ask(const struct key_directory *d, struct arena *a, const struct address *address,
		      const struct key_route *route, int64_t until, str *key, struct fault *fault)
{
	const struct lookup l = { d, a, address, fault, until };
	uint8_t digest[SHA1_LEN];
	struct http_result result;
	str folded, url;

	TRY(wkd_folded(a, address, &folded));
	TRY(sha1(folded, digest));
	TRY(wkd_url(a, route->host, route->direct, address, digest, &url));
	TRY(get(&l, url, &result));
	TRY(judge(&l, route->host, result.status));
	TRY(must_be_pgp(&l, route->host, result.body));
	*key = result.body;
	return OK;
}

err key_directory_exists(const struct key_directory *d, struct arena *a, const struct address *address,
			 const struct key_route *route, int64_t until, bool *exists)
{
	struct fault unsaid = { 0 };
	const struct lookup l = { d, a, address, &unsaid, until };
	struct http_result result;
	str url;

	TRY(wkd_policy_url(a, route->host, route->direct, address, &url));
	TRY(get(&l, url, &result));
	*exists = result.status != 404;
	return OK;
}

err flow_key_directory(const struct config *c, struct arena *a, str text, str *key, struct fault *fault)
{
	OWNED(key_directory_done) struct key_directory *d = NULL;
	struct address address;
	struct key_route route;

	TRY(address_parse(a, text, &address, NULL));
	TRY(key_directory_open(c, &d, fault));
	int64_t until = clock_ticks(&d->clock) + KEY_DIRECTORY_PATIENCE;
	TRY(key_directory_route(d, a, &address, until, &route, fault));
	return key_directory_ask(d, a, &address, &route, until, key, fault);
}
