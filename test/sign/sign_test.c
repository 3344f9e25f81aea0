#include "test/support/support.h"

#include "sign/sign.h"

#include <string.h>

#define NOW ((moment)1800000000 * SECOND)
static const str MAIL = {
	.at = "From: Ann <ann@example.com>\r\nTo: bob@example.net\r\nSubject: x\r\n\r\nHello\r\n",
	.len = sizeof "From: Ann <ann@example.com>\r\nTo: bob@example.net\r\nSubject: x\r\n\r\nHello\r\n" - 1
};

/* A keyring that answers as a test asks. */
static err answer;
static size_t answer_len;
static err answering(void *state, str domain, str selector, const uint8_t digest[SHA256_LEN], struct buf *signature)
{
	(void)state, (void)domain, (void)selector, (void)digest;
	for (size_t i = 0; i < answer_len && !failed(answer); i++)
		buf_add_char(signature, 'x');
	return answer;
}

static struct keyring *answering_keyring(void)
{
	static const struct keyring_ops ops = { .sign = answering };
	struct keyring *k = NULL;
	answer = OK;
	answer_len = 256;
	assert_ok(keyring_with(&ops, NULL, &k));
	return k;
}

struct bench {
	struct arena *arena;
	struct keyring *keys;
	struct message mail;
	struct fault fault;
};
static struct bench begun(void)
{
	struct bench b = { .keys = answering_keyring(), .mail = { .bytes = MAIL } };
	assert_ok(arena_open(4 << 20, &b.arena));
	return b;
}
static void ended(struct bench *b)
{
	keyring_done(&b->keys);
	arena_close(b->arena);
}
static err sign_with(struct bench *b, const struct sign_rule *rules, moment until)
{
	b->fault = (struct fault){ 0 };
	return sign_message(b->keys, rules, NOW, until, b->arena, &b->mail, &b->fault);
}
static struct sign_rule rsa = { .domain = { "example.com", 11 }, .selector = { "s", 1 } };

static void a_failing_key_holds_the_message(void **state)
{
	struct bench b = begun();
	(void)state;
	answer = LATER(BUSY, "the keeper is busy");
	assert_why(LATER, SIGNATURE, sign_with(&b, &rsa, 0));
	assert_non_null(strstr(b.fault.what, "held"));
	assert_str(b.mail.bytes, MAIL);
	answer = NEVER(KEY, "no such key");
	assert_why(NEVER, SIGNATURE, sign_with(&b, &rsa, 0));
	answer = BROKEN(CRYPTO, "broken");
	assert_why(BROKEN, SIGNATURE, sign_with(&b, &rsa, 0));
	assert_str(b.mail.bytes, MAIL);
	ended(&b);
}

static void one_failing_rule_of_two_holds_the_message(void **state)
{
	struct bench b = begun();
	struct sign_rule ed = { .domain = rsa.domain, .selector = rsa.selector, .algorithm = SIGNATURE_ED25519_SHA256 };
	struct sign_rule first = rsa;
	(void)state;
	first.next = &ed;
	/* 256 bytes: right for the first, not an Ed25519 signature. */
	assert_why(NEVER, SIGNATURE, sign_with(&b, &first, 0));
	assert_str(b.mail.bytes, MAIL);
	ended(&b);
}

static void without_rules_nothing_leaves(void **state)
{
	struct bench b = begun();
	(void)state;
	assert_why(NEVER, SIGNATURE, sign_with(&b, NULL, 0));
	assert_non_null(strstr(b.fault.what, "no DKIM key"));
	ended(&b);
}

static void names_that_could_break_the_field_are_refused(void **state)
{
	static const str bad[] = { STR("a;b"), STR("a\r\nX: y"), STR(""), STR("A.example"), STR("a b") };
	struct bench b = begun();
	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++) {
		struct sign_rule rule = rsa;
		rule.domain = bad[i];
		assert_why(NEVER, SIGNATURE, sign_with(&b, &rule, 0));
		rule = rsa;
		rule.selector = bad[i];
		assert_why(NEVER, SIGNATURE, sign_with(&b, &rule, 0));
	}
	assert_str(b.mail.bytes, MAIL);
	ended(&b);
}

static void expiry_is_written_only_within_seven_days(void **state)
{
	static const struct {
		moment until;
		const char *expected;
	} rows[] = {
		{ 0, NULL },
		{ NOW + SECOND, "; x=1800000001;" },
		{ NOW + 7 * DAY, "; x=1800604800;" },
		{ NOW + 7 * DAY + SECOND, NULL },
		{ MOMENT_NEVER, NULL },
	};
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct bench b = begun();
		assert_ok(sign_with(&b, &rsa, rows[i].until));
		ptrdiff_t at = str_find(b.mail.bytes, STR("; x="));
		if (rows[i].expected)
			assert_true(str_find(b.mail.bytes, str_of(rows[i].expected)) > 0);
		else
			assert_int_equal(at, -1);
		ended(&b);
	}
	struct bench b = begun();
	assert_why(NEVER, SIGNATURE, sign_with(&b, &rsa, NOW));
	assert_why(NEVER, SIGNATURE, sign_with(&b, &rsa, NOW - DAY));
	ended(&b);
}

static void what_a_carrier_writes_anew_is_not_signed(void **state)
{
	struct sign_rule rule = rsa;
	struct bench b = begun();
	(void)state;
	assert_ok(sign_with(&b, &rule, 0));
	assert_true(str_find(b.mail.bytes, STR("Message-ID")) < str_find(b.mail.bytes, STR("b=")));
	ended(&b);
	rule.rewritten = true;
	b = begun();
	assert_ok(sign_with(&b, &rule, 0));
	str field = str_upto(b.mail.bytes, (size_t)str_find(b.mail.bytes, STR("\tb=")));
	assert_true(str_find(field, STR("Subject:Subject")) > 0);
	assert_int_equal(str_find(field, STR("Message-ID")), -1);
	assert_int_equal(str_find(field, STR("Date")), -1);
	ended(&b);
}

static void two_rules_put_two_fields_on_top_in_order(void **state)
{
	struct bench b = begun();
	struct sign_rule second = rsa, first = rsa;
	(void)state;
	second.selector = STR("t");
	first.next = &second;
	assert_ok(sign_with(&b, &first, 0));
	ptrdiff_t s = str_find(b.mail.bytes, STR("s=s;")), t = str_find(b.mail.bytes, STR("s=t;"));
	assert_true(s > 0 && t > s);
	assert_true(str_ends(b.mail.bytes, MAIL));
	assert_true(str_starts(b.mail.bytes, STR("DKIM-Signature: ")));
	ended(&b);
}

static void a_malformed_message_is_not_signed(void **state)
{
	static const str bad[] = { STR("From: a@example.com\n\nx\n"), STR("To: b@example.com\r\n\r\nx\r\n"),
				   STR("From: a@b.example\r\nfrom: c@d.example\r\n\r\n"), STR(""), STR("\r\nx") };
	struct bench b = begun();
	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++) {
		b.mail.bytes = bad[i];
		assert_why(NEVER, HEADER, sign_with(&b, &rsa, 0));
	}
	b.mail.bytes = STR("From: a@example.com\r\n\r\nx\ny\r\n");
	assert_why(NEVER, SYNTAX, sign_with(&b, &rsa, 0));
	ended(&b);
}

static void alignment_is_of_whole_labels(void **state)
{
	(void)state;
	assert_true(sign_aligned(STR("example.com"), STR("example.com")));
	assert_true(sign_aligned(STR("example.com"), STR("mail.Example.com")));
	assert_false(sign_aligned(STR("example.com"), STR("badexample.com")));
	assert_false(sign_aligned(STR("mail.example.com"), STR("example.com")));
	assert_false(sign_aligned(STR("example.com"), STR("")));
}

TESTS(sign_sign, test(a_failing_key_holds_the_message), test(one_failing_rule_of_two_holds_the_message),
      test(without_rules_nothing_leaves), test(names_that_could_break_the_field_are_refused),
      test(expiry_is_written_only_within_seven_days), test(what_a_carrier_writes_anew_is_not_signed),
      test(two_rules_put_two_fields_on_top_in_order), test(a_malformed_message_is_not_signed),
      test(alignment_is_of_whole_labels))
