/* The real inspector, asked by the real pool: what comes out of check_file() is what the look said, or nothing. */
#include "test/support/support.h"

#include "check/file.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static struct arena *arena;
static struct inspectors *pool;

/* Tests lie in build/test, the program above them. */
static const char *program(void)
{
	static char path[4096];
	ssize_t len = readlink("/proc/self/exe", path, sizeof path - 64);

	assert_true(len > 0);
	while (path[len - 1] != '/')
		len--;
	memcpy(path + len, "../letterlock-inspector", sizeof "../letterlock-inspector");
	return path;
}

static int open_pool(void **state)
{
	const struct inspectors_options options = { .program = program(), .workers = 1 };
	struct fault fault = { 0 };

	(void)state;
	if (failed(arena_open(64 << 20, &arena)))
		return -1;
	err e = inspectors_open(&options, &pool, &fault);
	if (failed(e))
		print_message("# %s %s\n", e.note, fault.what);
	return failed(e);
}

static int close_pool(void **state)
{
	(void)state;
	inspectors_done(&pool);
	arena_close(arena);
	return 0;
}

static err check(str name, str bytes, struct file_verdict *out)
{
	const struct file_rules rules = file_rules_default();
	struct source from = source_of_str(&bytes);
	struct fault fault = { 0 };

	return check_file(pool, arena, &rules, name, STR_NONE, &from, out, &fault);
}

static void the_look_of_the_inspector_comes_back(void **state)
{
	struct file_verdict v = { 0 };
	(void)state;
	assert_ok(check(STR("folder/words.txt"), STR("only words\n"), &v));
	assert_int_equal(v.outcome, FILE_ALLOWED);
	assert_int_equal(v.type, FILE_TXT);
	assert_ok(check(STR("words.pdf"), STR("only words\n"), &v));
	assert_int_equal(v.outcome, FILE_REFUSED);
	assert_str(v.reason, STR("it is named as a PDF but is none: it reads as text/plain"));
	assert_ok(check(STR("words.zip"), STR("PK\5\6\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"), &v));
	assert_str(v.reason, STR("it is an empty archive"));
}

/* Behind the shut doors no library may miss a file, a locale or a call that it had outside. */
static void the_inspector_judges_as_its_functions_do(void **state)
{
	static const char *const outcomes[] = { "allowed", "held", "refused" };
	const char *folder = test_dir();
	size_t wrong = 0, count = 0;
	char path[512];
	str line, field[6];
	(void)state;
	assert_int_equal(0, test_shell("/usr/bin/python3 test/inspector/file_corpus.py '%s' >&2", folder));
	snprintf(path, sizeof path, "%s/expected", folder);
	for (str rest = test_file(arena, path); rest.len; count++) {
		SCRATCH(arena);
		struct file_rules rules = file_rules_default();
		struct file_verdict v = { 0 };
		struct fault fault = { 0 };
		const char *name;
		str_cut(rest, '\n', &line, &rest);
		for (size_t i = 0; i < COUNT(field); i++)
			str_cut(line, '\t', &field[i], &line);
		if (str_same(field[0], STR("longer-list")))
			rules.types = FILE_BIT(FILE_TYPES) - 1;
		assert_ok(str_c(arena, field[1], &name));
		str bytes = test_file(arena, name);
		struct source from = source_of_str(&bytes);
		err e = check_file(pool, arena, &rules, field[2], field[3], &from, &v, &fault);
		if (!failed(e) && str_same(field[4], str_of(outcomes[v.outcome])) &&
		    (!field[5].len || str_find(v.reason, field[5]) >= 0))
			continue;
		wrong++;
		print_message("# %.*s %.*s (%s): %s %s %.*s\n", STR_ARG(field[0]), STR_ARG(field[2]), name,
			      failed(e) ? e.note : outcomes[v.outcome], fault.what, STR_ARG(v.reason));
	}
	assert_int_equal(wrong, 0);
	assert_true(count > 150);
}

static void a_misleading_name_needs_no_look(void **state)
{
	const struct file_rules rules = file_rules_default();
	struct file_verdict v = { 0 };
	(void)state;
	assert_ok(check_file(NULL, arena, &rules, STR("a.exe.pdf"), STR_NONE, NULL, &v, NULL));
	assert_int_equal(v.outcome, FILE_REFUSED);
	assert_str(v.reason, STR("its name has a second extension, that of a program: rename it"));
	assert_ok(check_file(NULL, arena, &rules, STR("a\xff.pdf"), STR_NONE, NULL, &v, NULL));
	assert_str(v.reason, STR("its name is not UTF-8"));
}

static err cut_off(void *state, void *to, size_t max, size_t *got)
{
	size_t *left = state;

	memset(to, 'x', *got = max < *left ? max : *left);
	*left -= *got;
	return *got ? OK : LATER(IO, "the disk is gone");
}

static void a_document_that_breaks_off_is_not_judged(void **state)
{
	static const struct source_ops ops = { .read = cut_off };
	const struct file_rules rules = file_rules_default();
	size_t left = 100000;
	struct source from = { &ops, &left };
	struct file_verdict v = { .outcome = FILE_REFUSED };
	struct fault fault = { 0 };
	(void)state;
	assert_why(LATER, IO, check_file(pool, arena, &rules, STR("a.txt"), STR_NONE, &from, &v, &fault));
	assert_int_equal(v.outcome, FILE_REFUSED); /* untouched */
}

static str as_text(const struct file_rules *rules)
{
	const struct file_question q = { .rules = *rules };
	struct buf b;

	assert_ok(buf_open(arena, FILE_QUESTION_MAX, &b));
	buf_add_file_question(&b, &q);
	return buf_str(&b);
}

static void settings_become_rules(void **state)
{
	static const char text[] = "domain: example.com\nsender:\n  address: a@example.com\nsigning_allow_none_reason: "
				   "a test\ncheck:\n  types: pdf\n  active: "
				   "flag\n  tolerate: encrypted\nlimits:\n  archive_entries: 7\n  look_bytes: 2M\n";
	const struct config *config = NULL;
	struct file_rules rules = { 0 };
	struct fault fault = { 0 };
	(void)state;
	assert_ok(config_from_text(arena, "/x/letterlock.yaml", str_of(text), &config, &fault));
	assert_ok(check_file_rules(config, &rules, &fault));
	assert_int_equal(rules.types, FILE_BIT(FILE_PDF));
	assert_int_equal(rules.active, POLICY_FLAG);
	assert_int_equal(rules.tolerated, ACTIVE_BIT(ACTIVE_ENCRYPTED));
	assert_int_equal(rules.entries_max, 7);
	assert_int_equal(rules.look_bytes, 2 << 20);
}

static void defaults_of_settings_and_of_rules_are_the_same(void **state)
{
	static const char text[] =
		"domain: example.com\nsender:\n  address: a@example.com\nsigning_allow_none_reason: a test\n";
	const struct file_rules defaults = file_rules_default();
	const struct config *config = NULL;
	struct file_rules rules = { 0 };
	struct fault fault = { 0 };
	(void)state;
	assert_ok(config_from_text(arena, "/x/letterlock.yaml", str_of(text), &config, &fault));
	assert_ok(check_file_rules(config, &rules, &fault));
	assert_str(as_text(&rules), as_text(&defaults));
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		test(the_look_of_the_inspector_comes_back),
		test(the_inspector_judges_as_its_functions_do),
		test(a_misleading_name_needs_no_look),
		test(a_document_that_breaks_off_is_not_judged),
		test(settings_become_rules),
		test(defaults_of_settings_and_of_rules_are_the_same),
	};
	signal(SIGPIPE, SIG_IGN);
	cmocka_set_message_output(CM_OUTPUT_TAP);
	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests_name("file", tests, open_pool, close_pool);
}
