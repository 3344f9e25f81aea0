#include "flow/key_directory.h"

#include "check/key.h"
#include "crypt/crypt.h"
#include "net/http_client.h"
#include "sys/sys.h"
#include "wire/wkd.h"

#define PATIENCE (10 * SECOND)

_Static_assert(WKD_DIGEST_LEN == (int)SHA1_LEN, "the name in a directory is a SHA-1");

struct lookup {
	const struct config *config;
	struct arena *arena;
	struct address address;
	struct fault *fault;
	int64_t until; /* ticks; for all of it */
	str host;      /* who is asked */
	bool direct;
};

static span time_left(const struct lookup *l, const struct clock *clock)
{
	int64_t left = l->until - clock_ticks(clock);
	return left > 0 ? left : 1;
}

/* The direct method is for domains that have no such name, and not for such whose directory does not answer: else who
 * disturbs the one could choose the other (draft 3.1). */
static err choose_host(struct lookup *l, const struct clock *clock)
{
	struct wait wait = WAIT_NONE;
	const char *name;
	bool exists;

	TRY(wkd_advanced_host(l->arena, &l->address, &l->host));
	TRY(str_c(l->arena, l->host, &name));
	wait_begin(&wait, time_left(l, clock));
	err e = socket_name_exists(name, &wait, &exists);
	if (failed(e)) {
		fault_set(l->fault, "%s: %s", name, e.note);
		return e;
	}
	l->direct = !exists;
	if (l->direct)
		l->host = l->address.domain;
	return OK;
}

static err take_server(struct lookup *l)
{
	str server = l->config->recipients.wkd_server;

	for (size_t i = 0; i < server.len; i++)
		if (server.at[i] == '/' || server.at[i] == '?' || server.at[i] == '#' || server.at[i] == '@') {
			fault_set(l->fault, "recipients.wkd_server is a host or host:port, not a URL");
			return NEVER(CONFIG, "the directory's name cannot be used");
		}
	l->host = server;
	return OK;
}

/* Its body is a stranger's and is not repeated. */
static err judge(const struct lookup *l, unsigned status)
{
	if (status == 200)
		return OK;
	if (status == 404) {
		fault_set(l->fault, "%.*s publishes no key for %.*s; ask the recipient for it and give it with --file",
			  STR_ARG(l->host), STR_ARG(l->address.text));
		return NEVER(NOT_FOUND, "the directory has no key for this address");
	}
	fault_set(l->fault, "the key directory %.*s answered with status %u%s", STR_ARG(l->host), status,
		  status >= 300 && status < 400 ? "; redirects are not followed" : "");
	return status == 429 || status >= 500 ? LATER(REPLY_LATER, "the key directory said: later")
					      : NEVER(PROTOCOL, "the key directory gave no key");
}

static err ask(struct lookup *l, const struct clock *clock, str *out)
{
	OWNED(http_client_done) struct http_client *client = NULL;
	const struct http_client_options options = { .ca_file = l->config->recipients.wkd_ca_file,
						     .public_only = l->config->recipients.wkd_server.len == 0,
						     .stop_fd = -1 };
	struct http_call call = { .method = STR("GET"), .answer_max = KEY_DIRECTORY_ANSWER_MAX };
	uint8_t digest[SHA1_LEN];
	struct http_result result;
	str folded;

	TRY(wkd_folded(l->arena, &l->address, &folded));
	TRY(sha1(folded, digest));
	TRY(wkd_url(l->arena, l->host, l->direct, &l->address, digest, &call.url));
	TRY(http_client_open(&options, &client, l->fault));
	call.patience = time_left(l, clock);
	TRY(http_call(client, l->arena, &call, &result, l->fault));
	TRY(judge(l, result.status));
	*out = result.body;
	return OK;
}

/* A directory publishes OpenPGP keys; a certificate would be judged by other rules than its origin says. */
static err must_be_pgp(const struct lookup *l, str key)
{
	enum recipient_key_kind kind;

	if (!failed(check_key_kind(key, &kind, NULL)) && kind == RECIPIENT_KEY_PGP)
		return OK;
	fault_set(l->fault, "what the key directory %.*s gave is no OpenPGP key", STR_ARG(l->host));
	return NEVER(KEY, "no OpenPGP key");
}

err flow_key_directory(const struct config *c, struct arena *a, str address, str *key, struct fault *fault)
{
	const struct clock clock = sys_clock();
	struct lookup l = { .config = c, .arena = a, .fault = fault, .until = clock_ticks(&clock) + PATIENCE };
	str given, folded;

	TRY(address_parse(a, address, &l.address, NULL));
	err e = wkd_folded(a, &l.address, &folded);
	if (failed(e)) {
		fault_set(fault, "%s", e.note);
		return e;
	}
	TRY(c->recipients.wkd_server.len ? take_server(&l) : choose_host(&l, &clock));
	TRY(ask(&l, &clock, &given));
	TRY(must_be_pgp(&l, given));
	*key = given;
	return OK;
}
