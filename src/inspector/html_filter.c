/* The first step: tokens that are on the list, written again so that no shape of them costs gumbo more than a bounded
 * time for each. Elements are closed by their own end tags in the order in which they were opened, as the standard
 * would close them (13.2.6.4.7, 13.2.6.4.9); formatting elements that end across a block are left to gumbo, which
 * opens them again as a browser does, as long as there are few.
 *
 * `open` is never shorter than gumbo's stack of open elements together with its list of active formatting elements,
 * but for <html>, <tbody>, <tr> and <colgroup>, which it adds itself, at most three to each table. */
#include "inspector/html_inside.h"

#include <string.h>

enum { GHOSTS_MAX = 8 };

struct open {
	uint8_t element;
	bool ghost; /* a formatting element that an end tag has passed; whether it is open still, gumbo knows */
};

struct filter {
	struct buf *out;
	struct html_report *report;
	struct fault *fault;
	struct open open[HTML_DEPTH_MAX];
	size_t depth, ghosts;
};

static enum html_nature nature(const struct filter *f, size_t i)
{
	return html_elements[f->open[i].element].nature;
}

/* ── Closing ─────────────────────────────────────────────────────────────────────────────────────── */

static void forget(struct filter *f, size_t i)
{
	f->ghosts -= f->open[i].ghost;
	f->depth--;
	memmove(f->open + i, f->open + i + 1, (f->depth - i) * sizeof *f->open);
}

static void write_end(struct filter *f, uint8_t element)
{
	buf_add(f->out, STR("</"));
	buf_add(f->out, html_elements[element].name);
	buf_add_char(f->out, '>');
}

static void close_top(struct filter *f)
{
	write_end(f, f->open[f->depth - 1].element);
	forget(f, f->depth - 1);
}

static void close_above(struct filter *f, size_t i)
{
	while (f->depth > i + 1)
		close_top(f);
}

/* A cell ends what formats within it; a block does not. */
static void close_at(struct filter *f, size_t i)
{
	bool ends_all = nature(f, i) >= HTML_TABLE;
	uint8_t element = f->open[i].element;

	for (size_t j = f->depth; j-- > i + 1;) {
		if (nature(f, j) == HTML_FORMAT && !ends_all && (f->open[j].ghost || f->ghosts < GHOSTS_MAX)) {
			f->ghosts += !f->open[j].ghost;
			f->open[j].ghost = true;
			continue;
		}
		write_end(f, f->open[j].element);
		forget(f, j);
	}
	write_end(f, element);
	forget(f, i);
}

/* The nearest open element that `wanted` tells of, not beyond one that `limit` does; -1. */
static ptrdiff_t nearest(const struct filter *f, bool (*wanted)(enum html_nature), bool (*limit)(enum html_nature))
{
	for (size_t i = f->depth; i-- > 0;) {
		if (wanted(nature(f, i)))
			return (ptrdiff_t)i;
		if (limit(nature(f, i)))
			return -1;
	}
	return -1;
}

static bool is_table(enum html_nature n)
{
	return n == HTML_TABLE;
}

/* What no end tag of another element reaches across: "has an element in scope" (13.2.4.2). */
static bool is_scope(enum html_nature n)
{
	return n == HTML_TABLE || n == HTML_CELL || n == HTML_CAPTION;
}

static ptrdiff_t find_open(const struct filter *f, enum html_element_id element, bool (*limit)(enum html_nature))
{
	for (size_t i = f->depth; i-- > 0;) {
		if (f->open[i].element == element)
			return (ptrdiff_t)i;
		if (limit(nature(f, i)))
			return -1;
	}
	return -1;
}

static void close_paragraph(struct filter *f)
{
	ptrdiff_t i = find_open(f, ELEMENT_p, is_scope);

	if (i >= 0)
		close_at(f, (size_t)i);
}

/* ── End tags ────────────────────────────────────────────────────────────────────────────────────── */

static bool only_format_above(const struct filter *f, size_t i)
{
	for (size_t j = i + 1; j < f->depth; j++)
		if (nature(f, j) != HTML_FORMAT)
			return false;
	return true;
}

static void end_format(struct filter *f, size_t i)
{
	write_end(f, f->open[i].element);
	if (only_format_above(f, i)) {
		forget(f, i);
	} else {
		f->ghosts += !f->open[i].ghost;
		f->open[i].ghost = true;
	}
}

/* An end tag that ends nothing is left out; </p> and </br> would even make an element. */
static void end_element(struct filter *f, enum html_element_id element)
{
	const struct html_element *e = &html_elements[element];
	ptrdiff_t i = find_open(f, element, e->nature >= HTML_TABLE ? is_table : is_scope);

	if (i < 0)
		return;
	if (e->nature == HTML_FORMAT)
		end_format(f, (size_t)i);
	else
		close_at(f, (size_t)i);
}

/* ── Start tags ──────────────────────────────────────────────────────────────────────────────────── */

static bool is_list(enum html_nature n)
{
	return n == HTML_BLOCK || n == HTML_HEADING || is_scope(n);
}

/* <li> ends an <li>, <dt> and <dd> end each other, unless a block stands between (but for div, p and address). */
static void close_item(struct filter *f, enum html_element_id element)
{
	for (size_t i = f->depth; i-- > 0;) {
		uint8_t other = f->open[i].element;
		if (nature(f, i) == HTML_ITEM && (other == ELEMENT_li) == (element == ELEMENT_li)) {
			close_at(f, i);
			return;
		}
		if (is_list(nature(f, i)) && other != ELEMENT_div && other != ELEMENT_p && other != ELEMENT_address)
			return;
	}
}

/* A part of a table ends all that stands above the part that it belongs in. False: there is no table for it. */
static bool close_to_part(struct filter *f, enum html_nature part)
{
	ptrdiff_t table = nearest(f, is_table, is_table);

	if (table < 0)
		return false;
	for (size_t i = (size_t)table + 1; i < f->depth; i++) {
		enum html_nature n = nature(f, i);
		bool stays = (n == HTML_SECTION && (part == HTML_ROW || part == HTML_CELL)) ||
			     (n == HTML_ROW && part == HTML_CELL) || (n == HTML_COLUMNS && part == HTML_COLUMN);
		if (!stays) {
			close_above(f, i);
			close_top(f);
		}
	}
	return true;
}

static bool make_place(struct filter *f, enum html_element_id element)
{
	enum html_nature n = html_elements[element].nature;

	if (n > HTML_TABLE)
		return close_to_part(f, n);
	if (n == HTML_ITEM)
		close_item(f, element);
	if (n == HTML_BLOCK || n == HTML_HEADING || n == HTML_ITEM || n == HTML_TABLE || n == HTML_VOID_BLOCK)
		close_paragraph(f);
	if (n == HTML_HEADING && f->depth && nature(f, f->depth - 1) == HTML_HEADING)
		close_top(f);
	if (element == ELEMENT_a)
		end_element(f, ELEMENT_a);
	return true;
}

/* Control characters are no text; gumbo would put a sign for each. */
static const bool kept[256] = {
	['\t' ... '\n'] = true, ['\f' ... '\r'] = true, [' ' ... '!'] = true,
	['#' ... ';'] = true,   ['=' ... '~'] = true,   [0x80 ... 0xFF] = true,
};

/* Character references stay as they are. A quotation mark and < are text here, and written so that they are. */
static void write_text(struct buf *out, str text)
{
	struct reader r = READER(text);

	while (r.rest.len) {
		buf_add(out, reader_while(&r, kept));
		if (reader_skip(&r, '<'))
			buf_add(out, STR("&lt;"));
		else if (reader_skip(&r, '"'))
			buf_add(out, STR("&quot;"));
		else
			reader_take(&r, r.rest.len ? 1 : 0);
	}
}

/* Of two with one name the first counts. */
static void write_pairs(struct filter *f, const struct html_element *e, const struct html_token *t)
{
	uint64_t left = e->attributes;

	for (size_t i = 0; i < t->pair_count; i++) {
		const struct html_pair *pair = &t->pairs[i];
		int which = html_attribute_find(pair->name);
		if (which < 0 || !(left & (UINT64_C(1) << which))) {
			if (!str_same_nocase(pair->name, STR("target")) && !str_same_nocase(pair->name, STR("rel")))
				html_report(f->report, "attribute", pair->name);
			continue;
		}
		left &= ~(UINT64_C(1) << which);
		buf_add_char(f->out, ' ');
		buf_add(f->out, str_of(html_attributes[which].name));
		buf_add(f->out, STR("=\""));
		write_text(f->out, pair->value);
		buf_add_char(f->out, '"');
	}
}

static err start_element(struct filter *f, enum html_element_id element, const struct html_token *t)
{
	const struct html_element *e = &html_elements[element];

	while (f->ghosts >= GHOSTS_MAX && f->depth && f->open[f->depth - 1].ghost)
		close_top(f);
	if (!make_place(f, element)) {
		html_report(f->report, "element", e->name);
		return OK;
	}
	buf_add_char(f->out, '<');
	buf_add(f->out, e->name);
	write_pairs(f, e, t);
	buf_add_char(f->out, '>');
	if (html_is_void(e))
		return OK;
	if (f->depth == HTML_DEPTH_MAX) {
		fault_set(f->fault, "the HTML has more than %d elements open at a time", HTML_DEPTH_MAX);
		return NEVER(LIMIT, "elements are nested too deep");
	}
	f->open[f->depth++] = (struct open){ .element = (uint8_t)element };
	return OK;
}

/* ── What goes ───────────────────────────────────────────────────────────────────────────────────── */

/* With all that it holds; one that is never closed takes the rest along. */
static void drop_content(struct html_scan *s, struct html_token *t, enum html_element_id element)
{
	size_t depth = 1;

	while (depth) {
		html_scan_next(s, t);
		if (t->kind == TOKEN_END)
			return;
		if (t->kind != TOKEN_START_TAG && t->kind != TOKEN_END_TAG)
			continue;
		if (html_element_find(t->text) == element)
			depth += t->kind == TOKEN_START_TAG ? (size_t)1 : (size_t)-1;
	}
}

/* These hold a document together and are nobody's loss. */
static bool frame_of_document(str name)
{
	return str_same_nocase(name, STR("html")) || str_same_nocase(name, STR("head")) ||
	       str_same_nocase(name, STR("body"));
}

static err start_tag(struct filter *f, struct html_scan *s, struct html_token *t)
{
	str name = t->text;
	enum html_element_id element = html_element_find(name);
	const struct html_element *e = &html_elements[element];

	if (t->too_many) {
		fault_set(f->fault, "the HTML has an element with more than %d attributes", HTML_ATTRIBUTES_MAX);
		return NEVER(LIMIT, "an element has too many attributes");
	}
	if (html_allowed(e))
		return start_element(f, element, t);
	if (!frame_of_document(name))
		html_report(f->report, "element", name);
	if (e->nature == HTML_RAW)
		html_scan_raw(s, e->name);
	else if (e->nature == HTML_DROP)
		drop_content(s, t, element);
	return OK;
}

static err one_token(struct filter *f, struct html_scan *s, struct html_token *t)
{
	enum html_element_id element;

	switch (t->kind) {
	case TOKEN_START_TAG:
		return start_tag(f, s, t);
	case TOKEN_END_TAG:
		element = html_element_find(t->text);
		if (html_allowed(&html_elements[element]))
			end_element(f, element);
		return OK;
	case TOKEN_COMMENT:
		html_report(f->report, "comment", STR_NONE);
		return OK;
	case TOKEN_DECLARATION:
		html_report(f->report, "declaration", STR_NONE);
		return OK;
	default:
		write_text(f->out, t->text);
		return OK;
	}
}

err html_filter(str html, struct html_report *r, struct buf *out, struct fault *fault)
{
	struct filter f = { .out = out, .report = r, .fault = fault };
	struct html_scan s = { html };
	struct html_token t;

	for (html_scan_next(&s, &t); t.kind != TOKEN_END; html_scan_next(&s, &t))
		TRY(one_token(&f, &s, &t));
	while (f.depth)
		close_top(&f);
	if (out->overflow)
		fault_set(fault, "the HTML is too tangled to be cleaned");
	return buf_check(out);
}
