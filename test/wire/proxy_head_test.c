/* The PROXY protocol, against the examples of its specification and what is not in it. */
#include "test/support/support.h"

#include "wire/proxy_head.h"

#include <string.h>

#define SIGNED "\r\n\r\n\0\r\nQUIT\n"

struct row {
	str bytes;
	const char *from; /* null: refused; "": the proxy's own */
	unsigned port;
};
#define ROW(text, from, port)                                                                                          \
	{                                                                                                              \
		{ text, sizeof(text) - 1 }, from, port                                                                 \
	}

static const struct row rows[] = {
	ROW("PROXY TCP4 192.0.2.1 198.51.100.2 56324 443\r\n", "192.0.2.1", 56324),
	ROW("PROXY TCP4 255.255.255.255 255.255.255.255 65535 65535\r\n", "255.255.255.255", 65535),
	ROW("PROXY TCP6 2001:db8::1 2001:db8::2 1 443\r\n", "2001:db8::1", 1),
	ROW("PROXY TCP6 ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 "
	    "65535\r\n",
	    "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", 65535),
	ROW("PROXY UNKNOWN\r\n", "", 0),
	ROW("PROXY UNKNOWN ffff:f...f:ffff 65535 65535\r\n", "", 0),
	ROW("proxy TCP4 192.0.2.1 198.51.100.2 1 2\r\n", NULL, 0),
	ROW("PROXY TCP4 192.0.2.1 198.51.100.2 1 2\n", NULL, 0),
	ROW("PROXY  TCP4 192.0.2.1 198.51.100.2 1 2\r\n", NULL, 0),
	ROW("PROXY TCP4 192.0.2.1 198.51.100.2 1 2 \r\n", NULL, 0),
	ROW("PROXY TCP4 192.0.2.1 198.51.100.2 1\r\n", NULL, 0),
	ROW("PROXY TCP4 192.0.2.1 198.51.100.2 01 2\r\n", NULL, 0),
	ROW("PROXY TCP4 192.0.2.1 198.51.100.2 65536 2\r\n", NULL, 0),
	ROW("PROXY TCP4 192.0.2.1 198.51.100.2 -1 2\r\n", NULL, 0),
	ROW("PROXY TCP4 192.0.2.256 198.51.100.2 1 2\r\n", NULL, 0),
	ROW("PROXY TCP4 2001:db8::1 2001:db8::2 1 2\r\n", NULL, 0),
	ROW("PROXY TCP6 192.0.2.1 198.51.100.2 1 2\r\n", NULL, 0),
	ROW("PROXY UDP4 192.0.2.1 198.51.100.2 1 2\r\n", NULL, 0),
	ROW("PROXY TCP4 192.0.2.1\0 198.51.100.2 1 2\r\n", NULL, 0),
	ROW("GET / HTTP/1.1\r\n", NULL, 0),
	ROW("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\x00\x00\x00\x00\x00", NULL, 0),
	ROW(SIGNED "\x21\x11\x00\x0c\xc0\x00\x02\x01\xc6\x33\x64\x02\x12\x34\x01\xbb", "192.0.2.1", 0x1234),
	ROW(SIGNED "\x21\x11\x00\x0f\xc0\x00\x02\x01\xc6\x33\x64\x02\x12\x34\x01\xbb\x04\x00\x00", "192.0.2.1", 0x1234),
	ROW(SIGNED "\x21\x21\x00\x24"
		   "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01"
		   "0123456789abcdef"
		   "\x00\x07\x01\xbb",
	    "2001:db8::1", 7),
	ROW(SIGNED "\x20\x00\x00\x00", "", 0),
	ROW(SIGNED "\x20\x11\x00\x0c\xc0\x00\x02\x01\xc6\x33\x64\x02\x12\x34\x01\xbb", "", 0),
	ROW(SIGNED "\x11\x11\x00\x0c\xc0\x00\x02\x01\xc6\x33\x64\x02\x12\x34\x01\xbb", NULL, 0),
	ROW(SIGNED "\x22\x11\x00\x0c\xc0\x00\x02\x01\xc6\x33\x64\x02\x12\x34\x01\xbb", NULL, 0),
	ROW(SIGNED "\x21\x12\x00\x0c\xc0\x00\x02\x01\xc6\x33\x64\x02\x12\x34\x01\xbb", NULL, 0),
	ROW(SIGNED "\x21\x31\x00\x0c\xc0\x00\x02\x01\xc6\x33\x64\x02\x12\x34\x01\xbb", NULL, 0),
	ROW(SIGNED "\x21\x00\x00\x00", NULL, 0),
	ROW(SIGNED "\x21\x11\x00\x0b\xc0\x00\x02\x01\xc6\x33\x64\x02\x12\x34\x01", NULL, 0),
	ROW(SIGNED "\x21\x11\xff\xff", NULL, 0),
};

/* Bytes come as the parser allows them, `most` at a time: never more than it asked for. */
static err feed(str bytes, size_t most, struct proxy_head *head, size_t *used)
{
	size_t want;

	*used = 0;
	for (;;) {
		TRY(proxy_head_read(str_upto(bytes, *used), head, &want));
		if (want == 0)
			return OK;
		if (*used == bytes.len)
			return LATER(CLOSED, "more was wanted");
		want = want < most ? want : most;
		*used += want < bytes.len - *used ? want : bytes.len - *used;
	}
}

static void check(const struct row *row, size_t most)
{
	struct proxy_head head;
	size_t used;
	char text[64];
	struct buf b = BUF_ON(text);

	err e = feed(row->bytes, most, &head, &used);
	if (!row->from) {
		if (e.fate != FATE_NEVER && e.why != WHY_CLOSED)
			fail_msg("taken: %.*s", STR_ARG(row->bytes));
		return;
	}
	assert_ok(e);
	assert_int_equal(used, row->bytes.len);
	assert_int_equal(head.own, !*row->from);
	if (head.own)
		return;
	buf_add_peer(&b, &head.from);
	assert_str(buf_str(&b), str_of(row->from));
	assert_int_equal(head.from.port, row->port);
}

static void a_head_is_read_to_its_last_byte_however_it_is_cut(void **state)
{
	for (size_t i = 0; i < COUNT(rows); i++)
		for (size_t most = 1; most < 20; most++)
			check(&rows[i], most);
	for (size_t i = 0; i < COUNT(rows); i++)
		check(&rows[i], SIZE_MAX);
}

static void nothing_beyond_the_head_is_asked_for(void **state)
{
	char bytes[512];

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct proxy_head head;
		size_t used;
		if (!rows[i].from)
			continue;
		memcpy(bytes, rows[i].bytes.at, rows[i].bytes.len);
		memcpy(bytes + rows[i].bytes.len, "\x16\x03\x01\r\n\r\n", 7);
		assert_ok(feed(str_bytes(bytes, rows[i].bytes.len + 7), SIZE_MAX, &head, &used));
		assert_int_equal(used, rows[i].bytes.len);
	}
}

static void a_line_without_an_end_is_given_up(void **state)
{
	char bytes[200];
	struct proxy_head head;
	size_t used;

	memset(bytes, 'x', sizeof bytes);
	memcpy(bytes, "PROXY UNKNOWN ", 14);
	assert_why(NEVER, SYNTAX, feed(str_bytes(bytes, sizeof bytes), SIZE_MAX, &head, &used));
	assert_true(used <= 107);
}

static void networks_hold_what_is_in_them(void **state)
{
	static const struct {
		const char *network, *peer;
		bool in;
	} table[] = {
		{ "192.0.2.0/24", "192.0.2.255", true },
		{ "192.0.2.0/24", "192.0.3.0", false },
		{ "192.0.2.128/25", "192.0.2.127", false },
		{ "192.0.2.7", "192.0.2.7", true },
		{ "192.0.2.7", "192.0.2.6", false },
		{ "0.0.0.0/0", "203.0.113.9", true },
		{ "0.0.0.0/0", "2001:db8::1", false },
		{ "2001:db8::/33", "2001:db8:7fff::1", true },
		{ "2001:db8::/33", "2001:db8:8000::1", false },
	};
	static const char *const wrong[] = { "",       "192.0.2", "192.0.2.0/33", "192.0.2.0/", "::/129",
					     "::1/-1", "a",       "1/1/1" };
	struct network n;
	struct peer p;

	for (size_t i = 0; i < COUNT(table); i++) {
		assert_ok(network_parse(str_of(table[i].network), &n));
		assert_ok(peer_parse(str_of(table[i].peer), &p));
		assert_int_equal(network_has(&n, &p), table[i].in);
	}
	for (size_t i = 0; i < COUNT(wrong); i++)
		assert_why(NEVER, SYNTAX, network_parse((str){ wrong[i], strlen(wrong[i]) }, &n));
}

TESTS(proxy_head, test(a_head_is_read_to_its_last_byte_however_it_is_cut), test(nothing_beyond_the_head_is_asked_for),
      test(a_line_without_an_end_is_given_up), test(networks_hold_what_is_in_them))
