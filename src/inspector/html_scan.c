/* Tokens of HTML, as the standard's tokenizer makes them (13.2.5), without character references: those are gumbo's.
 * Each byte is looked at a bounded number of times. A tag that the input ends in is no tag (eof-in-tag). */
#include "inspector/html_inside.h"

static bool blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f';
}

static bool letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static char at(const struct html_scan *s, size_t i)
{
	return i < s->rest.len ? s->rest.at[i] : 0;
}

static void skip(struct html_scan *s, size_t n)
{
	s->rest = str_from(s->rest, n);
}

static void skip_blanks(struct html_scan *s)
{
	size_t n = 0;

	while (blank(at(s, n)))
		n++;
	skip(s, n);
}

static str take(struct html_scan *s, size_t n)
{
	str taken = str_upto(s->rest, n);
	skip(s, n);
	return taken;
}

/* ── Tags ────────────────────────────────────────────────────────────────────────────────────────── */

static str take_name(struct html_scan *s, bool attribute)
{
	size_t n = attribute ? 1 : 0; /* a = that comes first belongs to the name */

	while (n < s->rest.len && !blank(s->rest.at[n]) && s->rest.at[n] != '/' && s->rest.at[n] != '>' &&
	       !(attribute && s->rest.at[n] == '='))
		n++;
	return take(s, n);
}

static str take_quoted(struct html_scan *s)
{
	char quote = *take(s, 1).at;
	ptrdiff_t end = str_find_char(s->rest, quote);

	if (end < 0)
		return take(s, s->rest.len);
	str value = take(s, (size_t)end);
	skip(s, 1);
	return value;
}

static str take_value(struct html_scan *s)
{
	size_t n = 0;

	skip_blanks(s);
	if (at(s, 0) == '"' || at(s, 0) == '\'')
		return take_quoted(s);
	while (n < s->rest.len && !blank(s->rest.at[n]) && s->rest.at[n] != '>')
		n++;
	return take(s, n);
}

static void take_pair(struct html_scan *s, struct html_token *t)
{
	struct html_pair pair = { .name = take_name(s, true) };

	skip_blanks(s);
	if (at(s, 0) == '=') {
		skip(s, 1);
		pair.value = take_value(s);
	}
	if (t->pair_count < HTML_ATTRIBUTES_MAX)
		t->pairs[t->pair_count++] = pair;
	else
		t->too_many = true;
}

static void skip_between(struct html_scan *s)
{
	size_t n = 0;

	while (blank(at(s, n)) || at(s, n) == '/')
		n++;
	skip(s, n);
}

static void scan_tag(struct html_scan *s, struct html_token *t, bool end)
{
	skip(s, end ? 2 : 1);
	t->kind = end ? TOKEN_END_TAG : TOKEN_START_TAG;
	t->pair_count = 0;
	t->too_many = false;
	t->text = take_name(s, false);
	for (skip_between(s); s->rest.len && s->rest.at[0] != '>'; skip_between(s))
		take_pair(s, t);
	if (s->rest.len == 0)
		t->kind = TOKEN_END;
	skip(s, 1);
}

/* ── What is no tag ──────────────────────────────────────────────────────────────────────────────── */

static size_t after(str s, str mark)
{
	ptrdiff_t found = str_find(s, mark);
	return found < 0 ? s.len : (size_t)found + mark.len;
}

/* <!--> and <!---> are whole comments; --!> ends one as --> does. */
static void scan_comment(struct html_scan *s, struct html_token *t)
{
	t->kind = TOKEN_COMMENT;
	skip(s, 4);
	if (str_starts(s->rest, STR(">")) || str_starts(s->rest, STR("->"))) {
		skip(s, after(s->rest, STR(">")));
		return;
	}
	for (size_t from = 0;;) {
		size_t dashes = from + after(str_from(s->rest, from), STR("--"));
		str rest = str_from(s->rest, dashes);
		if (rest.len == 0 || str_starts(rest, STR(">")) || str_starts(rest, STR("!>"))) {
			skip(s, dashes + (rest.len == 0 ? 0 : rest.at[0] == '>' ? 1 : 2));
			return;
		}
		from = dashes - 1; /* the second dash may be the first of the next two */
	}
}

/* <!DOCTYPE …>, <?…>, </ …>, <![CDATA[…: all end at the first >. */
static void scan_declaration(struct html_scan *s, struct html_token *t)
{
	t->kind = TOKEN_DECLARATION;
	skip(s, after(s->rest, STR(">")));
}

static bool markup(const struct html_scan *s, size_t i)
{
	char next = at(s, i + 1);
	return letter(next) || next == '!' || next == '?' || (next == '/' && i + 2 < s->rest.len);
}

static void scan_text(struct html_scan *s, struct html_token *t)
{
	size_t n = 0;

	for (;; n++) {
		ptrdiff_t found = str_find_char(str_from(s->rest, n), '<');
		n = found < 0 ? s->rest.len : n + (size_t)found;
		if (found < 0 || markup(s, n))
			break;
	}
	t->kind = TOKEN_TEXT;
	t->text = take(s, n);
}

void html_scan_next(struct html_scan *s, struct html_token *t)
{
	if (s->rest.len == 0)
		t->kind = TOKEN_END;
	else if (s->rest.at[0] != '<' || !markup(s, 0))
		scan_text(s, t);
	else if (letter(at(s, 1)))
		scan_tag(s, t, false);
	else if (at(s, 1) == '/' && letter(at(s, 2)))
		scan_tag(s, t, true);
	else if (str_starts(s->rest, STR("<!--")))
		scan_comment(s, t);
	else
		scan_declaration(s, t);
}

/* A script that holds <!--<script> ends later for a browser; ending it here shows more of it, as text. */
void html_scan_raw(struct html_scan *s, str name)
{
	while (s->rest.len) {
		skip(s, after(s->rest, STR("</")));
		char next = at(s, name.len);
		if (str_starts_nocase(s->rest, name) && (blank(next) || next == '/' || next == '>')) {
			skip(s, after(s->rest, STR(">")));
			return;
		}
	}
}
