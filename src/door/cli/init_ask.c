/* What `init` was asked for. */
#include "door/cli/init.h"

#include "wire/address.h"

#include <stdlib.h>

static err usage(struct cli *cli, const char *what)
{
	fault_set(&cli->fault, "%s", what);
	return NEVER(USAGE, "the options do not fit");
}

static err read_domain(struct init *i)
{
	const char *given = cli_value(i->cli, "--domain"), *from = cli_value(i->cli, "--from"), *reason = NULL;
	struct address address;
	str text;

	if (!given)
		return usage(i->cli, "--domain is needed: the domain the mail comes from");
	TRY(str_format(i->arena, &text, "postmaster@%s", given));
	if (failed(address_parse(i->arena, text, &address, &reason)) || !address.domain.len ||
	    str_starts(address.domain, STR("["))) {
		fault_set(&i->cli->fault, "--domain %s: %s", given, reason ? reason : "this is no domain");
		return NEVER(USAGE, "no domain");
	}
	i->domain = address.domain;
	if (!from)
		return str_format(i->arena, &i->from, "documents@%.*s", STR_ARG(i->domain));
	if (failed(address_parse(i->arena, str_of(from), &address, &reason))) {
		fault_set(&i->cli->fault, "--from %s: %s", from, reason ? reason : "this is no address");
		return NEVER(USAGE, "no address");
	}
	i->from = address.text;
	return OK;
}

bool init_is_this_machine(str host)
{
	return str_same(host, STR("localhost")) || str_starts(host, STR("127.")) || str_same(host, STR("[::1]"));
}

/* HOST[:PORT]; an IPv6 address stands in brackets. */
static err read_relay(struct init *i, str place, bool implicit)
{
	ptrdiff_t bracket = str_find_char(place, ']');
	str host, port, after = str_from(place, bracket < 0 ? 0 : (size_t)bracket);
	uint64_t number;

	str_cut(after, ':', &host, &port);
	host = str_upto(place, place.len - after.len + host.len);
	if (host.len == 0 || (port.len && (!str_number(port, &number) || number == 0 || number > 65535)) ||
	    str_has(place, '/') || str_has(place, '@'))
		return usage(i->cli, "--transport is smtp://HOST[:PORT] or smtps://HOST[:PORT], without a login: that "
				     "goes into letterlock.yaml");
	i->kind = "smtp";
	i->security = implicit ? "implicit" : init_is_this_machine(host) ? "plain" : "starttls";
	TRY(str_c(i->arena, host, &i->relay));
	return port.len ? str_c(i->arena, port, &i->port) : OK;
}

static bool is_region(str s)
{
	for (size_t n = 0; n < s.len; n++)
		if (!((s.at[n] >= 'a' && s.at[n] <= 'z') || (s.at[n] >= '0' && s.at[n] <= '9') || s.at[n] == '-'))
			return false;
	return s.len > 0 && s.len <= 64;
}

/* Without a region, where the SDKs of AWS find it; else the oldest one, which the words after tell to look at. */
static err read_ses(struct init *i, str region)
{
	const char *const names[] = { "AWS_REGION", "AWS_DEFAULT_REGION" };

	for (size_t n = 0; n < 2 && !region.len; n++)
		region = str_of(getenv(names[n]));
	if (!region.len)
		region = STR("us-east-1");
	if (!is_region(region))
		return usage(i->cli, "--transport is ses or ses://REGION, such as ses://eu-central-1");
	i->kind = "ses";
	return str_c(i->arena, region, &i->region);
}

static err read_transport(struct init *i)
{
	const char *given = cli_value(i->cli, "--transport");
	str t = given ? str_of(given) : STR("maildir");

	if (str_same(t, STR("maildir"))) {
		i->kind = "maildir";
		return OK;
	}
	if (str_starts(t, STR("smtp://")))
		return read_relay(i, str_from(t, 7), false);
	if (str_starts(t, STR("smtps://")))
		return read_relay(i, str_from(t, 8), true);
	if (str_same(t, STR("ses")))
		return read_ses(i, STR_NONE);
	if (str_starts(t, STR("ses://")))
		return read_ses(i, str_from(t, 6));
	if (str_same(t, STR("direct"))) {
		fault_set(&i->cli->fault,
			  "--transport %s is not there yet; use a relay: smtp://HOST:587 or smtps://HOST:465", given);
		return NEVER(UNSUPPORTED, "a transport that is not there yet");
	}
	return usage(i->cli,
		     "--transport is maildir, smtp://HOST:PORT, smtps://HOST:PORT, ses, ses://REGION or direct");
}

/* The configuration's own check judges the whole; here only the host is needed. */
static err read_base_url(struct init *i)
{
	const char *given = cli_value(i->cli, "--base-url");
	str rest;

	i->base_url = given ? str_of(given) : STR("https://localhost:8443");
	if (!str_starts(i->base_url, STR("https://")))
		return usage(i->cli, "--base-url begins with https://");
	str_cut(str_from(i->base_url, 8), '/', &i->host, &rest);
	if (str_starts(i->host, STR("["))) {
		str_cut(str_from(i->host, 1), ']', &i->host, &rest);
		return OK;
	}
	str_cut(i->host, ':', &i->host, &rest);
	return i->host.len ? OK : usage(i->cli, "--base-url has no host");
}

err init_ask(struct init *i)
{
	TRY(read_domain(i));
	TRY(read_transport(i));
	return read_base_url(i);
}
