/* Which place in the HTML a variable stands in. This follows the tokenizer of the HTML standard (13.2.5) for
 * what templates need and refuses what browsers repair: a template that is read in one way only cannot be
 * turned into another tree by a value. */
#include "wire/template_inner.h"

#include <string.h>

static bool letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f';
}

static void name_add(char name[16], char c)
{
	size_t len = strlen(name);

	if (len < 15) {
		name[len] = c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
		name[len + 1] = 0;
	}
}

/* Their content is not markup (13.2.6.4.4, 13.2.6.4.7). */
static const char *const raw_elements[] = { "script", "style", NULL };
static const char *const rcdata_elements[] = { "title", "textarea", NULL };
/* Readers disagree on what is inside, or on where it ends. */
static const char *const foreign_elements[] = { "xmp",       "iframe",   "noembed", "noframes", "noscript",
						"plaintext", "template", "svg",     "math",     NULL };

static const char *const url_attributes[] = { "href", "src", "cite", "background", NULL };
/* ── URLs ────────────────────────────────────────────────────────────────────────────────────────── */

static const char *url_step(struct html *h, char c)
{
	if (h->scheme != SCHEME_NONE)
		return NULL;
	if (h->seen < sizeof h->recent - 1)
		h->recent[h->seen++] = c;
	h->scheme = (uint8_t)url_scheme((str){ h->recent, h->seen });
	return NULL;
}

/* A fragment within the mail is harmless; an empty URL is too. */
static const char *url_end(const struct html *h)
{
	if (!h->url || h->scheme != SCHEME_NONE || h->seen == 0 || h->recent[0] == '#')
		return NULL;
	return "a URL here begins with https://, mailto:, tel: or cid:";
}

/* ── Tags ────────────────────────────────────────────────────────────────────────────────────────── */

static const char *tag_end(struct html *h)
{
	bool raw = html_among(h->element, raw_elements);

	if (html_among(h->element, foreign_elements))
		return "this element has no place in a mail";
	h->state = raw ? HTML_RAW : html_among(h->element, rcdata_elements) ? HTML_RCDATA : HTML_TEXT;
	memcpy(h->closes, h->element, sizeof h->closes);
	h->seen = 0;
	return NULL;
}

static const char *attribute_begin(struct html *h, char c)
{
	if (c == '"' || c == '\'' || c == '<' || c == '=')
		return "an attribute's name cannot hold this character";
	memset(h->attribute, 0, sizeof h->attribute);
	name_add(h->attribute, c);
	h->state = HTML_ATTRIBUTE;
	return NULL;
}

static const char *step_tag(struct html *h, char c)
{
	if (blank(c) || c == '/') {
		h->state = HTML_TAG;
		return NULL;
	}
	if (c == '>')
		return tag_end(h);
	if (h->state == HTML_AFTER_VALUE)
		return "white space is missing after an attribute's value";
	return attribute_begin(h, c);
}

static const char *step_attribute(struct html *h, char c)
{
	if (c == '=') {
		h->state = HTML_BEFORE_VALUE;
		h->url = html_among(h->attribute, url_attributes);
		h->scheme = SCHEME_NONE;
		h->seen = 0;
		return NULL;
	}
	if (blank(c) || c == '/' || c == '>')
		return step_tag(h, c);
	if (c == '"' || c == '\'' || c == '<')
		return "an attribute's name cannot hold this character";
	name_add(h->attribute, c);
	return NULL;
}

static const char *step_value(struct html *h, char c)
{
	const char *wrong = NULL;

	if (h->quote ? c == h->quote : blank(c) || c == '>') {
		wrong = url_end(h);
		h->state = HTML_AFTER_VALUE;
		return wrong || h->quote ? wrong : step_tag(h, c);
	}
	if (!h->quote && (c == '"' || c == '\'' || c == '<' || c == '=' || c == '`'))
		return "an attribute's value with this character needs quotes";
	return h->url ? url_step(h, c) : NULL;
}

static const char *step_before_value(struct html *h, char c)
{
	if (blank(c))
		return "white space after = makes the value hard to see";
	if (c == '>')
		return "an attribute's value is missing";
	h->state = HTML_VALUE;
	h->quote = c == '"' || c == '\'' ? c : 0;
	return h->quote ? NULL : step_value(h, c);
}

static const char *step_name(struct html *h, char c)
{
	if (blank(c) || c == '/' || c == '>')
		return step_tag(h, c);
	if (!letter(c) && !(c >= '0' && c <= '9') && c != '-' && c != ':')
		return "a tag's name cannot hold this character";
	name_add(h->element, c);
	return NULL;
}

static const char *step_end_name(struct html *h, char c)
{
	if (c == '>')
		h->state = HTML_TEXT;
	else if (!letter(c) && !(c >= '0' && c <= '9') && c != '-' && c != ':' && !blank(c))
		return "an end tag holds nothing but a name";
	return NULL;
}

static const char *step_open(struct html *h, char c)
{
	if (h->state == HTML_TAG_OPEN && c == '/')
		h->state = HTML_END_OPEN;
	else if (h->state == HTML_TAG_OPEN && c == '!')
		h->state = HTML_MARKUP;
	else if (letter(c))
		h->state = h->state == HTML_TAG_OPEN ? HTML_TAG_NAME : HTML_END_NAME;
	else
		return "a < that begins no tag is written &lt;";
	memset(h->element, 0, sizeof h->element);
	h->seen = 0;
	if (letter(c))
		name_add(h->element, c);
	return NULL;
}

/* ── Comments and raw text ───────────────────────────────────────────────────────────────────────── */

static void recent_add(struct html *h, char c)
{
	if (h->seen == sizeof h->recent - 1)
		memmove(h->recent, h->recent + 1, --h->seen);
	h->recent[h->seen++] = c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

static bool recent_ends(const struct html *h, const char *with)
{
	return str_ends((str){ h->recent, h->seen }, str_of(with));
}

static const char *step_markup(struct html *h, char c)
{
	recent_add(h, c);
	str seen = { h->recent, h->seen };
	if (str_same(seen, STR("--"))) {
		h->state = HTML_COMMENT;
		h->seen = 0;
	} else if (str_same(seen, STR("doctype"))) {
		h->state = HTML_DOCTYPE;
	} else if (!str_starts(STR("--"), seen) && !str_starts(STR("doctype"), seen)) {
		return "after <! comes a comment or DOCTYPE";
	}
	return NULL;
}

static const char *step_comment(struct html *h, char c)
{
	recent_add(h, c);
	if (c == '>' && (h->seen == 1 || (h->seen == 2 && h->recent[0] == '-') || recent_ends(h, "--!>")))
		return "browsers end this comment here, readers do not";
	if (recent_ends(h, "-->"))
		h->state = HTML_TEXT;
	return NULL;
}

/* Ends at </name>. A blank or / there would end it too, and <!-- changes what ends a script (13.2.5.20). */
static const char *step_raw(struct html *h, char c)
{
	recent_add(h, c);
	str seen = { h->recent, h->seen };
	str name = str_of(h->closes);
	str before = str_upto(seen, seen.len - 1);
	if (recent_ends(h, "<!--"))
		return "a comment sign in a script, style, title or textarea";
	if (!str_ends(before, name) || !str_ends(str_upto(before, before.len - name.len), STR("</")))
		return NULL;
	if (c == '>')
		h->state = HTML_TEXT;
	return blank(c) || c == '/' ? "nothing but > may follow the name of this end tag" : NULL;
}

const char *html_step(struct html *h, char c)
{
	switch (h->state) {
	case HTML_TEXT:
		if (c == '<')
			h->state = HTML_TAG_OPEN;
		return NULL;
	case HTML_TAG_OPEN:
	case HTML_END_OPEN:
		return step_open(h, c);
	case HTML_TAG_NAME:
		return step_name(h, c);
	case HTML_END_NAME:
		return step_end_name(h, c);
	case HTML_TAG:
	case HTML_AFTER_VALUE:
		return step_tag(h, c);
	case HTML_ATTRIBUTE:
		return step_attribute(h, c);
	case HTML_BEFORE_VALUE:
		return step_before_value(h, c);
	case HTML_VALUE:
		return step_value(h, c);
	case HTML_MARKUP:
		return step_markup(h, c);
	case HTML_COMMENT:
		return step_comment(h, c);
	case HTML_DOCTYPE:
		if (c == '>')
			h->state = HTML_TEXT;
		return NULL;
	case HTML_RAW:
	case HTML_RCDATA:
		return step_raw(h, c);
	}
	return "this HTML is not understood";
}
