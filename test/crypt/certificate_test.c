/* What a certificate says, judged on ones that OpenSSL's program made; ours are judged by it in story/init. */
#include "test/support/support.h"

#include "crypt/crypt.h"
#include "sys/sys.h"

#include <stdio.h>

static struct arena *arena;
static const char *dir;

static str made(const char *name, const char *more)
{
	char path[512];

	if (!dir)
		dir = test_dir();
	assert_int_equal(test_shell("openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=x "
				    "-keyout %s/%s.key -out %s/%s.pem %s 2>/dev/null",
				    dir, name, dir, name, more),
			 0);
	snprintf(path, sizeof path, "%s/%s.pem", dir, name);
	return test_file(arena, path);
}

static str key_of(const char *name)
{
	char path[512];

	snprintf(path, sizeof path, "%s/%s.key", dir, name);
	return test_file(arena, path);
}

static void host_and_key_are_compared(void **state)
{
	struct certificate_facts f;
	(void)state;
	assert_ok(arena_open(1 << 20, &arena));
	str pem = made("a", "-days 10 -addext subjectAltName=DNS:letters.example.com,DNS:*.w.example,IP:192.0.2.7");
	made("b", "-days 10");
	assert_ok(certificate_look(pem, STR("letters.example.com"), key_of("a"), &f));
	assert_true(f.matches_host && f.matches_key && f.self_made);
	assert_ok(certificate_look(pem, STR("LETTERS.example.com"), key_of("b"), &f));
	assert_true(f.matches_host && !f.matches_key);
	assert_ok(certificate_look(pem, STR("x.w.example"), STR_NONE, &f));
	assert_true(f.matches_host && !f.matches_key);
	assert_ok(certificate_look(pem, STR("example.com"), STR_NONE, &f));
	assert_false(f.matches_host);
	assert_ok(certificate_look(pem, STR("x.y.w.example"), STR_NONE, &f));
	assert_false(f.matches_host);
	assert_ok(certificate_look(pem, STR("192.0.2.7"), STR_NONE, &f));
	assert_true(f.matches_host);
	assert_ok(certificate_look(pem, STR("192.0.2.8"), STR_NONE, &f));
	assert_false(f.matches_host);
	assert_true(f.ends_at - f.begins_at == 10 * DAY);
	arena_close(arena);
}

static void what_is_no_certificate_is_refused(void **state)
{
	struct certificate_facts f;
	(void)state;
	assert_why(NEVER, TLS, certificate_look(STR(""), STR("x"), STR_NONE, &f));
	assert_why(NEVER, TLS, certificate_look(STR("-----BEGIN CERTIFICATE-----\nAAAA\n"), STR("x"), STR_NONE, &f));
}

static void too_long_a_life_is_refused(void **state)
{
	struct arena *a;
	uint64_t counter = 1;
	struct entropy e = test_entropy(&counter), none = test_entropy_failing();
	str cert = STR_NONE, key = STR_NONE;
	(void)state;
	assert_ok(arena_open(1 << 20, &a));
	assert_why(NEVER, LIMIT, certificate_new(STR("x.example"), 0, 826 * DAY, &e, a, &cert, a, &key));
	assert_why(LATER, ENTROPY, certificate_new(STR("x.example"), 0, 825 * DAY, &none, a, &cert, a, &key));
	assert_int_equal(cert.len + key.len, 0);
	arena_close(a);
}

TESTS(certificate, test(host_and_key_are_compared), test(what_is_no_certificate_is_refused),
      test(too_long_a_life_is_refused))
