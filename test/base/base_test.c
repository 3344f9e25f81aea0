#include "test/support/support.h"

#include <string.h>

static void numbers_overflow_is_refused(void **state)
{
	uint64_t n = 7;
	(void)state;
	assert_true(str_number(STR("18446744073709551615"), &n));
	assert_int_equal(n, UINT64_MAX);
	n = 7;
	assert_false(str_number(STR("18446744073709551616"), &n));
	assert_false(str_number(STR("+1"), &n));
	assert_false(str_number(STR(""), &n));
	assert_int_equal(n, 7);
}

static void broken_utf8_is_not_utf8(void **state)
{
	(void)state;
	assert_true(str_utf8(STR("Zoë 漢 🂡")));
	assert_false(str_utf8(STR("\xC0\x80")));         /* overlong NUL */
	assert_false(str_utf8(STR("\xED\xA0\x80")));     /* surrogate */
	assert_false(str_utf8(STR("\xF4\x90\x80\x80"))); /* beyond U+10FFFF */
	assert_false(str_utf8(STR("abc\xE2\x82")));      /* cut */
	assert_false(str_utf8(STR("\xE0\x80\xAF")));     /* overlong slash */
}

static void buf_remembers_overflow(void **state)
{
	char room[4];
	struct buf b = BUF_ON(room);
	(void)state;
	buf_add(&b, STR("abc"));
	assert_ok(buf_check(&b));
	buf_add(&b, STR("de"));
	buf_add(&b, STR("f"));
	assert_why(NEVER, LIMIT, buf_check(&b));
	assert_str(buf_str(&b), STR("abc"));
}

static void encodings_match_rfc4648(void **state)
{
	static const struct {
		str plain, base64, hex;
	} rows[] = {
		{ STR(""), STR(""), STR("") },
		{ STR("f"), STR("Zg=="), STR("66") },
		{ STR("fo"), STR("Zm8="), STR("666f") },
		{ STR("foo"), STR("Zm9v"), STR("666f6f") },
		{ STR("foobar"), STR("Zm9vYmFy"), STR("666f6f626172") },
		{ STR("\xfb\xff"), STR("+/8="), STR("fbff") },
	};
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		char room[64], back[64];
		struct buf b = BUF_ON(room), d = BUF_ON(back);
		buf_add_base64(&b, rows[i].plain);
		assert_str(buf_str(&b), rows[i].base64);
		assert_ok(base64_decode(buf_str(&b), &d));
		assert_str(buf_str(&d), rows[i].plain);
		b.len = d.len = 0;
		buf_add_hex(&b, rows[i].plain);
		assert_str(buf_str(&b), rows[i].hex);
		assert_ok(hex_decode(buf_str(&b), &d));
		assert_str(buf_str(&d), rows[i].plain);
	}
}

static void decoders_accept_one_spelling_only(void **state)
{
	static const str bad[] = { STR("Zg="), STR("Zg"), STR("Zh=="), STR("Z g="), STR("Zg==Zg=="), STR("====") };
	char back[64];
	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++) {
		struct buf d = BUF_ON(back);
		assert_why(NEVER, SYNTAX, base64_decode(bad[i], &d));
	}
	struct buf d = BUF_ON(back);
	assert_why(NEVER, SYNTAX, hex_decode(STR("0"), &d));
	assert_why(NEVER, SYNTAX, hex_decode(STR("0g"), &d));
	assert_why(NEVER, SYNTAX, base64url_decode(STR("Zh"), &d));
}

static void ids_survive_their_spelling(void **state)
{
	uint64_t counter = 1;
	struct entropy chance = test_entropy(&counter);
	(void)state;
	for (int i = 0; i < 1000; i++) {
		char room[64];
		struct buf b = BUF_ON(room);
		id made, read;
		assert_ok(id_new(&chance, &made));
		buf_add_id(&b, made);
		assert_int_equal(b.len, ID_TEXT);
		assert_ok(id_parse(buf_str(&b), &read));
		assert_true(id_same(made, read));
	}
	id none;
	assert_why(NEVER, SYNTAX, id_parse(STR("short"), &none));
	assert_why(LATER, ENTROPY, id_new(&(struct entropy){ .fill = test_entropy_failing().fill }, &none));
}

static void moments_agree_with_rfc3339(void **state)
{
	static const struct {
		str text;
		int64_t seconds;
	} rows[] = {
		{ STR("1970-01-01T00:00:00Z"), 0 },          { STR("2000-02-29T12:00:00Z"), 951825600 },
		{ STR("2026-11-21T19:50:00Z"), 1795290600 }, { STR("2026-11-21T20:50:00+01:00"), 1795290600 },
		{ STR("2038-01-19T03:14:08Z"), 2147483648 }, { STR("1795290600"), 1795290600 },
	};
	static const str bad[] = { STR(""),
				   STR("2026-02-29T00:00:00Z"),
				   STR("2026-11-21"),
				   STR("2026-11-21T19:50:00"),
				   STR("2026-13-01T00:00:00Z"),
				   STR("2026-11-21T24:00:00Z"),
				   STR("2026-11-21T19:50:00Zx") };
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		moment at;
		assert_ok(moment_parse(rows[i].text, &at));
		assert_int_equal(at, rows[i].seconds * SECOND);
		char room[32];
		struct buf b = BUF_ON(room);
		moment again;
		buf_add_moment(&b, at);
		assert_ok(moment_parse(buf_str(&b), &again));
		assert_int_equal(again, at);
	}
	for (size_t i = 0; i < COUNT(bad); i++) {
		moment at;
		assert_why(NEVER, SYNTAX, moment_parse(bad[i], &at));
	}
	char room[64];
	struct buf b = BUF_ON(room);
	buf_add_date_5322(&b, 1795290600 * SECOND);
	assert_str(buf_str(&b), STR("Sat, 21 Nov 2026 19:50:00 +0000"));
}

static void spans_have_units(void **state)
{
	span s;
	(void)state;
	assert_ok(span_parse(STR("7d"), &s));
	assert_int_equal(s, 7 * DAY);
	assert_ok(span_parse(STR("90"), &s));
	assert_int_equal(s, 90 * SECOND);
	assert_why(NEVER, SYNTAX, span_parse(STR("7y"), &s));
	assert_why(NEVER, SYNTAX, span_parse(STR("-1d"), &s));
	assert_why(NEVER, SYNTAX, span_parse(STR("99999999999999999999d"), &s));
	assert_why(NEVER, SYNTAX, span_parse(STR("d"), &s));
}

static void arena_has_a_maximum_and_rewinds(void **state)
{
	OWNED(arena_done) struct arena *a = NULL;
	void *at;
	(void)state;
	assert_ok(arena_open(100000, &a));
	for (int i = 0; i < 1000; i++) {
		SCRATCH(a);
		assert_ok(arena_take(a, 50000, &at));
		memset(at, 1, 50000);
	}
	assert_int_equal(arena_used(a), 0);
	assert_ok(arena_take(a, 50000, &at));
	assert_int_equal(((char *)at)[49999], 0); /* zeroed though the memory was used before */
	assert_why(NEVER, LIMIT, arena_take(a, 60000, &at));
	assert_why(NEVER, LIMIT, arena_take(a, SIZE_MAX, &at));
	assert_why(NEVER, LIMIT, arena_take_array(a, SIZE_MAX / 2, 16, &at));
}

static void faults_never_carry_terminal_escapes(void **state)
{
	struct fault f = { 0 };
	char room[512];
	struct buf b = BUF_ON(room);
	(void)state;
	fault_where(&f, STR("a\x1b[31m.csv"), 3, 9);
	fault_set(&f, "bad \r\n value %s", "\xE2\x80\xAE");
	buf_add_fault(&b, &f, OK);
	assert_str(buf_str(&b), STR("a\\x1b[31m.csv, line 3, column 9: bad \\x0d\\x0a value \\xe2\\x80\\xae"));
}

static void a_pump_moves_all_and_stops_at_its_bound(void **state)
{
	static char big[200000];
	static char room[200000];
	struct buf b = BUF_ON(room);
	(void)state;
	memset(big, 'x', sizeof big);
	str rest = str_bytes(big, sizeof big);
	struct source from = source_of_str(&rest);
	struct sink to = sink_to_buf(&b);
	assert_ok(pump(&from, &to));
	assert_int_equal(b.len, sizeof big);

	b.len = 0;
	rest = str_bytes(big, sizeof big);
	assert_why(NEVER, LIMIT, pump_bounded(&from, &to, sizeof big - 1, NULL));
	b.len = 0;
	rest = str_bytes(big, sizeof big);
	assert_ok(pump_bounded(&from, &to, sizeof big, NULL));
}

static void every_reason_has_words(void **state)
{
	(void)state;
	for (uint16_t why = 0; why < WHY_COUNT; why++) {
		const struct verdict *v = err_verdict((err){ .why = why });
		assert_true(v->words && v->words[0] && v->name && v->enhanced);
		assert_true(v->exit_status >= 0 && v->exit_status < 126);
	}
}

TESTS(base, test(numbers_overflow_is_refused), test(broken_utf8_is_not_utf8), test(buf_remembers_overflow),
      test(encodings_match_rfc4648), test(decoders_accept_one_spelling_only), test(ids_survive_their_spelling),
      test(moments_agree_with_rfc3339), test(spans_have_units), test(arena_has_a_maximum_and_rewinds),
      test(faults_never_carry_terminal_escapes), test(a_pump_moves_all_and_stops_at_its_bound),
      test(every_reason_has_words))
