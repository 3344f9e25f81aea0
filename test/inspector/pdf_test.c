#include "test/support/support.h"

#include "inspector/pdf.h"
#include "sys/sys.h"

#include <stdio.h>
#include <string.h>

#include <qpdf/qpdf-c.h>

/* The checks of what qpdf wrote, tried on what qpdf may be told to write. */
static struct arena *arena;
static const struct pdf_order order = { .password = "k7mq-x3dp-9wnr", .owner = "another-one" };

static int open_arena(void **state)
{
	return failed(arena_open(16 << 20, &arena)) ? -1 : 0;
}

static int close_arena(void **state)
{
	arena_close(arena);
	return 0;
}

static const char plain[] = "%PDF-1.7\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n"
			    "2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
			    "3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]>>endobj\n"
			    "xref\n0 4\n0000000000 65535 f \n0000000009 00000 n \n0000000052 00000 n \n"
			    "0000000101 00000 n \ntrailer<</Root 1 0 R/Size 4>>\nstartxref\n160\n%%EOF\n";

enum how { R6, R6_OPEN_METADATA, R5, NOT_AT_ALL };

static str written(enum how how, const char *user, const char *owner)
{
	qpdf_data pdf = qpdf_init();
	const QPDF_BOOL yes = QPDF_TRUE;
	str out;

	qpdf_set_suppress_warnings(pdf, yes);
	assert_int_equal(qpdf_read_memory(pdf, "plain", plain, sizeof plain - 1, NULL), QPDF_SUCCESS);
	assert_int_equal(qpdf_init_write_memory(pdf), QPDF_SUCCESS);
	if (how == R6 || how == R6_OPEN_METADATA)
		qpdf_set_r6_encryption_parameters2(pdf, user, owner, yes, yes, yes, yes, yes, yes, qpdf_r3p_full,
						   how == R6);
	else if (how == R5)
		qpdf_set_r5_encryption_parameters2(pdf, user, owner, yes, yes, yes, yes, yes, yes, qpdf_r3p_full, yes);
	assert_false(qpdf_write(pdf) & QPDF_ERRORS);
	assert_ok(str_copy(arena, str_bytes(qpdf_get_buffer(pdf), qpdf_get_buffer_length(pdf)), &out));
	qpdf_cleanup(&pdf);
	return out;
}

static void what_was_ordered_passes(void **state)
{
	struct pdf_sealed out;

	assert_ok(pdf_check(&order, written(R6, order.password, order.owner), &out));
	assert_int_equal(out.revision, 6);
	assert_int_equal(out.pages, 1);
}

static void anything_else_does_not_pass(void **state)
{
	struct pdf_sealed out;

	assert_why(NEVER, CRYPTO, pdf_check(&order, written(R6, order.password, ""), &out)); /* anyone could open it */
	assert_why(NEVER, CRYPTO, pdf_check(&order, written(R6, "", order.owner), &out));
	assert_why(NEVER, CRYPTO, pdf_check(&order, written(R6, "other", order.owner), &out));
	assert_why(NEVER, CRYPTO, pdf_check(&order, written(R6_OPEN_METADATA, order.password, order.owner), &out));
	assert_why(NEVER, CRYPTO, pdf_check(&order, written(R5, order.password, order.owner), &out));
	assert_why(NEVER, CRYPTO, pdf_check(&order, written(NOT_AT_ALL, "", ""), &out));
	assert_why(NEVER, CRYPTO, pdf_check(&order, STR("%PDF-1.7"), &out));
}

static err seal(const struct file_rules *rules, str bytes, struct buf *result, char *reason)
{
	const struct clock clock = sys_clock();
	struct look look = { .arena = arena, .clock = &clock, .ends_at = INT64_MAX, .rules = rules };
	struct sink to = sink_to_buf(result);
	struct pdf_sealed sealed;

	err e = pdf_seal(&look, &order, bytes, &to, &sealed);
	snprintf(reason, 256, "%.200s", look.reason);
	sink_done(&to);
	return e;
}

static void nothing_is_written_unless_all_is_well(void **state)
{
	const struct file_rules rules = file_rules_default();
	char room[8192], reason[256] = "";
	struct buf result = BUF_ON(room);

	assert_ok(seal(&rules, str_of(plain), &result, reason));
	assert_true(result.len > sizeof plain);
	str once = buf_str(&result);
	struct buf again = BUF_ON(((char[8192]){ 0 }));
	assert_why(NEVER, DOCUMENT, seal(&rules, once, &again, reason));
	assert_non_null(strstr(reason, "encrypted already"));
	assert_why(NEVER, DOCUMENT, seal(&rules, str_upto(str_of(plain), 150), &again, reason));
	assert_int_equal(again.len, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_ordered_passes),
		cmocka_unit_test(anything_else_does_not_pass),
		cmocka_unit_test(nothing_is_written_unless_all_is_well),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, open_arena, close_arena);
}
