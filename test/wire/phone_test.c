/* Telephone numbers: what is forgiven, and what is no number. */
#include "test/support/support.h"

#include "wire/phone.h"

static const struct {
	const char *written, *country, *number; /* null: refused */
} rows[] = {
	{ "+49 151 23456789", "", "+4915123456789" },
	{ "0049 151/234-56789", "", "+4915123456789" },
	{ "+49 (0)151 234.56789", "", "+4915123456789" },
	{ " (0151) 23456789 ", "49", "+4915123456789" },
	{ "151 23456789", "49", "+4915123456789" },
	{ "07911 123456", "44", "+447911123456" },
	{ "+1 (202) 555-0143", "49", "+12025550143" },
	{ "2025550143", "1", "+12025550143" },
	{ "+123456789012345", "", "+123456789012345" },
	{ "+1234567890123456", "", NULL },
	{ "+1234567", "", NULL },
	{ "+0123456789", "", NULL },
	{ "000151234567", "49", NULL },
	{ "0151 23456789", "", NULL },
	{ "0151 23456789 ext. 5", "49", NULL },
	{ "+49+15123456789", "", NULL },
	{ "+49 151 2345678\r\nX: y", "", NULL },
	{ "", "49", NULL },
	{ "0", "49", NULL },
	{ "+", "", NULL },
	{ "+49151\xd9\xa2\xd9\xa0\xd9\xa0 23456", "", NULL },
};

static void numbers_come_out_in_one_form_or_not_at_all(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		char out[PHONE_MAX];
		const char *reason = NULL;
		size_t len = 0;
		err e = phone_read(str_of(rows[i].written), str_of(rows[i].country), out, &len, &reason);
		if (rows[i].number) {
			assert_ok(e);
			assert_str(str_bytes(out, len), str_of(rows[i].number));
		} else {
			assert_why(NEVER, SYNTAX, e);
			assert_non_null(reason);
		}
	}
}

static void a_country_is_one_to_three_digits(void **state)
{
	(void)state;
	assert_true(phone_country_fit(STR("1")) && phone_country_fit(STR("49")) && phone_country_fit(STR("353")));
	assert_false(phone_country_fit(STR("")) || phone_country_fit(STR("0")) || phone_country_fit(STR("049")) ||
		     phone_country_fit(STR("+49")) || phone_country_fit(STR("4900")));
}

TESTS(phone, cmocka_unit_test(numbers_come_out_in_one_form_or_not_at_all),
      cmocka_unit_test(a_country_is_one_to_three_digits))
