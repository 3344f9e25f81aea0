#include "test/support/support.h"

#include "check/check.h"

#include <stdlib.h>
#include <string.h>

static struct arena *arena;

static int open_arena(void **state)
{
	(void)state;
	return failed(arena_open(64 << 20, &arena));
}

static int close_arena(void **state)
{
	(void)state;
	arena_close(arena);
	return 0;
}

struct reading {
	struct list list;
	struct source from;
	str text;
};

static err begin(struct reading *r, str text, struct fault *f)
{
	struct list_rules rules = check_list_rules();
	r->text = text;
	r->from = source_of_str(&r->text);
	return check_list_open(arena, &r->from, &rules, &r->list, f);
}

static struct list_row next(struct reading *r)
{
	struct list_row row;
	struct fault f = { 0 };
	err e = check_list_next(&r->list, arena, &row, &f);
	if (failed(e))
		print_error("%s\n", f.what);
	assert_ok(e);
	return row;
}

static void a_row_has_address_name_language_documents_and_values(void **state)
{
	struct reading r = { 0 };
	(void)state;
	assert_ok(begin(&r,
			STR("Policy;EMAIL ;Name; Language;Document;Born\r\n"
			    "P-1; Maria@Example.COM ;Maria Ö;de-AT;\"a.pdf; sub/b.pdf ;\";3.4.1987\r\n"),
			NULL));
	assert_int_equal(r.list.column_count, 6);
	assert_str(r.list.columns[1], STR("EMAIL"));
	assert_int_equal(r.list.delimiter, ';');
	struct list_row row = next(&r);
	assert_ok(row.verdict);
	assert_int_equal(row.row, 2);
	assert_str(row.address.text, STR("Maria@example.com"));
	assert_str(row.name, STR("Maria Ö"));
	assert_str(row.language, STR("de-AT"));
	assert_int_equal(row.document_count, 2);
	assert_str(row.documents[0], STR("a.pdf"));
	assert_str(row.documents[1], STR("sub/b.pdf"));
	assert_str(row.values->name, STR("Policy"));
	assert_str(row.values->text, STR("P-1"));
	assert_str(row.values->next->name, STR("Born"));
	assert_null(row.values->next->next);
	assert_int_equal(row.cell_count, 6);
	assert_str(row.cells[1], STR("Maria@Example.COM"));
	assert_int_equal(next(&r).row, 0);
	check_list_done(&r.list);
}

static void headers_that_are_unclear_are_refused(void **state)
{
	static const struct {
		str text;
		const char *word;
		unsigned column;
	} rows[] = {
		{ STR(""), "empty", 0 },
		{ STR("\r\n\r\n"), "empty", 0 },
		{ STR("name,mail\na,b\n"), "no column named email", 0 },
		{ STR("email,,x\n"), "no name", 2 },
		{ STR("email,x,y,x\n"), "two columns are named x", 4 },
		{ STR("email,Policy,policy\n"), "two columns", 3 },
		{ STR("Email,EMAIL\n"), "two columns", 2 },
		{ STR("email,status\n"), "results add", 2 },
		{ STR("email,Password\n"), "results add", 2 },
		{ STR("email,na\xEFve\n"), "Windows-1252", 2 },
		{ STR("email,a\0b\n"), "NUL", 2 },
		{ STR("email,\"a\nb\"\n"), "control", 2 },
		{ STR("e\0m\0a\0i\0l\0"), "NUL", 1 },
	};
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct reading r = { 0 };
		struct fault f = { 0 };
		assert_why(NEVER, LIST, begin(&r, rows[i].text, &f));
		if (!strstr(f.what, rows[i].word))
			print_error("%zu: %s\n", i, f.what);
		assert_non_null(strstr(f.what, rows[i].word));
		assert_int_equal(f.column, rows[i].column);
	}
}

static void a_bad_row_refuses_itself_with_row_column_and_words(void **state)
{
	static const struct {
		str line;
		enum why why;
		unsigned column;
		const char *word;
	} rows[] = {
		{ STR("a b@c.example,A,de,a.pdf,1"), WHY_ADDRESS, 1, "space" },
		{ STR("\"a@c.example\r\nBcc: x@y.example\",A,de,a.pdf,1"), WHY_ADDRESS, 1, "column email" },
		{ STR("\"a@c.example\n\",A,de,a.pdf,1"), WHY_ADDRESS, 1, "control" },
		{ STR(",A,de,a.pdf,1"), WHY_ADDRESS, 1, "empty" },
		{ STR("a@[192.0.2.1],A,de,a.pdf,1"), WHY_ADDRESS, 1, "literal" },
		{ STR("a@c.example,\"A\nB\",de,a.pdf,1"), WHY_LIST, 2, "control" },
		{ STR("a@c.example,A\xE2\x80\xAE"
		      "B,de,a.pdf,1"),
		  WHY_LIST, 2, "direction" },
		{ STR("a@c.example,A,../de,a.pdf,1"), WHY_LIST, 3, "language" },
		{ STR("a@c.example,A,d,a.pdf,1"), WHY_LIST, 3, "language" },
		{ STR("a@c.example,A,de,,1"), WHY_DOCUMENT, 4, "no document" },
		{ STR("a@c.example,A,de, ; ,1"), WHY_DOCUMENT, 4, "no document" },
		{ STR("a@c.example,A,de,a.pdf;a.pdf,1"), WHY_DOCUMENT, 4, "twice" },
		{ STR("a@c.example,A,de,a.pdf"), WHY_LIST, 0, "4 cells, the first line has 5" },
		{ STR("a@c.example,A,de,a.pdf,1,2"), WHY_LIST, 0, "6 cells" },
		{ STR("a@c.example"), WHY_LIST, 0, "1 cells" },
		{ STR("a@c.example,M\xFCller,de,a.pdf,1"), WHY_LIST, 2, "Windows-1252" },
		{ STR("a@c.example,\xC3\xC3\xBC,de,a.pdf,1"), WHY_LIST, 2, "not UTF-8" },
		{ STR("a@c.example,A,de,a.pdf,\0"), WHY_LIST, 5, "NUL" },
		{ STR("a@c.example,A,de,a.pdf,\x1B[2J"), WHY_LIST, 5, "control" },
	};
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct reading r = { 0 };
		str text;
		char room[512];
		struct buf b = BUF_ON(room);
		buf_add(&b, STR("email,name,language,document,x\n"));
		buf_add(&b, rows[i].line);
		buf_add(&b, STR("\nnext@c.example,N,,n.pdf,9\n"));
		text = buf_str(&b);
		assert_ok(begin(&r, text, NULL));
		struct list_row row = next(&r);
		if (row.verdict.why != rows[i].why || !strstr(row.problem.what, rows[i].word))
			print_error("%zu: %s\n", i, row.problem.what);
		assert_int_equal(row.verdict.fate, FATE_NEVER);
		assert_int_equal(row.verdict.why, rows[i].why);
		assert_non_null(strstr(row.problem.what, rows[i].word));
		assert_int_equal(row.problem.row, 2);
		assert_int_equal(row.problem.column, rows[i].column);
		assert_true(row.cell_count > 0);
		/* and the next row is itself, whatever stood above it */
		row = next(&r);
		assert_ok(row.verdict);
		assert_str(row.address.text, STR("next@c.example"));
		assert_str(row.name, STR("N"));
		assert_int_equal(row.language.len, 0);
		assert_int_equal(row.document_count, 1);
		assert_str(row.values->text, STR("9"));
		check_list_done(&r.list);
	}
}

static void repeated_rows_are_folded_with_a_note(void **state)
{
	struct reading r = { 0 };
	(void)state;
	assert_ok(begin(&r,
			STR("email,document,x\n"
			    "a@B.example,a.pdf,1\n"
			    "a@b.EXAMPLE, a.pdf,1\n"
			    "a@b.example,a.pdf,2\n"
			    "a@b.example,b.pdf,1\n"
			    "A@b.example,a.pdf,1\n"
			    "bad,a.pdf,1\nbad,a.pdf,1\n"),
			NULL));
	static const struct {
		unsigned repeats;
		bool otherwise;
	} want[] = { { 0, 0 }, { 2, 0 }, { 2, 1 }, { 0, 0 }, { 0, 0 }, { 0, 0 }, { 0, 0 } };
	for (size_t i = 0; i < COUNT(want); i++) {
		struct list_row row = next(&r);
		assert_int_equal(row.repeats, want[i].repeats);
		assert_int_equal(row.repeats_otherwise, want[i].otherwise);
	}
	check_list_done(&r.list);
}

/* Without documents the values are the mail: two policies of one person are two mails. */
static void without_documents_rows_repeat_only_in_full(void **state)
{
	struct reading r = { 0 };
	(void)state;
	assert_ok(begin(&r, STR("email,policy\na@b.example,1\na@b.example,2\na@b.example,1\n"), NULL));
	assert_int_equal(next(&r).repeats, 0);
	assert_int_equal(next(&r).repeats, 0);
	assert_int_equal(next(&r).repeats, 2);
	check_list_done(&r.list);
}

/* THREATS and MISSION A1: ten thousand rows out of one rewound arena, good and bad mixed; each has its own data. */
static void no_row_of_ten_thousand_keeps_anything_of_another(void **state)
{
	enum { ROWS = 10000 };
	struct buf b;
	OWNED(arena_done) struct arena *rows = NULL;
	struct reading r = { 0 };
	(void)state;
	assert_ok(arena_open(1 << 20, &rows));
	assert_ok(buf_open(arena, 4 << 20, &b));
	buf_add(&b, STR("email,name,document,secret\n"));
	for (unsigned i = 0; i < ROWS; i++)
		if (i % 7 == 3)
			buf_add_format(&b, "broken %u,Name %u,doc%u.pdf,s%u\n", i, i, i, i);
		else if (i % 11 == 5)
			buf_add_format(&b, "p%u@x.example,Name %u\n", i, i);
		else
			buf_add_format(&b, "p%u@x.example,\"Name, %u\",doc%u.pdf;more%u.pdf,s%u\n", i, i, i, i, i);
	assert_ok(buf_check(&b));
	assert_ok(begin(&r, buf_str(&b), NULL));
	for (unsigned i = 0; i < ROWS; i++) {
		SCRATCH(rows);
		struct list_row row;
		str want;
		assert_ok(check_list_next(&r.list, rows, &row, NULL));
		assert_int_equal(row.row, i + 2);
		if (i % 7 == 3 || i % 11 == 5) {
			assert_true(failed(row.verdict));
			assert_true(row.document_count == 0 || i % 7 == 3);
			continue;
		}
		assert_ok(row.verdict);
		assert_ok(str_format(rows, &want, "p%u@x.example", i));
		assert_str(row.address.text, want);
		assert_ok(str_format(rows, &want, "doc%u.pdf", i));
		assert_str(row.documents[0], want);
		assert_ok(str_format(rows, &want, "more%u.pdf", i));
		assert_str(row.documents[1], want);
		assert_ok(str_format(rows, &want, "s%u", i));
		assert_str(row.values->text, want);
		assert_null(row.values->next);
		assert_int_equal(row.repeats, 0);
	}
	check_list_done(&r.list);
}

static void what_ends_the_reading_says_where_and_stays_said(void **state)
{
	struct list_rules rules = check_list_rules();
	struct list list = { 0 };
	struct list_row row;
	struct fault f = { 0 };
	(void)state;
	str text = STR("email,x\na@b.cd,1\nb@b.cd,\"2\n");
	struct source from = source_of_str(&text);
	assert_ok(check_list_open(arena, &from, &rules, &list, &f));
	assert_ok(check_list_next(&list, arena, &row, &f));
	for (int i = 0; i < 2; i++)
		assert_why(NEVER, LIST, check_list_next(&list, arena, &row, &f));
	assert_int_equal(f.row, 3);
	assert_int_equal(f.column, 2);
	check_list_done(&list);
	text = STR("email,x\na@b.cd,1\n\n,\nb@b.cd,2\n");
	from = source_of_str(&text);
	rules.rows_max = 1;
	assert_ok(check_list_open(arena, &from, &rules, &list, &f));
	assert_ok(check_list_next(&list, arena, &row, &f));
	assert_why(NEVER, LIMIT, check_list_next(&list, arena, &row, &f));
	assert_int_equal(f.row, 5);
	check_list_done(&list);
}

static void a_results_file_is_read_back_as_a_list(void **state)
{
	struct list_rules rules = check_list_rules();
	struct list list = { 0 };
	struct list_row row;
	(void)state;
	rules.is_results = true;
	str text = STR("email,phone,status,delivery,link,expires_at,password,problem\r\n"
		       "a@b.cd,'+49 30 1,waiting,id,https://x/,2026-11-28T00:00:00Z,k7mq-x2,\r\n");
	struct source from = source_of_str(&text);
	assert_ok(check_list_open(arena, &from, &rules, &list, NULL));
	assert_int_equal(list.column_count, 2);
	assert_ok(check_list_next(&list, arena, &row, NULL));
	assert_ok(row.verdict);
	assert_str(row.results[RESULT_STATUS], STR("waiting"));
	assert_str(row.results[RESULT_PASSWORD], STR("k7mq-x2"));
	assert_int_equal(row.cell_count, 2);
	assert_str(row.cells[1], STR("+49 30 1"));
	assert_str(row.values->text, STR("+49 30 1"));
	assert_null(row.values->next); /* a password of before is no value for a template */
	check_list_done(&list);
}

static void a_long_list_is_remembered_without_gaps(void **state)
{
	struct buf b;
	struct reading r = { 0 };
	OWNED(arena_done) struct arena *rows = NULL;
	(void)state;
	assert_ok(arena_open(1 << 20, &rows));
	assert_ok(buf_open(arena, 4 << 20, &b));
	buf_add(&b, STR("email\n"));
	for (unsigned i = 0; i < 40000; i++)
		buf_add_format(&b, "p%u@x.example\n", i % 30000);
	assert_ok(begin(&r, buf_str(&b), NULL));
	for (unsigned i = 0; i < 40000; i++) {
		SCRATCH(rows);
		struct list_row row;
		assert_ok(check_list_next(&r.list, rows, &row, NULL));
		assert_int_equal(row.repeats, i < 30000 ? 0 : i - 30000 + 2);
	}
	check_list_done(&r.list);
}

#define each(function) cmocka_unit_test_setup_teardown(function, open_arena, close_arena)
TESTS(list, each(a_row_has_address_name_language_documents_and_values), each(headers_that_are_unclear_are_refused),
      each(a_bad_row_refuses_itself_with_row_column_and_words), each(repeated_rows_are_folded_with_a_note),
      each(without_documents_rows_repeat_only_in_full), each(no_row_of_ten_thousand_keeps_anything_of_another),
      each(what_ends_the_reading_says_where_and_stays_said), each(a_results_file_is_read_back_as_a_list),
      each(a_long_list_is_remembered_without_gaps))
