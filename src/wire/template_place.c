/* May a variable stand at this place of the HTML, and what does its value have to become there? */
#include "wire/template_inner.h"

#include <string.h>

bool html_among(const char *name, const char *const *list)
{
	for (; *list; list++)
		if (strcmp(name, *list) == 0)
			return true;
	return false;
}

/* A value in these is only text; everything else (on…, style, srcset, srcdoc, content …) takes no variable. */
static const char *const text_attributes[] = { "alt",    "title",    "lang",    "dir",          "class",
					       "id",     "name",     "value",   "role",         "summary",
					       "abbr",   "scope",    "headers", "colspan",      "width",
					       "height", "align",    "valign",  "bgcolor",      "color",
					       "label",  "datetime", "for",     "autocomplete", NULL };

static bool takes_text(const char *attribute)
{
	return html_among(attribute, text_attributes) || strncmp(attribute, "aria-", 5) == 0 ||
	       strncmp(attribute, "data-", 5) == 0;
}

enum scheme url_scheme(str prefix)
{
	static const str opaque[] = { STR("mailto:"), STR("tel:"), STR("cid:") };

	if (str_starts_nocase(prefix, STR("https://")))
		return SCHEME_HIERARCHY;
	for (size_t i = 0; i < sizeof opaque / sizeof *opaque; i++)
		if (str_starts_nocase(prefix, opaque[i]))
			return SCHEME_OPAQUE;
	return SCHEME_NONE;
}

static const char *url_variable(struct html *h, enum place *place)
{
	if (h->scheme == SCHEME_NONE && h->seen > 0)
		return "a URL here begins with https://, mailto:, tel: or cid:, or is a variable as a whole";
	*place = h->scheme == SCHEME_HIERARCHY ? PLACE_URL_PART
		 : h->scheme == SCHEME_OPAQUE  ? PLACE_URL_OPAQUE
					       : PLACE_URL_WHOLE;
	/* What follows a whole URL is a part of it. */
	if (h->scheme == SCHEME_NONE)
		h->scheme = SCHEME_HIERARCHY;
	return NULL;
}

static const char *value_variable(struct html *h, enum place *place)
{
	if (!h->quote)
		return "a variable in an attribute needs quotes around the value";
	if (h->url)
		return url_variable(h, place);
	return takes_text(h->attribute) ? NULL : "a variable may not stand in this attribute";
}

const char *html_variable(struct html *h, enum place *place, bool *in_html)
{
	*place = PLACE_HTML;
	*in_html = true;
	switch (h->state) {
	case HTML_TEXT:
		return NULL;
	case HTML_RCDATA:
		return str_has((str){ h->recent, h->seen }, '<') ? "a variable may not stand so close after a <" : NULL;
	case HTML_VALUE:
		return value_variable(h, place);
	case HTML_BEFORE_VALUE:
		return "a variable in an attribute needs quotes around the value";
	case HTML_COMMENT:
		return "a variable may not stand in a comment";
	case HTML_RAW:
		return "a variable may not stand in a script or style";
	default:
		return "a variable may not stand in a tag outside of a quoted value";
	}
}

bool html_same(const struct html *a, const struct html *b)
{
	if (a->state != b->state)
		return false;
	if (a->state == HTML_VALUE)
		return a->quote == b->quote && a->url == b->url && a->scheme == b->scheme &&
		       (a->scheme != SCHEME_NONE || !a->url || a->seen == b->seen) &&
		       strcmp(a->attribute, b->attribute) == 0;
	if (a->state == HTML_RAW || a->state == HTML_RCDATA)
		return strcmp(a->closes, b->closes) == 0;
	return a->state == HTML_TEXT || (a->state == HTML_TAG && strcmp(a->element, b->element) == 0);
}

const char *html_end(const struct html *h)
{
	return h->state == HTML_TEXT ? NULL : "the HTML ends within a tag, a comment or a script";
}
