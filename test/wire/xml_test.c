#include "test/support/support.h"

#include "wire/xml.h"

static struct arena *arena_for_test(void)
{
	struct arena *a;

	assert_ok(arena_open(1 << 20, &a));
	return a;
}

static err read_all(str text)
{
	enum xml_event event = XML_OPEN;
	struct xml x = XML(text);

	while (event != XML_END)
		TRY(xml_next(&x, &event));
	return OK;
}

static void a_listing_is_read_to_its_leaves(void **state)
{
	OWNED(arena_done) struct arena *a = arena_for_test();
	struct xml x = XML(STR("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<List xmlns=\"http://a/b\">"
			       "<Item><Key>a&amp;b&#x20AC;</Key><Empty/></Item>\n<Item><Key>c</Key></Item></List>\n"));
	enum xml_event event = XML_OPEN;
	str keys[2] = { 0 }, text;
	size_t count = 0, empty = 0;

	while (event != XML_END) {
		assert_ok(xml_next(&x, &event));
		if (event == XML_CLOSE && xml_at(&x, "List/Item/Key"))
			assert_ok(xml_text(a, &x, &keys[count++]));
		if (event == XML_CLOSE && xml_at(&x, "List/Item/Empty")) {
			assert_ok(xml_text(a, &x, &text));
			empty += text.len == 0;
		}
	}
	assert_int_equal(count, 2);
	assert_int_equal(empty, 1);
	assert_str(keys[0], STR("a&b\xE2\x82\xAC"));
	assert_str(keys[1], STR("c"));
}

static void what_a_list_has_no_need_for_is_refused(void **state)
{
	static const char *const refused[] = {
		"",
		"x",
		"<a>",
		"</a>",
		"<a></b>",
		"<a/><b/>",
		"<a/>x",
		"x<a/>",
		"<a b=\"c\"/>",
		"<a xmlns='b'/>",
		"<!DOCTYPE a [<!ENTITY x \"y\">]><a/>",
		"<a><!-- x --></a>",
		"<a><![CDATA[x]]></a>",
		"<a><?php x?></a>",
		"<a>x<b/></a>",
		"<a><a><a><a><a><a><a><a><a/></a></a></a></a></a></a></a></a>",
		"<a xmlns=\"<\"/>",
		"< a/>",
		"<a/",
	};

	for (size_t i = 0; i < COUNT(refused); i++)
		assert_why(NEVER, SYNTAX, read_all(str_of(refused[i])));
}

static void only_known_entities_stand_for_something(void **state)
{
	static const char *const refused[] = { "<a>&</a>",    "<a>&x;</a>",        "<a>&#0;</a>",   "<a>&#xD800;</a>",
					       "<a>&#x;</a>", "<a>&#1114112;</a>", "<a>&#12a;</a>", "<a>&amp</a>",
					       "<a>\xff</a>", "<a>&#13;</a>" };
	OWNED(arena_done) struct arena *a = arena_for_test();

	for (size_t i = 0; i < COUNT(refused); i++) {
		struct xml x = XML(str_of(refused[i]));
		enum xml_event event = XML_OPEN;
		str text;
		assert_ok(xml_next(&x, &event));
		assert_ok(xml_next(&x, &event));
		assert_why(NEVER, SYNTAX, xml_text(a, &x, &text));
	}
}

static void dates_of_http_have_one_spelling(void **state)
{
	static const char *const refused[] = { "",
					       "Sat, 21 Nov 2026 19:50:00 UTC",
					       "Sun, 21 Nov 2026 19:50:00 GMT",
					       "Sat, 21 Nov 2026 24:50:00 GMT",
					       "Sat, 31 Nov 2026 19:50:00 GMT",
					       "Sat, 21 nov 2026 19:50:00 GMT",
					       "Sat, 21 Nov 2026 19:50:00 GMTx" };
	moment at;

	assert_ok(moment_parse_http(STR("Sat, 21 Nov 2026 19:50:00 GMT"), &at));
	assert_int_equal(at, 1795290600 * SECOND);
	for (size_t i = 0; i < COUNT(refused); i++)
		assert_why(NEVER, SYNTAX, moment_parse_http(str_of(refused[i]), &at));
}

TESTS(xml, test(a_listing_is_read_to_its_leaves), test(what_a_list_has_no_need_for_is_refused),
      test(only_known_entities_stand_for_something), test(dates_of_http_have_one_spelling))
