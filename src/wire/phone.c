#include "wire/phone.h"

enum { DIGITS_LEAST = 8, DIGITS_MOST = 15, WRITTEN_MAX = 64 };

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_forgiven(char c)
{
	return c == ' ' || c == '\t' || c == '-' || c == '.' || c == '/' || c == '(' || c == ')';
}

bool phone_country_fit(str country)
{
	for (size_t i = 0; i < country.len; i++)
		if (!is_digit(country.at[i]))
			return false;
	return country.len >= 1 && country.len <= 3 && country.at[0] != '0';
}

static err refuse(const char **reason, const char *why)
{
	*reason = why;
	return NEVER(SYNTAX, "no telephone number");
}

/* Digits alone; "(0)" is no part of an international number. */
static err digits_of(str text, bool international, struct buf *out, const char **reason)
{
	for (size_t i = 0; i < text.len; i++) {
		if (international && str_starts(str_from(text, i), STR("(0)"))) {
			i += 2;
			continue;
		}
		if (is_digit(text.at[i]))
			buf_add_char(out, text.at[i]);
		else if (!is_forgiven(text.at[i]))
			return refuse(reason, "a telephone number has digits, blanks, hyphens and brackets, and + only "
					      "before them");
	}
	return OK;
}

/* What is left behind + or 00. */
static bool is_international(str text, str *rest)
{
	if (str_starts(text, STR("+")))
		*rest = str_from(text, 1);
	else if (str_starts(text, STR("00")))
		*rest = str_from(text, 2);
	else
		return false;
	return true;
}

static err with_country(str digits, str country, struct buf *out, const char **reason)
{
	if (country.len == 0)
		return refuse(reason, "it has no country: write it with +, or set sms.country");
	if (str_starts(digits, STR("0")))
		digits = str_from(digits, 1);
	buf_add(out, country);
	buf_add(out, digits);
	return OK;
}

err phone_read(str text, str country, char out[PHONE_MAX], size_t *len, const char **reason)
{
	char written[WRITTEN_MAX], whole[WRITTEN_MAX + 4];
	struct buf digits = BUF_ON(written), number = BUF_ON(whole);
	str rest;

	text = str_trim(text);
	bool international = is_international(text, &rest);
	TRY(digits_of(international ? rest : text, international, &digits, reason));
	if (international)
		buf_add(&number, buf_str(&digits));
	else
		TRY(with_country(buf_str(&digits), country, &number, reason));
	if (digits.overflow || number.overflow || number.len < DIGITS_LEAST || number.len > DIGITS_MOST)
		return refuse(reason, "a telephone number has 8 to 15 digits with its country's code");
	if (number.at[0] == '0')
		return refuse(reason, "a country's code does not begin with 0");
	out[0] = '+';
	memcpy(out + 1, number.at, number.len);
	*len = number.len + 1;
	return OK;
}
