#include "wire/http_value.h"

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

static bool may_stand(char c)
{
	return (unsigned char)c > 0x20 && (unsigned char)c < 0x7F;
}

static err decode_escape(str s, size_t at, struct buf *out)
{
	int high = at + 1 < s.len ? hex_digit(s.at[at + 1]) : -1;
	int low = at + 2 < s.len ? hex_digit(s.at[at + 2]) : -1;

	if (high < 0 || low < 0)
		return NEVER(SYNTAX, "a broken escape in a form");
	buf_add_char(out, (char)(high << 4 | low));
	return OK;
}

static err decode(struct arena *a, str s, str *out)
{
	struct buf text;

	TRY(buf_open(a, s.len, &text));
	for (size_t i = 0; i < s.len; i++) {
		if (s.at[i] == '%') {
			TRY(decode_escape(s, i, &text));
			i += 2;
		} else if (may_stand(s.at[i])) {
			buf_add_char(&text, s.at[i] == '+' ? ' ' : s.at[i]);
		} else {
			return NEVER(SYNTAX, "a byte that may not stand in a form");
		}
	}
	*out = buf_str(&text);
	if (!str_utf8(*out) || !str_clean(*out))
		return NEVER(SYNTAX, "a form that is no text");
	return OK;
}

static size_t count_fields(str body)
{
	size_t count = 0;
	str one;

	while (body.len) {
		(void)str_cut(body, '&', &one, &body);
		count += one.len > 0;
	}
	return count;
}

err form_parse(struct arena *a, str body, size_t fields_max, struct form *out)
{
	struct form f = { 0 };
	str one, name, value;

	if (count_fields(body) > fields_max)
		return NEVER(LIMIT, "a form with too many fields");
	TRY(NEW_ARRAY(a, fields_max, f.fields));
	while (body.len) {
		(void)str_cut(body, '&', &one, &body);
		if (one.len == 0)
			continue;
		(void)str_cut(one, '=', &name, &value);
		TRY(decode(a, name, &f.fields[f.count].name));
		TRY(decode(a, value, &f.fields[f.count].value));
		f.count++;
	}
	*out = f;
	return OK;
}

const str *form_value(const struct form *f, str name)
{
	const str *found = NULL;

	for (size_t i = 0; i < f->count; i++) {
		if (!str_same(f->fields[i].name, name))
			continue;
		if (found)
			return NULL;
		found = &f->fields[i].value;
	}
	return found;
}
