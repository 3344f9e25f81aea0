#include "test/support/support.h"

#include "wire/http_head.h"

static const struct http_rules rules = { .authority = { "docs.example", 12 }, .body_max = 1000 };

static unsigned parse(str bytes, struct http_head *head)
{
	unsigned status = 0;

	return failed(http_head_parse(bytes, &rules, head, &status)) ? status : 0;
}

/* What a request is answered with before any handler sees it; 0: it is let in. LIBRARIES T6, THREATS B-77. */
#define H "Host: docs.example\r\n"
static const struct {
	const char *what;
	unsigned status;
	str bytes;
} table[] = {
#define ROW(words, status, text)                                                                                       \
	{                                                                                                              \
		words, status,                                                                                         \
		{                                                                                                      \
			text, sizeof(text) - 1                                                                         \
		}                                                                                                      \
	}
	ROW("a plain request", 0, "GET / HTTP/1.1\r\n" H "\r\n"),
	ROW("a request by a proxy", 0, "GET /d/abc HTTP/1.0\r\n" H "\r\n"),
	ROW("a form", 0, "POST /d/abc?x=%20 HTTP/1.1\r\n" H "Content-Length: 1000\r\n\r\n"),
	ROW("host in capitals", 0, "GET / HTTP/1.1\r\nHOST:\tDocs.Example \r\n\r\n"),
	ROW("upgrade is passed over", 0, "GET / HTTP/1.1\r\n" H "Connection: upgrade\r\nUpgrade: h2c\r\n\r\n"),
	ROW("length and transfer coding", 400,
	    "POST / HTTP/1.1\r\n" H
	    "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /x HTTP/1.1\r\n" H "\r\n"),
	ROW("length after transfer coding", 400,
	    "POST / HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n"),
	ROW("transfer coding alone", 501, "POST / HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\n\r\n"),
	ROW("transfer coding twice", 501,
	    "POST / HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n"),
	ROW("unknown transfer coding", 501, "POST / HTTP/1.1\r\n" H "Transfer-Encoding: xchunked\r\n\r\n"),
	ROW("transfer coding in 1.0", 400, "POST / HTTP/1.0\r\n" H "Transfer-Encoding: chunked\r\n\r\n"),
	ROW("blank before the colon", 400, "POST / HTTP/1.1\r\n" H "Transfer-Encoding : chunked\r\n\r\n"),
	ROW("tab before the colon", 400, "POST / HTTP/1.1\r\n" H "Content-Length\t: 5\r\n\r\n"),
	ROW("two different lengths", 400, "POST / HTTP/1.1\r\n" H "Content-Length: 5\r\nContent-Length: 6\r\n\r\n"),
	ROW("two equal lengths", 400, "POST / HTTP/1.1\r\n" H "Content-Length: 5\r\ncontent-length: 5\r\n\r\n"),
	ROW("a list of lengths", 400, "POST / HTTP/1.1\r\n" H "Content-Length: 5, 5\r\n\r\n"),
	ROW("signed length", 400, "POST / HTTP/1.1\r\n" H "Content-Length: +5\r\n\r\n"),
	ROW("negative length", 400, "POST / HTTP/1.1\r\n" H "Content-Length: -5\r\n\r\n"),
	ROW("hexadecimal length", 400, "POST / HTTP/1.1\r\n" H "Content-Length: 0x5\r\n\r\n"),
	ROW("overflowing length", 400, "POST / HTTP/1.1\r\n" H "Content-Length: 18446744073709551617\r\n\r\n"),
	ROW("huge length", 413, "POST / HTTP/1.1\r\n" H "Content-Length: 18446744073709551615\r\n\r\n"),
	ROW("one byte too long", 413, "POST / HTTP/1.1\r\n" H "Content-Length: 1001\r\n\r\n"),
	ROW("empty length", 400, "POST / HTTP/1.1\r\n" H "Content-Length:\r\n\r\n"),
	ROW("no length", 411, "POST / HTTP/1.1\r\n" H "\r\n"),
	ROW("content with GET", 400, "GET / HTTP/1.1\r\n" H "Content-Length: 5\r\n\r\n"),
	ROW("no content with GET", 0, "GET / HTTP/1.1\r\n" H "Content-Length: 0\r\n\r\n"),
	ROW("two hosts", 400, "GET / HTTP/1.1\r\n" H H "\r\n"),
	ROW("two different hosts", 400, "GET / HTTP/1.1\r\n" H "Host: evil.example\r\n\r\n"),
	ROW("no host", 400, "GET / HTTP/1.1\r\n\r\n"),
	ROW("no host in 1.0", 400, "GET / HTTP/1.0\r\n\r\n"),
	ROW("empty host", 400, "GET / HTTP/1.1\r\nHost:\r\n\r\n"),
	ROW("a foreign host", 421, "GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n"),
	ROW("a host with a path", 421, "GET / HTTP/1.1\r\nHost: docs.example/x\r\n\r\n"),
	ROW("bare LF after the request line", 400, "GET / HTTP/1.1\n" H "\r\n"),
	ROW("bare LF after a field", 400, "GET / HTTP/1.1\r\nHost: docs.example\nX: 1\r\n\r\n"),
	ROW("bare LF at the end", 400, "GET / HTTP/1.1\r\nHost: docs.example\n\n"),
	ROW("bare CR in a value", 400, "GET / HTTP/1.1\r\n" H "X: a\rb\r\n\r\n"),
	ROW("CR CR LF", 400, "GET / HTTP/1.1\r\n" H "X: a\r\r\n\r\n"),
	ROW("NUL in a value", 400, "GET / HTTP/1.1\r\n" H "X: a\0b\r\n\r\n"),
	ROW("NUL in the target", 400, "GET /\0 HTTP/1.1\r\n" H "\r\n"),
	ROW("DEL in a value", 400, "GET / HTTP/1.1\r\n" H "X: \x7f\r\n\r\n"),
	ROW("escape in a value", 400, "GET / HTTP/1.1\r\n" H "X: \x1b[2J\r\n\r\n"),
	ROW("blank in a name", 400, "GET / HTTP/1.1\r\n" H "X Y: a\r\n\r\n"),
	ROW("no name", 400, "GET / HTTP/1.1\r\n" H ": a\r\n\r\n"),
	ROW("no colon", 400, "GET / HTTP/1.1\r\n" H "abc\r\n\r\n"),
	ROW("8-bit in a name", 400, "GET / HTTP/1.1\r\n" H "X\xc3\xa4: a\r\n\r\n"),
	ROW("a folded line", 400, "GET / HTTP/1.1\r\n" H "X: a\r\n b\r\n\r\n"),
	ROW("a folded line by tab", 400, "GET / HTTP/1.1\r\n" H "X: a\r\n\tb\r\n\r\n"),
	ROW("a folded first line", 400, "GET / HTTP/1.1\r\n " H "\r\n"),
	ROW("an empty line before", 400, "\r\nGET / HTTP/1.1\r\n" H "\r\n"),
	ROW("absolute-form", 400, "GET https://docs.example/ HTTP/1.1\r\n" H "\r\n"),
	ROW("asterisk-form", 400, "GET * HTTP/1.1\r\n" H "\r\n"),
	ROW("authority-form", 501, "CONNECT docs.example:443 HTTP/1.1\r\n" H "\r\n"),
	ROW("a fragment", 400, "GET /#a HTTP/1.1\r\n" H "\r\n"),
	ROW("a broken escape", 400, "GET /%2 HTTP/1.1\r\n" H "\r\n"),
	ROW("no escape", 400, "GET /%zz HTTP/1.1\r\n" H "\r\n"),
	ROW("8-bit in the target", 400, "GET /\xc3\xa4 HTTP/1.1\r\n" H "\r\n"),
	ROW("backslash in the target", 400, "GET /..\\x HTTP/1.1\r\n" H "\r\n"),
	ROW("two blanks", 400, "GET  / HTTP/1.1\r\n" H "\r\n"),
	ROW("a blank in the target", 400, "GET /a b HTTP/1.1\r\n" H "\r\n"),
	ROW("a blank at the end", 400, "GET / HTTP/1.1 \r\n" H "\r\n"),
	ROW("a tab for a blank", 400, "GET\t/ HTTP/1.1\r\n" H "\r\n"),
	ROW("a method in lower case", 501, "get / HTTP/1.1\r\n" H "\r\n"),
	ROW("another method", 501, "PUT / HTTP/1.1\r\n" H "Content-Length: 1\r\n\r\n"),
	ROW("trace", 501, "TRACE / HTTP/1.1\r\n" H "\r\n"),
	ROW("no method", 400, " / HTTP/1.1\r\n" H "\r\n"),
	ROW("a method that is none", 400, "G@T / HTTP/1.1\r\n" H "\r\n"),
	ROW("HTTP/2 preface", 501, "PRI * HTTP/2.0\r\n\r\n"),
	ROW("HTTP/2", 505, "GET / HTTP/2.0\r\n" H "\r\n"),
	ROW("HTTP/1.2", 505, "GET / HTTP/1.2\r\n" H "\r\n"),
	ROW("HTTP/1", 400, "GET / HTTP/1\r\n" H "\r\n"),
	ROW("HTTP/0.9", 400, "GET /\r\n\r\n"),
	ROW("http in lower case", 400, "GET / http/1.1\r\n" H "\r\n"),
	ROW("another expectation", 417, "POST / HTTP/1.1\r\n" H "Content-Length: 1\r\nExpect: 200-ok\r\n\r\n"),
	ROW("two ranges of fields", 400, "GET / HTTP/1.1\r\n" H "Range: bytes=0-\r\nRange: bytes=1-\r\n\r\n"),
	ROW("two cookies", 400, "GET / HTTP/1.1\r\n" H "Cookie: a=b\r\nCookie: a=c\r\n\r\n"),
	ROW("not whole", 400, "GET / HTTP/1.1\r\n" H),
	ROW("nothing", 400, ""),
	ROW("more after the head", 400, "GET / HTTP/1.1\r\n" H "\r\nGET /x HTTP/1.1\r\n"),
#undef ROW
};

static void each_request_is_let_in_or_refused_as_the_table_says(void **state)
{
	static struct http_head head;

	(void)state;
	for (size_t i = 0; i < COUNT(table); i++) {
		unsigned status = parse(table[i].bytes, &head);
		if (status != table[i].status) {
			print_error("%s: %u, expected %u\n", table[i].what, status, table[i].status);
			fail();
		}
	}
}

static void the_parts_of_a_request_are_found(void **state)
{
	struct http_head head;

	(void)state;
	assert_int_equal(parse(STR("POST /d/abc?x=1?y HTTP/1.1\r\n" H "Content-Length: 12\r\nCookie:  a=b; c=d\t \r\n"
				   "Expect: 100-Continue\r\nX-\xc3: \xc3\xa4\r\n\r\n"),
			       &head),
			 400);
	assert_int_equal(parse(STR("POST /d/abc?x=1?y HTTP/1.1\r\n" H "Content-Length: 12\r\nCookie:  a=b; c=d\t \r\n"
				   "Expect: 100-Continue\r\nX-y: \xc3\xa4\r\n\r\n"),
			       &head),
			 0);
	assert_int_equal(head.method, HTTP_POST);
	assert_str(head.path, STR("/d/abc"));
	assert_str(head.query, STR("x=1?y"));
	assert_int_equal(head.body_len, 12);
	assert_true(head.expects_continue && head.keep_alive);
	assert_str(*http_head_field(&head, STR("cookie")), STR("a=b; c=d"));
	assert_null(http_head_field(&head, STR("cooki")));
}

static void connections_end_when_asked_or_old(void **state)
{
	struct http_head head;

	(void)state;
	assert_int_equal(parse(STR("GET / HTTP/1.1\r\n" H "Connection: te , Close\r\n\r\n"), &head), 0);
	assert_false(head.keep_alive);
	assert_int_equal(parse(STR("GET / HTTP/1.1\r\n" H "Connection: closed\r\n\r\n"), &head), 0);
	assert_true(head.keep_alive);
	assert_int_equal(parse(STR("GET / HTTP/1.0\r\n" H "Connection: keep-alive\r\n\r\n"), &head), 0);
	assert_false(head.keep_alive);
}

/* The scanner must say the same however the bytes are cut: the verdict on each row, byte by byte. */
static void a_head_that_trickles_in_is_judged_as_one_that_comes_at_once(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(table); i++) {
		struct http_scan at_once = { 0 }, trickling = { 0 };
		unsigned once_status = 0, status = 0;
		enum http_scan_result whole = http_scan(&at_once, table[i].bytes, &once_status);
		enum http_scan_result now = HTTP_SCAN_MORE;

		for (size_t n = 1; n <= table[i].bytes.len && now == HTTP_SCAN_MORE; n++)
			now = http_scan(&trickling, str_upto(table[i].bytes, n), &status);
		assert_int_equal(now, whole);
		assert_int_equal(trickling.seen, at_once.seen);
		assert_int_equal(status, once_status);
	}
}

static void bytes_that_cannot_stand_are_refused_before_the_head_ends(void **state)
{
	static const str hopeless[] = { { "GET / HTTP/1.1\n", 15 }, { "\x16\x03\x01", 3 }, { "GET /\0", 6 } };

	(void)state;
	for (size_t i = 0; i < COUNT(hopeless); i++) {
		struct http_scan scan = { 0 };
		unsigned status = 0;
		assert_int_equal(http_scan(&scan, hopeless[i], &status), HTTP_SCAN_REFUSED);
		assert_int_equal(status, 400);
	}
}

static unsigned status_of_fields(size_t count, size_t each)
{
	static char bytes[64 * 1024];
	static struct http_head head;
	struct buf b = BUF_ON(bytes);

	buf_add(&b, STR("GET / HTTP/1.1\r\n" H));
	for (size_t i = 1; i < count; i++) {
		buf_add(&b, STR("X: "));
		for (size_t n = 0; n < each; n++)
			buf_add_char(&b, 'a');
		buf_add(&b, STR("\r\n"));
	}
	buf_add(&b, STR("\r\n"));
	assert_ok(buf_check(&b));
	return parse(buf_str(&b), &head);
}

static void many_or_long_fields_are_too_many(void **state)
{
	(void)state;
	assert_int_equal(status_of_fields(HTTP_FIELDS_MAX, 10), 0);
	assert_int_equal(status_of_fields(HTTP_FIELDS_MAX + 1, 10), 431);
	assert_int_equal(status_of_fields(2, HTTP_HEAD_MAX - 42), 431);
	assert_int_equal(status_of_fields(2, HTTP_HEAD_MAX - 43), 0);
}

TESTS(http_head, test(each_request_is_let_in_or_refused_as_the_table_says), test(the_parts_of_a_request_are_found),
      test(connections_end_when_asked_or_old), test(a_head_that_trickles_in_is_judged_as_one_that_comes_at_once),
      test(bytes_that_cannot_stand_are_refused_before_the_head_ends), test(many_or_long_fields_are_too_many))
