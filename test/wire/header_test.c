#include "test/support/support.h"

#include "wire/header.h"

#include <string.h>

static err split(struct arena *a, str message, struct header *h, str *body)
{
	struct fault f = { 0 };
	err e = header_split(a, message, h, body, &f);
	if (failed(e) && e.why == WHY_HEADER)
		assert_false(fault_empty(&f));
	return e;
}

static void fields_keep_their_bytes_and_folding(void **state)
{
	OWNED(arena_done) struct arena *a = NULL;
	struct header h;
	str body, text;
	(void)state;
	assert_ok(arena_open(1 << 20, &a));
	assert_ok(split(a, STR("A: x\r\nB :\ty \r\n  z\r\n\r\nbody\r\n\r\n"), &h, &body));
	assert_int_equal(h.count, 2);
	assert_str(h.fields[0].raw, STR("A: x"));
	assert_str(h.fields[1].raw, STR("B :\ty \r\n  z"));
	assert_str(h.fields[1].name, STR("B"));
	assert_str(h.fields[1].body, STR("\ty \r\n  z"));
	assert_str(body, STR("body\r\n\r\n"));
	assert_ok(header_unfold(a, &h.fields[1], &text));
	assert_str(text, STR("y   z"));
	assert_ptr_equal(header_find(&h, STR("b")), &h.fields[1]);
	assert_null(header_find(&h, STR("c")));
	assert_int_equal(header_count(&h, STR("a")), 1);
}

static void a_message_may_lack_body_or_header(void **state)
{
	static const struct {
		str message;
		size_t count;
		str body;
	} rows[] = {
		{ STR(""), 0, STR("") },
		{ STR("A: x\r\n"), 1, STR("") },
		{ STR("A: x\r\n\r\n"), 1, STR("") },
		{ STR("\r\nbody"), 0, STR("body") },
		{ STR("A:\r\n\r\n\r\n"), 1, STR("\r\n") },
	};
	OWNED(arena_done) struct arena *a = NULL;
	struct header h;
	str body;
	(void)state;
	assert_ok(arena_open(1 << 20, &a));
	for (size_t i = 0; i < COUNT(rows); i++) {
		assert_ok(split(a, rows[i].message, &h, &body));
		assert_int_equal(h.count, rows[i].count);
		assert_str(body, rows[i].body);
	}
}

static void malformed_headers_are_refused_in_words(void **state)
{
	static const str bad[] = {
		STR("A: x"),
		STR("A: x\n\n"),
		STR("A: x\r\nB: y\n\r\n"),
		STR("A: x\rB: y\r\n"),
		STR("A: x\r\r\n\r\n"),
		STR("A: \0x\r\n\r\n"),
		STR(" A: x\r\n\r\n"),
		STR("A\r\n\r\n"),
		STR(": x\r\n\r\n"),
		STR("A B: x\r\n\r\n"),
		STR("\xC3\xA9: x\r\n\r\n"),
		STR("A\x7F: x\r\n"),
		STR("A: x\r\nbody\r\n"),
		STR("A: x\r\n\n"),
		STR("\n"),
		STR("\r"),
	};
	OWNED(arena_done) struct arena *a = NULL;
	struct header h;
	str body;
	(void)state;
	assert_ok(arena_open(4 << 20, &a));
	for (size_t i = 0; i < COUNT(bad); i++)
		assert_why(NEVER, HEADER, split(a, bad[i], &h, &body));
}

static str repeated(struct arena *a, const char *unit, size_t times)
{
	struct buf b;
	assert_ok(buf_open(a, times * strlen(unit) + 64, &b));
	while (times--)
		buf_add(&b, str_of(unit));
	return buf_str(&b);
}

static void each_limit_holds(void **state)
{
	OWNED(arena_done) struct arena *a = NULL;
	struct header h;
	str body, message;
	(void)state;
	assert_ok(arena_open(8 << 20, &a));
	assert_ok(split(a, repeated(a, "A: x\r\n", HEADER_FIELDS_MAX), &h, &body));
	assert_why(NEVER, LIMIT, split(a, repeated(a, "A: x\r\n", HEADER_FIELDS_MAX + 1), &h, &body));
	assert_ok(str_format(a, &message, "A: %.*s\r\n\r\n", STR_ARG(repeated(a, "x", HEADER_FIELD_MAX - 3))));
	assert_ok(split(a, message, &h, &body));
	assert_ok(str_format(a, &message, "A: x%.*s\r\n\r\n", STR_ARG(repeated(a, "x", HEADER_FIELD_MAX - 3))));
	assert_why(NEVER, LIMIT, split(a, message, &h, &body));
	assert_ok(str_format(a, &message, "A: x\r\n%.*s\r\n", STR_ARG(repeated(a, " 234567\r\n", 8000))));
	assert_why(NEVER, LIMIT, split(a, message, &h, &body));
	message = repeated(a, "A: 34567890123456789012345678901234567890123456789012345678901\r\n", 5000);
	assert_why(NEVER, LIMIT, split(a, message, &h, &body));
	assert_ok(str_format(a, &message, "A: x\r\n\r\n%.*s", STR_ARG(repeated(a, "x", 400000))));
	assert_ok(split(a, message, &h, &body)); /* a body has no such limit */
}

TESTS(wire_header, test(fields_keep_their_bytes_and_folding), test(a_message_may_lack_body_or_header),
      test(malformed_headers_are_refused_in_words), test(each_limit_holds))
