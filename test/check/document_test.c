#include "test/support/support.h"

#include "check/check.h"
#include "sys/sys.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct arena *arena;
static int dir_fd = -1;

static int open_dir(void **state)
{
	(void)state;
	if (failed(arena_open(1 << 20, &arena)))
		return -1;
	const char *dir = test_dir();
	assert_int_equal(
		0, test_shell("cd '%s' && mkdir -p in/sub out && printf 12345 > in/a.pdf && printf x > in/sub/b.PDF && "
			      ": > in/empty.pdf && printf secret > out/secret.pdf && "
			      "ln -s ../out/secret.pdf in/link.pdf && ln -s '%s/out/secret.pdf' in/absolute.pdf && "
			      "ln -s ../out in/dir && ln -s a.pdf in/inner.pdf && mkfifo in/pipe.pdf && "
			      "ln -s /etc in/etc && ln -s loop in/loop && printf x > in/closed.pdf && "
			      "printf x > 'in/ünïcode.pdf'",
			      dir, dir));
	char path[512];
	snprintf(path, sizeof path, "%s/in", dir);
	return failed(dir_open(path, &dir_fd));
}

static int close_dir(void **state)
{
	(void)state;
	fd_done(&dir_fd);
	arena_close(arena);
	return 0;
}

static void a_document_has_path_name_type_and_size(void **state)
{
	struct document d;
	(void)state;
	assert_ok(check_document(dir_fd, STR("a.pdf"), 5, arena, &d, NULL));
	assert_string_equal(d.path, "a.pdf");
	assert_str(d.name, STR("a.pdf"));
	assert_str(d.type, STR("application/pdf"));
	assert_int_equal(d.size, 5);
	assert_ok(check_document(dir_fd, STR("sub/b.PDF"), 5, arena, &d, NULL));
	assert_str(d.name, STR("b.PDF"));
	assert_str(d.type, STR("application/pdf"));
	assert_ok(check_document(dir_fd, STR("./sub//b.PDF"), 5, arena, &d, NULL));
	assert_ok(check_document(dir_fd, STR("inner.pdf"), 5, arena, &d, NULL)); /* a link that stays inside */
	assert_ok(check_document(dir_fd, STR("ünïcode.pdf"), 5, arena, &d, NULL));
}

static void nothing_outside_the_directory_is_opened(void **state)
{
	static const str rows[] = {
		STR("../out/secret.pdf"),
		STR("sub/../../out/secret.pdf"),
		STR("/etc/passwd"),
		STR("link.pdf"),
		STR("absolute.pdf"),
		STR("dir/secret.pdf"),
		STR("etc/passwd"),
		STR("loop"),
		STR(".."),
		STR("sub/.."),
		STR("../in/a.pdf"),
		STR("//etc/passwd"),
	};
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct document d = { .size = 99 };
		struct fault f = { 0 };
		int fd = -1;
		err e = check_document(dir_fd, rows[i], 1000, arena, &d, &f);
		if (!failed(e))
			print_error("opened %.*s\n", STR_ARG(rows[i]));
		assert_why(NEVER, DOCUMENT, e);
		assert_true(str_find(str_of(f.what), rows[i]) > 0);
		assert_int_equal(d.size, 99);
		assert_true(failed(file_open_beneath(arena, dir_fd, rows[i], &fd))); /* nor by the kernel alone */
		assert_int_equal(fd, -1);
	}
}

static void what_is_no_readable_file_with_content_refuses_its_row(void **state)
{
	static const struct {
		str name;
		const char *word;
	} rows[] = {
		{ STR("missing.pdf"), "no such file" }, { STR("empty.pdf"), "empty" },
		{ STR("pipe.pdf"), "regular" },         { STR("sub"), "regular" },
		{ STR("a.pdf/x"), "no such file" },     { STR(""), "no name" },
		{ STR("a\0.pdf"), "control" },          { STR("a\n.pdf"), "control" },
		{ STR("\xFF.pdf"), "UTF-8" },           { STR("A.PDF"), "no such file" },
	};
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct document d;
		struct fault f = { 0 };
		assert_why(NEVER, DOCUMENT, check_document(dir_fd, rows[i].name, 1000, arena, &d, &f));
		if (!strstr(f.what, rows[i].word))
			print_error("%s\n", f.what);
		assert_non_null(strstr(f.what, rows[i].word));
	}
	struct document d;
	struct fault f = { 0 };
	assert_why(NEVER, DOCUMENT, check_document(dir_fd, STR("a.pdf"), 4, arena, &d, &f));
	assert_non_null(strstr(f.what, "larger"));
	if (geteuid() != 0) {
		assert_int_equal(0, fchmodat(dir_fd, "closed.pdf", 0, 0));
		assert_why(NEVER, DOCUMENT, check_document(dir_fd, STR("closed.pdf"), 9, arena, &d, &f));
	}
}

static void documents_of_a_row_come_in_order_or_not_at_all(void **state)
{
	str names[] = { STR("sub/b.PDF"), STR("a.pdf"), STR("missing.pdf") };
	struct list_row row = { .row = 7, .documents = names, .document_count = 2 };
	struct document *d = NULL;
	struct fault f = { 0 };
	(void)state;
	assert_ok(check_documents(dir_fd, &row, 100, arena, &d, &f));
	assert_str(d->name, STR("b.PDF"));
	assert_str(d->next->name, STR("a.pdf"));
	assert_null(d->next->next);
	row.document_count = 3;
	d = NULL;
	assert_why(NEVER, DOCUMENT, check_documents(dir_fd, &row, 100, arena, &d, &f));
	assert_null(d);
	assert_int_equal(f.row, 7);
	assert_non_null(strstr(f.what, "missing.pdf"));
}

static void names_are_safe_wherever_they_are_saved(void **state)
{
	static const struct {
		str path, name;
	} rows[] = {
		{ STR("a/b/c.pdf"), STR("c.pdf") },
		{ STR("invoice\xE2\x80\xAE"
		      "fdp.exe"),
		  STR("invoicefdp.exe") }, /* RLO */
		{ STR("a\xE2\x80\x8B"
		      "b.pdf"),
		  STR("ab.pdf") },
		{ STR("u\xCC\x88.pdf"), STR("ü.pdf") },
		{ STR("a:b?c*d.pdf"), STR("a_b_c_d.pdf") },
		{ STR("a\\..\\b.pdf"), STR("a_.._b.pdf") },
		{ STR("...hidden. . "), STR("hidden") },
		{ STR("con.pdf"), STR("_con.pdf") },
		{ STR("LPT1"), STR("_LPT1") },
		{ STR("-rf.pdf"), STR("_-rf.pdf") },
		{ STR("a\rb\nc.pdf"), STR("abc.pdf") },
		{ STR("..."), STR("document") },
		{ STR("x/"), STR("document") },
		{ STR("two words (1).pdf"), STR("two words (1).pdf") },
	};
	str name;
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		assert_ok(check_document_name(arena, rows[i].path, &name));
		assert_str(name, rows[i].name);
	}
	char room[600];
	struct buf b = BUF_ON(room);
	for (int i = 0; i < 150; i++)
		buf_add(&b, STR("ö"));
	buf_add(&b, STR(".pdf"));
	assert_ok(check_document_name(arena, buf_str(&b), &name));
	assert_true(name.len <= DOCUMENT_NAME_MAX && str_ends(name, STR("ö.pdf")) && str_utf8(name));
}

static void types_follow_the_last_extension(void **state)
{
	(void)state;
	assert_str(check_document_type(STR("a.b.JPEG")), STR("image/jpeg"));
	assert_str(check_document_type(STR("a.pdf.exe")), STR("application/octet-stream"));
	assert_str(check_document_type(STR("pdf")), STR("application/octet-stream"));
	assert_str(check_document_type(STR("")), STR("application/octet-stream"));
}

#define each(function) cmocka_unit_test_setup_teardown(function, open_dir, close_dir)
TESTS(document, each(a_document_has_path_name_type_and_size), each(nothing_outside_the_directory_is_opened),
      each(what_is_no_readable_file_with_content_refuses_its_row), each(documents_of_a_row_come_in_order_or_not_at_all),
      each(names_are_safe_wherever_they_are_saved), each(types_follow_the_last_extension))
