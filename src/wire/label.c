#include "wire/tongue.h"

static const struct known {
	const char *column, *others, *autocomplete;
	bool date;
	const char *text[TONGUES];
} known[] = {
#define LABEL(column, others, autocomplete, date, ...) { column, others, autocomplete, date, { __VA_ARGS__ } },
#include "wire/label.def"
#undef LABEL
};

static bool is_gap(char c)
{
	return c == '_' || c == '-' || c == ' ';
}

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

/* "Birth-Date", "birthdate" and "birth_date" are one column to a person. */
static bool alike(str a, str b)
{
	size_t i = 0, j = 0;

	for (;;) {
		while (i < a.len && is_gap(a.at[i]))
			i++;
		while (j < b.len && is_gap(b.at[j]))
			j++;
		if (i == a.len || j == b.len)
			return i == a.len && j == b.len;
		if (lower(a.at[i++]) != lower(b.at[j++]))
			return false;
	}
}

static bool among(str column, str names)
{
	str one;

	while (names.len) {
		(void)str_cut(names, '|', &one, &names);
		if (alike(column, one))
			return true;
	}
	return false;
}

static const struct known *find(str column)
{
	for (size_t i = 0; i < sizeof known / sizeof *known; i++)
		if (alike(column, str_of(known[i].column)) || among(column, str_of(known[i].others)))
			return &known[i];
	return NULL;
}

str label_autocomplete(str column)
{
	const struct known *k = find(column);

	return str_of(k ? k->autocomplete : "off");
}

bool label_is_date(str column)
{
	const struct known *k = find(column);

	return k && k->date;
}

static str own_text(const struct labels *labels, str column, unsigned place)
{
	for (size_t i = 0; labels && i < labels->count; i++)
		if (alike(column, labels->own[i].column))
			return labels->own[i].text[place];
	return STR_NONE;
}

err tongue_label(const struct tongue *t, const struct labels *labels, struct arena *a, str column, str *out)
{
	const struct known *k = find(column);
	str text = own_text(labels, column, tongue_place(t));
	struct buf b;

	if (text.len == 0 && k)
		text = str_of(k->text[tongue_place(t)]);
	if (text.len)
		return str_copy(a, text, out);
	TRY(buf_open(a, column.len, &b));
	for (size_t i = 0; i < column.len; i++)
		buf_add_char(&b, column.at[i] == '_' ? ' ' : column.at[i]);
	*out = buf_str(&b);
	return OK;
}

/* Within a sentence: "date of birth", but "IBAN", and German nouns keep their capital. */
static void add_within(struct buf *b, const struct tongue *t, str label)
{
	bool capital = label.len > 1 && label.at[0] >= 'A' && label.at[0] <= 'Z' && label.at[1] >= 'a';

	if (!capital || tongue_place(t) == TONGUE_DE) {
		buf_add(b, label);
		return;
	}
	buf_add_char(b, lower(label.at[0]));
	buf_add(b, str_from(label, 1));
}

enum { NAMES_MAX = 8 * 1024 };

err tongue_names(const struct tongue *t, const struct labels *labels, struct arena *a, str joined, str *out)
{
	static const char *const and[TONGUES] = { " and ", " und ", " et ", " y " };
	struct buf b;
	str name, text;

	TRY(buf_open(a, NAMES_MAX, &b));
	for (bool first = true; joined.len; first = false) {
		(void)str_cut(joined, '+', &name, &joined);
		TRY(tongue_label(t, labels, a, name, &text));
		if (!first)
			buf_add(&b, joined.len ? STR(", ") : str_of(and[tongue_place(t)]));
		add_within(&b, t, text);
	}
	*out = buf_str(&b);
	return buf_check(&b);
}
