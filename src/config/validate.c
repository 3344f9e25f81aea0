/* What no single setting can know: rules between settings. Giving up a protection takes a written reason. */
#include "config/reading.h"

#include "sys/listen.h"
#include "wire/address.h"
#include "wire/colour.h"
#include "wire/file_rules.h"
#include "wire/phone.h"
#include "wire/sns.h"

#include <string.h>

static err refuse(struct reading *r, const char *name, const char *why)
{
	return reading_refuse(r, config_setting(str_of(name)), 0, "%s", why);
}

static err check_address(struct reading *r, const char *name, str text, str *domain)
{
	struct address address;
	const char *reason = NULL;

	if (failed(address_parse(r->arena, text, &address, &reason)))
		return refuse(r, name, reason ? reason : "this is no address");
	if (domain)
		*domain = address.domain;
	return OK;
}

/* A domain is judged by the one parser there is, as part of an address. */
static err check_domain(struct reading *r, const char *name, size_t record, str *domain)
{
	struct address address;
	const char *reason = NULL;
	str text;

	TRY(str_format(r->arena, &text, "postmaster@%.*s", STR_ARG(*domain)));
	if (failed(address_parse(r->arena, text, &address, &reason)) || !address.domain.len ||
	    str_starts(address.domain, STR("[")))
		return reading_refuse(r, config_setting(str_of(name)), record, "%s",
				      reason ? reason : "this is no domain");
	*domain = address.domain;
	return OK;
}

static bool below(str domain, str parent)
{
	return str_same(domain, parent) ||
	       (domain.len > parent.len && str_ends(domain, parent) && domain.at[domain.len - parent.len - 1] == '.');
}

static err check_sender(struct reading *r, struct config *c)
{
	str domain = STR_NONE;

	TRY(check_domain(r, "domain", 0, &c->domain));
	TRY(check_address(r, "sender.address", c->sender.address, &domain));
	if (!below(domain, c->domain))
		return refuse(r, "sender.address", "its domain is neither `domain` nor below it");
	if (c->sender.bounce.len)
		TRY(check_address(r, "sender.bounce", c->sender.bounce, NULL));
	return OK;
}

static bool is_loopback(str host)
{
	return str_same(host, STR("localhost")) || str_starts(host, STR("127.")) || str_same(host, STR("::1")) ||
	       str_same(host, STR("[::1]"));
}

/* A link into a foreign domain looks like the phishing that people are warned of (MISSION A26). This machine's own
 * name is for trying out. */
static err check_link_host(struct reading *r, const struct config *c, str host)
{
	str name, port;

	if (str_starts(host, STR("[")) || !str_cut(host, ':', &name, &port))
		name = host;
	if (c->base_url_elsewhere_reason.len || is_loopback(name) || str_starts(name, STR("[::1]")))
		return OK;
	TRY(str_lower(r->arena, name, &name));
	if (!below(name, c->domain))
		return refuse(
			r, "base_url",
			"its host is neither `domain` nor below it; recipients trust the domain they know. Say why "
			"in base_url_elsewhere_reason if it must be so");
	return OK;
}

/* https://host[:port][/path], nothing else: the token is appended to it. */
static err check_base_url(struct reading *r, struct config *c)
{
	str url = c->base_url;

	if (!str_starts(url, STR("https://")))
		return refuse(r, "base_url", "it must begin with https://: links are secrets");
	while (str_ends(url, STR("/")))
		url.len--;
	str rest = str_from(url, 8), host;
	str_cut(rest, '/', &host, &rest);
	for (size_t i = 0; i < url.len; i++)
		if ((unsigned char)url.at[i] <= 0x20 || (unsigned char)url.at[i] >= 0x7F ||
		    strchr("?#@\\\"<>", url.at[i]))
			return refuse(r, "base_url", "only https://HOST[:PORT][/PATH] is allowed, in ASCII");
	if (host.len == 0 || host.at[0] == ':')
		return refuse(r, "base_url", "the host is missing");
	c->base_url = url;
	return check_link_host(r, c, host);
}

static err check_login(struct reading *r, const struct config *c)
{
	if (c->transport.auth == CONFIG_LOGIN_NONE)
		return OK;
	if (c->transport.security == CONFIG_CLEAR)
		return refuse(r, "transport.auth", "a login goes over TLS only: set transport.security");
	if (c->transport.username.len == 0)
		return refuse(r, "transport.username", "this setting is missing: transport.auth needs it");
	if (!config_secret_given(&c->transport.password))
		return refuse(r, "transport.password", "this setting is missing: transport.auth needs it");
	return OK;
}

static bool all_of(str s, const char *allowed)
{
	for (size_t i = 0; i < s.len; i++)
		if (!s.at[i] || !strchr(allowed, s.at[i]))
			return false;
	return s.len > 0;
}

/* RFC 5321 4.1.1.1: a name, of one label too, or an address in brackets. Found out at EHLO it would hold all mail. */
static err check_helo(struct reading *r, struct config *c)
{
	str helo = c->transport.helo, label, rest = helo;

	if (str_starts(helo, STR("[")))
		return str_ends(helo, STR("]")) &&
				       all_of(str_upto(str_from(helo, 1), helo.len - 2), "0123456789abcdefABCDEFIPv:.")
			       ? OK
			       : refuse(r, "transport.helo", "an address is written [192.0.2.1] or [IPv6:2001:db8::1]");
	for (bool more = true; more;) {
		more = str_cut(rest, '.', &label, &rest);
		if (!all_of(label, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_") ||
		    label.at[0] == '-' || label.len > 63)
			return refuse(r, "transport.helo", "this is no name of a host, in ASCII");
	}
	return OK;
}

static err check_transport(struct reading *r, struct config *c)
{
	static const uint64_t ports[] = { [CONFIG_IMPLICIT] = 465, [CONFIG_STARTTLS] = 587, [CONFIG_CLEAR] = 25 };

	if (c->transport.port == 0)
		c->transport.port = ports[c->transport.security];
	if (c->transport.helo.len == 0)
		c->transport.helo = c->domain;
	TRY(check_helo(r, c));
	if (c->transport.kind != CONFIG_SMTP)
		return OK;
	if (c->transport.host.len == 0)
		return refuse(r, "transport.host", "this setting is missing: transport.kind smtp needs it");
	if (c->transport.security == CONFIG_CLEAR && !is_loopback(c->transport.host) &&
	    c->transport.allow_plain_reason.len == 0)
		return refuse(r, "transport.security",
			      "plain goes to this machine only, else say why in transport.allow_plain_reason");
	return check_login(r, c);
}

static err check_selector(struct reading *r, size_t record, str selector)
{
	for (size_t i = 0; i < selector.len; i++) {
		char ch = selector.at[i];
		bool fine = (ch >= 'a' && ch <= 'z') || (ch >= '0' && ch <= '9') || ch == '-' || ch == '.';
		if (!fine)
			return reading_refuse(r, config_setting(STR("signing[].selector")), record,
					      "small letters, digits, '-' and '.' only");
	}
	return OK;
}

static err check_signing(struct reading *r, struct config *c)
{
	struct config_signing *keys = (struct config_signing *)c->signing;

	if (c->signing_count == 0 && c->signing_allow_none_reason.len == 0)
		return refuse(
			r, "signing",
			"no DKIM key is named, else say why mail may leave unsigned in signing_allow_none_reason");
	for (size_t n = 0; n < c->signing_count; n++) {
		TRY(check_domain(r, "signing[].domain", n, &keys[n].domain));
		TRY(check_selector(r, n, keys[n].selector));
	}
	return OK;
}

/* Documents go there in the clear. */
static err check_scanner(struct reading *r, const struct config *c)
{
	str at = c->check.clamd;

	if (at.len == 0 || str_starts(at, STR("/")) || str_starts(at, STR("127.0.0.1:")) ||
	    str_starts(at, STR("[::1]:")))
		return OK;
	return refuse(r, "check.clamd", "it is the absolute path of clamd's socket, or 127.0.0.1:PORT");
}

/* Here, so that the line is told; whoever uses them reads them again. */
static err check_words(struct reading *r, const struct config *c)
{
	uint32_t bits;
	str wrong = STR_NONE;

	if (failed(file_types_read(c->check.types, &bits, &wrong)))
		return reading_refuse(r, config_setting(STR("check.types")), 0,
				      "no type of file is called \"%.*s\" here", STR_ARG(wrong));
	if (!bits)
		return refuse(r, "check.types", "with no type at all, no document could ever be sent");
	if (failed(file_actives_read(c->check.tolerate, &bits, &wrong)))
		return reading_refuse(r, config_setting(STR("check.tolerate")), 0,
				      "nothing that documents may hold is called \"%.*s\" here", STR_ARG(wrong));
	return OK;
}

/* Text stands in this colour on the page, and the page in this colour behind text (WCAG 2.2, 1.4.3 and 1.4.11). */
static err check_colour(struct reading *r, const char *name, str text, struct rgb page, const char *on)
{
	struct rgb c;

	if (failed(rgb_parse(text, &c)))
		return reading_refuse(r, config_setting(str_of(name)), 0, "a colour is # and six hexadecimal digits");
	unsigned contrast = rgb_contrast(c, page);
	if (contrast < CONTRAST_TEXT)
		return reading_refuse(r, config_setting(str_of(name)), 0,
				      "%.*s on %s has a contrast of %u.%02u; text that everyone can read needs 4.5",
				      STR_ARG(text), on, contrast / 100, contrast % 100);
	return OK;
}

static err check_page(struct reading *r, const struct config *c)
{
	TRY(check_colour(r, "page.colour", c->page.colour, RGB_PAPER, "the light page"));
	return check_colour(r, "page.colour_dark", c->page.colour_dark, RGB_NIGHT, "the dark page");
}

/* A renewal of what is erased at once would be a promise that nobody can keep. */
static err check_late(struct reading *r, const struct config *c)
{
	if (c->link.renewal != RENEWAL_NEVER && c->link.erase_after < DAY)
		return refuse(r, "link.renewal",
			      "documents are destroyed with their link: let link.erase_after be a day or more, or say "
			      "never");
	return c->notices.to.len ? check_address(r, "notices.to", c->notices.to, NULL) : OK;
}

static bool is_header_name(str name)
{
	for (size_t i = 0; i < name.len; i++) {
		char ch = name.at[i];
		if (!((ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z') || (ch >= '0' && ch <= '9') || ch == '-'))
			return false;
	}
	return name.len > 0;
}

static err check_sms(struct reading *r, const struct config *c)
{
	if (c->sms.country.len && !phone_country_fit(c->sms.country))
		return refuse(r, "sms.country", "a calling code is one to three digits, without + or 0 before it");
	if (!is_header_name(c->sms.header))
		return refuse(r, "sms.header", "letters, digits and '-' only");
	if (c->sms.url.len == 0)
		return OK;
	if (!str_starts(c->sms.url, STR("https://")) || !str_clean(c->sms.url))
		return refuse(r, "sms.url", "it must begin with https://: codes and numbers go there");
	if (str_find(c->sms.body, STR("{number}")) < 0 || str_find(c->sms.body, STR("{text}")) < 0)
		return refuse(r, "sms.body", "it must say {number} and {text}");
	if (str_find(c->sms.url, STR("{")) >= 0)
		return refuse(r, "sms.url", "numbers and texts go into the body: addresses are written to logs");
	return OK;
}

static err check_sns(struct reading *r, const struct config *c)
{
	struct sns_topic topics[SNS_TOPICS_MAX];
	size_t count;
	err e = sns_topics_read(c->sns.topics, topics, &count);

	if (failed(e))
		return refuse(r, "sns.topics", e.note);
	if (c->sns.endpoint.len && (!str_starts(c->sns.endpoint, STR("https://")) || !str_clean(c->sns.endpoint) ||
				    str_has(str_from(c->sns.endpoint, 8), '/')))
		return refuse(r, "sns.endpoint", "https://HOST or https://HOST:PORT, and nothing after it");
	return OK;
}

/* A day is a moment at its beginning, UTC. */
err config_day(str text, moment *out)
{
	char room[32];
	struct buf b = BUF_ON(room);

	if (text.len != 10)
		return NEVER(SYNTAX, "a day is written 2026-09-01");
	buf_add_format(&b, "%.*sT00:00:00Z", STR_ARG(text));
	return moment_parse(buf_str(&b), out);
}

static err check_s3(struct reading *r, const struct config *c)
{
	moment day;

	for (size_t i = 0; i < c->s3_keys_count; i++)
		if (failed(config_day(c->s3_keys[i].created, &day)))
			return reading_refuse(r, config_setting(STR("s3_keys[].created")), i,
					      "a day is written 2026-09-01");
	if (c->s3.key_created.len && failed(config_day(c->s3.key_created, &day)))
		return refuse(r, "s3.key_created", "a day is written 2026-09-01");
	if (c->s3.refuse_after < c->s3.warn_after)
		return refuse(r, "s3.refuse_after", "it comes before s3.warn_after");
	if (c->s3.direct && !str_starts(c->store, STR("s3://")))
		return refuse(r, "s3.direct", "`store` is no bucket, where alone others can fetch anything");
	if (!str_starts(c->store, STR("s3://")))
		return OK;
	if (c->s3.region.len == 0)
		return refuse(r, "s3.region", "this setting is missing: `store` is a bucket");
	if (c->s3.endpoint.len && !str_starts(c->s3.endpoint, STR("https://")))
		return refuse(r, "s3.endpoint", "it must begin with https://");
	if (c->s3.login == AWS_LOGIN_KEYS && c->s3_keys_count == 0)
		return refuse(r, "s3.login", "there are no s3_keys");
	return OK;
}

static err check_ses(struct reading *r, const struct config *c)
{
	moment day;

	for (size_t i = 0; i < c->ses_keys_count; i++)
		if (failed(config_day(c->ses_keys[i].created, &day)))
			return reading_refuse(r, config_setting(STR("ses_keys[].created")), i,
					      "a day is written 2026-09-01");
	if (c->ses.key_created.len && failed(config_day(c->ses.key_created, &day)))
		return refuse(r, "ses.key_created", "a day is written 2026-09-01");
	if (c->ses.refuse_after < c->ses.warn_after)
		return refuse(r, "ses.refuse_after", "it comes before ses.warn_after");
	if (c->transport.kind != CONFIG_SES)
		return OK;
	if (c->ses.region.len == 0)
		return refuse(r, "ses.region", "this setting is missing: transport.kind ses needs it");
	if (c->ses.endpoint.len && !str_starts(c->ses.endpoint, STR("https://")))
		return refuse(r, "ses.endpoint", "it must begin with https://");
	if (c->ses.login == AWS_LOGIN_KEYS && c->ses_keys_count == 0)
		return refuse(r, "ses.login", "there are no ses_keys");
	return OK;
}

static err check_rest(struct reading *r, const struct config *c)
{
	if (c->retry.most < c->retry.first)
		return refuse(r, "retry.most", "it is shorter than retry.first");
	if (c->password.floor_bits < 80 && c->password.allow_weak_reason.len == 0)
		return refuse(
			r, "password.floor_bits",
			"below 80 bits a container can be opened by trying: say why in password.allow_weak_reason");
	return OK;
}

static bool is_octal_mode(uint64_t figures)
{
	return figures / 100 == 6 && figures / 10 % 10 % 2 == 0 && figures % 10 % 2 == 0 && figures / 10 % 10 <= 6 &&
	       figures % 10 <= 6;
}

str config_host(const struct config *c)
{
	str host = str_from(c->base_url, 8), rest;

	(void)str_cut(host, '/', &host, &rest);
	if (str_starts(host, STR("["))) {
		(void)str_cut(str_from(host, 1), ']', &host, &rest);
		return host;
	}
	(void)str_cut(host, ':', &host, &rest);
	return host;
}

static err check_acme(struct reading *r, const struct config *c)
{
	struct listen_at at;

	if (c->serve.acme_directory.len == 0)
		return OK;
	if (!str_starts(c->serve.acme_directory, STR("https://")))
		return refuse(r, "serve.acme_directory", "it must begin with https://");
	if (!c->serve.acme_agreed)
		return refuse(r, "serve.acme_agreed",
			      "no certificate is asked for without agreement: read the authority's terms and say true");
	if (c->serve.acme_contact.len)
		TRY(check_address(r, "serve.acme_contact", c->serve.acme_contact, NULL));
	if (c->serve.acme_listen.len && failed(listen_at_parse(c->serve.acme_listen, &at)))
		return refuse(r, "serve.acme_listen", "an address and port, as [::]:80");
	return OK;
}

static err check_serve(struct reading *r, const struct config *c)
{
	struct listen_at at[LISTENERS_MAX];
	struct proxies proxies;
	size_t count;

	err e = listen_at_all(c->serve.listen, at, &count);
	if (failed(e))
		return refuse(r, "serve.listen", e.note);
	if (c->serve.ops_listen.len &&
	    (failed(listen_at_parse(c->serve.ops_listen, &at[0])) || !listen_at_is_local(&at[0])))
		return refuse(r, "serve.ops_listen",
			      "it asks for no login and speaks no TLS: an address of the loopback with its port, or "
			      "unix:PATH");
	if (!is_octal_mode(c->serve.socket_mode))
		return refuse(r, "serve.socket_mode", "read and write for the owner, the group or all: 600, 660, 666");
	if (failed(proxies_parse(c->serve.proxies, &proxies)))
		return refuse(r, "serve.proxies",
			      "addresses and networks in figures, as 192.0.2.10 or 2001:db8::/32, or `unix`");
	return OK;
}

err config_validate(struct reading *r, struct config *c)
{
	TRY(check_sender(r, c));
	TRY(check_base_url(r, c));
	TRY(check_transport(r, c));
	TRY(check_signing(r, c));
	TRY(check_scanner(r, c));
	TRY(check_words(r, c));
	TRY(check_serve(r, c));
	TRY(check_page(r, c));
	TRY(check_late(r, c));
	TRY(check_sms(r, c));
	TRY(check_s3(r, c));
	TRY(check_sns(r, c));
	TRY(check_ses(r, c));
	TRY(check_acme(r, c));
	return check_rest(r, c);
}
