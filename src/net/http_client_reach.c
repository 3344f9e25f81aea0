/* Where a URL may lead. Curl takes it apart (one parser, the same that will ask), we resolve and judge. */
#include "net/http_client_inside.h"

#define KNOWN_FOR (60 * SECOND)

static void text_done(char **text)
{
	curl_free(*text);
}

static err take_host(CURLU *url, struct reach *r)
{
	OWNED(text_done) char *host = NULL;
	OWNED(text_done) char *zone = NULL;

	/* A zone ("%eth0") belongs to one machine's network and to no URL of ours. */
	if (curl_url_get(url, CURLUPART_ZONEID, &zone, 0) != CURLUE_NO_ZONEID)
		return NEVER(SYNTAX, "a URL with a zone");
	if (curl_url_get(url, CURLUPART_HOST, &host, 0) != CURLUE_OK)
		return NEVER(SYNTAX, "a URL without a host");
	str name = str_of(host);
	if (str_starts(name, STR("[")))
		name = str_upto(str_from(name, 1), name.len - 2);
	if (name.len == 0 || name.len >= sizeof r->host)
		return NEVER(SYNTAX, "the host of a URL cannot be used");
	memcpy(r->host, name.at, name.len);
	r->host[name.len] = 0;
	return OK;
}

static err take_scheme(CURLU *url, const struct http_client_options *o, struct reach *r)
{
	OWNED(text_done) char *scheme = NULL;

	if (curl_url_get(url, CURLUPART_SCHEME, &scheme, 0) != CURLUE_OK)
		return NEVER(SYNTAX, "a URL without https://");
	r->plain = str_same(str_of(scheme), STR("http"));
	if (!r->plain && !str_same(str_of(scheme), STR("https")))
		return NEVER(DENIED, "only https:// is asked");
	return r->plain && !o->plain_local && !o->plain_metadata && !o->plain_public
		       ? NEVER(DENIED, "http:// is not asked: nobody could tell who answers")
		       : OK;
}

static err take_port(CURLU *url, struct reach *r)
{
	OWNED(text_done) char *port = NULL;
	uint64_t number = 0;

	if (curl_url_get(url, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT) != CURLUE_OK ||
	    !str_number(str_of(port), &number) || number == 0 || number > UINT16_MAX)
		return NEVER(SYNTAX, "the port of a URL cannot be used");
	r->port = (uint16_t)number;
	return OK;
}

/* EC2's metadata (IMDS), those who give credentials to containers of ECS and EKS, and the runtime API of Lambda: they
 * are asked without TLS by everybody, and their addresses lead no further than the machine's own host. */
static bool is_metadata(const struct endpoint *e)
{
	static const char *const known[] = { "169.254.169.254", "169.254.170.2", "169.254.170.23",
					     "fd00:ec2::254",   "fd00:ec2::23",  "169.254.100.1" };
	char text[64];

	endpoint_text(e, text);
	for (size_t i = 0; i < sizeof known / sizeof *known; i++)
		if (str_same(str_of(text), str_of(known[i])))
			return true;
	return false;
}

static bool may_be_plain(const struct http_client_options *o, const struct endpoint *e)
{
	if (o->plain_public)
		return endpoint_is_public(e);
	return endpoint_is_loopback(e) || (o->plain_metadata && is_metadata(e));
}

/* One bad address among many is enough: whoever gave the name chose them all. */
static err judge(const struct http_client_options *o, const struct reach *r, struct fault *fault)
{
	for (size_t i = 0; i < r->count; i++) {
		if (o->public_only && !endpoint_is_public(&r->to[i])) {
			fault_set(fault, "%s: has an address that is not of the public Internet", r->host);
			return NEVER(DENIED, "an address that is not public");
		}
		if (r->plain && !may_be_plain(o, &r->to[i])) {
			fault_set(fault, "%s: is not this machine, and http:// is asked of this machine alone",
				  r->host);
			return NEVER(DENIED, "http:// to another machine");
		}
	}
	return OK;
}

static bool is_known(const struct http_client *c, const struct reach *r)
{
	return c->reach.known_until > clock_ticks(&c->clock) && c->reach.port == r->port &&
	       str_same(str_of(c->reach.host), str_of(r->host));
}

static err resolve(struct http_client *c, struct reach *r, struct fault *fault)
{
	if (is_known(c, r)) {
		memcpy(r->to, c->reach.to, sizeof r->to);
		r->count = c->reach.count;
		r->known_until = c->reach.known_until;
		return OK;
	}
	err e = socket_resolve(r->host, r->port, &c->wait, r->to, &r->count);
	if (failed(e))
		fault_set(fault, "%s: %s", r->host, e.note);
	r->known_until = clock_ticks(&c->clock) + KNOWN_FOR;
	return e;
}

err http_client_reach(struct http_client *c, CURLU *url, struct fault *fault)
{
	struct reach r = { 0 };

	TRY(take_scheme(url, &c->options, &r));
	TRY(take_host(url, &r));
	TRY(take_port(url, &r));
	if (!c->options.unix_socket) {
		TRY(resolve(c, &r, fault));
		TRY(judge(&c->options, &r, fault));
	}
	c->reach = r;
	return OK;
}

bool http_client_may_dial(const struct http_client *c, const struct endpoint *to)
{
	for (size_t i = 0; i < c->reach.count; i++)
		if (endpoint_same_address(&c->reach.to[i], to))
			return true;
	return false;
}
