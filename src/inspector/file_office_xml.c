#include "inspector/file_inside.h"

#include <limits.h>

#include <expat.h>

/* One pass of expat over each XML member. Prefixes are the writer's choice, so elements are known by their local name;
 * where two vocabularies share one, too much is found rather than too little. */

enum { WORD_MAX = 24, FIELDS_MAX = 32 };

struct xml {
	struct look *look;
	struct office *office;
	XML_Parser parser;
	bool relationships, content_types;
	bool in_field;              /* inside w:instrText */
	bool worded;                /* the field's first word is complete */
	unsigned fields;            /* that are open, one in the other */
	bool named[FIELDS_MAX + 1]; /* of each: what it does is known */
	char word[WORD_MAX + 1];
	size_t word_len;
	err verdict;
};

static void parser_done(XML_Parser *p)
{
	if (*p)
		XML_ParserFree(*p);
}

static void stop(struct xml *x, err e)
{
	if (!failed(e) || failed(x->verdict))
		return;
	x->verdict = e;
	XML_StopParser(x->parser, XML_FALSE);
}

static void found(struct xml *x, enum file_active what)
{
	stop(x, look_active(x->look, what));
}

static str local(const char *name)
{
	str s = str_of(name);

	for (ptrdiff_t i; (i = str_find_char(s, '|')) >= 0;)
		s = str_from(s, (size_t)i + 1);
	return s;
}

static str attribute(const XML_Char **attributes, str name)
{
	for (; *attributes; attributes += 2)
		if (str_same(local(attributes[0]), name))
			return str_of(attributes[1]);
	return STR_NONE;
}

static bool has(str s, str what)
{
	return str_find(s, what) >= 0;
}

/* ── OOXML ───────────────────────────────────────────────────────────────────────────────────────── */

static const struct {
	str content;
	enum file_type type;
} main_parts[] = {
	{ STR("application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"), FILE_DOCX },
	{ STR("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"), FILE_XLSX },
	{ STR("application/vnd.openxmlformats-officedocument.presentationml.presentation.main+xml"), FILE_PPTX },
};

static void content_type(struct xml *x, str content)
{
	SCRATCH(x->look->arena);
	str lower = STR_NONE;

	stop(x, str_lower(x->look->arena, content, &lower));
	if (has(lower, STR("macroenabled")) || has(lower, STR("vbaproject")) || has(lower, STR("macrosheet")) ||
	    has(lower, STR("vbadata")))
		found(x, ACTIVE_MACRO);
	if (has(lower, STR("activex")))
		found(x, ACTIVE_OLE);
	if (has(lower, STR("connections+xml")) || has(lower, STR("externallink")))
		found(x, ACTIVE_EXTERNAL);
	for (size_t i = 0; i < sizeof main_parts / sizeof *main_parts; i++)
		if (str_same(lower, main_parts[i].content)) {
			if (x->office->type != FILE_TYPES && x->office->type != main_parts[i].type)
				stop(x, look_refuse(x->look, "says that it is two kinds of Office document"));
			x->office->type = main_parts[i].type;
		}
}

/* What a reader has to click on. */
static bool plain_link(str target)
{
	static const str schemes[] = { STR("https:"), STR("http:"), STR("mailto:"), STR("tel:"), STR("#") };

	for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++)
		if (str_starts_nocase(target, schemes[i]))
			return true;
	return false;
}

/* Part 2, 9.3: External is fetched from elsewhere; templates, pictures and frames are when the document is opened. */
static void relationship(struct xml *x, const XML_Char **attributes)
{
	str type = attribute(attributes, STR("Type")), target = attribute(attributes, STR("Target"));
	bool external = str_same_nocase(attribute(attributes, STR("TargetMode")), STR("External"));

	if (external && !(str_ends(type, STR("/hyperlink")) && plain_link(target)))
		found(x, ACTIVE_EXTERNAL);
	if (str_ends(type, STR("/vbaProject")) || has(type, STR("acroSheet")))
		found(x, ACTIVE_MACRO);
}

/* The first word of a field says what it does (part 1, 17.16). */
static void field_word(struct xml *x)
{
	static const str loading[] = { STR("INCLUDETEXT"), STR("INCLUDEPICTURE"), STR("INCLUDE"), STR("IMPORT"),
				       STR("LINK"),        STR("DATABASE"),       STR("RD") };
	str word = str_bytes(x->word, x->word_len);

	if (!word.len)
		return;
	if (str_same_nocase(word, STR("DDE")) || str_same_nocase(word, STR("DDEAUTO")))
		found(x, ACTIVE_DDE);
	for (size_t i = 0; i < sizeof loading / sizeof *loading; i++)
		if (str_same_nocase(word, loading[i]))
			found(x, ACTIVE_EXTERNAL);
	x->worded = true;
	x->named[x->fields] = true;
	x->word_len = 0;
}

static void field_text(struct xml *x, str text)
{
	for (size_t i = 0; i < text.len && !x->worded; i++) {
		char c = (char)(text.at[i] | 0x20);
		if (c >= 'a' && c <= 'z') {
			if (x->word_len < WORD_MAX)
				x->word[x->word_len++] = text.at[i];
		} else {
			field_word(x);
		}
	}
}

static void field_begin(struct xml *x)
{
	field_word(x);
	x->worded = false;
}

/* A field may stand in what another one says, and its result counts: { { QUOTE 68 68 69 } cmd } is { DDE cmd }. Nobody
 * writes so who has nothing to hide: what a field does is said before another one begins in it. */
static void field_mark(struct xml *x, str kind)
{
	if (str_same(kind, STR("begin"))) {
		if ((x->fields && !x->named[x->fields]) || x->fields == FIELDS_MAX)
			found(x, ACTIVE_DDE);
		else
			x->named[++x->fields] = false;
	} else if (str_same(kind, STR("separate"))) {
		x->named[x->fields] = true; /* what follows is shown, and does nothing */
	} else if (str_same(kind, STR("end")) && x->fields) {
		x->fields--;
	}
}

static void ooxml_element(struct xml *x, str name, const XML_Char **attributes)
{
	if (x->content_types && (str_same(name, STR("Override")) || str_same(name, STR("Default"))))
		content_type(x, attribute(attributes, STR("ContentType")));
	if (x->relationships && str_same(name, STR("Relationship")))
		relationship(x, attributes);
	if (str_same(name, STR("fldChar")))
		field_mark(x, attribute(attributes, STR("fldCharType")));
	if (str_same(name, STR("fldChar")) || str_same(name, STR("p")))
		field_begin(x);
	x->in_field = str_same(name, STR("instrText")) || str_same(name, STR("delInstrText"));
	if (str_same(name, STR("fldSimple"))) {
		field_mark(x, STR("begin"));
		field_begin(x);
		field_text(x, attribute(attributes, STR("instr")));
		field_begin(x);
		field_mark(x, STR("end"));
	}
	if (str_same(name, STR("ddeLink")))
		found(x, ACTIVE_DDE);
}

/* ── OpenDocument ────────────────────────────────────────────────────────────────────────────────── */

static const struct {
	str name;
	enum file_active what;
} odf_elements[] = {
	{ STR("event-listener"), ACTIVE_SCRIPT },
	{ STR("script"), ACTIVE_MACRO },
	{ STR("dde-connection-decl"), ACTIVE_DDE },
	{ STR("dde-connection"), ACTIVE_DDE },
	{ STR("dde-source"), ACTIVE_DDE },
	{ STR("dde-link"), ACTIVE_DDE },
	{ STR("object-ole"), ACTIVE_OLE },
	{ STR("applet"), ACTIVE_SCRIPT },
	{ STR("plugin"), ACTIVE_MEDIA },
	{ STR("encryption-data"), ACTIVE_ENCRYPTED },
	{ STR("section-source"), ACTIVE_EXTERNAL },
	{ STR("table-source"), ACTIVE_EXTERNAL },
	{ STR("cell-range-source"), ACTIVE_EXTERNAL },
	{ STR("database-source-sql"), ACTIVE_EXTERNAL },
};

static bool leaves_package(str href)
{
	return str_has(href, ':') || str_starts(href, STR("../")) || str_starts(href, STR("/")) ||
	       str_starts(href, STR("\\"));
}

static void odf_element(struct xml *x, str name, const XML_Char **attributes)
{
	str href = attribute(attributes, STR("href"));

	for (size_t i = 0; i < sizeof odf_elements / sizeof *odf_elements; i++)
		if (str_same(name, odf_elements[i].name))
			found(x, odf_elements[i].what);
	if (str_starts_nocase(href, STR("vnd.sun.star.script:")) || str_starts_nocase(href, STR("macro:")) ||
	    str_starts_nocase(href, STR("javascript:")))
		found(x, ACTIVE_SCRIPT);
	else if (str_same(name, STR("a")) ? str_has(href, ':') && !plain_link(href) : leaves_package(href))
		found(x, ACTIVE_EXTERNAL);
}

/* ── expat ───────────────────────────────────────────────────────────────────────────────────────── */

static void XMLCALL on_start(void *state, const XML_Char *name, const XML_Char **attributes)
{
	struct xml *x = state;

	if (x->office->kind == OFFICE_OOXML)
		ooxml_element(x, local(name), attributes);
	else
		odf_element(x, local(name), attributes);
}

static void XMLCALL on_end(void *state, const XML_Char *name)
{
	(void)name;
	((struct xml *)state)->in_field = false;
}

static void XMLCALL on_text(void *state, const XML_Char *text, int len)
{
	struct xml *x = state;

	if (x->in_field)
		field_text(x, str_bytes(text, (size_t)len));
}

/* No document of these kinds has one, and what it can declare (entities, files) nobody wants read. */
static void XMLCALL on_doctype(void *state, const XML_Char *name, const XML_Char *outside, const XML_Char *known_as,
			       int internal)
{
	struct xml *x = state;

	(void)name, (void)outside, (void)known_as, (void)internal;
	stop(x, look_refuse(x->look, "holds XML with a DOCTYPE"));
}

static err parse(struct xml *x, str bytes)
{
	while (!failed(x->verdict)) {
		str window = str_upto(bytes, 1 << 20);
		bytes = str_from(bytes, window.len);
		enum XML_Status s = XML_Parse(x->parser, window.at ? window.at : "", (int)window.len, bytes.len == 0);
		TRY(x->verdict);
		if (s != XML_STATUS_OK)
			return look_refuse(x->look, "holds XML that is not well-formed");
		if (bytes.len == 0)
			break;
		TRY(look_time(x->look));
	}
	field_word(x);
	return x->verdict;
}

/* Of an encrypted OpenDocument the manifest tells, which comes last: until then its members are only not XML. */
static err not_xml(struct xml *x, err e)
{
	if (x->office->kind != OFFICE_ODF || failed(x->verdict) || e.why != WHY_DOCUMENT)
		return e;
	x->office->broken = true;
	return OK;
}

err office_xml(struct look *l, struct office *o, str name, str bytes)
{
	OWNED(parser_done) XML_Parser parser = XML_ParserCreateNS(NULL, '|');
	struct xml x = { .look = l, .office = o, .parser = parser, .verdict = OK };

	if (!parser)
		return LATER(MEMORY, "memory ran out over XML");
	x.content_types = str_same_nocase(name, STR("[Content_Types].xml"));
	x.relationships = str_ends(name, STR(".rels"));
	XML_SetUserData(parser, &x);
	XML_SetElementHandler(parser, on_start, on_end);
	XML_SetCharacterDataHandler(parser, on_text);
	XML_SetStartDoctypeDeclHandler(parser, on_doctype);
	err e = parse(&x, bytes);
	return failed(e) ? not_xml(&x, e) : OK;
}
