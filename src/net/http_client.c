#include "net/http_client_inside.h"
#include "wire/gate.h"

#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	PATIENCE_S = 30,
	SLOWEST = 1024,
	SLOWEST_S = 30,
	CONNECT_MS = 10 * 1000,
	KEPT_CONNECTIONS = 4,
	ONCE_IDLE_S = 20
};

/* As tls_client.c: AEAD with ephemeral keys alone (RFC 9325 4.2). */
static const char suites12[] = "ECDHE+AESGCM:ECDHE+CHACHA20:DHE+AESGCM:DHE+CHACHA20:@SECLEVEL=2";

static void load_library(void)
{
	must(curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK);
}

/* ── Client ──────────────────────────────────────────────────────────────────────────────────────── */

err http_client_open(const struct http_client_options *options, struct http_client **out, struct fault *fault)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	OWNED(http_client_done) struct http_client *c = calloc(1, sizeof *c);

	must(!(options->public_only &&
	       (options->plain_local || options->plain_metadata))); /* they contradict each other */
	must(pthread_once(&once, load_library) == 0);
	if (!c || !(c->curl = curl_easy_init()))
		return LATER(MEMORY, "no memory for an HTTP client");
	if (options->ca_file && !file_exists(options->ca_file)) {
		fault_set(fault, "%s does not exist; it should hold the certificates to trust (PEM)", options->ca_file);
		return NEVER(CONFIG, "the file of trusted certificates cannot be used");
	}
	c->options = *options;
	c->clock = sys_clock();
	c->socket = -1;
	*out = c;
	c = NULL;
	return OK;
}

void http_client_done(struct http_client **client)
{
	struct http_client *c = *client;

	*client = NULL;
	if (!c)
		return;
	curl_easy_cleanup(c->curl);
	free(c);
}

/* The second look, at what is really dialled: a name that curl were to resolve by itself, or a socket left over from
 * another address, finds a shut door here. */
static curl_socket_t open_socket(void *state, curlsocktype purpose, struct curl_sockaddr *to)
{
	struct http_client *c = state;
	struct endpoint e = { .len = to->addrlen };

	if (purpose != CURLSOCKTYPE_IPCXN || to->addrlen > sizeof e.address)
		return CURL_SOCKET_BAD;
	/* An endpoint is at least as large as any address: see sys/socket.c. */
	memcpy(e.address, &to->addr, to->addrlen);
	if (!(c->options.unix_socket && to->family == AF_UNIX) && !http_client_may_dial(c, &e))
		return CURL_SOCKET_BAD;
	c->socket = socket(to->family, to->socktype | SOCK_CLOEXEC, to->protocol);
	return c->socket;
}

static int close_socket(void *state, curl_socket_t fd)
{
	struct http_client *c = state;

	if (c->socket == fd)
		c->socket = -1;
	return close(fd);
}

static void set_safety(struct http_client *c)
{
	curl_easy_setopt(c->curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(c->curl, CURLOPT_PROTOCOLS_STR,
			 c->options.plain_local || c->options.plain_metadata || c->options.plain_public ? "https,http"
													: "https");
	curl_easy_setopt(c->curl, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(c->curl, CURLOPT_PROXY, ""); /* also none of the environment */
	curl_easy_setopt(c->curl, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
	curl_easy_setopt(c->curl, CURLOPT_PATH_AS_IS, 1L);
	curl_easy_setopt(c->curl, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(c->curl, CURLOPT_OPENSOCKETFUNCTION, open_socket);
	curl_easy_setopt(c->curl, CURLOPT_OPENSOCKETDATA, c);
	curl_easy_setopt(c->curl, CURLOPT_CLOSESOCKETFUNCTION, close_socket);
	curl_easy_setopt(c->curl, CURLOPT_CLOSESOCKETDATA, c);
	curl_easy_setopt(c->curl, CURLOPT_MAXCONNECTS, (long)KEPT_CONNECTIONS);
	curl_easy_setopt(c->curl, CURLOPT_ERRORBUFFER, c->error);
	if (c->options.unix_socket)
		curl_easy_setopt(c->curl, CURLOPT_UNIX_SOCKET_PATH, c->options.unix_socket);
}

static bool set_tls(struct http_client *c)
{
	curl_easy_setopt(c->curl, CURLOPT_SSL_VERIFYPEER, 1L);
	curl_easy_setopt(c->curl, CURLOPT_SSL_VERIFYHOST, 2L);
	if (c->options.ca_file) {
		curl_easy_setopt(c->curl, CURLOPT_CAINFO, c->options.ca_file);
		curl_easy_setopt(c->curl, CURLOPT_CAPATH, NULL); /* instead, not besides */
	}
	return curl_easy_setopt(c->curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2) == CURLE_OK &&
	       curl_easy_setopt(c->curl, CURLOPT_SSL_CIPHER_LIST, suites12) == CURLE_OK;
}

/* ── Request ─────────────────────────────────────────────────────────────────────────────────────── */

static bool is_token(str s)
{
	for (size_t i = 0; i < s.len; i++)
		if (!((s.at[i] >= 'A' && s.at[i] <= 'Z') || (s.at[i] >= 'a' && s.at[i] <= 'z') ||
		      (s.at[i] >= '0' && s.at[i] <= '9') || s.at[i] == '-' || s.at[i] == '_'))
			return false;
	return s.len > 0;
}

static void slist_done(struct curl_slist **list)
{
	for (struct curl_slist *i = *list; i; i = i->next)
		explicit_bzero(i->data, strlen(i->data)); /* an Authorization may be among them */
	curl_slist_free_all(*list);
}

static err add_line(struct curl_slist **list, const char *line)
{
	struct curl_slist *longer = curl_slist_append(*list, line);

	if (!longer)
		return LATER(MEMORY, "no memory for a request");
	*list = longer;
	return OK;
}

/* Curl takes "Name:" as a wish not to send that field, and "Name;" for an empty one. */
static err add_field(struct arena *a, struct curl_slist **list, const struct http_field *f)
{
	const char *line;
	str text;

	if (!is_token(f->name) || !gate_line(f->value, NULL) || str_same_nocase(f->name, STR("host")) ||
	    str_same_nocase(f->name, STR("content-length")) || str_same_nocase(f->name, STR("transfer-encoding")))
		return NEVER(HEADER, "a field holds bytes that may not pass, or is not the caller's");
	TRY(str_format(a, &text, f->value.len ? "%.*s: %.*s" : "%.*s;", STR_ARG(f->name), STR_ARG(f->value)));
	TRY(str_c(a, text, &line));
	return add_line(list, line);
}

static err set_fields(struct arena *a, const struct http_call *call, struct curl_slist **list)
{
	if (call->field_count > HTTP_CALL_FIELDS_MAX)
		return NEVER(LIMIT, "too many fields");
	/* Never wait for a "100 Continue": it costs a second where nobody answers it. */
	TRY(add_line(list, "Expect:"));
	if (call->body.len)
		TRY(add_line(list, "Content-Type:")); /* curl would say it is a form */
	for (size_t i = 0; i < call->field_count; i++)
		TRY(add_field(a, list, &call->fields[i]));
	return OK;
}

static void url_done(CURLU **url)
{
	curl_url_cleanup(*url);
}

static bool is_url(str url)
{
	ptrdiff_t host = str_find(url, STR("://"));

	/* Curl would take the first part of the path for a host that is not there. */
	if (host < 0 || (size_t)host + 3 >= url.len || url.at[host + 3] == '/')
		return false;
	for (size_t i = 0; i < url.len; i++)
		if ((unsigned char)url.at[i] <= 0x20 || (unsigned char)url.at[i] >= 0x7F || url.at[i] == '#')
			return false;
	return url.len > 0 && url.len <= 8192;
}

static err read_url(struct arena *a, str text, CURLU **out)
{
	const char *url;

	if (!is_url(text))
		return NEVER(SYNTAX, "that is no URL");
	TRY(str_c(a, text, &url));
	if (!(*out = curl_url()))
		return LATER(MEMORY, "no memory for a URL");
	if (curl_url_set(*out, CURLUPART_URL, url, CURLU_PATH_AS_IS | CURLU_DISALLOW_USER) != CURLUE_OK)
		return NEVER(SYNTAX, "that is no URL");
	return OK;
}

static err set_method(struct http_client *c, struct arena *a, const struct http_call *call)
{
	const char *method;
	static const struct {
		str name;
	} repeatable[] = { { { "GET", 3 } }, { { "HEAD", 4 } }, { { "PUT", 3 } }, { { "DELETE", 6 } } };
	bool again = call->repeatable;

	if (!is_token(call->method))
		return NEVER(HEADER, "the method is no token");
	TRY(str_c(a, call->method, &method));
	for (size_t i = 0; i < sizeof repeatable / sizeof *repeatable; i++)
		again = again || str_same(call->method, repeatable[i].name);
	curl_easy_setopt(c->curl, CURLOPT_CUSTOMREQUEST, method);
	curl_easy_setopt(c->curl, CURLOPT_FRESH_CONNECT, again || call->once ? 0L : 1L);
	/* What cannot be sent again is not given to a connection that the other side is about to give up. Curl itself
	 * sends a lost request again only if it can rewind what it sent, and a stream it cannot. */
	if (call->once)
		curl_easy_setopt(c->curl, CURLOPT_MAXAGE_CONN, (long)ONCE_IDLE_S);
	if (str_same(call->method, STR("HEAD")))
		curl_easy_setopt(c->curl, CURLOPT_NOBODY, 1L);
	return OK;
}

static void set_body(struct http_client *c, const struct http_call *call)
{
	must(call->stream || !(call->once || call->sent));
	if (call->stream) {
		curl_easy_setopt(c->curl, CURLOPT_UPLOAD, 1L);
		curl_easy_setopt(c->curl, CURLOPT_INFILESIZE_LARGE, (curl_off_t)call->stream_len);
	} else if (call->body.len || str_same(call->method, STR("POST")) || str_same(call->method, STR("PUT"))) {
		curl_easy_setopt(c->curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)call->body.len);
		curl_easy_setopt(c->curl, CURLOPT_POSTFIELDS, call->body.at ? call->body.at : "");
	}
}

static void set_patience(struct http_client *c)
{
	int64_t left = c->wait.until - clock_ticks(&c->clock);

	curl_easy_setopt(c->curl, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_MS);
	if (c->wait.until == INT64_MAX)
		return;
	curl_easy_setopt(c->curl, CURLOPT_TIMEOUT_MS, (long)(left > 1000 ? left / 1000 : 1));
	curl_easy_setopt(c->curl, CURLOPT_LOW_SPEED_LIMIT, (long)SLOWEST);
	curl_easy_setopt(c->curl, CURLOPT_LOW_SPEED_TIME, (long)SLOWEST_S);
}

/* Curl is told the addresses, so that it asks nobody. */
static err set_addresses(struct http_client *c, struct curl_slist **list)
{
	char text[sizeof c->reach.host + 16 + ENDPOINTS_MAX * 50];
	struct buf b = BUF_ON(text);

	buf_add_format(&b, "%s:%u:", c->reach.host, c->reach.port);
	for (size_t i = 0; i < c->reach.count; i++) {
		char address[64];
		endpoint_text(&c->reach.to[i], address);
		buf_add_format(&b, str_has(str_of(address), ':') ? "%s[%s]" : "%s%s", i ? "," : "", address);
	}
	const char *line = buf_c(&b);
	TRY(buf_check(&b));
	if (c->reach.count)
		TRY(add_line(list, line));
	curl_easy_setopt(c->curl, CURLOPT_RESOLVE, *list);
	return OK;
}

/* ── Call ────────────────────────────────────────────────────────────────────────────────────────── */

static err meaning(CURLcode code)
{
	switch (code) {
	case CURLE_OK:
		return OK;
	case CURLE_COULDNT_RESOLVE_HOST:
		return LATER(RESOLVE, "the name did not resolve");
	case CURLE_COULDNT_CONNECT:
		return LATER(CONNECT, "no connection could be made");
	case CURLE_OPERATION_TIMEDOUT:
		return LATER(TIMEOUT, "no answer came in time");
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_CONNECT_ERROR:
	case CURLE_SSL_ISSUER_ERROR:
	case CURLE_SSL_CERTPROBLEM:
		return LATER(TLS, "the other side is not verified");
	case CURLE_SSL_CACERT_BADFILE:
		return NEVER(CONFIG, "the file of trusted certificates cannot be used");
	case CURLE_GOT_NOTHING:
	case CURLE_SEND_ERROR:
	case CURLE_RECV_ERROR:
	case CURLE_PARTIAL_FILE:
	case CURLE_SEND_FAIL_REWIND:
		return LATER(CLOSED, "the other side cut the connection");
	case CURLE_OUT_OF_MEMORY:
		return LATER(MEMORY, "no memory for a request");
	default:
		return LATER(PROTOCOL, "the other side's answer cannot be read");
	}
}

static void explain(const struct http_client *c, err e, struct fault *fault)
{
	if (e.why == WHY_TLS && c->error[0])
		fault_set(fault, "%s: %s", c->reach.host, c->error);
	else
		fault_set(fault, "%s: %s", c->reach.host, e.note);
}

static err perform(struct http_exchange *x, struct http_result *out, struct fault *fault)
{
	struct http_client *c = x->client;

	c->error[0] = 0;
	CURLcode code = curl_easy_perform(c->curl);
	err e = err_first(x->failed, meaning(code));
	if (failed(e)) {
		explain(c, e, fault);
		return e;
	}
	return http_exchange_result(x, out);
}

err http_call(struct http_client *c, struct arena *a, const struct http_call *call, struct http_result *out,
	      struct fault *fault)
{
	OWNED(url_done) CURLU *url = NULL;
	OWNED(slist_done) struct curl_slist *fields = NULL;
	OWNED(slist_done) struct curl_slist *addresses = NULL;
	struct http_exchange x = { .client = c, .arena = a, .call = call, .stream_left = call->stream_len };

	c->wait = (struct wait){ .stop_fd = c->options.stop_fd, .grace = c->options.grace };
	if (wait_stopping(&c->wait))
		return LATER(CANCELLED, "stopping: nobody is asked any more");
	wait_begin(&c->wait, call->patience ? call->patience : PATIENCE_S * SECOND);
	TRY(read_url(a, call->url, &url));
	TRY(http_client_reach(c, url, fault));
	curl_easy_reset(c->curl); /* options, not connections */
	set_safety(c);
	if (!set_tls(c))
		return BROKEN(TLS, "the TLS library knows no safe parameters");
	TRY(set_method(c, a, call));
	set_body(c, call);
	TRY(set_fields(a, call, &fields));
	TRY(set_addresses(c, &addresses));
	set_patience(c);
	curl_easy_setopt(c->curl, CURLOPT_HTTPHEADER, fields);
	curl_easy_setopt(c->curl, CURLOPT_CURLU, url);
	TRY(http_exchange_begin(&x));
	return perform(&x, out, fault);
}

const str *http_result_field(const struct http_result *result, str name)
{
	const str *found = NULL;

	for (size_t i = 0; i < result->field_count; i++) {
		if (!str_same_nocase(result->fields[i].name, name))
			continue;
		if (found)
			return NULL;
		found = &result->fields[i].value;
	}
	return found;
}
