/* HTML of any kind. Whatever comes out is read once more, by gumbo as a whole document, and holds only what is on the
 * list as it is written down here again; and cleaning it changes nothing. */
#include "inspector/html.h"

#include <gumbo.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char elements[] =
	" html head body a abbr acronym address article aside b bdi bdo big blockquote br caption center cite code col "
	"colgroup dd del dfn div dl dt em figcaption figure font footer h1 h2 h3 h4 h5 h6 header hr i img ins kbd li "
	"main "
	"mark nav ol p pre q s samp section small span strike strong sub sup table tbody td tfoot th thead time tr tt "
	"u ul "
	"var wbr ";
static const char attributes[] =
	" href src alt title lang dir role aria-label aria-hidden width height align valign bgcolor border cellpadding "
	"cellspacing colspan rowspan span nowrap scope hspace vspace color face size clear noshade start value type "
	"reversed "
	"datetime style target rel ";

static bool listed(const char *list, const char *word)
{
	char spaced[64] = " ";

	must(strlen(word) < sizeof spaced - 3);
	memcpy(spaced + 1, word, strlen(word));
	spaced[1 + strlen(word)] = ' ';
	return strstr(list, spaced);
}

static void check_url(str url, bool image)
{
	bool fits = str_starts(url, STR("cid:")) ||
		    (!image && (str_starts(url, STR("https://")) || str_starts(url, STR("mailto:")) ||
				str_starts(url, STR("tel:"))));

	must(fits);
	for (size_t i = 0; i < url.len; i++)
		must(url.at[i] > ' ' && url.at[i] < 0x7F && url.at[i] != '\\' && url.at[i] != '<');
}

/* No bracket but of a colour, nothing quoted, nothing escaped. */
static void check_style(str style)
{
	must(style.len > 0 && str_find(style, STR("url(")) < 0 && str_find(style, STR("position:")) < 0);
	for (size_t i = 0; i < style.len; i++) {
		char c = style.at[i];
		must(c >= ' ' && c < 0x7F && !strchr("\"'\\<>{}[]@*&?$=^~`|", c));
		if (c == '(')
			must(i > 2 && (!memcmp(style.at + i - 3, "rgb", 3) || !memcmp(style.at + i - 3, "hsl", 3) ||
				       !memcmp(style.at + i - 3, "gba", 3) || !memcmp(style.at + i - 3, "sla", 3)));
	}
}

static void check_element(const GumboElement *e)
{
	must(e->tag_namespace == GUMBO_NAMESPACE_HTML && e->tag < GUMBO_TAG_UNKNOWN);
	must(listed(elements, gumbo_normalized_tagname(e->tag)));
	for (unsigned i = 0; i < e->attributes.length; i++) {
		const GumboAttribute *a = e->attributes.data[i];
		must(a->attr_namespace == GUMBO_ATTR_NAMESPACE_NONE && listed(attributes, a->name));
		if (strcmp(a->name, "href") == 0 || strcmp(a->name, "src") == 0)
			check_url(str_of(a->value), a->name[0] == 's');
		if (strcmp(a->name, "style") == 0)
			check_style(str_of(a->value));
	}
}

/* As deep as HTML_DEPTH_MAX allows, so it may call itself. */
static void check_tree(const GumboNode *n)
{
	must(n->type == GUMBO_NODE_ELEMENT || n->type == GUMBO_NODE_TEXT || n->type == GUMBO_NODE_WHITESPACE);
	if (n->type != GUMBO_NODE_ELEMENT)
		return;
	check_element(&n->v.element);
	for (unsigned i = 0; i < n->v.element.children.length; i++)
		check_tree(n->v.element.children.data[i]);
}

static void check(struct arena *a, str made)
{
	struct html_rules rules = { 0 };
	struct html_result again;
	GumboOutput *o = gumbo_parse_with_options(&kGumboDefaultOptions, made.len ? made.at : "", made.len);

	must(o->document->v.document.children.length == 1);
	check_tree(o->root);
	gumbo_destroy_output(&kGumboDefaultOptions, o);
	must(str_utf8(made) && !str_has(made, '\'') && !str_has(made, '`') && !str_has(made, 0));
	if (made.len > HTML_MAX)
		return;
	must(!failed(html_clean(a, made, &rules, &again, NULL)));
	must(str_same(again.html, made) && !again.removed);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct html_rules rules = { 0 };
	struct html_result result;
	struct arena *a = NULL;
	struct fault f = { 0 };

	must(!failed(arena_open(32 << 20, &a)));
	if (!failed(html_clean(a, str_bytes(data, size), &rules, &result, &f)))
		check(a, result.html);
	else
		must(!fault_empty(&f));
	arena_close(a);
	return 0;
}
