/* The results file: what is written is what the list reader reads back, whatever the cells hold. */
#include "test/support/support.h"

#include "check/check.h"
#include "flow/results.h"
#include "sys/sys.h"

#include <stdio.h>
#include <sys/stat.h>

static const str columns[] = { STR("email"), STR("document"), STR("note") };
static const str cells[][3] = {
	{ STR("a@example.com"), STR("a.pdf"), STR("=cmd|' /C calc'!A0") },
	{ STR("b@example.com"), STR("b.pdf;c.pdf"), STR("line\r\nbreak, \"quoted\"; ünïcode") },
	{ STR("c@example.com"), STR("c.pdf"), STR("'already") },
	{ STR("d@example.com"), STR("d.pdf"), STR("+49 30 1234") },
};

static struct results example(struct arena *a)
{
	struct results r = { .columns = columns, .column_count = COUNT(columns), .delimiter = ';' };
	uint64_t counter = 1;
	struct entropy chance = test_entropy(&counter);

	r.count = COUNT(cells);
	assert_ok(NEW_ARRAY(a, r.count, r.rows));
	for (size_t i = 0; i < r.count; i++) {
		r.rows[i] = (struct result){
			.cells = cells[i],
			.status = (enum row_status)i,
			.link = STR("https://docs.example/d/token"),
			.expires_at = 1795290600 * SECOND,
			.password = STR("-abcd-efgh"),
			.problem = STR("@said"),
		};
		assert_ok(id_new(&chance, &r.rows[i].delivery));
	}
	return r;
}

static void read_back(struct arena *a, const char *path, const struct results *want)
{
	OWNED(check_list_done) struct list list = { 0 };
	struct list_rules rules = check_list_rules();
	struct list_row row;
	struct source from;
	struct fault fault = { 0 };
	int fd;

	rules.is_results = true;
	assert_ok(file_open(path, FILE_READ, 0, &fd));
	assert_ok(file_source(a, fd, &from));
	assert_ok(check_list_open(a, &from, &rules, &list, &fault));
	assert_int_equal(list.column_count, want->column_count);
	for (size_t i = 0; i < want->count; i++) {
		char room[64];
		struct buf delivery = BUF_ON(room);
		assert_ok(check_list_next(&list, a, &row, &fault));
		assert_ok(row.verdict);
		for (size_t k = 0; k < want->column_count; k++)
			assert_str(row.cells[k], want->rows[i].cells[k]);
		buf_add_id(&delivery, want->rows[i].delivery);
		assert_str(row.results[RESULT_STATUS], row_status_name(want->rows[i].status));
		assert_str(row.results[RESULT_DELIVERY], buf_str(&delivery));
		assert_str(row.results[RESULT_EXPIRES_AT], STR("2026-11-21T19:50:00Z"));
		assert_str(row.results[RESULT_PASSWORD], want->rows[i].password);
		assert_str(row.results[RESULT_PROBLEM], want->rows[i].problem);
	}
	assert_ok(check_list_next(&list, a, &row, &fault));
	assert_int_equal(row.row, 0);
	source_done(&from);
}

static void what_is_written_is_read_back_whatever_it_holds(void **state)
{
	OWNED(arena_done) struct arena *a = NULL;
	char path[512];
	struct stat st;
	(void)state;
	assert_ok(arena_open(16 << 20, &a));
	snprintf(path, sizeof path, "%s/results.csv", test_dir());
	struct results r = example(a);
	assert_ok(results_write(a, path, &r, false));
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	read_back(a, path, &r);
	/* No cell begins as a formula does. */
	str text = test_file(a, path);
	assert_true(str_find(text, STR(";=cmd")) < 0 && str_find(text, STR(";\"=cmd")) < 0);
	assert_true(str_find(text, STR(";+49")) < 0 && str_find(text, STR(";@said")) < 0);
}

static void an_existing_file_stays_unless_it_may_be_replaced(void **state)
{
	OWNED(arena_done) struct arena *a = NULL;
	char path[512];
	(void)state;
	assert_ok(arena_open(16 << 20, &a));
	snprintf(path, sizeof path, "%s/results.csv", test_dir());
	struct results r = example(a);
	assert_ok(results_write(a, path, &r, false));
	r.count = 1;
	assert_why(NEVER, EXISTS, results_write(a, path, &r, false));
	r.count = COUNT(cells);
	read_back(a, path, &r);
	r.count = 2;
	assert_ok(results_write(a, path, &r, true));
	read_back(a, path, &r);
}

static void a_status_that_is_none_is_refused(void **state)
{
	enum row_status s;
	(void)state;
	assert_ok(row_status_parse(STR("cancelled"), &s));
	assert_int_equal(s, ROW_CANCELLED);
	assert_why(NEVER, LIST, row_status_parse(STR("sent"), &s));
}

TESTS(results, test(what_is_written_is_read_back_whatever_it_holds),
      test(an_existing_file_stays_unless_it_may_be_replaced), test(a_status_that_is_none_is_refused))
