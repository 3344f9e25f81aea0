#include "test/support/support.h"

#include "wire/file_rules.h"

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

static void the_extension_tells_the_type_in_any_case(void **state)
{
	static const struct {
		str name;
		enum file_type type;
	} rows[] = {
		{ STR("a.pdf"), FILE_PDF },    { STR("A.PDF"), FILE_PDF },      { STR("a.b.jpeg"), FILE_JPEG },
		{ STR("a.jpg"), FILE_JPEG },   { STR("figures.tgz"), FILE_GZ }, { STR("pdf"), FILE_TYPES },
		{ STR("a."), FILE_TYPES },     { STR("a.pdf "), FILE_TYPES },   { STR("a.pd"), FILE_TYPES },
		{ STR("a.exe"), FILE_TYPES },  { STR("a.html"), FILE_TYPES },   { STR("a.svg"), FILE_TYPES },
		{ STR("a.docm"), FILE_TYPES }, { STR(""), FILE_TYPES },
	};
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		assert_int_equal(file_type_of_name(rows[i].name), rows[i].type);
}

static void a_declared_type_must_fit_or_say_nothing(void **state)
{
	(void)state;
	assert_true(file_type_agrees(FILE_PDF, STR("")));
	assert_true(file_type_agrees(FILE_PDF, STR("Application/PDF; name=x")));
	assert_true(file_type_agrees(FILE_PDF, STR("application/octet-stream")));
	assert_true(file_type_agrees(FILE_CSV, STR("text/plain")));
	assert_false(file_type_agrees(FILE_PDF, STR("application/pdfx")));
	assert_false(file_type_agrees(FILE_PDF, STR("text/html")));
	assert_false(file_type_agrees(FILE_TXT, STR("text/csv")));
	assert_false(file_type_agrees(FILE_ZIP, STR("application/x-zip application/zip")));
}

static void misleading_names_are_refused(void **state)
{
	static const struct {
		str name;
		const char *note;
	} rows[] = {
		{ STR(""), "no name" },
		{ STR("a\0.pdf"), "control" },
		{ STR("a\r\n.pdf"), "control" },
		{ STR("a\xff.pdf"), "UTF-8" },
		{ STR("invoice\xe2\x80\xae"
		      "fdp.exe.pdf"),
		  "direction" },
		{ STR("a\xe2\x80\x8b.pdf"), "nobody sees" },
		{ STR("a.pdf."), "dot or a blank" },
		{ STR("a.pdf "), "dot or a blank" },
		{ STR("a.exe.pdf"), "of a program" },
		{ STR("a.EXE   .pdf"), "of a program" },
		{ STR("a.js.pdf"), "of a program" },
		{ STR("a.docm.pdf"), "of a program" },
		{ STR("a.docx.pdf"), "two types" },
		{ STR("a.pdf.x.docx"), "two types" },
		{ STR("a/b.pdf"), "separator" },
		{ STR("a\\b.pdf"), "separator" },
	};
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		err e = file_name_judge(rows[i].name);
		assert_why(NEVER, DOCUMENT, e);
		assert_true(str_find(str_of(e.note), str_of(rows[i].note)) >= 0);
	}
	char longest[257];
	memset(longest, 'x', sizeof longest);
	assert_why(NEVER, DOCUMENT, file_name_judge(str_bytes(longest, 256)));
	assert_ok(file_name_judge(str_bytes(longest, 255)));
}

static void plain_names_pass(void **state)
{
	static const str names[] = { STR("Rechnung Müller 2026-11.pdf"),
				     STR("v1.2.pdf"),
				     STR("figures.csv.zip"),
				     STR("backup.tar.gz"),
				     STR("契約書.docx"),
				     STR("a.PDF"),
				     STR("Dr. No.pdf"),
				     STR("x.pdf.pdf") };
	(void)state;
	for (size_t i = 0; i < COUNT(names); i++)
		assert_ok(file_name_judge(names[i]));
}

static void paths_in_archives_stay_below_their_folder(void **state)
{
	static const str bad[] = { STR("/etc/a.txt"), STR("../a.txt"),     STR("a/../b.txt"), STR("a/./b.txt"),
				   STR("a//b.txt"),   STR("C:\\a.txt"),    STR("c:a.txt"),    STR("a/nul.txt"),
				   STR("COM1/a.txt"), STR("\\\\h\\s.txt"), STR(""),           STR("a/") };
	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++)
		assert_why(NEVER, DOCUMENT, file_path_judge(bad[i]));
	assert_ok(file_path_judge(STR("a/b c/d.e.txt")));
	assert_ok(file_path_judge(STR("console.txt")));
}

static void words_in_settings_are_known_words(void **state)
{
	uint32_t bits = 0;
	str wrong = STR_NONE;
	(void)state;
	assert_ok(file_types_read(STR("pdf, docx  zip,"), &bits, &wrong));
	assert_int_equal(bits, FILE_BIT(FILE_PDF) | FILE_BIT(FILE_DOCX) | FILE_BIT(FILE_ZIP));
	assert_why(NEVER, SYNTAX, file_types_read(STR("pdf html"), &bits, &wrong));
	assert_str(wrong, STR("html"));
	assert_ok(file_actives_read(STR("signed,embedded-file"), &bits, &wrong));
	assert_int_equal(bits, ACTIVE_BIT(ACTIVE_SIGNED) | ACTIVE_BIT(ACTIVE_EMBEDDED));
	assert_ok(file_actives_read(STR("none"), &bits, &wrong));
	assert_int_equal(bits, 0);
	assert_why(NEVER, SYNTAX, file_actives_read(STR("signed everything"), &bits, &wrong));
	assert_str(wrong, STR("everything"));
}

static void a_question_arrives_as_it_was_asked(void **state)
{
	struct file_question q = { .rules = file_rules_default(), .name = STR("a\"\n.pdf"), .declared = STR("x/y") },
			     got;
	char bytes[FILE_QUESTION_MAX];
	struct buf b = BUF_ON(bytes);
	(void)state;
	buf_add_file_question(&b, &q);
	json_t *json = json_loadb(b.at, b.len, JSON_REJECT_DUPLICATES, NULL);
	assert_ok(file_question_read(arena, json, &got));
	assert_str(got.name, q.name);
	assert_str(got.declared, q.declared);
	char again_bytes[FILE_QUESTION_MAX];
	struct buf again = BUF_ON(again_bytes);
	buf_add_file_question(&again, &got);
	assert_str(buf_str(&again), buf_str(&b));
	assert_int_equal(got.rules.time_max, 30 * SECOND);
	json_object_set_new(json, "types", json_integer(-1));
	assert_why(NEVER, SYNTAX, file_question_read(arena, json, &got));
	json_object_del(json, "types");
	assert_why(NEVER, SYNTAX, file_question_read(arena, json, &got));
	json_decref(json);
}

static void answers_that_make_no_sense_are_not_believed(void **state)
{
	static const str bad[] = {
		STR(""),
		STR("{}"),
		STR("[]"),
		STR("{\"type\":0,\"outcome\":0,\"active\":0}"),
		STR("{\"type\":0,\"outcome\":0,\"active\":0,\"reason\":\"\",\"more\":1}"),
		STR("{\"type\":0,\"outcome\":3,\"active\":0,\"reason\":\"x\"}"),
		STR("{\"type\":99,\"outcome\":2,\"active\":0,\"reason\":\"x\"}"),
		STR("{\"type\":0,\"outcome\":0,\"active\":-1,\"reason\":\"\"}"),
		STR("{\"type\":0,\"outcome\":0,\"active\":0,\"reason\":\"but why\"}"), /* let in, with a reason against
											*/
		STR("{\"type\":0,\"outcome\":2,\"active\":0,\"reason\":\"\"}"),        /* refused without one */
		STR("{\"type\":15,\"outcome\":0,\"active\":0,\"reason\":\"\"}"),       /* let in without a type */
		STR("{\"type\":0,\"outcome\":0,\"outcome\":0,\"active\":0,\"reason\":\"\"}"),
	};
	struct file_verdict v;
	char good[80];
	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++)
		assert_why(NEVER, SYNTAX, file_verdict_read(arena, bad[i], &v));
	snprintf(good, sizeof good, "{\"type\":0,\"outcome\":0,\"active\":%u,\"reason\":\"\"}",
		 ACTIVE_BIT(ACTIVE_SIGNED));
	assert_ok(file_verdict_read(arena, str_of(good), &v));
	assert_int_equal(v.active, ACTIVE_BIT(ACTIVE_SIGNED));
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		test(the_extension_tells_the_type_in_any_case),
		test(a_declared_type_must_fit_or_say_nothing),
		test(misleading_names_are_refused),
		test(plain_names_pass),
		test(paths_in_archives_stay_below_their_folder),
		test(words_in_settings_are_known_words),
		test(a_question_arrives_as_it_was_asked),
		test(answers_that_make_no_sense_are_not_believed),
	};
	cmocka_set_message_output(CM_OUTPUT_TAP);
	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests_name("file_type", tests, open_arena, close_arena);
}
