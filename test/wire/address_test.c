#include "test/support/support.h"

#include "wire/address.h"
#include "wire/domain.h"

#include <string.h>
#include <time.h>

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

static err read_address(str text, struct address *out)
{
	const char *reason;
	err e = address_parse(arena, text, out, &reason);

	if (failed(e) && e.why == WHY_ADDRESS)
		assert_true(reason && reason[0]);
	return e;
}

struct good {
	str text, local, domain;
};

static void assert_good(const struct good *row)
{
	struct address is, again;

	assert_ok(read_address(row->text, &is));
	assert_str(is.local, row->local);
	assert_str(is.domain, row->domain);
	assert_true(str_starts(is.text, is.local) && str_ends(is.text, is.domain));
	assert_int_equal(is.text.len, is.local.len + 1 + is.domain.len);
	assert_ok(read_address(is.text, &again)); /* printing and parsing is a fixpoint */
	assert_str(again.text, is.text);
	assert_str(again.domain, is.domain);
}

static void addresses_of_rfc5321_and_rfc6531_are_read(void **state)
{
	static const struct good rows[] = {
		{ STR("a@b.cd"), STR("a"), STR("b.cd") },
		{ STR("Maria.Schmidt@EXAMPLE.Com"), STR("Maria.Schmidt"), STR("example.com") },
		{ STR("!#$%&'*+-/=?^_`{|}~@x.org"), STR("!#$%&'*+-/=?^_`{|}~"), STR("x.org") },
		{ STR("user%other.example@x.org"), STR("user%other.example"), STR("x.org") },
		{ STR("host!user@x.org"), STR("host!user"), STR("x.org") },
		{ STR("-oQ/tmp@x.org"), STR("-oQ/tmp"), STR("x.org") },
		{ STR("x@a-b.c--d.1a.ex"), STR("x"), STR("a-b.c--d.1a.ex") },
		{ STR("\"john doe\"@x.org"), STR("\"john doe\""), STR("x.org") },
		{ STR("\"john..doe\"@x.org"), STR("\"john..doe\""), STR("x.org") },
		{ STR("\"john.doe\"@x.org"), STR("john.doe"), STR("x.org") },
		{ STR("\"j\\o\\hn\"@x.org"), STR("john"), STR("x.org") },
		{ STR("\"a\\\"b\\\\c\"@x.org"), STR("\"a\\\"b\\\\c\""), STR("x.org") },
		{ STR("\"a@b\"@x.org"), STR("\"a@b\""), STR("x.org") },
		{ STR("\" \"@x.org"), STR("\" \""), STR("x.org") },
		{ STR("a@[192.0.2.1]"), STR("a"), STR("[192.0.2.1]") },
		{ STR("a@[ipv6:2001:DB8:0::1]"), STR("a"), STR("[IPv6:2001:db8::1]") },
		{ STR("zoë@x.org"), STR("zoë"), STR("x.org") },
		{ STR("zoe\xCC\x88@x.org"), STR("zoë"), STR("x.org") }, /* NFD in, NFC out */
		{ STR("用户@例え.テスト"), STR("用户"), STR("xn--r8jz45g.xn--zckzah") },
		{ STR("δοκιμή@παράδειγμα.δοκιμή"), STR("δοκιμή"), STR("xn--hxajbheg2az3al.xn--jxalpdlp") },
		{ STR("a@BÜCHER.example"), STR("a"), STR("xn--bcher-kva.example") },
		{ STR("a@bu\xCC\x88"
		      "cher.example"),
		  STR("a"), STR("xn--bcher-kva.example") },
		{ STR("a@straße.de"), STR("a"), STR("xn--strae-oqa.de") }, /* non-transitional: not strasse */
		{ STR("a@XN--BCHER-kva.example"), STR("a"), STR("xn--bcher-kva.example") },
	};
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		assert_good(&rows[i]);
}

static void assert_refused(str text)
{
	struct address is = { .local = STR("untouched") };
	err e = read_address(text, &is);

	if (e.fate != FATE_NEVER || e.why != WHY_ADDRESS)
		print_error("accepted: <%.*s>\n", STR_ARG(text));
	assert_why(NEVER, ADDRESS, e);
	assert_str(is.local, STR("untouched"));
}

/* THREATS B-16 and B-25: each string moved mail to another domain, or smuggled a parameter, somewhere. */
static void strings_that_fooled_other_parsers_are_refused(void **state)
{
	static const str rows[] = {
		STR("user@good-corp.com(x)evil.com"),
		STR("<aaa@bbb.com>ccc@ddd.com"),
		STR("=?utf-8?q?a=40b?=c@host.example"),
		STR("=?x?q?unended@example.com"),
		STR("=?x?q?collab=40psres.net=3e=00?=foo@example.com"),
		STR("=?utf-7?q?admin&AEA-evil.com?=@example.com"),
		STR("\"=?utf-8?q?x?=\"@example.com"),
		STR("\"foo@psres.net> ORCPT=admin@admin.com@test.com"),
		STR("foo@psres.net> ORCPT=test;admin@admin.com"),
		STR("foo@test.com ORCPT=rfc822;admin@admin.com"),
		STR("oastify.com!collaborator\\@example.com"),
		STR("collaborator%psres.net(@example.com"),
		STR("@a.example,@b.example:c@d.example"),
		STR("@a.example:c@d.example"),
		STR("group:a@b.example,c@d.example;"),
		STR("group:x:a@b.example;;"),
		STR("a@b.example,c@d.example"),
		STR("a@b.example;c@d.example"),
		STR("a@b.example c@d.example"),
		STR("<a@b.example>"),
		STR("Name <a@b.example>"),
		STR("mailto:a@b.example"),
		STR("a@b@c.example"),
		STR("(comment)a@b.example"),
		STR("a(comment)@b.example"),
		STR("a@(comment)b.example"),
		STR("a@b.example(comment)"),
		STR("a . b@c.example"),
		STR("a@b .example"),
		STR("a@ b.example"),
		STR("a @b.example"),
		STR(" a@b.example"),
		STR("a@b.example "),
		STR("\"a\".b@c.example"),
		STR("a.\"b\"@c.example"),
		STR("\"a\"b@c.example"),
		STR("\"a\" @c.example"),
		STR("\"a@c.example"),
		STR("\"a\\\"@c.example"),
		STR("\"\"@c.example"),
		STR("a\"b\"@c.example"),
	};
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		assert_refused(rows[i]);
}

/* They are legal, and one parser sees one domain; but not all parsers do, so nothing is mailed to them. */
static void quoted_local_parts_that_hold_an_address_are_read_and_not_mailed(void **state)
{
	static const str rows[] = {
		STR("\"foo@psres.net> ORCPT=admin@admin.com\"@test.example"),
		STR("\"xclow3n@gmail.com x\"@test.example"),
		STR("\"a<b\"@test.example"),
		STR("\"a\\\\b\"@test.example"),
		STR("x@[127.0.0.1]"),
	};
	struct address is;
	const char *reason = NULL;
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		assert_ok(read_address(rows[i], &is));
		assert_why(NEVER, ADDRESS, address_mailable(&is, &reason));
		assert_non_null(reason);
		assert_true(is.literal || str_same(is.domain, STR("test.example")));
	}
	assert_ok(read_address(STR("\"john doe\"@test.example"), &is));
	assert_ok(address_mailable(&is, &reason));
}

static void control_bytes_are_refused_everywhere(void **state)
{
	static const unsigned char bytes[] = { 0, 1, '\t', '\n', '\v', '\f', '\r', 0x1B, 0x7F, 0x80, 0xFF };
	static const str shapes[] = { STR("a*b@x.example"),   STR("\"a*b\"@x.example"), STR("\"a\\*b\"@x.example"),
				      STR("a@x*y.example"),   STR("*a@x.example"),      STR("a@x.example*"),
				      STR("zoë*b@x.example"), STR("a@zoë*b.example"),   STR("\"ë*\"@x.example") };
	(void)state;
	for (size_t s = 0; s < COUNT(shapes); s++)
		for (size_t i = 0; i < COUNT(bytes); i++) {
			char text[64];
			memcpy(text, shapes[s].at, shapes[s].len);
			text[str_find_char(shapes[s], '*')] = (char)bytes[i];
			assert_refused(str_bytes(text, shapes[s].len));
		}
	assert_refused(STR("a\xC2\x85"
			   "b@x.example")); /* NEL */
	assert_refused(STR("a\xE2\x80\xA8"
			   "b@x.example")); /* line separator */
	assert_refused(STR("\"a\xE2\x80\xA8\"@x.example"));
	assert_refused(STR("a\xC0\x8A"
			   "b@x.example")); /* overlong LF */
	assert_refused(STR("a\xED\xA0\x80"
			   "b@x.example")); /* lone surrogate */
}

/* THREATS B-27. */
static void internationalised_tricks_are_refused(void **state)
{
	static const str rows[] = {
		STR("a＠b.example"),
		STR("a﹫b.example"),
		STR("a@b．example"),
		STR("a@b。example"),
		STR("a@b｡example"),
		STR("a@b․example"), /* U+2024 */
		STR("a․b@c.example"),
		STR("ａ@b.example"),
		STR("a@ｂ.example"),
		STR("a\xC2\xAD"
		    "b@c.example"), /* soft hyphen */
		STR("a@b\xC2\xAD"
		    "c.example"),
		STR("a\xE2\x80\x8B"
		    "b@c.example"), /* zero width */
		STR("a@b\xE2\x80\x8B"
		    "c.example"),
		STR("a\xE2\x80\x8D"
		    "b@c.example"),
		STR("a\xE2\x81\xA0"
		    "b@c.example"),
		STR("a\xEF\xBB\xBF"
		    "b@c.example"),
		STR("\xEF\xBB\xBF"
		    "a@c.example"),
		STR("a\xE2\x80\xAE"
		    "b@c.example"), /* RLO */
		STR("a\xE2\x81\xA6"
		    "b@c.example"),
		STR("a\xE2\x80\x8F"
		    "b@c.example"),
		STR("a@b\xE2\x80\x8F"
		    "c.example"),
		STR("a\xEF\xB8\x8F@c.example"), /* variation selector */
		STR("a\xF3\xA0\x84\x80@c.example"),
		STR("a\xCD\x8F"
		    "b@c.example"), /* grapheme joiner */
		STR("a\xE3\x85\xA4"
		    "b@c.example"),
		STR("a\xC2\xA0"
		    "b@c.example"), /* filler; no-break space */
		STR("a\xE3\x80\x80"
		    "b@c.example"),
		STR("\xCD\xBE@c.example"), /* U+037E becomes ; in NFC */
		STR("\xE2\x84\xAA@c.example"),
		STR("a@℀.example"),
		STR("a@b.example⁄x.example"),
		STR("\xCC\x88"
		    "a@b.example"),
		STR("a.\xCC\x88"
		    "a@b.example"),
		STR("a@\xCC\x88"
		    "a.example"),
		STR("a\xEE\x80\x80@b.example"),
		STR("a\xEF\xBF\xBF@b.example"),
		STR("a@xn--a.example"),
		STR("a@xn--.example"),
		STR("a@xn--strasse-.example"),
		STR("a@xn--99999999999.example"),
		STR("a@xn--bcher-kv.example"),
		STR("a@xn--b-yq0i.example"),
		STR("a@xn--b-jfa.example"),
		STR("a@xn--ab-g1t.example"),
		STR("a@xn--abc-.example"),
		STR("a@א1a.example"), /* RFC 5893 */
		STR("a@-ü.example"),
		STR("a@ü-.example"),
		STR("a@xn--example-.com"),
		STR("a@ü_b.example"),
		STR("a@\xE2\x98\x83\xEF\xB8\x8F.example"),
	};
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		assert_refused(rows[i]);
}

static void malformed_domains_and_locals_are_refused(void **state)
{
	static const str rows[] = {
		STR(""),
		STR("@"),
		STR("a"),
		STR("a@"),
		STR("@b.example"),
		STR("a@b"),
		STR("a@localhost"),
		STR("a@b.example."),
		STR("a@.b.example"),
		STR("a@b..example"),
		STR("a@-b.example"),
		STR("a@b-.example"),
		STR("a@b_c.example"),
		STR("a@b.example/x"),
		STR("a@b.example:25"),
		STR("a@b.example?x"),
		STR("a@b.example\\x"),
		STR("a@b%41.example"),
		STR("a@1.2.3.4"),
		STR("a@2130706433.1"),
		STR("a@b.0x7f"),
		STR(".a@b.example"),
		STR("a.@b.example"),
		STR("a..b@b.example"),
		STR("...@b.example"),
		STR(".@b.example"),
		STR("a@[1.2.3]"),
		STR("a@[1.2.3.4"),
		STR("a@1.2.3.4]"),
		STR("a@[01.2.3.4]"),
		STR("a@[1.2.3.4]x"),
		STR("a@[1.2.3.4].example"),
		STR("a@[::1]"),
		STR("a@[IPv6:::1%eth0]"),
		STR("a@[IPv6:]"),
		STR("a@[]"),
		STR("a@["),
		STR("a@[tag:x]"),
		STR("a@[256.1.1.1]"),
	};
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		assert_refused(rows[i]);
}

static str sized(char *room, size_t local, size_t domain, const char *pair)
{
	size_t at = local;
	memset(room, 'l', local);
	room[at++] = '@';
	for (size_t i = 0; i < domain; i++)
		room[at++] = i % 50 == 49 ? '.' : 'd';
	memcpy(room + at - 4, pair, 4);
	return str_bytes(room, at);
}

static void lengths_are_held_to_the_octet(void **state)
{
	char room[2048];
	struct address is;
	(void)state;
	assert_ok(read_address(sized(room, 64, 20, ".com"), &is));
	assert_refused(sized(room, 65, 20, ".com"));
	assert_ok(read_address(sized(room, 64, 189, ".com"), &is)); /* 254 */
	assert_int_equal(is.text.len, 254);
	assert_refused(sized(room, 64, 190, ".com")); /* 255 */
	assert_ok(read_address(sized(room, 1, 252, ".com"), &is));
	assert_refused(sized(room, 1, 253, ".com"));
	assert_refused(sized(room, 1, 1500, ".com"));

	/* 63 octets a label, also of the A-label; 64 octets of UTF-8 are fewer characters. */
	char text[512];
	memset(text, 'd', sizeof text);
	memcpy(text, "a@", 2);
	memcpy(text + 2 + 63, ".com", 4);
	assert_ok(read_address(str_bytes(text, 2 + 63 + 4), &is));
	memcpy(text + 2 + 63, "d.com", 5);
	assert_refused(str_bytes(text, 2 + 64 + 4));
	struct buf b = { .at = text, .max = sizeof text };
	for (int i = 0; i < 32; i++)
		buf_add(&b, STR("ö"));
	buf_add(&b, STR("@x.example"));
	assert_ok(read_address(buf_str(&b), &is));
	assert_int_equal(is.local.len, 64);
	text[b.len = 64] = 'o';
	b.len++;
	buf_add(&b, STR("@x.example"));
	assert_refused(buf_str(&b));
	b.len = 0;
	buf_add(&b, STR("a@"));
	for (int i = 0; i < 60; i++)
		buf_add(&b, i % 2 ? STR("ö") : STR("漢"));
	buf_add(&b, STR(".example"));
	assert_refused(buf_str(&b));
}

static void smtputf8_is_asked_for_only_by_the_local_part(void **state)
{
	struct address is;
	(void)state;
	assert_ok(read_address(STR("a@bücher.example"), &is));
	assert_false(is.smtputf8);
	assert_ok(read_address(STR("ä@bücher.example"), &is));
	assert_true(is.smtputf8);
	assert_ok(read_address(STR("\"ä b\"@bücher.example"), &is));
	assert_true(is.smtputf8 && is.quoted);
}

static void display_names_hold_no_controls_and_no_direction(void **state)
{
	const char *reason = NULL;
	char room[300];
	(void)state;
	assert_ok(display_name_check(STR("Zoë O'Neil, \"Dr.\" <x@y>"), &reason));
	assert_null(reason);
	assert_ok(display_name_check(STR("משה כהן"), &reason));
	assert_why(NEVER, HEADER, display_name_check(STR("a\r\nBcc: x"), &reason));
	assert_non_null(reason);
	assert_why(NEVER, HEADER,
		   display_name_check(STR("a\xE2\x80\xAE"
					  "b"),
				      NULL));
	assert_why(NEVER, HEADER, display_name_check(STR("a\x7F"), NULL));
	assert_why(NEVER, HEADER, display_name_check(STR("a\0b"), NULL));
	assert_why(NEVER, HEADER, display_name_check(STR("\xFF"), NULL));
	memset(room, 'x', sizeof room);
	assert_ok(display_name_check(str_bytes(room, 256), NULL));
	assert_why(NEVER, HEADER, display_name_check(str_bytes(room, 257), NULL));
}

/* 42,000 a second is what a Python validator reaches; the floor is low enough for a sanitized, busy run. */
static void parsing_is_quick(void **state)
{
	enum { TIMES = 200000 };
	struct timespec begin, end;
	(void)state;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &begin);
	for (int i = 0; i < TIMES; i++) {
		struct address is;
		SCRATCH(arena);
		assert_false(failed(address_parse(arena, STR("maria.schmidt@customer.example"), &is, NULL)));
	}
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &end);
	double seconds = (double)(end.tv_sec - begin.tv_sec) + (double)(end.tv_nsec - begin.tv_nsec) / 1e9;
	print_message("# %.0f addresses a second\n", TIMES / seconds);
	assert_true(TIMES / seconds > 50000);
}

#define each(function) cmocka_unit_test_setup_teardown(function, open_arena, close_arena)
TESTS(address, each(addresses_of_rfc5321_and_rfc6531_are_read), each(strings_that_fooled_other_parsers_are_refused),
      each(quoted_local_parts_that_hold_an_address_are_read_and_not_mailed), each(control_bytes_are_refused_everywhere),
      each(internationalised_tricks_are_refused), each(malformed_domains_and_locals_are_refused),
      each(lengths_are_held_to_the_octet), each(smtputf8_is_asked_for_only_by_the_local_part),
      each(display_names_hold_no_controls_and_no_direction), each(parsing_is_quick))
