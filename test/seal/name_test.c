#include "test/support/support.h"

#include "seal/seal.h"

#include <string.h>

static const struct {
	str given, clean;
} names[] = {
	{ STR("invoice.pdf"), STR("invoice.pdf") },
	{ STR("Überweisung – März 2026.pdf"), STR("Überweisung – März 2026.pdf") },
	{ STR("漢字.pdf"), STR("漢字.pdf") },
	{ STR("../../etc/passwd"), STR("passwd") },
	{ STR("/etc/shadow"), STR("shadow") },
	{ STR("C:\\Users\\x\\a.pdf"), STR("a.pdf") },
	{ STR("C:a.pdf"), STR("C_a.pdf") },
	{ STR("a/"), STR("document") },
	{ STR(""), STR("document") },
	{ STR("."), STR("document") },
	{ STR(".."), STR("document") },
	{ STR(" . "), STR("document") },
	{ STR(".hidden"), STR("hidden") },
	{ STR("a.pdf."), STR("a.pdf") },
	{ STR("a.pdf . "), STR("a.pdf") },
	{ STR("con"), STR("_con") },
	{ STR("CON.pdf"), STR("_CON.pdf") },
	{ STR("Aux .txt"), STR("_Aux .txt") },
	{ STR("lpt1.tar.gz"), STR("_lpt1.tar.gz") },
	{ STR("COM\xC2\xB9"), STR("_COM\xC2\xB9") },
	{ STR("com10.pdf"), STR("com10.pdf") },
	{ STR("console.pdf"), STR("console.pdf") },
	{ STR("a\r\nb\tc\x1b[31m.pdf"), STR("abc[31m.pdf") },
	{ STR("a<b>c:d\"e|f?g*h.pdf"), STR("a_b_c_d_e_f_g_h.pdf") },
	{ STR("invoice\xE2\x80\xAE"
	      "fdp.exe"),
	  STR("invoicefdp.exe") }, /* right-to-left override */
	{ STR("a\xE2\x80\x8B"
	      "b\xEF\xBB\xBF.pdf"),
	  STR("ab.pdf") }, /* zero width space, byte order mark */
	{ STR("a\xC2\xA0"
	      "b\xE3\x80\x80.pdf"),
	  STR("a b .pdf") }, /* no-break and ideographic space */
	{ STR("a\xEF\xBC\x8F"
	      "b.pdf"),
	  STR("a_b.pdf") },                                /* full-width solidus */
	{ STR("a\xFF\xC0\x80.pdf"), STR("a___.pdf") },     /* not UTF-8, overlong NUL */
	{ STR("Zoe\xCC\x88.pdf"), STR("Zo\xC3\xAB.pdf") }, /* combining diaeresis: NFC */
};

static void names_become_safe_on_every_system(void **state)
{
	OWNED(arena_done) struct arena *a = NULL;
	(void)state;

	assert_ok(arena_open(1 << 20, &a));
	for (size_t i = 0; i < COUNT(names); i++) {
		str got;
		assert_ok(seal_name_clean(a, names[i].given, &got));
		assert_str(got, names[i].clean);
		assert_ok(seal_name_clean(a, got, &got));
		assert_str(got, names[i].clean); /* clean stays clean */
	}
}

static void long_names_are_cut_between_characters_and_keep_their_ending(void **state)
{
	OWNED(arena_done) struct arena *a = NULL;
	char name[1000];
	(void)state;

	assert_ok(arena_open(1 << 20, &a));
	for (size_t lead = 0; lead < 4; lead++) {
		struct buf b = BUF_ON(name);
		for (size_t i = 0; i < lead; i++)
			buf_add_char(&b, 'x');
		for (int i = 0; i < 150; i++)
			buf_add(&b, STR("漢"));
		buf_add(&b, STR(".pdf"));
		str got;
		assert_ok(seal_name_clean(a, buf_str(&b), &got));
		assert_true(got.len <= SEAL_NAME_MAX && got.len > SEAL_NAME_MAX - 4);
		assert_true(str_utf8(got));
		assert_true(str_ends(got, STR("漢.pdf")));
	}
	struct buf b = BUF_ON(name);
	buf_add(&b, STR("con."));
	for (int i = 0; i < 300; i++)
		buf_add_char(&b, 'a');
	str got;
	assert_ok(seal_name_clean(a, buf_str(&b), &got));
	assert_true(got.len <= SEAL_NAME_MAX && str_starts(got, STR("_con.")));
}

TESTS(name, test(names_become_safe_on_every_system), test(long_names_are_cut_between_characters_and_keep_their_ending))
