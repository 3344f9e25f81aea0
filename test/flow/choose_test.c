/* Which form is chosen, for every set of facts there is. */
#include "test/support/support.h"

#include "flow/choose.h"

static void each_fact_leads_where_the_table_says(void **state)
{
	(void)state;
	const struct {
		struct choice_facts facts;
		struct choice choice;
	} rows[] = {
		{ { .only_pdf = true, .strong = true }, { SEAL_PDF, CHOICE_ONLY_PDF, CHOICE_NONE } },
		{ { .only_pdf = true, .strong = true, .proof = PROOF_DETAILS },
		  { SEAL_PDF, CHOICE_ONLY_PDF, CHOICE_NONE } },
		{ { .only_pdf = true, .proof = PROOF_DETAILS }, { SEAL_OPEN, CHOICE_WEAK, CHOICE_NONE } },
		{ { .only_pdf = true, .strong = true, .proof = PROOF_CODE }, { SEAL_OPEN, CHOICE_CODE, CHOICE_NONE } },
		{ { .strong = true }, { SEAL_OPEN, CHOICE_NOT_PDF, CHOICE_NONE } },
		{ { .only_pdf = true, .strong = true, .pdf_as_it_is = true },
		  { SEAL_OPEN, CHOICE_PDF_AS_IT_IS, CHOICE_NONE } },
		{ { .only_pdf = true, .strong = true, .pdf_too_large = true },
		  { SEAL_OPEN, CHOICE_PDF_TOO_LARGE, CHOICE_NONE } },
		{ { .certificate = KEY_USABLE, .only_pdf = true, .strong = true },
		  { SEAL_SMIME, CHOICE_CERTIFICATE, CHOICE_NONE } },
		{ { .pgp_key = KEY_USABLE, .proof = PROOF_CODE }, { SEAL_PGP, CHOICE_KEY, CHOICE_NONE } },
		{ { .certificate = KEY_USABLE, .pgp_key = KEY_USABLE },
		  { SEAL_SMIME, CHOICE_CERTIFICATE, CHOICE_NONE } },
		{ { .certificate = KEY_UNUSABLE, .pgp_key = KEY_USABLE }, { SEAL_PGP, CHOICE_KEY, CHOICE_NONE } },
		{ { .certificate = KEY_UNUSABLE, .only_pdf = true, .strong = true },
		  { SEAL_PDF, CHOICE_ONLY_PDF, CHOICE_KEY_UNUSABLE } },
		{ { .pgp_key = KEY_UNUSABLE }, { SEAL_OPEN, CHOICE_NOT_PDF, CHOICE_KEY_UNUSABLE } },
		{ { .certificate = KEY_USABLE, .mail_too_large = true, .only_pdf = true, .strong = true },
		  { SEAL_PDF, CHOICE_ONLY_PDF, CHOICE_MAIL_TOO_LARGE } },
		{ { .pgp_key = KEY_USABLE, .mail_too_large = true },
		  { SEAL_OPEN, CHOICE_NOT_PDF, CHOICE_MAIL_TOO_LARGE } },
		{ { .pgp_key = KEY_DOUBTED }, { SEAL_OPEN, CHOICE_NOT_PDF, CHOICE_KEY_DOUBTED } },
		{ { .certificate = KEY_UNUSABLE, .pgp_key = KEY_DOUBTED, .only_pdf = true, .strong = true },
		  { SEAL_PDF, CHOICE_ONLY_PDF, CHOICE_KEY_DOUBTED } },
		{ { .certificate = KEY_USABLE, .pgp_key = KEY_DOUBTED },
		  { SEAL_SMIME, CHOICE_CERTIFICATE, CHOICE_NONE } },
		{ { .mail_too_large = true }, { SEAL_OPEN, CHOICE_NOT_PDF, CHOICE_NONE } },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct choice c = choose(&rows[i].facts);
		assert_int_equal(c.seal, rows[i].choice.seal);
		assert_int_equal(c.because, rows[i].choice.because);
		assert_int_equal(c.not_by_mail, rows[i].choice.not_by_mail);
	}
}

/* What each form rests on, said the other way round, and held against all 4 * 4 * 3 * 32 sets of facts. */
static void nothing_is_chosen_without_what_it_rests_on(void **state)
{
	(void)state;
	size_t chosen[SEAL_AUTO + 1] = { 0 };

	for (unsigned i = 0; i < 16 * 3 * 32; i++) {
		const struct choice_facts f = {
			.certificate = (enum key_standing)(i % 4),
			.pgp_key = (enum key_standing)(i / 4 % 4),
			.proof = (enum proof_kind)(i / 16 % 3),
			.mail_too_large = i / 48 & 1,
			.strong = i / 48 & 2,
			.only_pdf = i / 48 & 4,
			.pdf_as_it_is = i / 48 & 8,
			.pdf_too_large = i / 48 & 16,
		};
		struct choice c = choose(&f);
		chosen[c.seal]++;
		assert_true(c.seal != SEAL_ZIP && c.seal != SEAL_AUTO && c.because != CHOICE_NONE);
		if (c.seal == SEAL_SMIME)
			assert_true(f.certificate == KEY_USABLE && !f.mail_too_large);
		if (c.seal == SEAL_PGP)
			assert_true(f.pgp_key == KEY_USABLE && f.certificate != KEY_USABLE && !f.mail_too_large);
		if (c.seal == SEAL_PDF)
			assert_true(f.strong && f.only_pdf && f.proof != PROOF_CODE && !f.pdf_as_it_is &&
				    !f.pdf_too_large);
		if (c.seal == SEAL_OPEN || c.seal == SEAL_PDF)
			assert_int_equal(c.not_by_mail != CHOICE_NONE,
					 f.certificate != KEY_NONE || f.pgp_key != KEY_NONE);
	}
	assert_true(chosen[SEAL_OPEN] && chosen[SEAL_PDF] && chosen[SEAL_SMIME] && chosen[SEAL_PGP]);
}

static void every_reason_has_a_name_of_its_own_and_words(void **state)
{
	(void)state;
	for (unsigned i = 0; i < CHOICE_COUNT; i++) {
		assert_true(choice_name((enum choice_reason)i).len && choice_words((enum choice_reason)i).len);
		for (unsigned k = 0; k < i; k++)
			assert_false(str_same(choice_name((enum choice_reason)i), choice_name((enum choice_reason)k)));
	}
}

TESTS(choose, test(each_fact_leads_where_the_table_says), test(nothing_is_chosen_without_what_it_rests_on),
      test(every_reason_has_a_name_of_its_own_and_words))
