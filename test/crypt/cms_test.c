/* Signatures and encryption by certificates; the other side is OpenSSL's program. What goes through `seal smime` is
 * tried in story/seal_smime. */
#include "test/support/support.h"

#include "crypt/cms.h"
#include "sys/sys.h"

#include <stdio.h>
#include <string.h>

static struct arena *arena;
static const char *dir;

static str file(const char *name)
{
	char path[512];

	snprintf(path, sizeof path, "%s/%s", dir, name);
	return test_file(arena, path);
}

static void make(const char *name, const char *more)
{
	assert_int_equal(test_shell("cd %s && openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=%s -keyout %s.key "
				    "-out %s.pem -days 3650 -addext subjectAltName=email:%s@example.com %s 2>/dev/null",
				    dir, name, name, name, name, more),
			 0);
}

static int setup(void **state)
{
	(void)state;
	assert_ok(arena_open(16 << 20, &arena));
	dir = test_dir();
	make("a", "");
	make("b", "");
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	arena_close(arena);
	return 0;
}

static moment now(void)
{
	struct clock c = sys_clock();
	return clock_now(&c);
}

static const char *path_of(const char *name)
{
	static char path[512];

	snprintf(path, sizeof path, "%s/%s", dir, name);
	return path;
}

static struct cms_signer *signer(const char *name)
{
	struct cms_signer *s = NULL;
	char certificate[64], key[64];

	snprintf(certificate, sizeof certificate, "%s.pem", name);
	snprintf(key, sizeof key, "%s.key", name);
	assert_ok(cms_signer_open(file(certificate), file(key), &s, NULL));
	return s;
}

static str sign(const char *name, str content)
{
	struct cms_signer *s = signer(name);
	struct cms_signing *one = NULL;
	struct buf der;

	assert_ok(buf_open(arena, CMS_SIGNATURE_MAX, &der));
	assert_ok(cms_sign_begin(s, now(), &one));
	assert_ok(cms_sign_add(one, content));
	assert_ok(cms_sign_finish(one, &der));
	cms_signing_done(&one);
	cms_signer_done(&s);
	return buf_str(&der);
}

static err verify(str signature, str content, const char *trusted, struct cms_verified *out, struct fault *f)
{
	struct mail_authorities *m = NULL;
	struct source from = source_of_str(&content);

	assert_ok(mail_authorities_open(file(trusted), false, &m, NULL));
	const struct mail_rules rules = { .use = MAIL_SIGN, .now = now(), .authorities = m };
	err e = cms_verify(arena, signature, &from, &rules, out, f);
	mail_authorities_done(&m);
	return e;
}

static void openssl_verifies_what_is_signed_here(void **state)
{
	(void)state;
	for (size_t len = 0; len < 200000; len = len * 9 + 1) {
		char *bytes;
		assert_ok(NEW_ARRAY(arena, len + 1, bytes));
		memset(bytes, '\n', len);
		str content = { bytes, len };
		test_file_write(path_of("content"), content);
		test_file_write(path_of("content.p7s"), sign("a", content));
		assert_int_equal(test_shell("cd %s && openssl cms -verify -binary -inform DER -in content.p7s -content "
					    "content -CAfile a.pem -purpose any >/dev/null 2>&1",
					    dir),
				 0);
		assert_int_not_equal(test_shell("cd %s && openssl cms -verify -binary -inform DER -in content.p7s "
						"-content a.pem -CAfile a.pem -purpose any >/dev/null 2>&1",
						dir),
				     0);
	}
}

static void what_openssl_signs_is_verified_here(void **state)
{
	static const char *const forms[] = { "-outform DER", "-outform PEM" };
	struct cms_verified v;
	(void)state;

	test_file_write(path_of("content"), STR("line\nline\r\n\0end"));
	for (size_t i = 0; i < COUNT(forms); i++) {
		assert_int_equal(
			test_shell(
				"cd %s && openssl cms -sign -binary -in content -signer a.pem -inkey a.key %s -out s",
				dir, forms[i]),
			0);
		assert_ok(verify(file("s"), file("content"), "a.pem", &v, NULL));
		assert_true(v.intact);
		assert_ok(v.trusted);
		assert_str(v.signer.addresses[0], STR("a@example.com"));
		assert_true(v.signed_at && now() - v.signed_at < HOUR);
	}
}

static void a_changed_document_is_noticed(void **state)
{
	struct cms_verified v;
	str s = sign("a", STR("pay 100"));
	(void)state;

	assert_ok(verify(s, STR("pay 100"), "a.pem", &v, NULL));
	assert_true(v.intact);
	assert_ok(v.trusted);
	static const str others[] = { STR("pay 900"), STR("pay 100 "), STR("pay 10"), STR(""), STR("pay 100\n") };
	for (size_t i = 0; i < COUNT(others); i++) {
		assert_ok(verify(s, others[i], "a.pem", &v, NULL));
		assert_false(v.intact);
	}
}

static void a_signer_who_is_not_believed_is_told_of(void **state)
{
	struct cms_verified v;
	(void)state;

	assert_ok(verify(sign("b", STR("x")), STR("x"), "a.pem", &v, NULL));
	assert_true(v.intact);
	assert_why(NEVER, KEY, v.trusted);
	assert_non_null(strstr(v.doubt.what, "vouches"));
}

/* Each bit of a signature: nothing crashes, and none is taken for intact that says something else. */
static void no_changed_signature_is_believed(void **state)
{
	str s = sign("a", STR("x"));
	size_t believed = 0;
	(void)state;

	for (size_t at = 0; at < s.len; at += 3) {
		struct cms_verified v = { 0 };
		char *changed;
		assert_ok(NEW_ARRAY(arena, s.len, changed));
		memcpy(changed, s.at, s.len);
		changed[at] ^= 1 << at % 8;
		err e = verify((str){ changed, s.len }, STR("x"), "a.pem", &v, NULL);
		believed += !failed(e) && v.intact && !failed(v.trusted);
	}
	/* What nobody signs, and changes nothing: version numbers and the like. */
	assert_true(believed < 12);
}

static void what_is_no_detached_signature_is_refused(void **state)
{
	static const char *const made[] = {
		"-nodetach",                                /* holds its own document */
		"-md sha1",                                 /* could be forged */
		"-signer b.pem -inkey b.key",               /* two signers */
		"-nocerts",                                 /* whose? */
		"-econtent_type 1.2.840.113549.1.9.16.1.2", /* of something else */
	};
	struct cms_verified v;
	struct fault f;
	(void)state;

	test_file_write(path_of("content"), STR("x"));
	for (size_t i = 0; i < COUNT(made); i++) {
		f = (struct fault){ 0 };
		assert_int_equal(test_shell("cd %s && openssl cms -sign -binary -in content -signer a.pem -inkey a.key "
					    "%s -outform DER -out s",
					    dir, made[i]),
				 0);
		assert_why(NEVER, SYNTAX, verify(file("s"), STR("x"), "a.pem", &v, &f));
		assert_true(f.what[0] != 0);
	}
	static const str junk[] = { STR(""), STR("x"), STR("0\x80"), STR("-----BEGIN CMS-----\n") };
	for (size_t i = 0; i < COUNT(junk); i++)
		assert_why(NEVER, SYNTAX, verify(junk[i], STR("x"), "a.pem", &v, &f));
}

/* ── Encrypting ── */

static err full_write(void *state, const void *from, size_t len)
{
	(void)from;
	size_t *room = state;
	if (len > *room)
		return LATER(DISK_FULL, "full");
	*room -= len;
	return OK;
}

static err encrypt(const struct mail_certificate *to, enum cms_cipher cipher, size_t len, size_t room)
{
	static const struct sink_ops ops = { .write = full_write };
	struct sink below = { &ops, &room };
	OWNED(sink_done) struct sink above = { 0 };
	char bytes[1000] = { 0 };

	TRY(cms_encrypt(arena, &to, 1, cipher, &below, &above));
	for (; len > sizeof bytes; len -= sizeof bytes)
		TRY(sink_write(&above, bytes, sizeof bytes));
	TRY(sink_write(&above, bytes, len));
	return sink_finish(&above);
}

static void what_fails_below_is_told_above(void **state)
{
	struct mail_certificate *c = NULL;
	(void)state;

	assert_ok(mail_certificate_read(file("a.pem"), &c, NULL));
	for (enum cms_cipher cipher = CMS_CBC; cipher <= CMS_GCM; cipher++) {
		assert_ok(encrypt(c, cipher, 50000, 60000));
		for (size_t room = 0; room < 50000; room += 499)
			assert_why(LATER, DISK_FULL, encrypt(c, cipher, 50000, room));
		assert_why(NEVER, DOCUMENT, encrypt(c, cipher, 0, 60000));
	}
	mail_certificate_done(&c);
}

static void nobody_to_encrypt_to_is_an_error(void **state)
{
	struct sink below = { 0 }, above = { 0 };
	(void)state;
	assert_why(NEVER, LIMIT, cms_encrypt(arena, NULL, 0, CMS_CBC, &below, &above));
}

static const struct CMUnitTest all[] = {
	test(openssl_verifies_what_is_signed_here), test(what_openssl_signs_is_verified_here),
	test(a_changed_document_is_noticed),        test(a_signer_who_is_not_believed_is_told_of),
	test(no_changed_signature_is_believed),     test(what_is_no_detached_signature_is_refused),
	test(what_fails_below_is_told_above),       test(nobody_to_encrypt_to_is_an_error),
};

int main(int argc, char **argv)
{
	cmocka_set_message_output(CM_OUTPUT_TAP);
	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests_name("cms", all, setup, teardown);
}
