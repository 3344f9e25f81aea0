#include "test/support/support.h"

#include "wire/csv.h"

#include <stdio.h>
#include <string.h>

static struct arena *arena;

static int open_arena(void **state)
{
	(void)state;
	return failed(arena_open(16 << 20, &arena));
}

static int close_arena(void **state)
{
	(void)state;
	arena_close(arena);
	return 0;
}

static const struct csv_limits wide = {
	.bytes_max = 1 << 20, .header_max = 4096, .field_max = 4096, .row_max = 65536, .columns_max = 20
};

/* Gives a few bytes at a time, so that every token is cut somewhere. */
struct drip {
	str rest;
	size_t step;
};
static err drip_read(void *state, void *to, size_t max, size_t *got)
{
	struct drip *d = state;
	size_t len = d->rest.len < d->step ? d->rest.len : d->step;

	len = len < max ? len : max;
	memcpy(to, d->rest.at, len);
	d->rest = str_from(d->rest, len);
	*got = len;
	return OK;
}
static const struct source_ops drip_ops = { .read = drip_read };

/* Rows joined as [row:line]field|field\n. */
static err read_all(str text, size_t step, const struct csv_limits *limits, struct buf *out, struct fault *fault)
{
	struct drip drip = { text, step };
	struct source from = { &drip_ops, &drip };
	OWNED(csv_done) struct csv_reader *r = NULL;
	struct csv_row row = { .count = 1 };

	TRY(csv_open(arena, &from, limits, &r, fault));
	for (;;) {
		TRY(csv_next(r, arena, &row, fault));
		if (row.count == 0)
			return OK;
		buf_add_format(out, "[%u:%u]", (unsigned)row.row, (unsigned)row.line);
		for (size_t i = 0; i < row.count; i++) {
			buf_add(out, i ? STR("|") : STR(""));
			buf_add(out, row.fields[i]);
		}
		buf_add_char(out, '\n');
	}
}

static void assert_reads(str text, str want)
{
	for (size_t step = 1; step < 40; step += step < 4 ? 1 : 7) {
		char room[4096];
		struct buf b = BUF_ON(room);
		struct fault f = { 0 };
		err e = read_all(text, step, &wide, &b, &f);
		if (failed(e))
			print_error("step %zu: %s\n", step, f.what);
		assert_ok(e);
		assert_str(buf_str(&b), want);
	}
}

static void lists_of_every_spreadsheet_are_read(void **state)
{
	(void)state;
	assert_reads(STR("email,name\r\na@b.c,Ann\r\n"), STR("[1:1]email|name\n[2:2]a@b.c|Ann\n"));
	assert_reads(STR("email;name\na@b.c;\"Ann; \"\"B\"\"\"\n"), STR("[1:1]email|name\n[2:2]a@b.c|Ann; \"B\"\n"));
	assert_reads(STR("email\tname\ra@b.c\tAnn\r"), STR("[1:1]email|name\n[2:2]a@b.c|Ann\n"));
	assert_reads(STR("\xEF\xBB\xBF"
			 "email,n\na,b"),
		     STR("[1:1]email|n\n[2:2]a|b\n"));
	assert_reads(STR("\"email\",\"n,;;;;\"\n\"a\",\"b\""), STR("[1:1]email|n,;;;;\n[2:2]a|b\n"));
	assert_reads(STR("email\na\nb\n"), STR("[1:1]email\n[2:2]a\n[3:3]b\n"));
	assert_reads(STR("a, \"b\" ,c\n"), STR("[1:1]a|b|c\n"));
	assert_reads(STR("a;b\n;\n\"\";\n"), STR("[1:1]a|b\n[2:2]|\n[3:3]|\n"));
	assert_reads(STR(""), STR(""));
	assert_reads(STR("\xEF\xBB\xBF"), STR(""));
	assert_reads(STR("a\tb\n\t\n x \ty"), STR("[1:1]a|b\n[2:2]|\n[3:3]x|y\n"));
}

static void blank_lines_are_skipped_and_counted(void **state)
{
	(void)state;
	assert_reads(STR("a,b\r\n\r\n   \r\nc,d\r\n\r\n"), STR("[1:1]a|b\n[4:4]c|d\n"));
	assert_reads(STR("a,b\n\n\nc,d\n"), STR("[1:1]a|b\n[4:4]c|d\n"));
	assert_reads(STR("\n\na,b\n"), STR("[3:3]a|b\n"));
}

static void line_ends_in_quotes_are_data_and_counted(void **state)
{
	(void)state;
	assert_reads(STR("a,b\r\n\"x\r\ny\",\"1\n2\n3\"\r\nc,d\r\n"), STR("[1:1]a|b\n[2:2]x\r\ny|1\n2\n3\n[3:6]c|d\n"));
}

static void a_stray_quotation_mark_ends_the_list_at_its_place(void **state)
{
	static const struct {
		str text;
		unsigned row, column;
	} rows[] = {
		{ STR("a,b\nc,d\ne\"f,g\nh,i\n"), 3, 1 },
		{ STR("a,b\nc,\"d\"e\n"), 2, 2 },
		{ STR("a,b\nc,\"d\nx,y\nz,z"), 2, 2 },
		{ STR("a,b\n\n\nc,d\"\n"), 4, 2 },
		{ STR("\"a,b\nc,d\n"), 1, 1 },
	};
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		for (size_t step = 1; step < 30; step += 3) {
			char room[1024];
			struct buf b = BUF_ON(room);
			struct fault f = { 0 };
			assert_why(NEVER, LIST, read_all(rows[i].text, step, &wide, &b, &f));
			assert_int_equal(f.row, rows[i].row);
			assert_int_equal(f.column, rows[i].column);
			assert_false(fault_empty(&f));
		}
}

static void utf16_is_named_and_refused(void **state)
{
	char room[64];
	struct buf b = BUF_ON(room);
	struct fault f = { 0 };
	(void)state;
	assert_why(NEVER, LIST,
		   read_all(STR("\xFF\xFE"
				"e\0m\0"),
			    64, &wide, &b, &f));
	assert_true(str_find(str_of(f.what), STR("UTF-8")) > 0);
}

static void every_limit_holds(void **state)
{
	static char text[70000];
	char room[64];
	struct csv_limits l = wide;
	struct fault f;
	(void)state;
	memset(text, 'x', sizeof text);
	memcpy(text, "a,b\n\"", 5);
#define LIMITED(s)                                                                                                     \
	do {                                                                                                           \
		struct buf b = BUF_ON(room);                                                                           \
		f = (struct fault){ 0 };                                                                               \
		assert_why(NEVER, LIMIT, read_all((s), 100, &l, &b, &f));                                              \
		assert_false(fault_empty(&f));                                                                         \
	} while (0)
	LIMITED(str_bytes(text, sizeof text)); /* a quotation mark never closed is found long before the end */
	assert_int_equal(f.row, 2);
	LIMITED(str_bytes(text + 5, 10000)); /* the first line */
	l.field_max = 3;
	LIMITED(STR("abc,abcd\n"));
	l = wide, l.bytes_max = 7;
	LIMITED(STR("abc,abcd\n"));
	l = wide, l.columns_max = 2;
	LIMITED(STR("a,b\n1,2,3\n"));
	l = wide, l.row_max = 5;
	LIMITED(STR("a,b\nabc,abc\n"));
}

static void formulas_are_guarded_and_come_back(void **state)
{
	static const struct {
		str cell, written;
	} rows[] = {
		{ STR("=1+1"), STR("'=1+1") },
		{ STR("+49 30 1"), STR("'+49 30 1") },
		{ STR("@SUM(A1)"), STR("'@SUM(A1)") },
		{ STR("-1-1"), STR("'-1-1") },
		{ STR("-12.5"), STR("-12.5") },
		{ STR("-12"), STR("-12") },
		{ STR("-12,5"), STR("\"-12,5\"") },
		{ STR("-"), STR("'-") },
		{ STR("-1."), STR("'-1.") },
		{ STR("-.5"), STR("'-.5") },
		{ STR("'=x"), STR("''=x") },
		{ STR("'x"), STR("'x") },
		{ STR("'-12"), STR("''-12") },
		{ STR("\t=x"), STR("\"'\t=x\"") },
		{ STR("\r=x"), STR("\"'\r=x\"") },
		{ STR(" =x"), STR("\"' =x\"") },
		{ STR("a=b"), STR("a=b") },
		{ STR("=\"a\",b"), STR("\"'=\"\"a\"\",b\"") },
		{ STR(""), STR("") },
		{ STR("'''"), STR("'''") },
	};
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		str cells[2] = { rows[i].cell, STR("z") }, text, want;
		assert_ok(csv_row_text(arena, cells, 2, ',', &text));
		assert_ok(str_format(arena, &want, "%.*s,z\r\n", STR_ARG(rows[i].written)));
		assert_str(text, want);

		struct source from = source_of_str(&text);
		OWNED(csv_done) struct csv_reader *r = NULL;
		struct csv_row row;
		assert_ok(csv_open(arena, &from, &wide, &r, NULL));
		assert_ok(csv_next(r, arena, &row, NULL));
		assert_int_equal(row.count, 2);
		assert_str(csv_unguard(row.fields[0]), rows[i].cell);
	}
}

/* Python's csv module writes random tables in the ways of Excel, LibreOffice and itself; beside each lies what is in
 * it, with unit and record separators. */
static const char make_tables[] =
	"import csv, random, sys\n"
	"chance = random.Random(7)\n"
	"words = ['', 'a', 'Zoë', 'x y', 'with, comma', 'semi; colon', 'tab\\there', 'quo\"te', 'two\\nlines', "
	"'two\\r\\nlines',"
	" '\"', '\"\"', \"'\", '漢字', '-12.5', '1', 'end\"', '\"begin', 'a;b,c\\td']\n"
	"for n in range(60):\n"
	"    width = chance.randint(2, 6)\n"
	"    head = ['email'] + ['c%d' % i for i in range(1, width)]\n"
	"    rows = [head] + [['p%d' % r] + [chance.choice(words) for _ in head[1:]] for r in range(12)]\n"
	"    how = dict(delimiter=',;\\t'[n % 3], lineterminator=['\\r\\n', '\\n'][n // 3 % 2],"
	" quoting=[csv.QUOTE_MINIMAL, csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC][n // 9 % 3])\n"
	"    with open('%s/%d.csv' % (sys.argv[1], n), 'w', newline='', encoding=['utf-8', 'utf-8-sig'][n % 2]) as f:\n"
	"        csv.writer(f, **how).writerows(rows)\n"
	"    with open('%s/%d.txt' % (sys.argv[1], n), 'w', newline='') as f:\n"
	"        f.write(''.join('\\x1f'.join(r) + '\\x1e' for r in rows))\n";

static void tables_of_a_foreign_writer_are_read_cell_by_cell(void **state)
{
	const char *dir = test_dir();
	char script[512], path[512];
	(void)state;
	snprintf(script, sizeof script, "%s/make.py", dir);
	test_file_write(script, str_of(make_tables));
	assert_int_equal(test_shell("/usr/bin/python3 '%s' '%s'", script, dir), 0);
	for (int n = 0; n < 60; n++) {
		char room[8192];
		struct buf b = BUF_ON(room);
		OWNED(csv_done) struct csv_reader *r = NULL;
		struct csv_row row = { .count = 1 };
		snprintf(path, sizeof path, "%s/%d.csv", dir, n);
		str text = test_file(arena, path);
		struct source from = source_of_str(&text);
		assert_ok(csv_open(arena, &from, &wide, &r, NULL));
		assert_int_equal(csv_delimiter(r), ",;\t"[n % 3]);
		assert_int_equal(csv_had_bom(r), n % 2);
		for (;;) {
			assert_ok(csv_next(r, arena, &row, NULL));
			if (row.count == 0)
				break;
			for (size_t i = 0; i < row.count; i++) {
				buf_add(&b, row.fields[i]);
				buf_add_char(&b, i + 1 < row.count ? '\x1f' : '\x1e');
			}
		}
		snprintf(path, sizeof path, "%s/%d.txt", dir, n);
		assert_str(buf_str(&b), test_file(arena, path));
	}
}

/* And the other way: what we write, Python reads back, guard and all. */
static void a_foreign_reader_reads_what_we_write(void **state)
{
	static const str cells[] = { STR("plain"),        STR("a,b;c\td"), STR("quo\"te"),
				     STR("two\r\nlines"), STR(" blanks "), STR(""),
				     STR("'apostrophe"),  STR("-12.5"),    STR("Zoë") };
	const char *dir = test_dir();
	char path[512];
	str text;
	(void)state;
	assert_ok(csv_row_text(arena, cells, COUNT(cells), ';', &text));
	snprintf(path, sizeof path, "%s/ours.csv", dir);
	test_file_write(path, text);
	snprintf(path, sizeof path, "%s/read.py", dir);
	test_file_write(path, STR("import csv, sys\n"
				  "rows = list(csv.reader(open(sys.argv[1], newline='', encoding='utf-8'), "
				  "delimiter=';', strict=True))\n"
				  "assert rows == [['plain', 'a,b;c\\td', 'quo\"te', 'two\\r\\nlines', ' blanks ', '', "
				  "\"'apostrophe\","
				  " '-12.5', 'Zoë']], rows\n"));
	assert_int_equal(test_shell("/usr/bin/python3 '%s' '%s/ours.csv'", path, dir), 0);
}

#define each(function) cmocka_unit_test_setup_teardown(function, open_arena, close_arena)
TESTS(csv, each(lists_of_every_spreadsheet_are_read), each(blank_lines_are_skipped_and_counted),
      each(line_ends_in_quotes_are_data_and_counted), each(a_stray_quotation_mark_ends_the_list_at_its_place),
      each(utf16_is_named_and_refused), each(every_limit_holds), each(formulas_are_guarded_and_come_back),
      each(tables_of_a_foreign_writer_are_read_cell_by_cell), each(a_foreign_reader_reads_what_we_write))
