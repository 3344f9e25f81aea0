/* As much of CSS as decides which colour a text has: rules by element, class and descendant, !important, style="",
 * bgcolor. What is beyond it is told, not guessed. */
#include "compose/lint_inner.h"

#include <string.h>

/* ── Reading a style sheet ───────────────────────────────────────────────────────────────────────── */

static str take_block(str *css)
{
	size_t depth = 1, i = 0;

	for (; i < css->len && depth; i++)
		depth += css->at[i] == '{' ? 1 : css->at[i] == '}' ? (size_t)-1 : 0;
	str inside = str_upto(*css, i && !depth ? i - 1 : i);
	*css = str_from(*css, i);
	return inside;
}

static err add_rules(struct linting *l, struct style_sheet *sheet, str selectors, str declarations, bool dark,
		     uint64_t line)
{
	bool more = true;

	while (more) {
		str one;
		more = str_cut(selectors, ',', &one, &selectors);
		if (sheet->count == STYLE_RULES_MAX)
			return lint_say(l, false, line, "style", "there are more style rules than are judged");
		sheet->rules[sheet->count++] =
			(struct style_rule){ .selector = str_trim(one), .declarations = declarations, .dark = dark };
	}
	return OK;
}

static bool mentions(str text, str word)
{
	for (size_t i = 0; i + word.len <= text.len; i++)
		if (str_same_nocase(str_upto(str_from(text, i), word.len), word))
			return true;
	return false;
}

static err read_rules(struct linting *l, struct style_sheet *sheet, str css, bool dark, uint64_t line)
{
	str prelude, block;

	while (str_cut(css, '{', &prelude, &css)) {
		prelude = str_trim(prelude);
		block = take_block(&css);
		if (!str_starts(prelude, STR("@")))
			TRY(add_rules(l, sheet, prelude, block, dark, line));
		else if (mentions(prelude, STR("prefers-color-scheme")) && mentions(prelude, STR("dark")))
			TRY(read_rules(l, sheet, block, true, line));
	}
	return OK;
}

static err without_comments(struct arena *a, str css, str *out)
{
	struct buf b;

	TRY(buf_open(a, css.len + 1, &b));
	while (css.len) {
		ptrdiff_t begin = str_find(css, STR("/*"));
		buf_add(&b, begin < 0 ? css : str_upto(css, (size_t)begin));
		str rest = begin < 0 ? STR_NONE : str_from(css, (size_t)begin + 2);
		ptrdiff_t end = str_find(rest, STR("*/"));
		css = end < 0 ? STR_NONE : str_from(rest, (size_t)end + 2);
	}
	*out = buf_str(&b);
	return buf_check(&b);
}

err style_read(struct linting *l, struct style_sheet *sheet, str css, uint64_t line)
{
	str plain;

	TRY(without_comments(l->arena, css, &plain));
	if (mentions(plain, STR("url(")) || mentions(plain, STR("@import")))
		TRY(lint_say(l, true, line, "remote",
			     "a style loads something from elsewhere: leave out url() and @import"));
	sheet->knows_dark = sheet->knows_dark || mentions(plain, STR("color-scheme"));
	return read_rules(l, sheet, plain, false, line);
}

/* ── Which rule is for which element ─────────────────────────────────────────────────────────────── */

/* "td.item", ".a.b", "*": how specific it is, or -1 if it is not for this element. */
static int match_one(str compound, const struct style_element *e)
{
	int weight = 0;
	size_t len = 0;

	while (len < compound.len && compound.at[len] != '.')
		len++;
	str name = str_upto(compound, len), rest = str_from(compound, len);
	if (name.len && !str_same(name, STR("*")) && !str_same_nocase(name, e->name))
		return -1;
	weight += name.len > 0;
	while (rest.len) {
		rest = str_from(rest, 1);
		for (len = 0; len < rest.len && rest.at[len] != '.';)
			len++;
		if (!lint_listed(e->classes, str_upto(rest, len)))
			return -1;
		weight += 100;
		rest = str_from(rest, len);
	}
	return weight;
}

/* The last of the blanks in `s`, or -1. */
static ptrdiff_t last_blank(str s)
{
	for (size_t i = s.len; i > 0; i--)
		if (s.at[i - 1] == ' ' || s.at[i - 1] == '\t' || s.at[i - 1] == '\n')
			return (ptrdiff_t)i - 1;
	return -1;
}

static int match(str selector, const struct style_element *stack, size_t depth)
{
	ptrdiff_t blank = last_blank(selector);
	int weight = match_one(str_from(selector, (size_t)(blank + 1)), &stack[depth - 1]);

	while (weight >= 0 && blank >= 0) {
		int outer = -1;
		selector = str_trim(str_upto(selector, (size_t)blank));
		blank = last_blank(selector);
		while (outer < 0 && --depth > 0)
			outer = match_one(str_from(selector, (size_t)(blank + 1)), &stack[depth - 1]);
		weight = outer < 0 ? -1 : weight + outer;
	}
	return weight;
}

/* ── Declarations ────────────────────────────────────────────────────────────────────────────────── */

struct cascade {
	struct colour text, ground;
	int text_weight, ground_weight;
};

static bool cut_important(str *value)
{
	ptrdiff_t at = str_find_char(*value, '!');
	bool is = at >= 0 && str_same_nocase(str_trim(str_from(*value, (size_t)at + 1)), STR("important"));

	if (at >= 0)
		*value = str_trim(str_upto(*value, (size_t)at));
	return is;
}

static err declare(struct linting *l, struct cascade *c, str property, str value, int weight, uint64_t line)
{
	bool text = str_same_nocase(property, STR("color"));
	bool ground =
		str_same_nocase(property, STR("background-color")) || str_same_nocase(property, STR("background"));
	struct colour read = { 0 };

	if (!text && !ground)
		return OK;
	weight += cut_important(&value) ? 100000 : 0;
	if (weight < (text ? c->text_weight : c->ground_weight))
		return OK;
	enum colour_read how = colour_parse(value, &read);
	if (how == COLOUR_STRANGE)
		return lint_say(l, false, line, "contrast",
				"'%.*s' is a colour that cannot be judged: write it as #rrggbb",
				STR_ARG(str_upto(value, 60)));
	if (how == COLOUR_NONE)
		return OK;
	*(text ? &c->text : &c->ground) = read;
	*(text ? &c->text_weight : &c->ground_weight) = weight;
	return OK;
}

static err declare_all(struct linting *l, struct cascade *c, str declarations, int weight, uint64_t line)
{
	while (declarations.len) {
		str one, property, value;
		str_cut(declarations, ';', &one, &declarations);
		if (str_cut(one, ':', &property, &value))
			TRY(declare(l, c, str_trim(property), str_trim(value), weight, line));
	}
	return OK;
}

static err cascade(struct linting *l, const struct style_sheet *sheet, struct style_element *stack, size_t depth,
		   int scheme, struct cascade *c, uint64_t line)
{
	for (size_t i = 0; i < sheet->count; i++) {
		const struct style_rule *r = &sheet->rules[i];
		if (r->dark && scheme != STYLE_DARK)
			continue;
		int weight = match(r->selector, stack, depth);
		if (weight >= 0)
			TRY(declare_all(l, c, r->declarations, weight, line));
	}
	return OK;
}

err style_apply(struct linting *l, const struct style_sheet *sheet, struct style_element *stack, size_t depth,
		str inline_style, str bgcolor, str color, uint64_t line)
{
	struct style_element *e = &stack[depth - 1];

	for (int scheme = 0; scheme < STYLE_SCHEMES; scheme++) {
		struct cascade c = { 0 };
		TRY(declare(l, &c, STR("background"), bgcolor, 0, line));
		TRY(declare(l, &c, STR("color"), color, 0, line));
		TRY(cascade(l, sheet, stack, depth, scheme, &c, line));
		TRY(declare_all(l, &c, inline_style, 10000, line));
		if (c.text.known)
			e->colours[scheme].text = c.text;
		if (c.ground.known)
			e->colours[scheme].ground = c.ground;
	}
	return OK;
}
