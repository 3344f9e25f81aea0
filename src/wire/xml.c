#include "wire/xml.h"

#include <string.h>

static err broken(void)
{
	return NEVER(SYNTAX, "not the XML that was expected");
}

static bool name_byte(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       strchr("-_.:", c ? c : ' ');
}

static str take_name(str *rest)
{
	size_t len = 0;

	while (len < rest->len && name_byte(rest->at[len]))
		len++;
	str name = str_upto(*rest, len);
	*rest = str_from(*rest, len);
	return name;
}

static void skip_blanks(str *rest)
{
	while (rest->len && strchr(" \t\r\n", rest->at[0] ? rest->at[0] : 'x'))
		*rest = str_from(*rest, 1);
}

static bool skip(str *rest, str what)
{
	if (!str_starts(*rest, what))
		return false;
	*rest = str_from(*rest, what.len);
	return true;
}

/* xmlns="…" and nothing else: names are compared as they stand, the name space says nothing we need. */
static err skip_attributes(str *rest)
{
	for (;;) {
		ptrdiff_t end;
		skip_blanks(rest);
		if (!rest->len || rest->at[0] == '>' || rest->at[0] == '/')
			return OK;
		str name = take_name(rest);
		if (!(str_starts(name, STR("xmlns")) || str_starts(name, STR("xsi:"))) || !skip(rest, STR("=\"")))
			return broken();
		end = str_find_char(*rest, '"');
		if (end < 0 || end > 256 || str_has(str_upto(*rest, (size_t)end), '<'))
			return broken();
		*rest = str_from(*rest, (size_t)end + 1);
	}
}

static err read_open(struct xml *x, enum xml_event *event)
{
	str name = take_name(&x->rest);

	if (!name.len || name.len > XML_NAME_MAX || x->depth == XML_DEPTH_MAX)
		return broken();
	TRY(skip_attributes(&x->rest));
	x->closes_next = skip(&x->rest, STR("/"));
	if (!skip(&x->rest, STR(">")))
		return broken();
	x->path[x->depth++] = name;
	x->begun = true;
	x->text = STR_NONE;
	*event = XML_OPEN;
	return OK;
}

static err read_close(struct xml *x, enum xml_event *event)
{
	str name = take_name(&x->rest);

	skip_blanks(&x->rest);
	if (!x->depth || !str_same(name, x->path[x->depth - 1]) || !skip(&x->rest, STR(">")))
		return broken();
	*event = XML_CLOSE;
	return OK;
}

static err read_end(const struct xml *x, enum xml_event *event)
{
	*event = XML_END;
	return x->begun && !x->depth ? OK : broken();
}

static bool blank(str s)
{
	return str_trim(s).len == 0;
}

static err read_tag(struct xml *x, enum xml_event *event)
{
	ptrdiff_t at = str_find_char(x->rest, '<');
	str between = at < 0 ? x->rest : str_upto(x->rest, (size_t)at);

	/* Text stands in an element that was just opened; elsewhere only blanks. */
	if (!x->depth && !blank(between))
		return broken();
	x->rest = at < 0 ? STR_NONE : str_from(x->rest, (size_t)at);
	if (at < 0)
		return x->depth ? broken() : read_end(x, event);
	x->text = between;
	if (skip(&x->rest, STR("</")))
		return read_close(x, event);
	if (!skip(&x->rest, STR("<")) || !blank(between) || (x->begun && !x->depth))
		return broken();
	return read_open(x, event);
}

err xml_next(struct xml *x, enum xml_event *event)
{
	bool closed = *event == XML_CLOSE && x->begun && x->depth;

	if (!x->begun && skip(&x->rest, STR("<?xml "))) {
		ptrdiff_t end = str_find(x->rest, STR("?>"));
		if (end < 0 || end > 128)
			return broken();
		x->rest = str_from(x->rest, (size_t)end + 2);
	}
	if (closed)
		x->depth--;
	if (x->closes_next) {
		x->closes_next = false;
		x->text = STR_NONE;
		*event = XML_CLOSE;
		return OK;
	}
	return read_tag(x, event);
}

bool xml_at(const struct xml *x, const char *path)
{
	str rest = str_of(path), part;
	unsigned depth = 0;

	while (rest.len) {
		(void)str_cut(rest, '/', &part, &rest);
		if (depth == x->depth)
			return false;
		if (!str_same(part, x->path[depth]) && !str_same(part, STR("*")))
			return false;
		depth++;
	}
	return depth == x->depth;
}

static err add_code_point(struct buf *b, str digits, bool hex)
{
	uint32_t code = 0;

	for (size_t i = 0; i < digits.len; i++) {
		char c = digits.at[i];
		unsigned v = c >= '0' && c <= '9'          ? (unsigned)(c - '0')
			     : hex && c >= 'a' && c <= 'f' ? (unsigned)(c - 'a') + 10
			     : hex && c >= 'A' && c <= 'F' ? (unsigned)(c - 'A') + 10
							   : 99;
		if (v == 99 || i == 7)
			return broken();
		code = code * (hex ? 16 : 10) + v;
	}
	if (!digits.len || code > 0x10FFFF || (code >= 0xD800 && code < 0xE000) ||
	    (code < 0x20 && code != '\t' && code != '\n'))
		return broken();
	if (code < 0x80)
		buf_add_char(b, (char)code);
	else if (code < 0x800)
		buf_add(b, str_bytes((char[]){ (char)(0xC0 | code >> 6), (char)(0x80 | (code & 63)) }, 2));
	else if (code < 0x10000)
		buf_add(b, str_bytes((char[]){ (char)(0xE0 | code >> 12), (char)(0x80 | (code >> 6 & 63)),
					       (char)(0x80 | (code & 63)) },
				     3));
	else
		buf_add(b, str_bytes((char[]){ (char)(0xF0 | code >> 18), (char)(0x80 | (code >> 12 & 63)),
					       (char)(0x80 | (code >> 6 & 63)), (char)(0x80 | (code & 63)) },
				     4));
	return OK;
}

static const struct {
	str name;
	char byte;
} entities[] = {
	{ STR("amp"), '&' }, { STR("lt"), '<' }, { STR("gt"), '>' }, { STR("quot"), '"' }, { STR("apos"), '\'' }
};
enum { ENTITIES = sizeof entities / sizeof *entities };

static err add_entity(struct buf *b, str name)
{
	if (str_starts(name, STR("#x")))
		return add_code_point(b, str_from(name, 2), true);
	if (str_starts(name, STR("#")))
		return add_code_point(b, str_from(name, 1), false);
	for (size_t i = 0; i < ENTITIES; i++)
		if (str_same(name, entities[i].name)) {
			buf_add_char(b, entities[i].byte);
			return OK;
		}
	return broken();
}

err xml_text(struct arena *a, const struct xml *x, str *out)
{
	struct buf b;

	TRY(buf_open(a, x->text.len, &b));
	for (str rest = x->text; rest.len;) {
		ptrdiff_t at = str_find_char(rest, '&');
		buf_add(&b, at < 0 ? rest : str_upto(rest, (size_t)at));
		if (at < 0)
			break;
		rest = str_from(rest, (size_t)at + 1);
		ptrdiff_t end = str_find_char(rest, ';');
		if (end < 0 || end > 10)
			return broken();
		TRY(add_entity(&b, str_upto(rest, (size_t)end)));
		rest = str_from(rest, (size_t)end + 1);
	}
	*out = buf_str(&b);
	return str_utf8(*out) ? buf_check(&b) : broken();
}

void buf_add_xml(struct buf *b, str text)
{
	for (size_t i = 0; i < text.len; i++) {
		size_t e = 0;
		while (e < ENTITIES && text.at[i] != entities[e].byte)
			e++;
		if (e == ENTITIES)
			buf_add_char(b, text.at[i]);
		else
			buf_add_format(b, "&%.*s;", STR_ARG(entities[e].name));
	}
}
