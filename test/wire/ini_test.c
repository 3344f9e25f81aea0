/* Shared files of AWS's programs. */
#include "test/support/support.h"

#include "wire/ini.h"

static const char file[] = "# mine\n"
			   "aws_access_key_id = nobody's\n"
			   "[default]\r\n"
			   "aws_access_key_id = AKIA1  # the old one\r\n"
			   "aws_secret_access_key=a/b+c#d=\n"
			   "s3 =\n"
			   "  aws_access_key_id = another program's\n"
			   "[ profile x ] ; yes\n"
			   "aws_access_key_id=AKIA2\n"
			   "empty =\n";

static void a_value_is_found_in_its_section_alone(void **state)
{
	struct ini_place wrong = { 0 };
	str value;

	assert_ok(ini_find(str_of(file), STR("default"), STR("aws_access_key_id"), &value, &wrong));
	assert_str(value, STR("AKIA1"));
	assert_ok(ini_find(str_of(file), STR("default"), STR("aws_secret_access_key"), &value, &wrong));
	assert_str(value, STR("a/b+c#d="));
	assert_ok(ini_find(str_of(file), STR("profile x"), STR("aws_access_key_id"), &value, &wrong));
	assert_str(value, STR("AKIA2"));
	assert_ok(ini_find(str_of(file), STR("profile x"), STR("empty"), &value, &wrong));
	assert_int_equal(value.len, 0);
	assert_why(NEVER, NOT_FOUND, ini_find(str_of(file), STR("x"), STR("aws_access_key_id"), &value, &wrong));
	assert_true(ini_has_section(str_of(file), STR("profile x")));
	assert_false(ini_has_section(str_of(file), STR("x")));
}

static void what_could_mean_two_things_is_refused_with_its_line(void **state)
{
	static const struct {
		const char *text;
		uint64_t line;
	} rows[] = {
		{ "[a]\nk = 1\nk = 2\n", 3 },   { "[a]\nk = 1\n[b]\n[a]\nk = 2\n", 5 },
		{ "[a\nk = 1\n", 1 },           { "[a] x\n", 1 },
		{ "[a]\nk = 1\nnothing\n", 3 }, { "[a]\nk = 1\n= 2\n", 3 },
		{ "[a]\nk = \033[2J\n", 2 },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct ini_place wrong = { 0 };
		str value;
		assert_why(NEVER, SYNTAX, ini_find(str_of(rows[i].text), STR("a"), STR("k"), &value, &wrong));
		assert_int_equal(wrong.line, rows[i].line);
	}
}

TESTS(ini, test(a_value_is_found_in_its_section_alone), test(what_could_mean_two_things_is_refused_with_its_line))
