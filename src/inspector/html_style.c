/* Styles: the declarations of a style attribute, each property by its grammar, written in one spelling. A declaration
 * that does not fit goes as a whole, as it would in a browser that does not know it (CSS Syntax 3, 5.4.4); the next
 * begins after the semicolon outside of brackets and strings. */
#include "inspector/html_css.h"

#include <string.h>

enum { DECLARATIONS_MAX = 64, DECLARATION_MAX = 512, NUMBER_MAX = 10000, TEN_THOUSANDTHS = 10000 };

enum { COLOURS = 1, LENGTH = 2, PERCENT = 4, NUMBER = 8, NEGATIVE = 16, FAMILIES = 32, FONT = 64 };

#define LINES " thin medium thick none hidden dotted dashed solid double groove ridge inset outset "

static const struct property {
	str name;
	unsigned most, kinds;
	const char *words;
} properties[] = {
#define PROPERTY(name, most, kinds, words) { { name, sizeof name - 1 }, most, kinds, words },
#include "inspector/html_styles.def"
#undef PROPERTY
};

static const struct property *property_find(str name)
{
	size_t low = 0, high = sizeof properties / sizeof *properties;

	while (low < high) {
		size_t middle = (low + high) / 2;
		int side = str_order(name, properties[middle].name);
		if (side == 0)
			return &properties[middle];
		if (side < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return NULL;
}

static str lower(struct css_token *t)
{
	for (size_t i = 0; i < t->len; i++)
		if (t->room[i] >= 'A' && t->room[i] <= 'Z')
			t->room[i] |= 0x20;
	return css_name(t);
}

static void next(struct css *c, struct css_token *t) /* that is no blank */
{
	do
		css_next(c, t);
	while (t->kind == CSS_BLANK);
}

static bool mark(const struct css_token *t, char c)
{
	return t->kind == CSS_MARK && t->mark == c;
}

/* ── Numbers and colours ─────────────────────────────────────────────────────────────────────────── */

static bool add_number(unsigned kinds, struct css_token *t, struct buf *out)
{
	str unit = lower(t);
	bool fits = unit.len == 0 ? (kinds & NUMBER) || (t->number == 0 && (kinds & LENGTH))
		    : str_same(unit, STR("%"))
			    ? (kinds & PERCENT) != 0
			    : (kinds & LENGTH) && html_word_among(" px pt em rem ex ch cm mm in pc vw vh ", unit);

	if (!fits || t->number > (uint64_t)NUMBER_MAX * TEN_THOUSANDTHS ||
	    (t->negative && !(kinds & NEGATIVE) && t->number))
		return false;
	if (t->negative && t->number)
		buf_add_char(out, '-');
	buf_add_number(out, t->number / TEN_THOUSANDTHS);
	unsigned part = (unsigned)(t->number % TEN_THOUSANDTHS);
	for (unsigned scale = TEN_THOUSANDTHS / 10; part; part %= scale, scale /= 10) {
		if (scale == TEN_THOUSANDTHS / 10)
			buf_add_char(out, '.');
		buf_add_char(out, (char)('0' + part / scale));
	}
	buf_add(out, unit);
	return true;
}

static bool add_hash(const struct css_token *t, struct buf *out)
{
	if (t->len != 3 && t->len != 4 && t->len != 6 && t->len != 8)
		return false;
	for (size_t i = 0; i < t->len; i++)
		if (!memchr("0123456789abcdef", t->room[i], 16))
			return false;
	buf_add_char(out, '#');
	buf_add(out, css_name(t));
	return true;
}

/* rgb(1, 2, 3), rgb(1 2 3 / 50%), hsl(120, 50%, 50%): three or four numbers, written with commas. */
static bool add_function(struct css *c, struct css_token *t, struct buf *out)
{
	unsigned count = 0;

	if (!html_word_among(" rgb rgba hsl hsla ", lower(t)))
		return false;
	buf_add(out, css_name(t));
	buf_add_char(out, '(');
	for (next(c, t); t->kind == CSS_NUMBER; count++) {
		if (count)
			buf_add_char(out, ',');
		if (!add_number(NUMBER | PERCENT, t, out))
			return false;
		next(c, t);
		if (mark(t, ',') || mark(t, '/'))
			next(c, t);
	}
	buf_add_char(out, ')');
	return t->kind == CSS_CLOSE && t->mark == ')' && (count == 3 || count == 4);
}

/* ── Fonts ───────────────────────────────────────────────────────────────────────────────────────── */

static bool family_char(char c, bool first)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (!first && (c == '-' || c == '_' || (c >= '0' && c <= '9')));
}

/* A name is written without quotes, so each word of it has to be an identifier; those with a hyphen in front (of
 * system fonts) are kept for it. */
static bool add_family_words(str words, struct buf *out)
{
	bool first = true;

	buf_add(out, words);
	if (str_starts(words, STR("-")))
		words = str_from(words, 1);
	for (size_t i = 0; i < words.len; i++) {
		if (first ? !family_char(words.at[i], true) : words.at[i] != ' ' && !family_char(words.at[i], false))
			return false;
		first = words.at[i] == ' ';
	}
	return !first;
}

/* Arial, "Segoe UI", sans-serif; `t` is the first token, and then the one after the list. */
static bool add_family(struct css *c, struct css_token *t, struct buf *out)
{
	bool quoted = t->kind == CSS_STRING;

	if ((!quoted && t->kind != CSS_IDENT) || !add_family_words(css_name(t), out))
		return false;
	for (next(c, t); t->kind == CSS_IDENT && !quoted; next(c, t)) {
		buf_add_char(out, ' ');
		if (!add_family_words(css_name(t), out))
			return false;
	}
	return true;
}

static bool add_families(struct css *c, struct css_token *t, struct buf *out)
{
	for (;; next(c, t)) {
		if (!add_family(c, t, out))
			return false;
		if (!mark(t, ','))
			return true;
		buf_add_char(out, ',');
	}
}

/* italic bold 12px/1.5 Arial, sans-serif */
static bool add_font(struct css *c, struct css_token *t, struct buf *out)
{
	for (;; next(c, t)) {
		bool word = t->kind == CSS_IDENT &&
			    html_word_among(" normal italic oblique small-caps bold bolder lighter ", lower(t));
		bool weight = t->kind == CSS_NUMBER && t->len == 0 && t->number;
		if (!word && !weight)
			break;
		if (word)
			buf_add(out, css_name(t));
		else if (!add_number(NUMBER, t, out))
			return false;
		buf_add_char(out, ' ');
	}
	if (t->kind != CSS_NUMBER || !add_number(LENGTH | PERCENT, t, out))
		return false;
	next(c, t);
	if (mark(t, '/')) {
		buf_add_char(out, '/');
		next(c, t);
		if (t->kind != CSS_NUMBER || !add_number(LENGTH | PERCENT | NUMBER, t, out))
			return false;
		next(c, t);
	}
	buf_add_char(out, ' ');
	return add_families(c, t, out);
}

bool html_families(str text, struct buf *out)
{
	struct css c = { text };
	struct css_token t;

	next(&c, &t);
	return add_families(&c, &t, out) && t.kind == CSS_END;
}

/* ── Declarations ────────────────────────────────────────────────────────────────────────────────── */

static bool add_component(const struct property *p, struct css *c, struct css_token *t, struct buf *out)
{
	switch (t->kind) {
	case CSS_IDENT:
		if (!html_word_among(p->words, lower(t)) && !html_word_among(" inherit initial unset ", css_name(t)) &&
		    !((p->kinds & COLOURS) &&
		      (html_colour_name(css_name(t)) || html_word_among(" transparent currentcolor ", css_name(t)))))
			return false;
		buf_add(out, css_name(t));
		return true;
	case CSS_HASH:
		lower(t);
		return (p->kinds & COLOURS) && add_hash(t, out);
	case CSS_NUMBER:
		return add_number(p->kinds, t, out);
	case CSS_FUNCTION:
		return (p->kinds & COLOURS) && add_function(c, t, out);
	default:
		return false;
	}
}

/* `t` is the first token, and then the one after the value. */
static bool add_components(const struct property *p, struct css *c, struct css_token *t, struct buf *out)
{
	unsigned count = 0;

	for (; t->kind != CSS_END && !mark(t, '!'); next(c, t)) {
		if (count++ == p->most)
			return false;
		if (count > 1)
			buf_add_char(out, ' ');
		if (!add_component(p, c, t, out))
			return false;
	}
	return count > 0;
}

static bool add_value(const struct property *p, str value, struct buf *out)
{
	struct css c = { value };
	struct css_token t;

	next(&c, &t);
	bool good = (p->kinds & FONT)       ? add_font(&c, &t, out)
		    : (p->kinds & FAMILIES) ? add_families(&c, &t, out)
					    : add_components(p, &c, &t, out);
	if (!good || t.kind == CSS_END)
		return good && !out->overflow;
	if (!mark(&t, '!'))
		return false;
	next(&c, &t);
	if (t.kind != CSS_IDENT || !str_same(lower(&t), STR("important")))
		return false;
	next(&c, &t);
	buf_add(out, STR("!important"));
	return t.kind == CSS_END && !out->overflow;
}

/* Up to the semicolon, which is taken too. */
static str take_value(struct css *c)
{
	str from = c->rest;
	struct css_token t;
	size_t depth = 0;

	for (;;) {
		str before = c->rest;
		css_next(c, &t);
		if (t.kind == CSS_END || (mark(&t, ';') && depth == 0))
			return str_upto(from, from.len - before.len);
		if (t.kind == CSS_OPEN || t.kind == CSS_FUNCTION)
			depth++;
		else if (t.kind == CSS_CLOSE && depth)
			depth--;
	}
}

static bool add_declaration(struct css_token *name, str value, struct buf *out)
{
	const struct property *p = name->kind == CSS_IDENT ? property_find(lower(name)) : NULL;
	char room[DECLARATION_MAX];
	struct buf made = BUF_ON(room);
	struct css c = { value };
	struct css_token t;

	next(&c, &t);
	if (!p || !mark(&t, ':') || !add_value(p, c.rest, &made))
		return false;
	if (out->len)
		buf_add_char(out, ';');
	buf_add(out, p->name);
	buf_add_char(out, ':');
	buf_add(out, buf_str(&made));
	return true;
}

void html_style(const struct html_writer *w, str style, struct buf *out)
{
	struct css c = { style };
	struct css_token name;
	unsigned count = 0;

	for (next(&c, &name); name.kind != CSS_END; next(&c, &name)) {
		if (mark(&name, ';'))
			continue;
		str value = take_value(&c);
		if (++count > DECLARATIONS_MAX || !add_declaration(&name, value, out))
			html_report(w->report, "style", name.kind == CSS_IDENT ? css_name(&name) : STR("?"));
	}
}
