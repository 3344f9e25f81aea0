#include "test/support/support.h"

#include "wire/details.h"

#include <string.h>

static struct arena *arena;

static int open_arena(void **state)
{
	(void)state;
	return failed(arena_open(1 << 20, &arena));
}

static int close_arena(void **state)
{
	(void)state;
	arena_close(arena);
	return 0;
}

static void assert_normal(str text, str want)
{
	str once, twice;

	assert_ok(details_normalise(arena, text, &once));
	if (!str_same(once, want))
		print_error("from <%.*s>\n", STR_ARG(text));
	assert_str(once, want);
	assert_ok(details_normalise(arena, once, &twice));
	assert_str(twice, once);
}

static void every_spelling_of_a_date_is_one_date(void **state)
{
	static const str rows[] = {
		STR("1987-04-03"),
		STR("1987/04/03"),
		STR("1987.4.3"),
		STR("1987 04 03"),
		STR("19870403"),
		STR("03.04.1987"),
		STR("3.4.1987"),
		STR("03/04/1987"),
		STR("3-4-1987"),
		STR("3 4 1987"),
		STR("03041987"),
		STR("3.4.87"),
		STR("03.04.87"),
		STR(" 3. 4. 1987 "),
		STR("3 April 1987"),
		STR("3. April 1987"),
		STR("3rd of April, 1987"),
		STR("April 3, 1987"),
		STR("APR 3 1987"),
		STR("3-Apr-1987"),
		STR("3apr87"),
		STR("3 avril 1987"),
		STR("3 de abril de 1987"),
		STR("3 aprile 1987"),
		STR("1987 April 3"),
		STR("1987-04-03 00:00:00"),
		STR("1987-04-03T00:00:00Z"),
		STR("3.4.1987 00:00"),
		STR("０３．０４．１９８７"),
		STR("٣/٤/١٩٨٧"),
		STR("3(4)1987"),
		STR("3./4./1987"),
		STR("3.4..1987"),
	};
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		if (rows[i].at[1] == '(')
			assert_normal(rows[i], STR("341987")); /* brackets make no date */
		else
			assert_normal(rows[i], STR("1987-04-03"));
}

static void dates_are_read_day_first_unless_that_cannot_be(void **state)
{
	static const struct {
		str text, want;
	} rows[] = {
		{ STR("04/23/1987"), STR("1987-04-23") },       { STR("23/04/1987"), STR("1987-04-23") },
		{ STR("12/11/1987"), STR("1987-11-12") },       { STR("29.02.2000"), STR("2000-02-29") },
		{ STR("1.1.29"), STR("2029-01-01") },           { STR("1.1.30"), STR("1930-01-01") },
		{ STR("1 März 1990"), STR("1990-03-01") },      { STR("1 märz 1990"), STR("1990-03-01") },
		{ STR("1 mai 1990"), STR("1990-05-01") },       { STR("1er août 1990"), STR("1990-08-01") },
		{ STR("15 dezember 2001"), STR("2001-12-15") }, { STR("15 dic 2001"), STR("2001-12-15") },
		{ STR("1 juin 1990"), STR("1990-06-01") },      { STR("1 juni 1990"), STR("1990-06-01") },
		{ STR("1 jui 1990"), STR("1jui1990") },         { STR("1 mar 1990"), STR("1990-03-01") },
		{ STR("05 04 03"), STR("2003-04-05") },
	};
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		assert_normal(rows[i].text, rows[i].want);
}

static void what_is_no_date_is_text(void **state)
{
	static const struct {
		str text, want;
	} rows[] = {
		{ STR("31.02.1987"), STR("31021987") },
		{ STR("29.02.1900"), STR("29021900") },
		{ STR("13/13/1987"), STR("13131987") },
		{ STR("0.0.0000"), STR("000000") },
		{ STR("1.2.3"), STR("123") },
		{ STR("3.4.1700"), STR("341700") },
		{ STR("1.2.3.4"), STR("1234") },
		{ STR("030487"), STR("030487") },
		{ STR("3 foo 1987"), STR("3foo1987") },
		{ STR("1987"), STR("1987") },
		{ STR("April"), STR("april") },
		{ STR("99999999999999999999.1.1"), STR("9999999999999999999911") },
	};
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		assert_normal(rows[i].text, rows[i].want);
}

static void numbers_and_names_lose_case_and_punctuation(void **state)
{
	static const struct {
		str text, want;
	} rows[] = {
		{ STR("+49 (30) 12-34/5"), STR("493012345") },
		{ STR("PN-2024/ 00.17"), STR("pn20240017") },
		{ STR("O'Neil"), STR("oneil") },
		{ STR("  Anna-Maria  "), STR("annamaria") },
		{ STR("MÜLLER"), STR("müller") },
		{ STR("Mu\xCC\x88ller"), STR("müller") },
		{ STR("Straße"), STR("strasse") },
		{ STR("STRASSE"), STR("strasse") },
		{ STR("ﬁn"), STR("fin") },
		{ STR("१२३"), STR("123") },
		{ STR("* \x1f*\x7f*"), STR("") },
		{ STR(""), STR("") },
		{ STR(" \t "), STR("") },
		{ STR("Ａｂ１"), STR("ab1") },
		{ STR("\xD9\x9E\1\xD9\x9F"), STR("\xD9\x9F\xD9\x9E") }, /* marks that come together are ordered */
		{ STR("a\xE2\x80\x8B"
		      "b"),
		  STR("ab") },
		{ STR("漢字 1"), STR("漢字1") },
	};
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		assert_normal(rows[i].text, rows[i].want);
	assert_true(details_is_date(STR("1987-04-03")));
	assert_false(details_is_date(STR("1987-02-30")));
	assert_false(details_is_date(STR("19870403")));
}

static void broken_and_endless_details_are_refused(void **state)
{
	static char room[DETAIL_MAX + 1];
	str out;
	(void)state;
	memset(room, '7', sizeof room);
	assert_ok(details_normalise(arena, str_bytes(room, DETAIL_MAX), &out));
	assert_why(NEVER, LIMIT, details_normalise(arena, str_bytes(room, DETAIL_MAX + 1), &out));
	assert_why(NEVER, SYNTAX, details_normalise(arena, STR("a\xFF"), &out));
}

#define each(function) cmocka_unit_test_setup_teardown(function, open_arena, close_arena)
TESTS(details, each(every_spelling_of_a_date_is_one_date), each(dates_are_read_day_first_unless_that_cannot_be),
      each(what_is_no_date_is_text), each(numbers_and_names_lose_case_and_punctuation),
      each(broken_and_endless_details_are_refused))
