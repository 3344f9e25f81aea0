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

/* With something on its page; with contents of which there are none. */
static const char drawn[] =
	"%PDF-1.7\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n"
	"2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
	"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]/Contents 4 0 R>>endobj\n"
	"4 0 obj<</Length 12>>stream\n1 1 7 7 re f\n\nendstream endobj\n"
	"xref\n0 5\n0000000000 65535 f \n0000000009 00000 n \n0000000052 00000 n \n"
	"0000000101 00000 n \n0000000175 00000 n \ntrailer<</Root 1 0 R/Size 5>>\nstartxref\n234\n%%EOF\n";

static const char blank[] =
	"%PDF-1.7\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n"
	"2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
	"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]/Contents[4 0 R]>>endobj\n"
	"4 0 obj<</Length 0>>stream\n\nendstream endobj\n"
	"xref\n0 5\n0000000000 65535 f \n0000000009 00000 n \n0000000052 00000 n \n"
	"0000000101 00000 n \n0000000176 00000 n \ntrailer<</Root 1 0 R/Size 5>>\nstartxref\n221\n%%EOF\n";

enum how { R6, R6_PACKED, R6_OPEN_METADATA, R5, NOT_AT_ALL };

static void encrypt(qpdf_data pdf, enum how how, const char *user, const char *owner)
{
	const QPDF_BOOL yes = QPDF_TRUE;

	assert_int_equal(qpdf_init_write_memory(pdf), QPDF_SUCCESS);
	if (how == R6_PACKED)
		qpdf_set_object_stream_mode(pdf, qpdf_o_generate);
	if (how == R6 || how == R6_PACKED || how == R6_OPEN_METADATA)
		qpdf_set_r6_encryption_parameters2(pdf, user, owner, yes, yes, yes, yes, yes, yes, qpdf_r3p_full,
						   how != R6_OPEN_METADATA);
	else if (how == R5)
		qpdf_set_r5_encryption_parameters2(pdf, user, owner, yes, yes, yes, yes, yes, yes, qpdf_r3p_full, yes);
	qpdf_set_compress_streams(pdf, QPDF_FALSE);
	assert_false(qpdf_write(pdf) & QPDF_ERRORS);
}

static qpdf_data open_it(const char *text)
{
	qpdf_data pdf = qpdf_init();

	qpdf_set_suppress_warnings(pdf, QPDF_TRUE);
	assert_int_equal(qpdf_read_memory(pdf, "plain", text, strlen(text), NULL), QPDF_SUCCESS);
	return pdf;
}

static str written(const char *text, enum how how, const char *user, const char *owner)
{
	qpdf_data pdf = open_it(text);
	str out;

	encrypt(pdf, how, user, owner);
	assert_ok(str_copy(arena, str_bytes(qpdf_get_buffer(pdf), qpdf_get_buffer_length(pdf)), &out));
	qpdf_cleanup(&pdf);
	return out;
}

static err checked(str sealed, const char *original, struct pdf_sealed *out)
{
	qpdf_data pdf = open_it(original);

	err e = pdf_check(&order, sealed, pdf, out);
	qpdf_cleanup(&pdf);
	return e;
}

static void what_was_ordered_passes(void **state)
{
	static const char *const texts[] = { plain, drawn, blank };
	struct pdf_sealed out;

	for (size_t i = 0; i < COUNT(texts); i++)
		for (enum how how = R6; how <= R6_PACKED; how++) {
			out = (struct pdf_sealed){ 0 };
			assert_ok(checked(written(texts[i], how, order.password, order.owner), texts[i], &out));
			assert_int_equal(out.revision, 6);
			assert_int_equal(out.pages, 1);
		}
}

static void locked_otherwise_it_does_not_pass(void **state)
{
	static const struct {
		enum how how;
		const char *user, *owner;
	} rows[] = {
		{ R6, "k7mq-x3dp-9wnr", "" }, /* anyone could open it */
		{ R6, "", "another-one" },
		{ R6, "other", "another-one" },
		{ R6, "k7mq-x3dp-9wnr", "other" },
		{ R6_PACKED, "k7mq-x3dp-9wnr", "" },
		{ R6_PACKED, "", "another-one" },
		{ R6_OPEN_METADATA, "k7mq-x3dp-9wnr", "another-one" },
		{ R5, "k7mq-x3dp-9wnr", "another-one" },
		{ NOT_AT_ALL, "", "" },
	};
	struct pdf_sealed out;

	for (size_t i = 0; i < COUNT(rows); i++)
		assert_why(NEVER, CRYPTO,
			   checked(written(drawn, rows[i].how, rows[i].user, rows[i].owner), drawn, &out));
	assert_why(NEVER, CRYPTO, checked(STR("%PDF-1.7"), drawn, &out));
	assert_why(NEVER, CRYPTO, checked(STR_NONE, drawn, &out));
}

static void another_document_does_not_pass(void **state)
{
	str sealed = written(drawn, R6, order.password, order.owner);
	char other[sizeof drawn];
	struct pdf_sealed out;

	memcpy(other, drawn, sizeof drawn);
	memcpy(strstr(other, "7 7 re"), "7 8 re", 6);
	assert_why(NEVER, CRYPTO, checked(sealed, other, &out));
	assert_why(NEVER, CRYPTO, checked(sealed, plain, &out));
	assert_why(NEVER, CRYPTO, checked(written(plain, R6, order.password, order.owner), drawn, &out));
}

/* Whatever is cut off or replaced, it passes only if what tells of the lock, the pages and their contents still
 * stands; and nothing of it is believed to be where it says. */
static void what_is_cut_does_not_pass(void **state)
{
	for (enum how how = R6; how <= R6_PACKED; how++) {
		str sealed = written(drawn, how, order.password, order.owner);
		struct pdf_sealed out;
		for (size_t len = 0; len + sizeof "%%EOF\n" < sealed.len; len += 7)
			assert_why(NEVER, CRYPTO, checked(str_upto(sealed, len), drawn, &out));
	}
}

static void changed_bytes_never_break_it(void **state)
{
	for (enum how how = R6; how <= R6_PACKED; how++) {
		str sealed = written(drawn, how, order.password, order.owner), changed;
		struct pdf_sealed out;
		unsigned passed = 0;
		for (size_t at = 0; at < sealed.len; at += 5) {
			SCRATCH(arena);
			assert_ok(str_copy(arena, sealed, &changed));
			((char *)(uintptr_t)changed.at)[at] ^= 0x15;
			err e = checked(changed, drawn, &out);
			passed += !failed(e);
			assert_true(!failed(e) || e.fate == FATE_NEVER);
		}
		assert_true(passed < sealed.len / 5 / 2);
	}
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
		cmocka_unit_test(locked_otherwise_it_does_not_pass),
		cmocka_unit_test(another_document_does_not_pass),
		cmocka_unit_test(what_is_cut_does_not_pass),
		cmocka_unit_test(changed_bytes_never_break_it),
		cmocka_unit_test(nothing_is_written_unless_all_is_well),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, open_arena, close_arena);
}
