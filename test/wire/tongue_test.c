/* What people of a language are told: labels of what they are asked for, dates, and colours that they can read. */
#include "test/support/support.h"

#include "wire/colour.h"
#include "wire/tongue.h"

static struct arena *arena_for_test(void)
{
	struct arena *a;

	assert_ok(arena_open(1 << 20, &a));
	return a;
}

static void columns_are_called_what_people_call_them(void **state)
{
	static const struct label own[] = { { STR("chassis"), { STR("Chassis number"), STR("Fahrgestellnummer") } },
					    { STR("postcode"), { STR("ZIP code") } } };
	static const struct labels labels = { own, COUNT(own) };
	static const struct {
		const char *language, *column, *label;
	} rows[] = {
		{ "en", "birth_date", "Date of birth" },
		{ "de-CH", "Birth-Date", "Geburtsdatum" },
		{ "fr", "birthdate", "Date de naissance" },
		{ "es", "dob", "Fecha de nacimiento" },
		{ "xx", "policy", "Policy number" },
		{ "en", "chassis", "Chassis number" },
		{ "de", "chassis", "Fahrgestellnummer" },
		{ "fr", "chassis", "chassis" },   /* not named in French: as the list has it */
		{ "en", "postcode", "ZIP code" }, /* the operator's own word before ours */
		{ "de", "postcode", "Postleitzahl" },
		{ "en", "my_own_thing", "my own thing" },
	};
	OWNED(arena_done) struct arena *a = arena_for_test();
	str label;

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		assert_ok(tongue_label(tongue_find(str_of(rows[i].language)), &labels, a, str_of(rows[i].column),
				       &label));
		assert_str(label, str_of(rows[i].label));
	}
	assert_str(label_autocomplete(STR("birth_date")), STR("bday"));
	assert_str(label_autocomplete(STR("PLZ")), STR("postal-code"));
	assert_str(label_autocomplete(STR("anything")), STR("off"));
	assert_true(label_is_date(STR("geburtsdatum")) && !label_is_date(STR("policy")));
}

static void names_are_joined_as_in_a_sentence(void **state)
{
	OWNED(arena_done) struct arena *a = arena_for_test();
	str names;

	(void)state;
	assert_ok(tongue_names(tongue_find(STR("en")), NULL, a, STR("birth_date+plate+iban"), &names));
	assert_str(names, STR("date of birth, plate and IBAN"));
	assert_ok(tongue_names(tongue_find(STR("de")), NULL, a, STR("birth_date+postcode"), &names));
	assert_str(names, STR("Geburtsdatum und Postleitzahl"));
	assert_ok(tongue_names(tongue_find(STR("es")), NULL, a, STR("birth_date"), &names));
	assert_str(names, STR("fecha de nacimiento"));
}

static void a_deadline_is_said_with_weekday_and_zone(void **state)
{
	static const struct {
		const char *language, *words;
		int offset;
	} rows[] = {
		{ "en", "Saturday, 28 November 2026 at 17:05 (UTC)", 0 },
		{ "de", "Samstag, 28. November 2026 um 18:05 Uhr (UTC+1)", 60 },
		{ "fr", "samedi 28 novembre 2026 à 17 h 05 (UTC)", 0 },
		{ "es", "sábado, 28 de noviembre de 2026 a las 07:35 (UTC-9:30)", -570 },
	};
	const moment at = (moment)1795885500 * SECOND;
	OWNED(arena_done) struct arena *a = arena_for_test();
	str words;

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		assert_ok(tongue_moment(tongue_find(str_of(rows[i].language)), a, at, rows[i].offset, &words));
		assert_str(words, str_of(rows[i].words));
	}
}

/* Ratios as the W3C's own examples and other calculators give them. */
static void contrast_is_what_wcag_says(void **state)
{
	static const struct {
		const char *one, *other;
		unsigned contrast;
	} rows[] = {
		{ "#000000", "#ffffff", 2100 }, { "#777777", "#ffffff", 447 }, { "#767676", "#FFFFFF", 454 },
		{ "#ff0000", "#ffffff", 399 },  { "#0000ff", "#ffffff", 859 }, { "#123456", "#123456", 100 },
	};
	static const char *const wrong[] = { "", "#fff", "red", "#12345g", "#1234567", "0b57d0", "#0b57d" };
	struct rgb one, other;

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		assert_ok(rgb_parse(str_of(rows[i].one), &one));
		assert_ok(rgb_parse(str_of(rows[i].other), &other));
		assert_int_equal(rgb_contrast(one, other), rows[i].contrast);
		assert_int_equal(rgb_contrast(other, one), rows[i].contrast);
	}
	for (size_t i = 0; i < COUNT(wrong); i++)
		assert_why(NEVER, SYNTAX, rgb_parse(str_of(wrong[i]), &one));
}

TESTS(tongue, test(columns_are_called_what_people_call_them), test(names_are_joined_as_in_a_sentence),
      test(a_deadline_is_said_with_weekday_and_zone), test(contrast_is_what_wcag_says))
