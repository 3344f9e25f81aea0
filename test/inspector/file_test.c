#include "test/support/support.h"

#include "inspector/file.h"
#include "sys/sys.h"

#include <stdio.h>
#include <string.h>

/* The files come from file_corpus.py and the programs that it calls; none of them is ours. */
static struct arena *arena;
static const char *folder;
static str expected;

static int make_corpus(void **state)
{
	char path[512];

	(void)state;
	file_prepare();
	if (failed(arena_open(64 << 20, &arena)))
		return -1;
	folder = test_dir();
	assert_int_equal(0, test_shell("/usr/bin/python3 test/inspector/file_corpus.py '%s' >&2", folder));
	snprintf(path, sizeof path, "%s/expected", folder);
	expected = test_file(arena, path);
	return 0;
}

static int close_corpus(void **state)
{
	(void)state;
	arena_close(arena);
	return 0;
}

static const char *const outcomes[] = { "allowed", "held", "refused" };

/* One line of the list; true if the verdict is the one that stands there. */
static bool judged_as_expected(str *field, const struct file_rules *rules)
{
	SCRATCH(arena);
	const struct clock clock = sys_clock();
	struct file_question q = { .rules = *rules, .name = field[2], .declared = field[3] };
	struct file_verdict v = { 0 };
	const char *path;

	assert_ok(str_c(arena, field[1], &path));
	str bytes = test_file(arena, path);
	struct source from = source_of_str(&bytes);
	assert_ok(file_look(arena, &clock, &q, &from, &v));
	assert_true((v.outcome == FILE_ALLOWED) == (v.reason.len == 0));
	if (str_same(field[4], str_of(outcomes[v.outcome])) && str_find(v.reason, field[5]) >= (field[5].len ? 0 : -1))
		return true;
	print_message("# %.*s: %.*s is %s: %.*s; expected %.*s: %.*s\n", STR_ARG(field[0]), STR_ARG(field[2]),
		      outcomes[v.outcome], STR_ARG(v.reason), STR_ARG(field[4]), STR_ARG(field[5]));
	return false;
}

static size_t judge_all(const char *group, const struct file_rules *rules, size_t *wrong)
{
	str rest = expected, line, field[6];
	size_t count = 0;

	while (rest.len) {
		str_cut(rest, '\n', &line, &rest);
		for (size_t i = 0; i < COUNT(field); i++)
			str_cut(line, '\t', &field[i], &line);
		if (!str_same(field[0], str_of(group)))
			continue;
		count++;
		*wrong += !judged_as_expected(field, rules);
	}
	return count;
}

static void group(const char *name, size_t least)
{
	const struct file_rules rules = file_rules_default();
	size_t wrong = 0, count = judge_all(name, &rules, &wrong);

	assert_int_equal(wrong, 0);
	assert_true(count >= least); /* a corpus that was not made proves nothing */
}

#define GROUP(test_name, name, least)                                                                                  \
	static void test_name(void **state)                                                                            \
	{                                                                                                              \
		(void)state;                                                                                           \
		group(name, least);                                                                                    \
	}

GROUP(good_files_of_each_type_are_let_in, "good", 38)
GROUP(name_declared_type_and_content_must_agree, "agree", 15)
GROUP(pictures_end_where_they_end_and_have_bounds, "picture", 20)
GROUP(active_pdf_is_refused_in_words, "pdf-active", 15)
GROUP(encrypted_pdf_is_held, "pdf-encrypted", 2)
GROUP(damaged_pdf_is_refused, "pdf-damaged", 6)
GROUP(text_is_utf8_or_latin_without_controls, "text", 11)
GROUP(tables_in_text_that_compute_are_refused, "csv-formulas", 90)
GROUP(encrypted_archives_are_held_and_zipcrypto_refused, "zip-encrypted", 3)
GROUP(archives_that_two_programs_read_differently_are_refused, "zip-differs", 17)
GROUP(names_in_archives_neither_leave_nor_mislead, "zip-names", 14)
GROUP(what_is_in_an_archive_is_judged_by_the_same_rules, "zip-inner", 21)
GROUP(bombs_are_stopped, "bombs", 6)
GROUP(active_office_documents_are_refused_in_words, "office-active", 28)
GROUP(encrypted_opendocument_is_held, "office-encrypted", 1)
GROUP(doctypes_and_broken_xml_are_refused, "office-xml", 4)
GROUP(files_with_two_faces_are_refused, "faces", 7)

static void a_longer_list_lets_other_archives_in(void **state)
{
	struct file_rules rules = file_rules_default();
	size_t wrong = 0;
	(void)state;
	rules.types |= FILE_BIT(FILE_SEVEN) | FILE_BIT(FILE_TAR) | FILE_BIT(FILE_GZ);
	assert_true(judge_all("longer-list", &rules, &wrong) >= 7);
	assert_int_equal(wrong, 0);
}

static struct file_verdict look(const struct file_rules *rules, str name, str bytes)
{
	const struct clock clock = sys_clock();
	struct file_question q = { .rules = *rules, .name = name };
	struct file_verdict v = { 0 };
	struct source from = source_of_str(&bytes);

	assert_ok(file_look(arena, &clock, &q, &from, &v));
	return v;
}

static str find_file(const char *group_name, const char *name)
{
	str rest = expected, line, field[4];
	const char *path;

	while (rest.len) {
		str_cut(rest, '\n', &line, &rest);
		for (size_t i = 0; i < COUNT(field); i++)
			str_cut(line, '\t', &field[i], &line);
		if (str_same(field[0], str_of(group_name)) && str_same(field[2], str_of(name))) {
			assert_ok(str_c(arena, field[1], &path));
			return test_file(arena, path);
		}
	}
	fail_msg("no such file: %s", name);
	return STR_NONE;
}

static void policy_decides_between_refusing_and_flagging(void **state)
{
	struct file_rules rules = file_rules_default();
	str script = find_file("pdf-active", "script-clear.pdf");
	(void)state;
	rules.active = POLICY_FLAG;
	struct file_verdict v = look(&rules, STR("a.pdf"), script);
	assert_int_equal(v.outcome, FILE_ALLOWED);
	assert_true(v.active & ACTIVE_BIT(ACTIVE_SCRIPT));
	rules.active = POLICY_ALLOW;
	v = look(&rules, STR("a.pdf"), script);
	assert_int_equal(v.outcome, FILE_ALLOWED);
	assert_int_equal(v.active, 0);
	rules.active = POLICY_REFUSE;
	rules.tolerated = ACTIVE_BIT(ACTIVE_SCRIPT) | ACTIVE_BIT(ACTIVE_ACTION);
	v = look(&rules, STR("a.pdf"), script);
	assert_int_equal(v.outcome, FILE_ALLOWED);
	assert_true(v.active & ACTIVE_BIT(ACTIVE_SCRIPT));
}

static void what_is_encrypted_passes_only_where_that_is_written(void **state)
{
	struct file_rules rules = file_rules_default();
	(void)state;
	rules.active = POLICY_ALLOW;
	assert_int_equal(look(&rules, STR("a.pdf"), find_file("pdf-encrypted", "a.pdf")).outcome, FILE_HELD);
	assert_int_equal(look(&rules, STR("a.zip"), find_file("zip-encrypted", "a.zip")).outcome, FILE_HELD);
	rules.tolerated = ACTIVE_BIT(ACTIVE_ENCRYPTED);
	assert_int_equal(look(&rules, STR("a.pdf"), find_file("pdf-encrypted", "a.pdf")).outcome, FILE_ALLOWED);
	assert_int_equal(look(&rules, STR("a.zip"), find_file("zip-encrypted", "a.zip")).outcome, FILE_ALLOWED);
	assert_int_equal(look(&rules, STR("a.odt"), find_file("office-encrypted", "a.odt")).outcome, FILE_ALLOWED);
}

static void limits_stop_a_look_in_words(void **state)
{
	struct file_rules rules = file_rules_default();
	str zip = find_file("good", "nested.zip");
	(void)state;
	rules.look_bytes = 1 << 20;
	str big;
	assert_ok(arena_take(arena, (1 << 20) + 1, (void **)&big.at));
	big.len = (1 << 20) + 1;
	memcpy((char *)big.at, "%PDF-1.4", 8);
	struct file_verdict v = look(&rules, STR("a.pdf"), big);
	assert_int_equal(v.outcome, FILE_REFUSED);
	assert_str(v.reason, STR("it is larger than the 1 MiB that can be looked into"));
	memset((char *)big.at, 'x', big.len);
	assert_int_equal(look(&rules, STR("a.txt"), big).outcome, FILE_ALLOWED); /* text streams */
	rules = file_rules_default();
	rules.depth_max = 1;
	assert_int_equal(look(&rules, STR("a.zip"), zip).outcome, FILE_REFUSED);
	rules = file_rules_default();
	rules.bytes_max = 100;
	v = look(&rules, STR("a.zip"), zip);
	assert_true(str_find(v.reason, STR("unpacks to more than")) >= 0);
	rules = file_rules_default();
	rules.time_max = 0;
	v = look(&rules, STR("a.zip"), zip);
	assert_str(v.reason, STR("it takes longer to look into than it may"));
	rules = file_rules_default();
	rules.types = FILE_BIT(FILE_ZIP);
	v = look(&rules, STR("a.zip"), zip);
	assert_true(str_find(v.reason, STR("not among the types let in")) >= 0);
}

static err cut_off(void *state, void *to, size_t max, size_t *got)
{
	(void)state, (void)to, (void)max, (void)got;
	return LATER(IO, "the disk is gone");
}

static void a_document_that_cannot_be_read_is_not_judged(void **state)
{
	static const struct source_ops ops = { .read = cut_off };
	const struct clock clock = sys_clock();
	struct file_question q = { .rules = file_rules_default(), .name = STR("a.pdf") };
	struct source from = { &ops, NULL };
	struct file_verdict v = { 0 };
	(void)state;
	assert_why(LATER, IO, file_look(arena, &clock, &q, &from, &v));
	q.name = STR("a.txt");
	assert_why(LATER, IO, file_look(arena, &clock, &q, &from, &v));
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		test(good_files_of_each_type_are_let_in),
		test(name_declared_type_and_content_must_agree),
		test(pictures_end_where_they_end_and_have_bounds),
		test(active_pdf_is_refused_in_words),
		test(encrypted_pdf_is_held),
		test(damaged_pdf_is_refused),
		test(text_is_utf8_or_latin_without_controls),
		test(tables_in_text_that_compute_are_refused),
		test(encrypted_archives_are_held_and_zipcrypto_refused),
		test(archives_that_two_programs_read_differently_are_refused),
		test(names_in_archives_neither_leave_nor_mislead),
		test(what_is_in_an_archive_is_judged_by_the_same_rules),
		test(bombs_are_stopped),
		test(active_office_documents_are_refused_in_words),
		test(encrypted_opendocument_is_held),
		test(doctypes_and_broken_xml_are_refused),
		test(files_with_two_faces_are_refused),
		test(a_longer_list_lets_other_archives_in),
		test(policy_decides_between_refusing_and_flagging),
		test(what_is_encrypted_passes_only_where_that_is_written),
		test(limits_stop_a_look_in_words),
		test(a_document_that_cannot_be_read_is_not_judged),
	};
	cmocka_set_message_output(CM_OUTPUT_TAP);
	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests_name("file", tests, make_corpus, close_corpus);
}
