#include "wire/http_head.h"

/* ── Bytes ───────────────────────────────────────────────────────────────────────────────────────── */

/* RFC 9110 5.6.2: tchar. */
static bool is_token_char(char c)
{
	if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'))
		return true;
	return c && str_has(STR("!#$%&'*+-.^_`|~"), c);
}

static bool is_token(str s)
{
	for (size_t i = 0; i < s.len; i++)
		if (!is_token_char(s.at[i]))
			return false;
	return s.len > 0;
}

/* RFC 3986 3.3 and 3.4: pchar, '/' and '?', without the percent sign. */
static bool is_target_char(char c)
{
	if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'))
		return true;
	return c && str_has(STR("-._~!$&'()*+,;=:@/?"), c);
}

static bool is_hex(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/* RFC 9112 3.2.1: origin-form only. */
static bool is_origin_form(str target)
{
	if (!str_starts(target, STR("/")))
		return false;
	for (size_t i = 0; i < target.len; i++) {
		if (target.at[i] == '%') {
			if (target.len - i < 3 || !is_hex(target.at[i + 1]) || !is_hex(target.at[i + 2]))
				return false;
			i += 2;
		} else if (!is_target_char(target.at[i])) {
			return false;
		}
	}
	return true;
}

/* ── Scanning ────────────────────────────────────────────────────────────────────────────────────── */

static enum http_scan_result scan_refused(unsigned *status, unsigned is)
{
	*status = is;
	return HTTP_SCAN_REFUSED;
}

/* RFC 9112 2.2: a line ends with CRLF; a bare CR, a bare LF or another control byte is an attempt at something. */
static bool scan_byte_may_stand(const struct http_scan *scan, unsigned char c)
{
	if (scan->after_cr)
		return c == '\n';
	return c == '\r' || c == '\t' || (c >= 0x20 && c != 0x7F);
}

enum http_scan_result http_scan(struct http_scan *scan, str bytes, unsigned *status)
{
	while (scan->seen < bytes.len) {
		unsigned char c = (unsigned char)bytes.at[scan->seen];

		if (!scan_byte_may_stand(scan, c))
			return scan_refused(status, 400);
		if (++scan->seen > HTTP_HEAD_MAX)
			return scan_refused(status, 431);
		scan->after_cr = c == '\r';
		if (c != '\n') {
			scan->line_len += c != '\r';
			continue;
		}
		if (scan->line_len == 0)
			return scan->lines ? HTTP_SCAN_WHOLE : scan_refused(status, 400);
		scan->line_len = 0;
		if (++scan->lines > HTTP_FIELDS_MAX + 1)
			return scan_refused(status, 431);
	}
	return HTTP_SCAN_MORE;
}

/* ── Parsing ─────────────────────────────────────────────────────────────────────────────────────── */

static const str method_names[] = {
	[HTTP_GET] = { "GET", 3 },
	[HTTP_HEAD] = { "HEAD", 4 },
	[HTTP_POST] = { "POST", 4 },
};

str http_method_name(enum http_method m)
{
	return method_names[m];
}

#define REFUSE(number, reason, words)                                                                                  \
	do {                                                                                                           \
		*status = (number);                                                                                    \
		return NEVER(reason, words);                                                                           \
	} while (0)

/* Methods are case-sensitive tokens (RFC 9110 9.1). */
static err parse_method(str name, enum http_method *out, unsigned *status)
{
	for (size_t m = 0; m < sizeof method_names / sizeof *method_names; m++) {
		if (str_same(name, method_names[m])) {
			*out = (enum http_method)m;
			return OK;
		}
	}
	if (!is_token(name))
		REFUSE(400, SYNTAX, "the method is no token");
	REFUSE(501, UNSUPPORTED, "a method this server does not know");
}

/* RFC 9112 2.3: only HTTP/1.1, and HTTP/1.0 because proxies still speak it to what is behind them. */
static err parse_version(str version, unsigned *minor, unsigned *status)
{
	if (str_same(version, STR("HTTP/1.1"))) {
		*minor = 1;
		return OK;
	}
	if (str_same(version, STR("HTTP/1.0"))) {
		*minor = 0;
		return OK;
	}
	if (version.len == 8 && str_starts(version, STR("HTTP/")))
		REFUSE(505, UNSUPPORTED, "another version of HTTP");
	REFUSE(400, SYNTAX, "no version of HTTP");
}

/* RFC 9112 3: method SP request-target SP HTTP-version, with single spaces. */
static err parse_request_line(str line, struct http_head *head, unsigned *status)
{
	str method, rest, target, version;

	if (!str_cut(line, ' ', &method, &rest) || !str_cut(rest, ' ', &target, &version))
		REFUSE(400, SYNTAX, "the request line has not three parts");
	TRY(parse_method(method, &head->method, status));
	TRY(parse_version(version, &head->minor, status));
	if (!is_origin_form(target))
		REFUSE(400, SYNTAX, "the target is not a path");
	head->target = target;
	(void)str_cut(target, '?', &head->path, &head->query);
	return OK;
}

static str trim_blanks(str s)
{
	while (s.len && (s.at[0] == ' ' || s.at[0] == '\t'))
		s = str_from(s, 1);
	while (s.len && (s.at[s.len - 1] == ' ' || s.at[s.len - 1] == '\t'))
		s.len--;
	return s;
}

/* RFC 9112 5.1 and 5.2: nothing between name and colon, and no folding; both show as a name that is no token. */
static err parse_field(str line, struct http_head *head, unsigned *status)
{
	str name, value;

	if (!str_cut(line, ':', &name, &value) || !is_token(name))
		REFUSE(400, SYNTAX, "a field line without a clean name");
	if (head->field_count == HTTP_FIELDS_MAX)
		REFUSE(431, LIMIT, "too many fields");
	head->fields[head->field_count++] = (struct http_field){ .name = name, .value = trim_blanks(value) };
	return OK;
}

static err parse_lines(str bytes, struct http_head *head, unsigned *status)
{
	bool first = true;

	for (;;) {
		ptrdiff_t end = str_find(bytes, STR("\r\n"));
		if (end < 0)
			REFUSE(400, SYNTAX, "the head is not whole");
		str line = str_upto(bytes, (size_t)end);
		bytes = str_from(bytes, (size_t)end + 2);
		if (line.len == 0)
			break;
		TRY(first ? parse_request_line(line, head, status) : parse_field(line, head, status));
		first = false;
	}
	if (first || bytes.len)
		REFUSE(400, SYNTAX, "the head does not end where it should");
	return OK;
}

const str *http_head_field(const struct http_head *head, str name)
{
	for (size_t i = 0; i < head->field_count; i++)
		if (str_same_nocase(head->fields[i].name, name))
			return &head->fields[i].value;
	return NULL;
}

static size_t count_fields(const struct http_head *head, str name)
{
	size_t count = 0;

	for (size_t i = 0; i < head->field_count; i++)
		count += str_same_nocase(head->fields[i].name, name);
	return count;
}

/* ── Meaning ─────────────────────────────────────────────────────────────────────────────────────── */

/* Fields that decide something; a second one could be what another reader believes (RFC 9110 5.3). */
static err check_singletons(const struct http_head *head, unsigned *status)
{
	static const str once[] = {
		{ "host", 4 },   { "content-length", 14 }, { "content-type", 12 }, { "content-encoding", 16 },
		{ "cookie", 6 }, { "authorization", 13 },  { "origin", 6 },        { "sec-fetch-site", 14 },
		{ "range", 5 },  { "if-range", 8 },        { "expect", 6 },        { "referer", 7 },
	};

	for (size_t i = 0; i < sizeof once / sizeof *once; i++)
		if (count_fields(head, once[i]) > 1)
			REFUSE(400, SYNTAX, "a field stands twice that may stand once");
	return OK;
}

/* RFC 9112 3.2: a request without exactly one Host is refused, in HTTP/1.0 too; RFC 9110 15.5.20: so is a
 * foreign one. */
static err check_host(const struct http_head *head, const struct http_rules *rules, unsigned *status)
{
	const str *host = http_head_field(head, STR("host"));

	if (!host || host->len == 0)
		REFUSE(400, SYNTAX, "no Host");
	str name = *host, port;
	uint64_t number;
	if (rules->any_port && str_cut(*host, ':', &name, &port) && !str_number(port, &number))
		REFUSE(400, SYNTAX, "a Host with a port that is none");
	if (!str_same_nocase(name, rules->authority) && !str_same_nocase(*host, rules->alias))
		REFUSE(421, SYNTAX, "a Host that is not ours");
	return OK;
}

/* RFC 9112 6.1 and 6.3. */
static err check_framing(struct http_head *head, const struct http_rules *rules, unsigned *status)
{
	const str *len = http_head_field(head, STR("content-length"));

	if (http_head_field(head, STR("transfer-encoding"))) {
		if (len || head->minor == 0)
			REFUSE(400, SYNTAX, "Transfer-Encoding where it makes the length unclear");
		REFUSE(501, UNSUPPORTED, "a body without a length");
	}
	if (!len && head->method == HTTP_POST)
		REFUSE(411, SYNTAX, "a body without a length");
	if (!len)
		return OK;
	if (!str_number(*len, &head->body_len))
		REFUSE(400, SYNTAX, "Content-Length is no number");
	if (head->body_len && head->method != HTTP_POST)
		REFUSE(400, SYNTAX, "content with a method that has none");
	if (head->body_len > rules->body_max)
		REFUSE(413, LIMIT, "the body is too long");
	return OK;
}

/* RFC 9110 10.1.1. */
static err check_expect(struct http_head *head, unsigned *status)
{
	const str *expect = http_head_field(head, STR("expect"));

	if (!expect)
		return OK;
	if (!str_same_nocase(*expect, STR("100-continue")))
		REFUSE(417, UNSUPPORTED, "an expectation we cannot meet");
	head->expects_continue = head->minor == 1 && head->body_len > 0;
	return OK;
}

static bool list_names(str list, str option)
{
	str one;

	while (list.len) {
		(void)str_cut(list, ',', &one, &list);
		if (str_same_nocase(trim_blanks(one), option))
			return true;
	}
	return false;
}

/* RFC 9112 9.3. Without a persistent HTTP/1.0: nobody needs it. */
static void read_persistence(struct http_head *head)
{
	head->keep_alive = head->minor == 1;
	for (size_t i = 0; i < head->field_count; i++)
		if (str_same_nocase(head->fields[i].name, STR("connection")) &&
		    list_names(head->fields[i].value, STR("close")))
			head->keep_alive = false;
}

err http_head_parse(str bytes, const struct http_rules *rules, struct http_head *out, unsigned *status)
{
	struct http_scan scan = { 0 };

	*out = (struct http_head){ 0 };
	if (http_scan(&scan, bytes, status) == HTTP_SCAN_REFUSED)
		return NEVER(SYNTAX, "bytes that may not stand in a head");
	TRY(parse_lines(bytes, out, status));
	TRY(check_singletons(out, status));
	TRY(check_host(out, rules, status));
	TRY(check_framing(out, rules, status));
	TRY(check_expect(out, status));
	read_persistence(out);
	return OK;
}
