#include "test/support/support.h"

#include "check/check.h"

#include <math.h>
#include <string.h>

static struct arena *arena;

static int open_arena(void **state)
{
	(void)state;
	return failed(arena_open_secret(4 << 20, &arena));
}

static int close_arena(void **state)
{
	(void)state;
	arena_close(arena);
	return 0;
}

static struct password_verdict judge(enum seal_kind what, str secret, const struct value *known, bool is_details)
{
	struct password_verdict v = { 0 };
	assert_ok(check_password(arena, what, secret, known, is_details, &v));
	assert_true(v.accepted == (v.reason == NULL));
	assert_true(v.bits >= 0 && v.guesses_per_second > 0);
	return v;
}

/* THREATS B-45: what people take for passwords, against a zip. */
static void personal_data_does_not_protect_a_container(void **state)
{
	static const struct {
		str secret;
		double bits_at_most;
	} rows[] = {
		{ STR("03.04.1987"), 15.2 },
		{ STR("3 April 1987"), 15.2 },
		{ STR("19870403"), 15.2 },
		{ STR("04/23/1987"), 15.2 },
		{ STR("+49 30 12345678"), 40 },
		{ STR("10115"), 16.7 },
		{ STR("SW1A 1AA"), 45 },
		{ STR("PN-2024-001234"), 45 },
		{ STR("Maria1987"), 25 },
		{ STR("Schmidt03041987"), 40 },
		{ STR("123456"), 5 },
		{ STR("password"), 3 },
		{ STR("P@ssw0rd!"), 20 },
		{ STR("qwertzuiop"), 25 },
		{ STR("aaaaaaaaaaaaaaaaaaaaaaaa"), 15 },
		{ STR("0123456789012345678901234"), 30 },
		{ STR("correct horse battery staple"), 75 },
		{ STR("Donaudampfschifffahrt"), 50 },
		{ STR("Kraftfahrzeughaftpflichtversicherung"), 79 },
		{ STR("Müller Bäcker Straße Fenster"), 70 },
		{ STR("x"), 8 },
	};
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		for (int details = 0; details < 2; details++) {
			struct password_verdict zip = judge(SEAL_ZIP, rows[i].secret, NULL, details);
			struct password_verdict pdf = judge(SEAL_PDF, rows[i].secret, NULL, details);
			if (zip.bits > rows[i].bits_at_most)
				print_error("%.*s: %.1f\n", STR_ARG(rows[i].secret), zip.bits);
			assert_true(zip.bits <= rows[i].bits_at_most);
			assert_false(zip.accepted || pdf.accepted);
			assert_true(rows[i].secret.len > 32 || pdf.seconds_to_guess > zip.seconds_to_guess);
		}
	struct password_verdict date = judge(SEAL_ZIP, STR("03.04.1987"), NULL, true);
	assert_true(date.seconds_to_guess < 60);
	assert_true(date.bits > 15.1);
}

static void top_passwords_fall_at_once(void **state)
{
	static const str rows[] = {
		STR("123456789"), STR("qwerty"),   STR("iloveyou"), STR("letmein"), STR("dragon"),
		STR("monkey"),    STR("football"), STR("abc123"),   STR("admin"),   STR("welcome")
	};
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct password_verdict v = judge(SEAL_ZIP, rows[i], NULL, false);
		assert_true(v.bits < 14);
		assert_true(v.seconds_to_guess < 1);
		assert_false(judge(SEAL_OPEN, rows[i], NULL, false).accepted);
	}
}

static void at_our_page_tries_are_counted(void **state)
{
	(void)state;
	assert_true(judge(SEAL_OPEN, STR("03.04.1987"), NULL, true).accepted);
	assert_true(judge(SEAL_OPEN, STR("PN-2024-001234"), NULL, true).accepted);
	assert_true(judge(SEAL_OPEN, STR("10829"), NULL, true).accepted);
	assert_false(judge(SEAL_OPEN, STR("1987"), NULL, true).accepted);
	assert_false(judge(SEAL_OPEN, STR("Schmidt"), NULL, true).accepted);
	assert_false(judge(SEAL_OPEN, STR("1234"), NULL, true).accepted);
	assert_false(judge(SEAL_OPEN, STR("***"), NULL, true).accepted);
}

static void what_the_row_says_counts_nothing(void **state)
{
	struct value born = { .name = STR("born"), .text = STR("3.4.1987") };
	struct value policy = { &born, STR("policy"), STR("Zq-88213/Xv-40077-WmKt-91") };
	struct value name = { &policy, STR("name"), STR("Maria Özgür-Schmidt") };
	struct value mail = { &name, STR("email"), STR("m.kowalczyk@firma-nordlicht.example") };
	static const str rows[] = {
		STR("zq88213xv40077wmkt91"),
		STR("ZQ-88213-XV-40077-WMKT-91"),
		STR("Zq-88213/Xv-40077-WmKt-91!"),
		STR("Maria19870403"),
		STR("030487özgürschmidt"),
		STR("kowalczyk1987"),
		STR("19870403maria"),
		STR("Özgür-Schmidt, 3. April 1987"),
		STR("firma-nordlicht-kowalczyk-maria"),
	};
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct password_verdict with = judge(SEAL_ZIP, rows[i], &mail, false);
		if (with.accepted || with.bits > 36)
			print_error("%.*s: %.1f\n", STR_ARG(rows[i]), with.bits);
		assert_false(with.accepted);
		assert_true(with.bits <= 36);
	}
	assert_true(judge(SEAL_ZIP, policy.text, NULL, false).bits > 80); /* strong, were it not known */
	assert_true(judge(SEAL_ZIP, policy.text, &mail, false).bits < 10);
	assert_true(judge(SEAL_ZIP, STR("3.4.1987"), &mail, false).bits < 1);
	assert_true(judge(SEAL_ZIP, STR("k7mq-x3dp-h8vn-2wfc-r9tj"), &mail, false).accepted);
}

static void passwords_a_container_cannot_hold_are_refused(void **state)
{
	char room[200];
	(void)state;
	for (size_t i = 0; i < sizeof room; i++)
		room[i] = "k7mqx3dph8vn2wfcr9tjzybg4s6"[(i * 7 + i / 5) % 27];
	assert_true(judge(SEAL_ZIP, str_bytes(room, 64), NULL, false).accepted);
	assert_false(judge(SEAL_ZIP, str_bytes(room, 65), NULL, false).accepted);
	assert_true(judge(SEAL_PDF, str_bytes(room, 32), NULL, false).accepted);
	assert_false(judge(SEAL_PDF, str_bytes(room, 33), NULL, false).accepted);
	assert_false(judge(SEAL_OPEN, str_bytes(room, 129), NULL, false).accepted);
	assert_false(judge(SEAL_ZIP, STR(""), NULL, false).accepted);
	assert_false(judge(SEAL_ZIP, STR("k7mq-x3dp-h8vn-2wfc-r9t\n"), NULL, false).accepted);
	assert_false(judge(SEAL_ZIP, STR("k7mq-x3dp-h8vn-2wfc-r9t\0z"), NULL, false).accepted);
	assert_false(judge(SEAL_ZIP, STR("k7mq-x3dp-h8vn-2wfc-r9t\xFF"), NULL, false).accepted);
	struct password_verdict v = { .bits = -7 };
	assert_why(NEVER, UNSUPPORTED, check_password(arena, SEAL_PGP, STR("x"), NULL, false, &v));
	assert_true(v.bits == -7);
}

static void generated_phrases_pass_their_own_floor(void **state)
{
	uint64_t counter = 42;
	struct entropy chance = test_entropy(&counter);
	(void)state;
	for (int i = 0; i < 2000; i++) {
		SCRATCH(arena);
		str phrase;
		double bits;
		assert_ok(check_password_new(arena, &chance, 80, &phrase, &bits));
		assert_int_equal(phrase.len, 24);
		assert_true(bits >= 80 && bits < 100);
		struct password_verdict v = judge(SEAL_ZIP, phrase, NULL, false);
		assert_true(v.accepted && v.bits <= bits + 0.01);
		assert_true(judge(SEAL_PDF, phrase, NULL, false).accepted);
	}
}

static void random_passwords_of_other_makers_are_not_taken_for_words(void **state)
{
	static const str rows[] = {
		STR("f3a91c07be5d2480a6c1e97b"),
		STR("xXq9vLq2RtYwPzHbN4sK"),
		STR("hwkqzjvtxrbnmplsdfgcwk"),
		STR("7Jx!vQ2#pLz9@wRk8$"),
		STR("550e8400-e29b-41d4-a716-446655440000"),
	};
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct password_verdict v = judge(SEAL_ZIP, rows[i], NULL, false);
		if (!v.accepted)
			print_error("%.*s: %.1f\n", STR_ARG(rows[i]), v.bits);
		assert_true(v.accepted);
	}
}

static void every_letter_is_as_likely_as_every_other(void **state)
{
	uint64_t counter = 7;
	struct entropy chance = test_entropy(&counter);
	unsigned seen[256] = { 0 }, total = 0;
	double chi = 0;
	(void)state;
	for (int i = 0; i < 3000; i++) {
		SCRATCH(arena);
		str phrase;
		double bits;
		assert_ok(check_password_new(arena, &chance, 100, &phrase, &bits));
		for (size_t k = 0; k < phrase.len; k++)
			if (phrase.at[k] != '-')
				seen[(unsigned char)phrase.at[k]]++, total++;
	}
	unsigned kinds = 0;
	for (int c = 0; c < 256; c++) {
		double want = total / 31.0;
		kinds += seen[c] > 0;
		if (seen[c])
			chi += (seen[c] - want) * (seen[c] - want) / want;
	}
	assert_int_equal(kinds, 31);
	assert_int_equal(seen['0'] + seen['o'] + seen['1'] + seen['i'] + seen['l'], 0);
	assert_true(chi < 60); /* 30 degrees of freedom: beyond 60 once in a thousand */
}

static void phrases_have_the_bits_asked_for_or_there_are_none(void **state)
{
	uint64_t counter = 3;
	struct entropy chance = test_entropy(&counter), none = test_entropy_failing();
	str phrase = STR_NONE;
	double bits;
	(void)state;
	for (unsigned want = 1; want <= PASSWORD_BITS_MAX; want++) {
		assert_ok(check_password_new(arena, &chance, want, &phrase, &bits));
		assert_true(bits >= want && phrase.len <= 64);
	}
	phrase = STR_NONE;
	assert_why(NEVER, LIMIT, check_password_new(arena, &chance, 0, &phrase, &bits));
	assert_why(NEVER, LIMIT, check_password_new(arena, &chance, 257, &phrase, &bits));
	assert_why(LATER, ENTROPY, check_password_new(arena, &none, 80, &phrase, &bits));
	assert_int_equal(phrase.len, 0);
}

#define each(function) cmocka_unit_test_setup_teardown(function, open_arena, close_arena)
TESTS(password, each(personal_data_does_not_protect_a_container), each(top_passwords_fall_at_once),
      each(at_our_page_tries_are_counted), each(what_the_row_says_counts_nothing),
      each(passwords_a_container_cannot_hold_are_refused), each(generated_phrases_pass_their_own_floor),
      each(random_passwords_of_other_makers_are_not_taken_for_words), each(every_letter_is_as_likely_as_every_other),
      each(phrases_have_the_bits_asked_for_or_there_are_none))
