/* A value becomes what its place can hold. Nothing is dropped silently: what cannot be shown is U+FFFD, what
 * would change the meaning of a line or a URL is refused. */
#include "wire/gate.h"
#include "wire/rune.h"
#include "wire/template_inner.h"

#include <string.h>

/* Characters that show nothing but change how their neighbours read. */
static bool turns_text(uint32_t code)
{
	return (code >= 0x202A && code <= 0x202E) || (code >= 0x2066 && code <= 0x2069);
}

static bool shows(uint32_t code)
{
	return (!rune_control(code) || code == '\t' || code == '\n') && !turns_text(code) &&
	       (code & 0xFFFE) != 0xFFFE && !(code >= 0xFDD0 && code <= 0xFDEF);
}

static str entity(uint32_t code)
{
	switch (code) {
	case '&':
		return STR("&amp;");
	case '<':
		return STR("&lt;");
	case '>':
		return STR("&gt;");
	case '"':
		return STR("&quot;");
	case '\'':
		return STR("&#39;");
	case '`':
		return STR("&#96;");
	default:
		return STR_NONE;
	}
}

/* Line ends become LF: the HTML tokenizer would do it anyway, and the writer of the message makes them CRLF. */
static void add_shown(struct buf *out, str value, bool html)
{
	while (value.len) {
		uint32_t code = 0xFFFF;
		size_t taken = str_rune(value, &code);
		str now = str_upto(value, taken ? taken : 1);
		if (code == '\r') {
			now = str_starts(value, STR("\r\n")) ? str_upto(value, 2) : now;
			buf_add_char(out, '\n');
		} else if (!taken || !shows(code)) {
			buf_add(out, STR("\xEF\xBF\xBD"));
		} else {
			str name = html ? entity(code) : STR_NONE;
			buf_add(out, name.len ? name : now);
		}
		value = str_from(value, now.len);
	}
}

/* The same bytes that mime_gate() refuses, known here by the name of the variable. */
static err add_line(struct buf *out, str value)
{
	struct gate_finding found;

	if (!gate_line(value, &found))
		return found.broken ? NEVER(HEADER, "its value is not UTF-8")
				    : NEVER(HEADER, "its value holds a control byte, which may not stand in a header");
	buf_add(out, value);
	return OK;
}

/* ── URLs, RFC 3986 ──────────────────────────────────────────────────────────────────────────────── */

static bool unreserved(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || (c && strchr("-._~", c));
}

static bool hex(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

static void add_url_char(struct buf *out, char c, bool in_html)
{
	str name = in_html ? entity((unsigned char)c) : STR_NONE;

	if (name.len)
		buf_add(out, name);
	else
		buf_add_char(out, c);
}

/* Percent-encodes all but unreserved characters and `kept`. */
static void add_component(struct buf *out, str value, const char *kept, bool in_html)
{
	for (size_t i = 0; i < value.len; i++) {
		char c = value.at[i];
		bool encoded = c == '%' && i + 2 < value.len && hex(value.at[i + 1]) && hex(value.at[i + 2]);
		if (unreserved(c) || (c && strchr(kept, c)) || (encoded && strchr(kept, '%')))
			add_url_char(out, c, in_html);
		else
			buf_add_format(out, "%%%02X", (unsigned char)c);
	}
}

/* https://bank.example@evil.example shows one host and goes to the other. */
static err check_authority(str url)
{
	str rest = str_from(url, 8);
	size_t len = 0;

	while (len < rest.len && !strchr("/?#", rest.at[len]))
		len++;
	str authority = str_upto(rest, len);
	if (len == 0 || str_has(authority, '@') || str_has(authority, '\\'))
		return NEVER(TEMPLATE, "its value is a URL without a plain host name");
	return OK;
}

static err add_url(struct buf *out, str value, bool in_html)
{
	enum scheme scheme = url_scheme(value);

	if (scheme == SCHEME_NONE)
		return NEVER(TEMPLATE, "its value is not a URL that begins with https://, mailto:, tel: or cid:");
	if (!str_utf8(value) || !str_clean(value) || str_has(value, ' '))
		return NEVER(TEMPLATE, "its value is a URL with a blank or control byte in it");
	if (scheme == SCHEME_HIERARCHY)
		TRY(check_authority(value));
	add_component(out, value, "%:/?#[]@!$&'()*+,;=", in_html);
	return OK;
}

err template_escape(struct buf *out, enum place place, bool in_html, str value)
{
	switch (place) {
	case PLACE_TEXT:
		add_shown(out, value, false);
		return OK;
	case PLACE_HTML:
		add_shown(out, value, true);
		return OK;
	case PLACE_LINE:
		return add_line(out, value);
	case PLACE_URL_WHOLE:
		return add_url(out, value, in_html);
	case PLACE_URL_PART:
		add_component(out, value, "", in_html);
		return OK;
	case PLACE_URL_OPAQUE:
		add_component(out, value, "@+", in_html);
		return OK;
	}
	return BROKEN(STATE, "a place without escaping");
}
