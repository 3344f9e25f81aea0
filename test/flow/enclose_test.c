/* How the keys on file stand at a moment, and which form is next when one turns out not to be fit. What comes out is
 * opened by others in story/send_pgp, story/send_smime and story/auto. */
#include "test/support/kept.h"
#include "test/support/support.h"

#include "flow/decide.h"
#include "flow/enclose.h"
#include "sys/sys.h"

#include <stdio.h>
#include <string.h>

#define NOW ((moment)1795330000 * SECOND)

static struct {
	struct arena *arena;
	struct db *db;
	struct config config;
	struct line line;
	struct test_clock clock;
	struct submission sub;
	struct recipient to;
	struct document document;
	struct intake in;
} it;

static int begin(void **state)
{
	memset(&it, 0, sizeof it);
	assert_ok(arena_open(16 << 20, &it.arena));
	it.db = test_db_open(test_db());
	it.config.seal.pdf_pass = STR("none");
	it.config.limits.pdf_bytes = 1 << 20;
	it.config.limits.message_bytes = 100000;
	it.clock.now = NOW;
	it.line = (struct line){
		.arena = it.arena,
		.config = &it.config,
		.keys = test_keyring(test_keys()),
		.clock = test_clock(&it.clock),
		.entropy = sys_entropy(),
	};
	it.sub = (struct submission){ .arena = it.arena, .seal = SEAL_AUTO };
	it.document = (struct document){ .name = STR("a.pdf"), .type = STR("application/pdf"), .size = 1000 };
	it.to = (struct recipient){ .documents = &it.document, .link = { .token = STR("a token"), .expires_at = 7 } };
	assert_ok(address_parse(it.arena, STR("ana@example.net"), &it.to.address, NULL));
	it.in = (struct intake){ .to = &it.to, .strong = true };
	return 0;
}

static int end(void **state)
{
	db_done(&it.db);
	keyring_done(&it.line.keys);
	arena_done(&it.arena);
	return 0;
}

static void put_on_file(enum recipient_key_kind kind, str bytes, moment expires_at)
{
	struct recipient_key key = {
		.kind = kind,
		.address = STR("ana@example.net"),
		.fingerprint = STR("AAAA"),
		.algorithm = STR("RSA"),
		.expires_at = expires_at,
		.added_at = 1,
		.bytes = bytes,
	};

	assert_ok(recipient_key_save(it.db, it.arena, it.line.keys, &it.line.entropy, &key));
}

/* By openssl, good from now by the clock of this machine for 30 days; and when that is. */
static str certificate_for(const char *address, struct mail_certificate_facts *facts)
{
	OWNED(mail_certificate_done) struct mail_certificate *c = NULL;
	const char *dir = test_dir();
	char path[4096];

	assert_int_equal(
		test_shell("openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout %s/key "
			   "-out %s/cert -days 30 -subj /CN=x -addext subjectAltName=email:%s "
			   "-addext keyUsage=keyAgreement -addext extendedKeyUsage=emailProtection 2>/dev/null",
			   dir, dir, address),
		0);
	snprintf(path, sizeof path, "%s/cert", dir);
	str pem = test_file(it.arena, path);
	assert_ok(mail_certificate_read(pem, &c, NULL));
	assert_ok(mail_certificate_facts(it.arena, c, facts));
	return pem;
}

static void weigh(void)
{
	assert_ok(enclose_weigh(&it.line, it.db, it.arena, &it.in));
}

static void nothing_on_file_is_no_key(void **state)
{
	weigh();
	assert_true(it.in.certificate == KEY_NONE && it.in.pgp_key == KEY_NONE && !it.in.mail_too_large);
	it.to.seal = SEAL_PGP;
	assert_why(NEVER, KEY, enclose_find_key(&it.line, &it.in));
	assert_non_null(strstr(it.in.fault.what, "no pgp key is on file for ana@example.net"));
	assert_str(it.to.link.token, STR("a token"));
}

static void an_openpgp_key_is_usable_until_the_moment_it_expires(void **state)
{
	put_on_file(RECIPIENT_KEY_PGP, STR("a key"), NOW);
	it.clock.now = NOW - 1;
	weigh();
	assert_int_equal(it.in.pgp_key, KEY_USABLE);
	it.to.seal = SEAL_PGP;
	assert_ok(enclose_find_key(&it.line, &it.in));
	assert_true(it.in.key && it.to.link.token.len == 0 && it.to.link.expires_at == 7);
	enclose_no_more(&it.in);
	assert_null(it.in.key);
	assert_str(it.to.link.token, STR("a token"));
	it.clock.now = NOW;
	weigh();
	assert_int_equal(it.in.pgp_key, KEY_UNUSABLE);
	assert_why(NEVER, KEY, enclose_find_key(&it.line, &it.in));
	assert_non_null(strstr(it.in.fault.what, "expired"));
}

static void a_certificate_stands_by_its_own_times_and_address(void **state)
{
	struct mail_certificate_facts facts;

	put_on_file(RECIPIENT_KEY_SMIME, certificate_for("ana@example.net", &facts), 0);
	const struct {
		moment now;
		enum key_standing standing;
	} rows[] = {
		{ facts.begins_at - DAY, KEY_UNUSABLE },
		{ facts.begins_at + DAY, KEY_USABLE },
		{ facts.ends_at - SECOND, KEY_USABLE },
		{ facts.ends_at + DAY, KEY_UNUSABLE },
	};
	for (size_t i = 0; i < COUNT(rows); i++) {
		it.clock.now = rows[i].now;
		weigh();
		assert_int_equal(it.in.certificate, rows[i].standing);
		assert_true(fault_empty(&it.in.fault)); /* it is not refused yet */
	}
}

static void a_certificate_of_somebody_else_is_not_usable(void **state)
{
	struct mail_certificate_facts facts;

	put_on_file(RECIPIENT_KEY_SMIME, certificate_for("bea@example.net", &facts), 0);
	it.clock.now = facts.begins_at + DAY;
	weigh();
	assert_int_equal(it.in.certificate, KEY_UNUSABLE);
}

static void what_cannot_fit_is_known_before_a_byte_is_read(void **state)
{
	it.document.size = 50000;
	weigh();
	assert_false(it.in.mail_too_large);
	it.document.size = 60000;
	weigh();
	assert_true(it.in.mail_too_large && fault_empty(&it.in.fault));
	it.document.size = UINT64_MAX;
	weigh();
	assert_true(it.in.mail_too_large);
}

static bool next_after(err refused, const char *words)
{
	bool again = false;

	fault_set(&it.in.fault, "%s", words);
	assert_ok(decide_without_key(&it.line, &it.sub, &it.in, refused, &again));
	return again;
}

/* Certificate, then key, then what needs neither; each refusal is told, and the link comes back. */
static void the_choice_falls_on_from_each_key_that_is_not_fit(void **state)
{
	it.in.certificate = it.in.pgp_key = KEY_USABLE;
	it.in.keys[RECIPIENT_KEY_PGP] = &(struct recipient_key){ .address = STR("ana@example.net") };
	it.in.keys[RECIPIENT_KEY_SMIME] = it.in.keys[RECIPIENT_KEY_PGP];
	assert_ok(decide(&it.line, &it.sub, &it.in));
	assert_int_equal(it.to.seal, SEAL_SMIME);
	assert_ok(enclose_find_key(&it.line, &it.in));
	assert_true(next_after(NEVER(KEY, "bad"), "the certificate was forged"));
	assert_true(it.to.seal == SEAL_PGP && it.in.choice.because == CHOICE_KEY && !it.in.key);
	assert_true(str_find(it.in.passed_over, STR("the certificate was forged")) >= 0);
	assert_true(fault_empty(&it.in.fault));
	assert_ok(enclose_find_key(&it.line, &it.in));
	assert_true(next_after(NEVER(KEY, "bad"), "the key was revoked"));
	assert_true(it.to.seal == SEAL_PDF && it.in.choice.not_by_mail == CHOICE_KEY_UNUSABLE);
	assert_str(it.to.link.token, STR("a token"));
}

static void a_mail_that_is_too_large_once_it_is_sealed_becomes_a_link(void **state)
{
	it.in.certificate = it.in.pgp_key = KEY_USABLE;
	it.in.keys[RECIPIENT_KEY_SMIME] = &(struct recipient_key){ .address = STR("ana@example.net") };
	assert_ok(decide(&it.line, &it.sub, &it.in));
	assert_ok(enclose_find_key(&it.line, &it.in));
	assert_true(next_after(NEVER(LIMIT, "too large"), "too large for one mail"));
	assert_true(it.to.seal == SEAL_PDF && it.in.choice.not_by_mail == CHOICE_MAIL_TOO_LARGE); /* nor by the key */
	assert_str(it.to.link.token, STR("a token"));
}

static void what_was_asked_for_by_name_or_may_pass_is_not_chosen_anew(void **state)
{
	it.in.pgp_key = KEY_USABLE;
	it.to.seal = SEAL_PGP;
	assert_false(next_after(LATER(SYSTEM, "killed"), "killed"));
	assert_false(next_after(NEVER(DOCUMENT, "changed"), "the file changed"));
	it.sub.seal = SEAL_PGP;
	assert_false(next_after(NEVER(KEY, "bad"), "the key was revoked"));
	assert_int_equal(it.to.seal, SEAL_PGP);
	assert_non_null(strstr(it.in.fault.what, "revoked"));
}

#define each(function) cmocka_unit_test_setup_teardown(function, begin, end)
TESTS(enclose, each(nothing_on_file_is_no_key), each(an_openpgp_key_is_usable_until_the_moment_it_expires),
      each(a_certificate_stands_by_its_own_times_and_address), each(a_certificate_of_somebody_else_is_not_usable),
      each(what_cannot_fit_is_known_before_a_byte_is_read), each(the_choice_falls_on_from_each_key_that_is_not_fit),
      each(a_mail_that_is_too_large_once_it_is_sealed_becomes_a_link),
      each(what_was_asked_for_by_name_or_may_pass_is_not_chosen_anew))
