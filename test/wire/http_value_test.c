#include "test/support/support.h"

#include "wire/http_value.h"

static struct arena *arena_for_test(void)
{
	struct arena *a;

	assert_ok(arena_open(1 << 20, &a));
	return a;
}

static void forms_are_read_in_order(void **state)
{
	OWNED(arena_done) struct arena *a = arena_for_test();
	struct form f;

	(void)state;
	assert_ok(form_parse(a, STR("proof=M%C3%BCller+%26&proof=2&&empty=&csrf=x%3D"), 8, &f));
	assert_int_equal(f.count, 4);
	assert_str(f.fields[0].value, STR("M\xc3\xbcller &"));
	assert_str(f.fields[1].value, STR("2"));
	assert_str(*form_value(&f, STR("csrf")), STR("x="));
	assert_str(*form_value(&f, STR("empty")), STR(""));
	assert_null(form_value(&f, STR("proof"))); /* twice */
	assert_null(form_value(&f, STR("none")));
}

static void forms_with_broken_bytes_are_refused(void **state)
{
	static const char *const broken[] = { "a=%",   "a=%4", "a=%zz",      "a=%00", "a=%0d%0a",
					      "a=%ff", "a= b", "a=\xc3\xbc", "%0a=b", "a=%ed%a0%80" };
	OWNED(arena_done) struct arena *a = arena_for_test();
	struct form f;

	(void)state;
	for (size_t i = 0; i < COUNT(broken); i++)
		assert_why(NEVER, SYNTAX, form_parse(a, str_of(broken[i]), 8, &f));
	assert_why(NEVER, LIMIT, form_parse(a, STR("a=1&b=2&c=3"), 2, &f));
}

static void a_cookie_is_found_by_its_whole_name_once(void **state)
{
	(void)state;
	assert_str(cookie_value(STR("a=1; __Host-x=2;b=3"), STR("__Host-x")), STR("2"));
	assert_str(cookie_value(STR("a=1; b=c=d"), STR("b")), STR("c=d"));
	assert_str(cookie_value(STR("aa=1"), STR("a")), STR(""));
	assert_str(cookie_value(STR("a=1; a=2"), STR("a")), STR(""));
	assert_str(cookie_value(STR("A=1"), STR("a")), STR(""));
}

static void ranges_are_those_of_the_standard(void **state)
{
	static const struct {
		const char *header;
		enum range is;
		uint64_t first, len;
	} rows[] = {
		{ "bytes=0-499", RANGE_PART, 0, 500 },
		{ "bytes=500-999", RANGE_PART, 500, 500 },
		{ "bytes=-500", RANGE_PART, 9500, 500 },
		{ "bytes=9500-", RANGE_PART, 9500, 500 },
		{ "Bytes=9999-99999", RANGE_PART, 9999, 1 },
		{ "bytes=-99999", RANGE_PART, 0, 10000 },
		{ "bytes=0-18446744073709551615", RANGE_PART, 0, 10000 },
		{ "bytes=10000-", RANGE_OUTSIDE, 0, 0 },
		{ "bytes=-0", RANGE_OUTSIDE, 0, 0 },
		{ "bytes=0-0,5-6", RANGE_WHOLE, 0, 0 },
		{ "bytes=5-4", RANGE_WHOLE, 0, 0 },
		{ "bytes=-", RANGE_WHOLE, 0, 0 },
		{ "bytes=a-b", RANGE_WHOLE, 0, 0 },
		{ "bytes=1", RANGE_WHOLE, 0, 0 },
		{ "bytes=18446744073709551616-", RANGE_WHOLE, 0, 0 },
		{ "pages=1-2", RANGE_WHOLE, 0, 0 },
		{ "", RANGE_WHOLE, 0, 0 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		uint64_t first = 0, len = 0;
		assert_int_equal(range_of(str_of(rows[i].header), 10000, &first, &len), rows[i].is);
		assert_int_equal(first, rows[i].first);
		assert_int_equal(len, rows[i].len);
	}
	uint64_t first, len;
	assert_int_equal(range_of(STR("bytes=0-"), 0, &first, &len), RANGE_OUTSIDE);
}

static void a_file_name_cannot_leave_its_quotes_or_its_folder(void **state)
{
	static const struct {
		const char *name, *field;
	} rows[] = {
		{ "a b.pdf", "attachment; filename=\"a b.pdf\"; filename*=UTF-8''a%20b.pdf" },
		{ "M\xc3\xbcller.pdf", "attachment; filename=\"M_ller.pdf\"; filename*=UTF-8''M%C3%BCller.pdf" },
		{ "a\"b;c%41.pdf", "attachment; filename=\"a_b_c_41.pdf\"; filename*=UTF-8''a%22b%3Bc%2541.pdf" },
		{ "a\r\nSet-Cookie: x",
		  "attachment; filename=\"a__Set-Cookie: x\"; filename*=UTF-8''a__Set-Cookie%3A%20x" },
		{ "../..\\x", "attachment; filename=\".._.._x\"; filename*=UTF-8''.._.._x" },
		{ "fdp\xe2\x80\xae.exe", "attachment; filename=\"fdp_.exe\"; filename*=UTF-8''fdp_.exe" },
		{ "\xff", "attachment; filename=\"_\"; filename*=UTF-8''_" },
		{ "", "attachment; filename=\"document\"; filename*=UTF-8''document" },
	};
	char room[512];

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct buf b = BUF_ON(room);
		buf_add_attachment(&b, str_of(rows[i].name));
		assert_str(buf_str(&b), str_of(rows[i].field));
	}
}

static void the_first_language_that_is_offered_is_taken(void **state)
{
	static const str offered[] = { { "en", 2 }, { "de", 2 } };

	(void)state;
	assert_str(language_of(STR("fr-CH, de-AT;q=0.9, en;q=0.8"), offered, 2), STR("de"));
	assert_str(language_of(STR("EN"), offered, 2), STR("en"));
	assert_str(language_of(STR("deu, nn"), offered, 2), STR(""));
	assert_str(language_of(STR(""), offered, 2), STR(""));
}

static void the_heaviest_language_is_taken_and_one_of_no_weight_never(void **state)
{
	static const str offered[] = { STR("en"), STR("de"), STR("fr") };
	static const struct {
		const char *header, *taken;
	} rows[] = {
		{ "fr;q=0.5, de", "de" },       { "fr;q=0.5, de;q=0.501", "de" }, { "de; q=0.9 , fr;Q=1.0", "fr" },
		{ "de;q=0.9, fr;q=0.9", "de" }, { "de;q=0, fr;q=0.001", "fr" },   { "de;q=0", "" },
		{ "de;q=1.5, en;q=0.1", "en" }, { "de;q=, en;q=0.1", "en" },      { "de;level=1, en;q=0.1", "en" },
		{ "*, fr;q=0.2", "fr" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		assert_str(language_of(str_of(rows[i].header), offered, COUNT(offered)), str_of(rows[i].taken));
}

TESTS(http_value, test(forms_are_read_in_order), test(forms_with_broken_bytes_are_refused),
      test(a_cookie_is_found_by_its_whole_name_once), test(ranges_are_those_of_the_standard),
      test(a_file_name_cannot_leave_its_quotes_or_its_folder), test(the_first_language_that_is_offered_is_taken),
      test(the_heaviest_language_is_taken_and_one_of_no_weight_never))
