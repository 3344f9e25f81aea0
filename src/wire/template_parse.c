/* Mustache source to nodes, in one pass. In HTML every literal byte moves the state of template_html.c, and
 * a section has to end in the state it began in, whether it is shown or not. */
#include "wire/rune.h"
#include "wire/template_inner.h"

#include <string.h>

struct open_section {
	struct node *node;
	struct html html; /* as it was at {{#…}} */
	struct node **outer_end;
};

struct parser {
	struct arena *arena;
	enum template_form form;
	str file, source;
	size_t at;
	uint64_t line, column;
	struct html html;
	struct open_section open[TEMPLATE_DEPTH_MAX];
	size_t depth, nodes;
	struct node **end; /* where the next node goes */
	struct fault *fault;
};

struct tag {
	char sign; /* # ^ / ! or 0 */
	str name;
	size_t begin, end; /* in the source, braces included */
};

static err complain(struct parser *p, const char *what)
{
	fault_where(p->fault, p->file, p->line, p->column);
	fault_set(p->fault, "%s", what);
	return NEVER(TEMPLATE, "a template that cannot be used");
}

/* ── Literals ────────────────────────────────────────────────────────────────────────────────────── */

static const char *step(struct parser *p, char c)
{
	unsigned char byte = (unsigned char)c;
	uint32_t code;

	if (str_rune(str_from(p->source, p->at), &code) && rune_control(code) && c != '\t' && c != '\n' && c != '\r')
		return "a control byte";
	if (p->form == TEMPLATE_LINE && (c == '\n' || c == '\r'))
		return "this template is one line; only comments and sections may end another";
	/* The whole result is one URL: the same rules as in href="…". */
	if (p->form == TEMPLATE_URL && (byte <= 0x20 || byte > 0x7E || strchr("\"<>\\^`", c)))
		return "this character has to be percent-encoded in a URL";
	return p->form == TEMPLATE_HTML || p->form == TEMPLATE_URL ? html_step(&p->html, c) : NULL;
}

/* Columns count characters. */
static void advance(struct parser *p, char c)
{
	if (c == '\n') {
		p->line++;
		p->column = 1;
	} else if (((unsigned char)c & 0xC0) != 0x80) {
		p->column++;
	}
}

static err node_add(struct parser *p, enum node_kind kind, str text, struct node **out)
{
	struct node *node;

	if (++p->nodes > TEMPLATE_NODES_MAX)
		return complain(p, "the template has too many parts");
	TRY(NEW(p->arena, node));
	*node = (struct node){ .kind = kind, .text = text, .line = p->line, .column = p->column };
	*p->end = node;
	p->end = &node->next;
	*out = node;
	return OK;
}

static err literal(struct parser *p, size_t end)
{
	str text = str_upto(str_from(p->source, p->at), end - p->at);
	struct node *node;

	if (text.len)
		TRY(node_add(p, NODE_LITERAL, text, &node));
	for (; p->at < end; p->at++) {
		const char *wrong = step(p, p->source.at[p->at]);
		if (wrong)
			return complain(p, wrong);
		advance(p, p->source.at[p->at]);
	}
	return OK;
}

/* ── Tags ────────────────────────────────────────────────────────────────────────────────────────── */

static err name_check(struct parser *p, str name)
{
	if (name.len == 0)
		return complain(p, "a name is missing between {{ and }}");
	if (name.len > TEMPLATE_NAME_MAX || !str_clean(name) || str_has(name, '{') || str_has(name, '}'))
		return complain(p, "this name is too long or holds braces or control bytes");
	return OK;
}

static err variable(struct parser *p, str name)
{
	const char *wrong = NULL;
	struct node *node;

	TRY(name_check(p, name));
	TRY(node_add(p, NODE_VARIABLE, name, &node));
	node->place = p->form == TEMPLATE_LINE ? PLACE_LINE : PLACE_TEXT;
	if (p->form == TEMPLATE_HTML || p->form == TEMPLATE_URL)
		wrong = html_variable(&p->html, &node->place, &node->in_html);
	node->in_html = p->form == TEMPLATE_HTML;
	return wrong ? complain(p, wrong) : OK;
}

static err section_begin(struct parser *p, char sign, str name)
{
	struct node *node;

	TRY(name_check(p, name));
	if (p->depth == TEMPLATE_DEPTH_MAX)
		return complain(p, "sections are nested too deep");
	TRY(node_add(p, sign == '#' ? NODE_SECTION : NODE_INVERTED, name, &node));
	p->open[p->depth++] = (struct open_section){ .node = node, .html = p->html, .outer_end = p->end };
	p->end = &node->children;
	return OK;
}

static err section_end(struct parser *p, str name)
{
	if (p->depth == 0)
		return complain(p, "this ends a section that was not begun");
	struct open_section *open = &p->open[p->depth - 1];
	if (!str_same(open->node->text, name)) {
		fault_where(p->fault, p->file, p->line, p->column);
		fault_set(p->fault, "{{/%.*s}} stands where {{/%.*s}} is expected (begun in line %llu)", STR_ARG(name),
			  STR_ARG(open->node->text), (unsigned long long)open->node->line);
		return NEVER(TEMPLATE, "sections that cross");
	}
	if ((p->form == TEMPLATE_HTML || p->form == TEMPLATE_URL) && !html_same(&open->html, &p->html))
		return complain(p, "this section begins and ends in different places of the HTML: it has to hold whole "
				   "tags, whole attributes or plain text");
	p->end = open->outer_end;
	p->depth--;
	return OK;
}

static err tag_read(struct parser *p, size_t begin, struct tag *out)
{
	str rest = str_from(p->source, begin + 2);
	ptrdiff_t close = str_find(rest, STR("}}"));

	if (str_starts(rest, STR("{")) || str_starts(rest, STR("&")))
		return complain(p, "every value is escaped for its place: write {{name}}");
	if (str_starts(rest, STR(">")))
		return complain(p, "a template cannot include another");
	if (str_starts(rest, STR("=")))
		return complain(p, "the braces cannot be changed");
	if (close < 0)
		return complain(p, "}} is missing");
	str inner = str_upto(rest, (size_t)close);
	bool signed_tag = inner.len && strchr("#^/!", inner.at[0]);
	*out = (struct tag){ .sign = signed_tag ? inner.at[0] : 0,
			     .name = str_trim(signed_tag ? str_from(inner, 1) : inner),
			     .begin = begin,
			     .end = begin + 2 + (size_t)close + 2 };
	return OK;
}

static err tag_apply(struct parser *p, const struct tag *t)
{
	switch (t->sign) {
	case '!':
		return OK;
	case '#':
	case '^':
		return section_begin(p, t->sign, t->name);
	case '/':
		return section_end(p, t->name);
	default:
		return variable(p, t->name);
	}
}

/* A section tag or comment alone on its line takes the line with it: begin and end of what vanishes. */
static void whole_line(str s, struct tag *t, size_t *begin, size_t *end)
{
	size_t from = t->begin, to = t->end;

	*begin = t->begin;
	*end = t->end;
	while (from > 0 && (s.at[from - 1] == ' ' || s.at[from - 1] == '\t'))
		from--;
	while (to < s.len && (s.at[to] == ' ' || s.at[to] == '\t'))
		to++;
	bool starts = from == 0 || s.at[from - 1] == '\n';
	bool ends = to == s.len || s.at[to] == '\n' || str_starts(str_from(s, to), STR("\r\n"));
	if (!t->sign || !starts || !ends)
		return;
	*begin = from;
	*end = to == s.len ? to : to + (s.at[to] == '\r' ? 2 : 1);
}

static void skip(struct parser *p, size_t end)
{
	for (; p->at < end; p->at++)
		advance(p, p->source.at[p->at]);
}

static err parse(struct parser *p)
{
	while (p->at < p->source.len) {
		ptrdiff_t open = str_find(str_from(p->source, p->at), STR("{{"));
		struct tag tag = { 0 };
		size_t begin, end;

		if (open < 0)
			return literal(p, p->source.len);
		size_t at = p->at + (size_t)open;
		struct parser ahead = *p; /* errors of the tag are told at the tag */
		skip(&ahead, at);
		TRY(tag_read(&ahead, at, &tag));
		whole_line(p->source, &tag, &begin, &end);
		if (begin > p->at)
			TRY(literal(p, begin));
		skip(p, at);
		TRY(tag_apply(p, &tag));
		skip(p, end > p->at ? end : p->at);
	}
	return OK;
}

static err finish(struct parser *p)
{
	if (p->depth) {
		const struct node *open = p->open[p->depth - 1].node;
		fault_where(p->fault, p->file, open->line, open->column);
		fault_set(p->fault, "the section {{#%.*s}} is never ended", STR_ARG(open->text));
		return NEVER(TEMPLATE, "a section without end");
	}
	const char *wrong = p->form == TEMPLATE_HTML  ? html_end(&p->html)
			    : p->form == TEMPLATE_URL ? html_step(&p->html, '"')
						      : NULL;
	return wrong ? complain(p, wrong) : OK;
}

/* An editor ends the last line; a header or URL does not have it. */
static str one_line(str source)
{
	if (str_ends(source, STR("\n")))
		source.len--;
	if (str_ends(source, STR("\r")))
		source.len--;
	return source;
}

err template_parse(struct arena *a, enum template_form form, str source, str file, struct template **out,
		   struct fault *f)
{
	struct parser p = { .arena = a, .form = form, .file = file, .line = 1, .column = 1, .fault = f };
	struct template *t;

	if (str_starts(source, STR("\xEF\xBB\xBF")))
		source = str_from(source, 3);
	p.source = form == TEMPLATE_LINE || form == TEMPLATE_URL ? one_line(source) : source;
	if (source.len > TEMPLATE_MAX || !str_utf8(source))
		return complain(&p,
				source.len > TEMPLATE_MAX ? "the template is too long" : "the template is not UTF-8");
	if (form == TEMPLATE_URL)
		p.html = (struct html){ .state = HTML_VALUE, .quote = '"', .url = true };
	TRY(NEW(a, t));
	p.end = &t->nodes;
	t->form = form;
	t->file = file;
	t->source = p.source;
	TRY(parse(&p));
	TRY(finish(&p));
	*out = t;
	return OK;
}

enum template_form template_form_of(const struct template *t)
{
	return t->form;
}

str template_file(const struct template *t)
{
	return t->file;
}

str template_source(const struct template *t)
{
	return t->source;
}

err template_form_parse(str name, enum template_form *out)
{
	static const str names[] = { STR("text"), STR("html"), STR("subject"), STR("url") };

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (str_same(name, names[i])) {
			*out = (enum template_form)i;
			return OK;
		}
	return NEVER(USAGE, "a template is rendered as text, html, subject or url");
}
