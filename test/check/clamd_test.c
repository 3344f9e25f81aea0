#include "test/support/support.h"

#include "check/clamd.h"

#include <string.h>

#define SAID(literal) str_bytes(literal, sizeof(literal)) /* with its NUL */

static void only_the_one_clean_answer_is_clean(void **state)
{
	static const struct {
		str said;
		enum clamd_answer answer;
	} rows[] = {
		{ { "stream: OK\0", 11 }, CLAMD_CLEAN },
		{ { "stream: OK", 10 }, CLAMD_GARBAGE },
		{ { "stream: OK\n", 11 }, CLAMD_GARBAGE },
		{ { "stream: OK\n\0", 12 }, CLAMD_GARBAGE },
		{ { "stream: OK \0", 12 }, CLAMD_GARBAGE },
		{ { "stream:  OK\0", 12 }, CLAMD_GARBAGE },
		{ { "stream: ok\0", 11 }, CLAMD_GARBAGE },
		{ { " stream: OK\0", 12 }, CLAMD_GARBAGE },
		{ { "stream: OK\0\0", 12 }, CLAMD_GARBAGE },
		{ { "\0stream: OK\0", 12 }, CLAMD_GARBAGE },
		{ { "stream: OK\0stream: OK\0", 22 }, CLAMD_GARBAGE },
		{ { "1: stream: OK\0", 14 }, CLAMD_GARBAGE },
		{ { "fd[4]: OK\0", 10 }, CLAMD_GARBAGE },
		{ { "OK\0", 3 }, CLAMD_GARBAGE },
		{ { "\0", 1 }, CLAMD_GARBAGE },
		{ { "", 0 }, CLAMD_GARBAGE },
		{ { "stream: FOUND\0", 14 }, CLAMD_GARBAGE },
		{ { "stream:  FOUND\0", 15 }, CLAMD_GARBAGE },
		{ { "stream: two words FOUND\0", 24 }, CLAMD_GARBAGE },
		{ { "stream: esc\x1b[2J FOUND\0", 22 }, CLAMD_GARBAGE },
		{ { "INSTREAM size limit exceeded. ERROR\0", 36 }, CLAMD_TOO_LARGE },
		{ { "stream: lstat() failed. ERROR\0", 30 }, CLAMD_ERROR },
		{ { "UNKNOWN COMMAND\0", 16 }, CLAMD_GARBAGE },
	};
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct clamd_verdict none = { 0 };
		if (clamd_answer_parse(rows[i].said, &none) != rows[i].answer)
			fail_msg("row %zu: %d", i, (int)clamd_answer_parse(rows[i].said, &none));
		assert_false(none.infected);
	}
}

static void a_finding_has_the_name_of_its_signature(void **state)
{
	struct clamd_verdict v = { 0 };
	(void)state;
	assert_int_equal(clamd_answer_parse(SAID("stream: Win.Test.EICAR_HDB-1(44d8:68) FOUND"), &v), CLAMD_FOUND);
	assert_true(v.infected && !v.opaque);
	assert_string_equal(v.name, "Win.Test.EICAR_HDB-1(44d8:68)");
}

static void a_limit_and_encryption_are_no_malware_but_not_clean(void **state)
{
	struct clamd_verdict v = { 0 };
	(void)state;
	assert_int_equal(clamd_answer_parse(SAID("stream: Heuristics.Limits.Exceeded.MaxScanSize FOUND"), &v),
			 CLAMD_FOUND);
	assert_true(v.infected && v.opaque);
	assert_int_equal(clamd_answer_parse(SAID("stream: Heuristics.Encrypted.Zip FOUND"), &v), CLAMD_FOUND);
	assert_true(v.infected && v.opaque);
}

static void a_name_that_is_too_long_is_no_answer(void **state)
{
	char said[8 + 400 + 6 + 1] = "stream: ";
	struct clamd_verdict v = { 0 };
	(void)state;
	for (size_t len = 1; len < 400; len++) {
		memset(said + 8, 'x', len);
		memcpy(said + 8 + len, " FOUND", 7);
		enum clamd_answer answer = clamd_answer_parse(str_bytes(said, 8 + len + 7), &v);
		assert_int_equal(answer, len < CLAMD_NAME_MAX ? CLAMD_FOUND : CLAMD_GARBAGE);
	}
}

static void a_version_has_the_date_of_its_signatures(void **state)
{
	struct clamd_version v;
	moment want;
	(void)state;
	assert_ok(moment_parse(STR("2026-11-01T08:10:05Z"), &want));
	assert_ok(clamd_version_parse(SAID("ClamAV 1.4.6/27810/Sun Nov  1 08:10:05 2026"), &v));
	assert_string_equal(v.engine, "ClamAV 1.4.6/27810");
	assert_int_equal(v.signatures_at, want);
}

static void a_version_without_signatures_says_so(void **state)
{
	struct clamd_version v;
	(void)state;
	assert_why(NEVER, NOT_FOUND, clamd_version_parse(SAID("ClamAV 1.4.6"), &v));
	assert_why(NEVER, NOT_FOUND, clamd_version_parse(SAID("ClamAV 1.4.6/27810"), &v));
}

static void a_version_that_is_none_is_refused(void **state)
{
	static const char *const said[] = {
		"",
		"PONG",
		"ClamAV 1.4.6/x/Sun Nov  1 08:10:05 2026",
		"ClamAV 1.4.6/1/Sun Nev  1 08:10:05 2026",
		"ClamAV 1.4.6/1/Sun anF  1 08:10:05 2026",
		"ClamAV 1.4.6/1/Sun Nov 32 08:10:05 2026",
		"ClamAV 1.4.6/1/Sun Nov  0 08:10:05 2026",
		"ClamAV 1.4.6/1/Sun Nov  1 24:10:05 2026",
		"ClamAV 1.4.6/1/Sun Nov  1 08:60:05 2026",
		"ClamAV 1.4.6/1/Sun Nov  1 08:10:05 20261",
		"ClamAV 1.4.6/1/Sun Nov  1 08:10:05 2026\n",
		"ClamAV 1.4.6/1/",
		"ClamAV \x1b/1/Sun Nov  1 08:10:05 2026",
	};
	struct clamd_version v;
	(void)state;
	for (size_t i = 0; i < COUNT(said); i++)
		assert_why(NEVER, SYNTAX, clamd_version_parse(str_bytes(said[i], strlen(said[i]) + 1), &v));
	assert_why(NEVER, SYNTAX, clamd_version_parse(STR("ClamAV 1.4.6/1/Sun Nov  1 08:10:05 2026"), &v));
}

static void documents_go_to_this_machine_only(void **state)
{
	static const char *const elsewhere[] = { "",
						 "clamd.sock",
						 "192.0.2.1:3310",
						 "localhost:3310",
						 "127.0.0.1",
						 "127.0.0.1:0",
						 "127.0.0.1:65536",
						 "[::]:3310",
						 "0.0.0.0:3310",
						 ":3310" };
	static const char *const here[] = { "/run/clamav/clamd.ctl", "127.0.0.1:3310", "[::1]:3310" };
	struct arena *arena;
	struct clamd *c;
	(void)state;
	assert_ok(arena_open(1 << 16, &arena));
	for (size_t i = 0; i < COUNT(elsewhere); i++) {
		const struct clamd_options o = { .address = str_of(elsewhere[i]) };
		assert_why(NEVER, CONFIG, clamd_open(arena, &o, &c, NULL));
	}
	for (size_t i = 0; i < COUNT(here); i++) {
		const struct clamd_options o = { .address = str_of(here[i]) };
		assert_ok(clamd_open(arena, &o, &c, NULL));
	}
	arena_close(arena);
}

TESTS(clamd, test(only_the_one_clean_answer_is_clean), test(a_finding_has_the_name_of_its_signature),
      test(a_limit_and_encryption_are_no_malware_but_not_clean), test(a_name_that_is_too_long_is_no_answer),
      test(a_version_has_the_date_of_its_signatures), test(a_version_without_signatures_says_so),
      test(a_version_that_is_none_is_refused), test(documents_go_to_this_machine_only))
