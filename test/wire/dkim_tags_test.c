#include "test/support/support.h"

#include "wire/dkim_tags.h"
#include "wire/dns_file.h"

static void tags_are_read_with_white_space_around_them(void **state)
{
	struct dkim_tags t;
	(void)state;
	assert_ok(dkim_tags_parse(STR(" v = 1;a=rsa-sha256 ;\r\n\th=From : To;b= ab\r\n cd ; "), &t));
	assert_int_equal(t.count, 4);
	assert_str(dkim_tags_value(&t, STR("v"), STR("?")), STR("1"));
	assert_str(dkim_tags_value(&t, STR("h"), STR("?")), STR("From : To"));
	assert_str(dkim_tags_find(&t, STR("b"))->value, STR("ab\r\n cd"));
	assert_str(dkim_tags_find(&t, STR("b"))->place, STR(" ab\r\n cd "));
	assert_str(dkim_tags_value(&t, STR("V"), STR("?")), STR("?")); /* names have case */
}

static void malformed_lists_are_refused_whole(void **state)
{
	static const str bad[] = {
		STR(""),       STR(";"),     STR("a"),     STR("a=1;;b=2"), STR("a=1;a=2"),
		STR("1a=x"),   STR("=x"),    STR("a-b=x"), STR("a=\x01"),   STR("a=\xFF"),
		STR("a=\x7F"), STR("a=1;b"), STR("a b=1"), STR("a=1;; "),   STR("a=\0b"),
	};
	struct dkim_tags t;
	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++)
		assert_why(NEVER, SYNTAX, dkim_tags_parse(bad[i], &t));
}

static void too_many_tags_are_refused(void **state)
{
	char room[256];
	struct buf b = BUF_ON(room);
	struct dkim_tags t;
	(void)state;
	for (int i = 0; i <= DKIM_TAGS_MAX; i++)
		buf_add_format(&b, "a%d=;", i);
	assert_ok(buf_check(&b));
	assert_why(NEVER, LIMIT, dkim_tags_parse(buf_str(&b), &t));
}

static void lists_are_cut_at_colons(void **state)
{
	str rest = STR("From : To:\r\n Subject"), part;
	(void)state;
	assert_true(dkim_list_next(&rest, ':', &part));
	assert_str(part, STR("From"));
	assert_true(dkim_list_next(&rest, ':', &part));
	assert_str(part, STR("To"));
	assert_true(dkim_list_next(&rest, ':', &part));
	assert_str(part, STR("Subject"));
	assert_false(dkim_list_next(&rest, ':', &part));
}

static void key_records_say_what_they_allow(void **state)
{
	OWNED(arena_done) struct arena *a = NULL;
	struct dkim_key k;
	(void)state;
	assert_ok(arena_open(1 << 16, &a));
	assert_ok(dkim_key_parse(a, STR("v=DKIM1; k=ed25519; h=sha256; s=email; t=y:s; p=Zm9v YmFy"), &k));
	assert_str(k.public_key, STR("foobar"));
	assert_str(k.type, STR("ed25519"));
	assert_true(k.testing && k.strict);
	assert_ok(dkim_key_parse(a, STR("p="), &k));
	assert_int_equal(k.public_key.len, 0);
	assert_str(k.type, STR("rsa"));
	assert_str(k.services, STR("*"));
	assert_false(k.testing || k.strict);
	assert_why(NEVER, SYNTAX, dkim_key_parse(a, STR("p=; v=DKIM1"), &k)); /* v= comes first */
	assert_why(NEVER, SYNTAX, dkim_key_parse(a, STR("v=DKIM1"), &k));
	assert_why(NEVER, SYNTAX, dkim_key_parse(a, STR("p=Zm9"), &k));
	assert_why(NEVER, SYNTAX, dkim_key_parse(a, STR("v=spf1 -all"), &k));
}

static void names_of_the_file_are_found_without_case_or_final_dot(void **state)
{
	static const char json[] =
		"{\"A.example.\": {\"TXT\": [\"one\", \"two\"], \"MX\": []}, \"b.example\": \"SERVFAIL\"}";
	OWNED(arena_done) struct arena *a = NULL;
	struct dns_entry *all, *found;
	(void)state;
	assert_ok(arena_open(1 << 16, &a));
	assert_ok(dns_file_parse(a, str_of(json), &all, NULL));
	assert_ok(dns_file_find(a, all, STR("a.EXAMPLE"), STR("TXT"), &found));
	assert_str(found->text, STR("one"));
	assert_str(found->next->text, STR("two"));
	assert_null(found->next->next);
	assert_why(NEVER, NOT_FOUND, dns_file_find(a, all, STR("a.example"), STR("MX"), &found));
	assert_why(NEVER, NOT_FOUND, dns_file_find(a, all, STR("c.example"), STR("TXT"), &found));
	assert_why(LATER, RESOLVE, dns_file_find(a, all, STR("b.example."), STR("TXT"), &found));
}

static void files_of_another_form_are_refused(void **state)
{
	static const str bad[] = { STR(""),
				   STR("[]"),
				   STR("{"),
				   STR("{\"a\":1}"),
				   STR("{\"a\":\"NXDOMAIN\"}"),
				   STR("{\"a\":{\"TXT\":\"x\"}}"),
				   STR("{\"a\":{\"TXT\":[1]}}"),
				   STR("{\"a\":{},\"a\":{}}") };
	OWNED(arena_done) struct arena *a = NULL;
	struct dns_entry *all;
	(void)state;
	assert_ok(arena_open(1 << 16, &a));
	for (size_t i = 0; i < COUNT(bad); i++) {
		struct fault f = { 0 };
		assert_why(NEVER, SYNTAX, dns_file_parse(a, bad[i], &all, &f));
		assert_false(fault_empty(&f));
	}
}

TESTS(wire_dkim_tags, test(tags_are_read_with_white_space_around_them), test(malformed_lists_are_refused_whole),
      test(too_many_tags_are_refused), test(lists_are_cut_at_colons), test(key_records_say_what_they_allow),
      test(names_of_the_file_are_found_without_case_or_final_dot), test(files_of_another_form_are_refused))
