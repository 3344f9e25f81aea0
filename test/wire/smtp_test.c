/* The pure half of SMTP: replies, capabilities, commands, the text. */
#include "wire/smtp.h"

#include "test/support/support.h"

#include <string.h>

static err read_reply(struct smtp_reply *r, const char *const *lines)
{
	*r = (struct smtp_reply){ 0 };
	for (; *lines && !r->complete; lines++)
		TRY(smtp_reply_add(r, str_of(*lines), NULL));
	return OK;
}
#define READ(r, ...) read_reply((r), (const char *const[]){ __VA_ARGS__, NULL })

static void replies_are_read_with_code_enhanced_code_and_text(void **state)
{
	struct smtp_reply r;

	assert_ok(READ(&r, "250-2.1.0 first", "250-second", "250 third"));
	assert_true(r.complete);
	assert_int_equal(r.code, 250);
	assert_string_equal(r.enhanced, "2.1.0");
	assert_string_equal(r.text, "2.1.0 first second third");
	assert_ok(READ(&r, "354"));
	assert_true(r.complete);
	assert_string_equal(r.text, "");
	assert_ok(READ(&r, "250-only half"));
	assert_false(r.complete);
}

static void enhanced_codes_must_agree_with_the_reply(void **state)
{
	static const char *const bad[] = { "550 4.1.1 x",  "550 5.1 x",  "550 5.1.1234 x", "550 5.1.1x",
					   "550 5..1 x",   "550 5.1.",   "550 .1.1",       "354 3.0.0 x",
					   "550  5.1.1 x", "550 5.1.1:", "550 5.1234.1" };
	struct smtp_reply r;

	for (size_t i = 0; i < COUNT(bad); i++) {
		assert_ok(READ(&r, bad[i]));
		assert_string_equal(r.enhanced, "");
	}
	assert_ok(READ(&r, "550 5.123.456"));
	assert_string_equal(r.enhanced, "5.123.456");
}

static void malformed_replies_are_refused(void **state)
{
	static const char *const bad[] = { "",     "2",     "25",     "150 x",  "650 x", "25x x",
					   "250x", "250_x", "2500 x", " 250 x", "-250" };
	struct smtp_reply r;

	for (size_t i = 0; i < COUNT(bad); i++)
		assert_why(LATER, PROTOCOL, READ(&r, bad[i]));
	assert_why(LATER, PROTOCOL, READ(&r, "250-a", "251 b"));
	assert_why(LATER, PROTOCOL, READ(&r, "250-a", "550 b"));
}

static void replies_have_an_end(void **state)
{
	struct smtp_reply r = { 0 };
	char line[2048];
	err e = OK;

	for (unsigned i = 0; i < SMTP_REPLY_LINES_MAX; i++)
		assert_ok(smtp_reply_add(&r, STR("250-x"), NULL));
	assert_why(LATER, PROTOCOL, smtp_reply_add(&r, STR("250 x"), NULL));
	r = (struct smtp_reply){ 0 };
	memset(line, 'x', sizeof line);
	memcpy(line, "250-", 4);
	for (unsigned i = 0; i < 33 && !failed(e); i++)
		e = smtp_reply_add(&r, str_bytes(line, sizeof line), NULL);
	assert_why(LATER, PROTOCOL, e);
	assert_int_equal(strlen(r.text), SMTP_TEXT_MAX);
}

static void kept_text_is_escaped_and_cut_at_a_character(void **state)
{
	struct smtp_reply r;
	char line[700] = "550 ";

	assert_ok(READ(&r, "550 a\x1b[1m\x07 \xff"));
	assert_string_equal(r.text, "a\\x1b[1m\\x07 \\xff");
	for (size_t i = 4; i + 2 < sizeof line; i += 2)
		memcpy(line + i, "\xc3\xa9", 3);
	assert_ok(READ(&r, line));
	assert_true(strlen(r.text) <= SMTP_TEXT_MAX && strlen(r.text) > SMTP_TEXT_MAX - 4);
	assert_true(str_utf8(str_of(r.text)));
}

static void capabilities_are_read_without_regard_to_case(void **state)
{
	static const char *const said[] = { "pipelining",         "SIZE 1000", "StartTLS",
					    "8BITMIME",           "SMTPUTF8",  "AUTH LOGIN  plain XYZ",
					    "ENHANCEDSTATUSCODES" };
	struct smtp_capabilities c = { 0 };

	for (size_t i = 0; i < COUNT(said); i++)
		smtp_capability_add(&c, str_of(said[i]));
	assert_true(c.pipelining && c.size && c.starttls && c.eight_bit_mime && c.smtputf8 && c.enhanced_codes);
	assert_int_equal(c.size_max, 1000);
	assert_true(c.login[SMTP_LOGIN_PLAIN] && c.login[SMTP_LOGIN_LOGIN] && !c.login[SMTP_LOGIN_XOAUTH2]);
}

static void odd_capabilities_announce_nothing(void **state)
{
	static const char *const said[] = {
		"",        " ",       "PIPELININGX", "XPIPELINING", "SIZE 18446744073709551616",
		"SIZE -1", "SIZE 1x", "AUTH=PLAIN",  "STARTTLS=1",  "AUTH PLAINX"
	};
	struct smtp_capabilities c = { 0 };

	for (size_t i = 0; i < COUNT(said); i++)
		smtp_capability_add(&c, str_of(said[i]));
	assert_false(c.pipelining || c.starttls || c.login[SMTP_LOGIN_PLAIN]);
	assert_int_equal(c.size_max, 0);
}

static void commands_are_written_as_the_rfc_has_them(void **state)
{
	struct smtp_mail all = { .with_size = true, .size = 123, .eight_bit = true, .smtputf8 = true }, none = { 0 };
	char bytes[1024];
	struct buf b = BUF_ON(bytes);

	assert_ok(smtp_ehlo(&b, STR("[127.0.0.1]")));
	assert_ok(smtp_mail_from(&b, STR(""), &none));
	assert_ok(smtp_mail_from(&b, STR("a@b.test"), &all));
	assert_ok(smtp_rcpt_to(&b, STR("\"a \\\"b\"@[IPv6:::1]")));
	assert_str(buf_str(&b), STR("EHLO [127.0.0.1]\r\nMAIL FROM:<>\r\n"
				    "MAIL FROM:<a@b.test> SIZE=123 BODY=8BITMIME SMTPUTF8\r\n"
				    "RCPT TO:<\"a \\\"b\"@[IPv6:::1]>\r\n"));
}

/* Whatever the byte and wherever it stands: one line, one path. */
static void no_byte_can_end_a_command_early(void **state)
{
	struct smtp_mail none = { 0 };

	for (int c = 0; c < 256; c++) {
		for (int place = 0; place < 4; place++) {
			char address[] = "ab@cd.test", bytes[256];
			struct buf b = BUF_ON(bytes);
			address[(int[]){ 0, 1, 3, 9 }[place]] = (char)c;
			bool control = c < 0x20 || c == 0x7F || c == '<' || c == '>' || c == ' ';
			err to = smtp_rcpt_to(&b, str_bytes(address, 10)), from = OK;
			if (!failed(to))
				assert_true(str_find_char(buf_str(&b), '\r') == (ptrdiff_t)b.len - 2);
			b = (struct buf)BUF_ON(bytes);
			from = smtp_mail_from(&b, str_bytes(address, 10), &none);
			if (control) {
				assert_why(NEVER, ADDRESS, to);
				assert_why(NEVER, ADDRESS, from);
			}
			char name[] = "a.test";
			name[1] = (char)c;
			b = (struct buf)BUF_ON(bytes);
			if (c <= 0x20 || c == 0x7F)
				assert_why(NEVER, SYNTAX, smtp_ehlo(&b, str_bytes(name, 6)));
		}
	}
}

static void credentials_are_encoded_and_have_no_separators_inside(void **state)
{
	char bytes[1024];
	struct buf b = BUF_ON(bytes);

	assert_ok(smtp_auth(&b, SMTP_LOGIN_PLAIN, STR("test"), STR("1234")));
	assert_ok(smtp_auth(&b, SMTP_LOGIN_LOGIN, STR("test"), STR("1234")));
	assert_ok(smtp_auth_answer(&b, STR("test")));
	assert_ok(smtp_auth(&b, SMTP_LOGIN_XOAUTH2, STR("someuser@example.com"),
			    STR("ya29.vF9dft4qmTc2Nvb3RlckBhdHRhdmlzdGEuY29tCg")));
	/* The last as in the description of the protocol. */
	assert_str(buf_str(&b), STR("AUTH PLAIN AHRlc3QAMTIzNA==\r\nAUTH LOGIN\r\ndGVzdA==\r\n"
				    "AUTH XOAUTH2 "
				    "dXNlcj1zb21ldXNlckBleGFtcGxlLmNvbQFhdXRoPUJlYXJlciB5YTI5LnZGOWRmdDRxbVRjMk52YjNSbG"
				    "NrQmhkSFJoZG1semRHRXVZMjl0Q2cBAQ==\r\n"));
	assert_why(NEVER, AUTH, smtp_auth(&b, SMTP_LOGIN_PLAIN, STR("a\0b"), STR("x")));
	assert_why(NEVER, AUTH, smtp_auth(&b, SMTP_LOGIN_PLAIN, STR("a"), STR("x\r\n")));
	assert_why(NEVER, AUTH, smtp_auth(&b, SMTP_LOGIN_XOAUTH2, STR("a"), STR("x\1auth=")));
	assert_why(NEVER, AUTH, smtp_auth(&b, SMTP_LOGIN_PLAIN, STR("a"), STR("")));
}

static str written(struct arena *a, str message)
{
	struct buf b;

	assert_ok(buf_open(a, 2 * message.len + 16, &b));
	struct sink to = sink_to_buf(&b);
	assert_ok(smtp_body_write(message, &to));
	return buf_str(&b);
}

static void leading_dots_are_doubled_and_the_end_is_added(void **state)
{
	OWNED(arena_done) struct arena *a = NULL;

	assert_ok(arena_open(1 << 20, &a));
	assert_str(written(a, STR("a\r\n")), STR("a\r\n.\r\n"));
	assert_str(written(a, STR(".\r\n")), STR("..\r\n.\r\n"));
	assert_str(written(a, STR(".\r\n.\r\n..\r\na.\r\n\r\n.b\r\n")),
		   STR("..\r\n..\r\n...\r\na.\r\n\r\n..b\r\n.\r\n"));
}

static void messages_with_stray_line_ends_are_refused(void **state)
{
	static const str bad[] = {
		{ "a\n", 2 },     { "a\r", 2 },   { "a\r\nb", 4 },   { "a\rb\r\n", 5 },
		{ "a\r\r\n", 4 }, { "\n.\n", 3 }, { "a\r\n.\n", 5 }, { "a\0\r\n", 4 },
		{ "", 0 },        { "\n", 1 },    { "\r\n\n", 3 },   { "a\n\r\n", 4 },
	};
	struct smtp_body facts;

	for (size_t i = 0; i < COUNT(bad); i++)
		assert_why(NEVER, PROTOCOL, smtp_body_check(bad[i], &facts));
	assert_ok(smtp_body_check(STR("a\r\n\r\nb\xc3\xa9\r\n"), &facts));
	assert_true(facts.eight_bit);
	assert_int_equal(facts.lines, 3);
	assert_ok(smtp_body_check(STR("a\r\n"), &facts));
	assert_false(facts.eight_bit);
}

TESTS(smtp, test(replies_are_read_with_code_enhanced_code_and_text), test(enhanced_codes_must_agree_with_the_reply),
      test(malformed_replies_are_refused), test(replies_have_an_end), test(kept_text_is_escaped_and_cut_at_a_character),
      test(capabilities_are_read_without_regard_to_case), test(odd_capabilities_announce_nothing),
      test(commands_are_written_as_the_rfc_has_them), test(no_byte_can_end_a_command_early),
      test(credentials_are_encoded_and_have_no_separators_inside), test(leading_dots_are_doubled_and_the_end_is_added),
      test(messages_with_stray_line_ends_are_refused))
