#include "net/http_inside.h"

#include "sys/sys.h"
#include "wire/gate.h"

enum { FIELDS_ROOM = 4096, HEAD_ROOM = 8192, WINDOW = HEAD_ROOM + STREAM_WINDOW };

/* RFC 9110 15; only what is used. */
str http_status_words(unsigned status)
{
	static const struct {
		unsigned status;
		str words;
	} table[] = {
#define ROW(number, text)                                                                                              \
	{                                                                                                              \
		number,                                                                                                \
		{                                                                                                      \
			text, sizeof(text) - 1                                                                         \
		}                                                                                                      \
	}
		ROW(200, "OK"),
		ROW(206, "Partial Content"),
		ROW(303, "See Other"),
		ROW(400, "Bad Request"),
		ROW(403, "Forbidden"),
		ROW(404, "Not Found"),
		ROW(405, "Method Not Allowed"),
		ROW(408, "Request Timeout"),
		ROW(409, "Conflict"),
		ROW(410, "Gone"),
		ROW(411, "Length Required"),
		ROW(413, "Content Too Large"),
		ROW(415, "Unsupported Media Type"),
		ROW(416, "Range Not Satisfiable"),
		ROW(417, "Expectation Failed"),
		ROW(421, "Misdirected Request"),
		ROW(422, "Unprocessable Content"),
		ROW(423, "Locked"),
		ROW(429, "Too Many Requests"),
		ROW(431, "Request Header Fields Too Large"),
		ROW(500, "Internal Server Error"),
		ROW(501, "Not Implemented"),
		ROW(502, "Bad Gateway"),
		ROW(503, "Service Unavailable"),
		ROW(504, "Gateway Timeout"),
		ROW(505, "HTTP Version Not Supported"),
		ROW(507, "Insufficient Storage"),
#undef ROW
	};

	for (size_t i = 0; i < sizeof table / sizeof *table; i++)
		if (table[i].status == status)
			return table[i].words;
	return STR("Unknown");
}

/* RFC 9110 5.5, without obs-text and TAB: what we write ourselves is plain. */
static bool is_field_value(str s)
{
	for (size_t i = 0; i < s.len; i++)
		if ((unsigned char)s.at[i] >= 0x80)
			return false;
	return gate_line(s, NULL);
}

err http_answer_field(struct http_answer *a, str name, str value)
{
	if (!is_field_value(name) || str_has(name, ':') || str_has(name, ' ') || !is_field_value(value))
		return NEVER(HEADER, "a field holds bytes that may not pass");
	if (!a->fields.at)
		TRY(buf_open(a->arena, FIELDS_ROOM, &a->fields));
	buf_add(&a->fields, name);
	buf_add(&a->fields, STR(": "));
	buf_add(&a->fields, value);
	buf_add(&a->fields, STR("\r\n"));
	return buf_check(&a->fields);
}

/* RFC 9110 5.6.7: IMF-fixdate. */
static void add_date(struct buf *b, moment now)
{
	static const char days[] = "SunMonTueWedThuFriSat", months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	struct civil c = moment_civil(now);

	buf_add_format(b, "Date: %.3s, %02d %.3s %04d %02d:%02d:%02d GMT\r\n", days + 3 * c.weekday, c.day,
		       months + 3 * (c.month - 1), c.year, c.hour, c.minute, c.second);
}

/* THREATS. Nothing names the program. */
static const char safety_fields[] = "Strict-Transport-Security: max-age=31536000\r\n"
				    "Cache-Control: no-store\r\n"
				    "X-Content-Type-Options: nosniff\r\n"
				    "X-Frame-Options: DENY\r\n"
				    "X-Robots-Tag: noindex, nofollow\r\n"
				    "Referrer-Policy: no-referrer\r\n"
				    "Cross-Origin-Opener-Policy: same-origin\r\n"
				    "Cross-Origin-Resource-Policy: same-origin\r\n"
				    "Permissions-Policy: camera=(), geolocation=(), microphone=()\r\n";
#define POLICY_NOTHING STR("default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")

static uint64_t content_len(const struct http_answer *a)
{
	return a->stream.ops ? a->stream_len : a->body.len;
}

static void add_head(struct buf *b, const struct http_reply *r)
{
	const struct http_answer *a = r->answer;
	str words = http_status_words(a->status), policy = a->policy.len ? a->policy : POLICY_NOTHING;

	buf_add_format(b, "HTTP/1.1 %u %.*s\r\n", a->status, STR_ARG(words));
	add_date(b, clock_now(&r->options->clock));
	buf_add(b, str_of(safety_fields));
	buf_add_format(b, "Content-Security-Policy: %.*s\r\n", STR_ARG(policy));
	buf_add(b, buf_str(&a->fields));
	buf_add_format(b, "Content-Length: %llu\r\n", (unsigned long long)content_len(a));
	buf_add(b, r->keep_alive ? STR("\r\n") : STR("Connection: close\r\n\r\n"));
}

static struct tls_wait window_wait(const struct http_reply *r)
{
	const struct clock *c = &r->options->clock;

	return (struct tls_wait){ .clock = *c, .until = clock_ticks(c) + r->options->window_max, .wake = -1 };
}

static err flush(const struct http_reply *r, struct buf *window)
{
	TRY(tls_write(r->session, window->at, window->len, window_wait(r)));
	window->len = 0;
	return OK;
}

static err write_str(const struct http_reply *r, struct buf *window, str body)
{
	while (body.len) {
		str part = str_upto(body, window->max - window->len);
		buf_add(window, part);
		body = str_from(body, part.len);
		if (window->len == window->max)
			TRY(flush(r, window));
	}
	return window->len ? flush(r, window) : OK;
}

/* Reads in pieces of STREAM_WINDOW, so that a store that works in such pieces need not cut them. */
static err fill(const struct http_reply *r, struct buf *window, uint64_t left)
{
	size_t room = left < STREAM_WINDOW ? (size_t)left : STREAM_WINDOW, got;

	TRY(source_read_full(&r->answer->stream, window->at, room, &got));
	window->len = got;
	return got == room ? OK : BROKEN(IO, "a document is shorter than it said");
}

/* The length was promised in the head: a source that ends early is our own fault, and the only honest answer left is to
 * break the connection. */
static err write_stream(const struct http_reply *r, struct buf *window, uint64_t *sent)
{
	uint64_t len = r->answer->stream_len;
	str first = r->answer->first;

	TRY(tls_write_both(r->session, buf_str(window), first, window_wait(r)));
	for (*sent = first.len; *sent < len; *sent += window->len) {
		TRY(fill(r, window, len - *sent));
		TRY(tls_write(r->session, window->at, window->len, window_wait(r)));
	}
	return OK;
}

/* Written is not received: the kernel holds what the peer has not acknowledged. Only a transfer that is known to have
 * arrived counts as one. */
static err write_counted_stream(const struct http_reply *r, struct buf *window, uint64_t *sent)
{
	TRY(write_stream(r, window, sent));
	return r->answer->sent ? tls_arrived(r->session, window_wait(r)) : OK;
}

static err write_content(const struct http_reply *r, struct buf *window, uint64_t *sent)
{
	if (r->method == HTTP_HEAD)
		return flush(r, window);
	if (r->answer->stream.ops)
		return write_counted_stream(r, window, sent);
	return write_str(r, window, r->answer->body);
}

static void room_done(char **room)
{
	free(*room);
}

/* The head travels in one write with the first bytes of the body: one record less, one packet less. */
err http_reply_write(const struct http_reply *r, uint64_t *sent)
{
	uint64_t most = content_len(r->answer) + HEAD_ROOM;
	size_t max = most < WINDOW ? (size_t)most : WINDOW;
	OWNED(room_done) char *room = malloc(max); /* not of the arena, which would clear it first */
	struct buf window = { .at = room, .max = max };

	*sent = 0;
	if (!room)
		return LATER(MEMORY, "no memory for an answer");
	add_head(&window, r);
	TRY(buf_check(&window));
	return write_content(r, &window, sent);
}
