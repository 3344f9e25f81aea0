/* The rows that help, manual and completion are written from. */
#include "test/support/support.h"

#include "door/cli/frame.h"

#include <string.h>

static bool is_lower(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

static void every_row_is_fit_to_be_shown(void **state)
{
	(void)state;
	for (size_t i = 0; i < cli_table_count; i++) {
		const struct cli_command *c = cli_table[i].command;
		if (!c)
			continue;
		if (!c->summary || !c->examples || !c->run || !is_lower(c->summary[0]))
			print_error("%s\n", c->name);
		assert_non_null(c->summary);
		assert_non_null(c->examples);
		assert_non_null(c->run);
		assert_true(c->summary[0] && strlen(c->summary) < 90 && c->summary[strlen(c->summary) - 1] != '.');
		assert_true(strstr(c->examples, "letterlock "));
		assert_true(c->operands_max < 0 || c->operands_max >= c->operands_min);
		for (const struct cli_option *o = c->options; o && o->name; o++)
			assert_true(o->name[0] == '-' && o->help && o->help[0]);
	}
}

static void no_name_is_taken_twice(void **state)
{
	(void)state;
	for (size_t i = 0; i < cli_table_count; i++)
		for (size_t j = i + 1; j < cli_table_count; j++)
			if (cli_table[i].command && cli_table[j].command)
				assert_string_not_equal(cli_table[i].command->name, cli_table[j].command->name);
}

static void the_longest_match_wins(void **state)
{
	const char *const words[] = { "config", "show", "version" };
	size_t taken;
	(void)state;
	assert_string_equal(table_match(words, 3, &taken)->name, "config show");
	assert_int_equal(taken, 2);
	assert_null(table_match(words, 1, &taken));
	assert_true(table_is_family("config"));
	assert_false(table_is_family("version"));
}

static void text_is_wrapped_in_its_column(void **state)
{
	char room[512];
	struct buf b = BUF_ON(room);
	(void)state;
	wrap_text(&b, STR("one two three four\nfive\n\n  kept   as it is\nlast"), 2, 4, 14);
	assert_str(buf_str(&b), STR("  one two\n    three four\n    five\n\n      kept   as it is\n    last\n"));
}

TESTS(table, test(every_row_is_fit_to_be_shown), test(no_name_is_taken_twice), test(the_longest_match_wins),
      test(text_is_wrapped_in_its_column))
