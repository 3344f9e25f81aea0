/* URLs of links and images: absolute, of four schemes, in one spelling (RFC 3986; WHATWG URL for what browsers repair).
 * What readers understand in different ways is refused: a backslash, a user name before the host, a host that is none.
 */
#include "inspector/html_inside.h"

#include "wire/domain.h"

#include <string.h>

/* Browsers leave out line ends and tabs anywhere, and blanks and controls at both ends. */
static bool straighten(str url, struct buf *out)
{
	while (url.len && (unsigned char)url.at[0] <= 0x20)
		url = str_from(url, 1);
	while (url.len && (unsigned char)url.at[url.len - 1] <= 0x20)
		url.len--;
	for (size_t i = 0; i < url.len; i++) {
		unsigned char c = (unsigned char)url.at[i];
		if (c == '\t' || c == '\n' || c == '\r')
			continue;
		if (c < 0x20 || c == 0x7F || c == '\\')
			return false;
		buf_add_char(out, url.at[i]);
	}
	return !out->overflow;
}

static bool letter_or_digit(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/* In lower case, up to the colon; empty if the URL is relative. */
static str scheme_of(str url, char room[16])
{
	size_t len = 0;

	for (; len < url.len && len < 16; len++) {
		char c = url.at[len];
		if (c == ':')
			return (str){ room, len };
		if (!letter_or_digit(c) && c != '+' && c != '-' && c != '.')
			break;
		room[len] = c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
	}
	return len == 16 && str_has(url, ':') ? (str){ room, len } : STR_NONE;
}

/* Everything that is not printable ASCII, and what quotes or brackets a URL in text, is percent-encoded. */
static void add_encoded(struct buf *out, str part)
{
	for (size_t i = 0; i < part.len; i++) {
		unsigned char c = (unsigned char)part.at[i];
		if (c <= 0x20 || c >= 0x7F || strchr("\"<>^`{|}", c))
			buf_add_format(out, "%%%02X", c);
		else
			buf_add_char(out, part.at[i]);
	}
}

/* ── https ───────────────────────────────────────────────────────────────────────────────────────── */

static bool port(str text)
{
	uint64_t number;
	return text.len == 0 || (text.len <= 5 && str_number(text, &number) && number > 0 && number <= 65535);
}

static bool literal_host(str host, struct buf *out)
{
	for (size_t i = 1; i + 1 < host.len; i++)
		if (!strchr("0123456789abcdefABCDEF:.", host.at[i]) || !host.at[i])
			return false;
	if (host.len < 4 || host.at[host.len - 1] != ']')
		return false;
	buf_add(out, host);
	return true;
}

static bool plain_host(str host)
{
	for (size_t i = 0; i < host.len; i++)
		if (!letter_or_digit(host.at[i]) && host.at[i] != '-' && host.at[i] != '.' && host.at[i] != '_')
			return false;
	return host.len > 0 && host.len <= DOMAIN_MAX;
}

/* A name in other letters than ASCII is written as the one that is looked up. */
static bool foreign_host(const struct html_writer *w, str host, struct buf *out)
{
	OWNED(arena_done) struct arena *a = NULL;
	str ascii;

	(void)w;
	if (str_has(host, '%') || host.len > 4 * DOMAIN_MAX || failed(arena_open(64 * 1024, &a)) ||
	    failed(domain_parse(a, host, &ascii)))
		return false;
	buf_add(out, ascii);
	return true;
}

static bool add_host(const struct html_writer *w, str host, struct buf *out)
{
	if (str_starts(host, STR("[")))
		return literal_host(host, out);
	if (!plain_host(host))
		return foreign_host(w, host, out);
	for (size_t i = 0; i < host.len; i++)
		buf_add_char(out, host.at[i] >= 'A' && host.at[i] <= 'Z' ? (char)(host.at[i] | 0x20) : host.at[i]);
	return true;
}

static str split_port(str authority, str *number)
{
	size_t end = authority.len;

	*number = STR_NONE;
	while (end > 0 && authority.at[end - 1] >= '0' && authority.at[end - 1] <= '9')
		end--;
	if (end == 0 || authority.at[end - 1] != ':')
		return authority;
	*number = str_from(authority, end);
	return str_upto(authority, end - 1);
}

static bool add_https(const struct html_writer *w, str rest, struct buf *out)
{
	size_t end = 2;
	str number;

	if (!str_starts(rest, STR("//")))
		return false;
	while (end < rest.len && !strchr("/?#", rest.at[end]))
		end++;
	str host = split_port(str_from(str_upto(rest, end), 2), &number);
	buf_add(out, STR("https://"));
	if (!port(number) || !add_host(w, host, out))
		return false;
	if (number.len) {
		buf_add_char(out, ':');
		buf_add(out, number);
	}
	add_encoded(out, str_from(rest, end));
	return true;
}

/* ── The others ──────────────────────────────────────────────────────────────────────────────────── */

static bool add_tel(str rest, struct buf *out)
{
	buf_add(out, STR("tel:"));
	for (size_t i = 0; i < rest.len; i++)
		if (letter_or_digit(rest.at[i]) || strchr("+-.()*#;=,%", rest.at[i]))
			buf_add_char(out, rest.at[i]);
		else if (rest.at[i] != ' ')
			return false;
	return out->len > sizeof "tel:" - 1;
}

static bool add_opaque(str scheme, str rest, struct buf *out)
{
	buf_add(out, scheme);
	buf_add_char(out, ':');
	add_encoded(out, rest);
	return rest.len > 0;
}

static bool add(const struct html_writer *w, str scheme, str rest, bool image, struct buf *out)
{
	if (str_same(scheme, STR("cid")))
		return add_opaque(scheme, rest, out);
	if (str_same(scheme, STR("https")))
		return (!image || w->rules->remote_images) && add_https(w, rest, out);
	if (image)
		return false;
	if (str_same(scheme, STR("mailto")))
		return add_opaque(scheme, rest, out);
	return str_same(scheme, STR("tel")) && add_tel(rest, out);
}

bool html_url(const struct html_writer *w, str url, bool image, struct buf *out)
{
	char straight[8192], room[16];
	struct buf b = BUF_ON(straight);
	str scheme = STR("malformed");

	if (straighten(url, &b)) {
		scheme = scheme_of(buf_str(&b), room);
		if (scheme.len && add(w, scheme, str_from(buf_str(&b), scheme.len + 1), image, out) && !out->overflow)
			return true;
	}
	html_report(w->report, "url", scheme.len ? scheme : STR("relative"));
	return false;
}
