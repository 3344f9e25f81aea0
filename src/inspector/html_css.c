#include "inspector/html_css.h"

#include <string.h>

enum { FRACTION = 10000 };

static unsigned char at(const struct css *c, size_t i)
{
	return i < c->rest.len ? (unsigned char)c->rest.at[i] : 0;
}

static void skip(struct css *c, size_t n)
{
	c->rest = str_from(c->rest, n);
}

static bool blank(unsigned char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f';
}

static bool digit(unsigned char c)
{
	return c >= '0' && c <= '9';
}

static int hex(unsigned char c)
{
	if (digit(c))
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool name_start(unsigned char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c >= 0x80;
}

static bool escape(const struct css *c, size_t i) /* 4.3.8 */
{
	return at(c, i) == '\\' && i + 1 < c->rest.len && at(c, i + 1) != '\n' && at(c, i + 1) != '\f' &&
	       at(c, i + 1) != '\r';
}

static bool name_starts(const struct css *c, size_t i) /* 4.3.9 */
{
	if (at(c, i) == '-')
		return name_start(at(c, i + 1)) || at(c, i + 1) == '-' || escape(c, i + 1);
	return name_start(at(c, i)) || escape(c, i);
}

static bool number_starts(const struct css *c) /* 4.3.10 */
{
	size_t i = at(c, 0) == '+' || at(c, 0) == '-';
	return digit(at(c, i)) || (at(c, i) == '.' && digit(at(c, i + 1)));
}

/* ── Names ───────────────────────────────────────────────────────────────────────────────────────── */

static void add(struct css_token *t, unsigned code)
{
	/* Nothing that we know has a character outside ASCII; none of those is ever written. */
	if (t->len == sizeof t->room)
		t->kind = CSS_WRONG;
	else
		t->room[t->len++] = code > 0 && code < 0x80 ? (char)code : '\x7F';
}

/* \26 , \000026, \& (4.3.7); the backslash is next. */
static unsigned take_escape(struct css *c)
{
	unsigned code = 0;
	size_t n = 1;

	if (hex(at(c, 1)) < 0) {
		code = at(c, 1);
		skip(c, 2);
		return code;
	}
	while (n <= 6 && hex(at(c, n)) >= 0)
		code = code * 16 + (unsigned)hex(at(c, n++));
	if (at(c, n) == '\r' && at(c, n + 1) == '\n')
		n++;
	skip(c, n + blank(at(c, n)));
	return code;
}

static void take_name(struct css *c, struct css_token *t) /* 4.3.12 */
{
	for (;;) {
		if (escape(c, 0)) {
			add(t, take_escape(c));
		} else if (name_start(at(c, 0)) || digit(at(c, 0)) || at(c, 0) == '-') {
			add(t, at(c, 0));
			skip(c, 1);
		} else {
			return;
		}
	}
}

/* An address without quotes ends at its bracket, whatever stands before it (4.3.6, 4.3.14). */
static void skip_url(struct css *c, struct css_token *t)
{
	size_t n = 0;

	while (blank(at(c, n)))
		n++;
	if (at(c, n) == '"' || at(c, n) == '\'')
		return;
	t->kind = CSS_WRONG;
	while (n < c->rest.len && at(c, n) != ')')
		n += escape(c, n) ? 2 : 1;
	skip(c, n + 1);
}

static void take_ident(struct css *c, struct css_token *t)
{
	t->kind = CSS_IDENT;
	take_name(c, t);
	if (at(c, 0) != '(')
		return;
	skip(c, 1);
	if (t->kind == CSS_IDENT)
		t->kind = CSS_FUNCTION;
	if (str_same_nocase(css_name(t), STR("url")))
		skip_url(c, t);
	else if (t->kind == CSS_WRONG) /* a function whose name is too long is one still: its bracket counts */
		t->kind = CSS_OPEN;
}

/* ── Numbers ─────────────────────────────────────────────────────────────────────────────────────── */

static uint64_t take_digits(struct css *c, uint64_t *scale)
{
	uint64_t number = 0;

	for (; digit(at(c, 0)); skip(c, 1)) {
		if (scale && *scale == 1)
			continue; /* more decimals than anyone sees */
		if (number > 1000000)
			number = 1000000; /* far beyond any bound of ours */
		number = number * 10 + (uint64_t)(at(c, 0) - '0');
		if (scale)
			*scale /= 10;
	}
	return number;
}

static bool exponent(const struct css *c)
{
	size_t i = 1;

	if ((at(c, 0) | 0x20) != 'e')
		return false;
	i += at(c, 1) == '+' || at(c, 1) == '-';
	return digit(at(c, i));
}

static void take_unit(struct css *c, struct css_token *t)
{
	if (at(c, 0) == '%') {
		add(t, '%');
		skip(c, 1);
	} else if (name_starts(c, 0)) {
		take_name(c, t);
	}
}

static void take_number(struct css *c, struct css_token *t) /* 4.3.3, 4.3.13 */
{
	uint64_t scale = FRACTION;

	t->kind = CSS_NUMBER;
	t->negative = at(c, 0) == '-';
	skip(c, at(c, 0) == '+' || at(c, 0) == '-');
	t->number = take_digits(c, NULL) * FRACTION;
	if (at(c, 0) == '.' && digit(at(c, 1))) {
		skip(c, 1);
		uint64_t part = take_digits(c, &scale);
		t->number += part * scale;
	}
	if (exponent(c))
		t->number = UINT64_MAX;
	take_unit(c, t);
}

/* ── The rest ────────────────────────────────────────────────────────────────────────────────────── */

static void take_string(struct css *c, struct css_token *t) /* 4.3.5 */
{
	unsigned char quote = at(c, 0);

	t->kind = CSS_STRING;
	skip(c, 1);
	while (c->rest.len && at(c, 0) != quote) {
		unsigned char next = at(c, 0);
		if (next == '\n' || next == '\r' || next == '\f') {
			t->kind = CSS_WRONG; /* the string ends, the line end stays */
			return;
		}
		if (escape(c, 0)) {
			add(t, take_escape(c));
			continue;
		}
		if (next != '\\')
			add(t, next);
		skip(c, next == '\\' ? 2 : 1);
	}
	skip(c, 1);
}

static bool take_comments(struct css *c)
{
	bool any = false;

	while (str_starts(c->rest, STR("/*"))) {
		ptrdiff_t end = str_find(str_from(c->rest, 2), STR("*/"));
		skip(c, end < 0 ? c->rest.len : (size_t)end + 4);
		any = true;
	}
	return any;
}

static void take_blanks(struct css *c, struct css_token *t)
{
	t->kind = CSS_BLANK;
	do
		while (blank(at(c, 0)) && c->rest.len)
			skip(c, 1);
	while (take_comments(c));
}

static void take_mark(struct css *c, struct css_token *t)
{
	t->mark = (char)at(c, 0);
	t->kind = strchr("([{", t->mark) && t->mark   ? CSS_OPEN
		  : strchr(")]}", t->mark) && t->mark ? CSS_CLOSE
						      : CSS_MARK;
	skip(c, 1);
	if (t->mark == '#' && (name_start(at(c, 0)) || digit(at(c, 0)) || at(c, 0) == '-' || escape(c, 0))) {
		t->kind = CSS_HASH;
		take_name(c, t);
	} else if (t->mark == '@' && name_starts(c, 0)) {
		take_name(c, t);
		t->kind = CSS_WRONG;
	}
}

void css_next(struct css *c, struct css_token *t)
{
	t->len = 0;
	t->mark = 0;
	if (c->rest.len == 0)
		t->kind = CSS_END;
	else if (blank(at(c, 0)) || str_starts(c->rest, STR("/*")))
		take_blanks(c, t);
	else if (at(c, 0) == '"' || at(c, 0) == '\'')
		take_string(c, t);
	else if (number_starts(c))
		take_number(c, t);
	else if (name_starts(c, 0))
		take_ident(c, t);
	else
		take_mark(c, t);
}
