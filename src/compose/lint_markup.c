/* The tags of a template, one after the other. The template's own parser has read it before (wire/template.h) and
 * refuses what browsers repair, so there is one way to read it and this walk may be simple. */
#include "compose/lint_inner.h"

#include <string.h>

enum { ATTRIBUTES_MAX = 32, SHOWN_MAX = 512 };

struct attribute {
	str name, value;
};

struct tag {
	str name;
	bool end;
	struct attribute attributes[ATTRIBUTES_MAX];
	size_t count;
};

struct walk {
	struct linting *l;
	str rest;
	uint64_t line;
	struct style_sheet *sheet;
	struct style_element stack[STYLE_DEPTH_MAX];
	size_t depth;
	uint64_t faint_line[STYLE_SCHEMES]; /* told already */
	bool in_link;
	str href;
	char shown[SHOWN_MAX]; /* of the link */
	struct buf text;
};

static bool blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f';
}

static str advance(struct walk *w, size_t len)
{
	str taken = str_upto(w->rest, len);

	for (size_t i = 0; i < taken.len; i++)
		w->line += taken.at[i] == '\n';
	w->rest = str_from(w->rest, taken.len);
	return taken;
}

static size_t length_to(str s, str what)
{
	ptrdiff_t at = str_find(s, what);

	return at < 0 ? s.len : (size_t)at;
}

/* {{…}} and its length, or 0. */
static size_t mustache(str s)
{
	return str_starts(s, STR("{{")) ? length_to(s, STR("}}")) + 2 : 0;
}

static str attribute(const struct tag *t, str name)
{
	for (size_t i = 0; i < t->count; i++)
		if (str_same_nocase(t->attributes[i].name, name))
			return t->attributes[i].value;
	return STR_NONE;
}

/* ── Tags ────────────────────────────────────────────────────────────────────────────────────────── */

static str name_run(str s)
{
	size_t len = 0;

	while (len < s.len && !blank(s.at[len]) && !strchr("=>/\"'", s.at[len]))
		len++;
	return str_upto(s, len);
}

static str value_run(str s)
{
	if (s.len && (s.at[0] == '"' || s.at[0] == '\''))
		return str_upto(s, 2 + length_to(str_from(s, 1), (str){ s.at, 1 }));
	return name_run(s);
}

static void read_attribute(struct walk *w, struct tag *t)
{
	struct attribute a = { .name = advance(w, name_run(w->rest).len), .value = STR("") };

	if (str_starts(w->rest, STR("="))) {
		advance(w, 1);
		a.value = advance(w, value_run(w->rest).len);
		if (a.value.len >= 2 && (a.value.at[0] == '"' || a.value.at[0] == '\''))
			a.value = str_upto(str_from(a.value, 1), a.value.len - 2);
	}
	if (t->count < ATTRIBUTES_MAX && a.name.len)
		t->attributes[t->count++] = a;
}

static void read_tag(struct walk *w, struct tag *t)
{
	advance(w, 1);
	t->end = str_starts(w->rest, STR("/"));
	advance(w, t->end);
	t->name = advance(w, name_run(w->rest).len);
	while (w->rest.len && w->rest.at[0] != '>') {
		size_t braces = mustache(w->rest), before = w->rest.len;
		if (braces || blank(w->rest.at[0]) || w->rest.at[0] == '/')
			advance(w, braces ? braces : 1);
		else
			read_attribute(w, t);
		if (w->rest.len == before)
			advance(w, 1);
	}
	advance(w, 1);
}

/* ── What may not be there ───────────────────────────────────────────────────────────────────────── */

static bool is_one_of(str name, const str *list, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (str_same_nocase(name, list[i]))
			return true;
	return false;
}
#define ONE_OF(name, list) is_one_of((name), (list), sizeof(list) / sizeof *(list))

static const str active[] = { STR("script"), STR("form"),     STR("input"), STR("button"),
			      STR("select"), STR("textarea"), STR("base") };
static const str loading[] = { STR("video"),  STR("audio"), STR("source"), STR("track"), STR("embed"),
			       STR("object"), STR("link"),  STR("frame"),  STR("iframe") };
static const str loading_attributes[] = { STR("src"), STR("background"), STR("poster"), STR("srcset"), STR("data") };
static const str voids[] = { STR("area"),  STR("base"), STR("br"),   STR("col"),    STR("embed"), STR("hr"), STR("img"),
			     STR("input"), STR("link"), STR("meta"), STR("source"), STR("track"), STR("wbr") };

static err judge_attributes(struct walk *w, const struct tag *t, uint64_t line)
{
	for (size_t i = 0; i < t->count; i++) {
		const struct attribute *a = &t->attributes[i];
		if (str_starts_nocase(a->name, STR("on")))
			TRY(lint_say(w->l, true, line, "script", "%.*s runs a script: take it out", STR_ARG(a->name)));
		if (ONE_OF(a->name, loading_attributes) && !str_starts_nocase(a->value, STR("cid:")))
			TRY(lint_say(
				w->l, true, line, "remote",
				"%.*s loads something from elsewhere, which tells when the mail is read and which many "
				"readers block: leave it out, or send it along and name it cid:…",
				STR_ARG(a->name)));
		if (str_same_nocase(a->name, STR("style")) && str_find(a->value, STR("url(")) >= 0)
			TRY(lint_say(w->l, true, line, "remote",
				     "a style loads something from elsewhere: leave out url()"));
	}
	return OK;
}

static err judge_tag(struct walk *w, const struct tag *t, uint64_t line)
{
	if (ONE_OF(t->name, active))
		TRY(lint_say(w->l, true, line, "script", "<%.*s> does nothing good in a mail: take it out",
			     STR_ARG(t->name)));
	if (ONE_OF(t->name, loading))
		TRY(lint_say(w->l, true, line, "remote", "<%.*s> loads something from elsewhere: take it out",
			     STR_ARG(t->name)));
	if (str_same_nocase(t->name, STR("img")) && !attribute(t, STR("alt")).at)
		TRY(lint_say(w->l, true, line, "alt",
			     "a picture has no alt: say what it shows, or alt=\"\" if it is only decoration"));
	if (str_same_nocase(t->name, STR("meta")) && str_same_nocase(attribute(t, STR("http-equiv")), STR("refresh")))
		TRY(lint_say(w->l, true, line, "script", "the page refreshes itself: take it out"));
	if (str_same_nocase(t->name, STR("html")) && !attribute(t, STR("lang")).len)
		TRY(lint_say(
			w->l, false, line, "lang",
			"<html> does not say its language: write <html lang=\"…\">, so that it is read aloud right"));
	return judge_attributes(w, t, line);
}

/* ── Links ───────────────────────────────────────────────────────────────────────────────────────── */

static const str shorteners[] = { STR("bit.ly"),      STR("t.co"),    STR("goo.gl"),  STR("tinyurl.com"),
				  STR("ow.ly"),       STR("is.gd"),   STR("buff.ly"), STR("rebrand.ly"),
				  STR("cutt.ly"),     STR("lnkd.in"), STR("t.ly"),    STR("rb.gy"),
				  STR("shorturl.at"), STR("tiny.cc"), STR("s.id"),    STR("v.gd") };

static bool is_host_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
	       (c & 0x80);
}

static str host_run(str s)
{
	size_t len = 0;

	while (len < s.len && is_host_char(s.at[len]))
		len++;
	while (len && s.at[len - 1] == '.')
		len--;
	return str_upto(s, len);
}

/* Empty if it is no https link, or its host is a variable. */
static str host_of(str url)
{
	return str_starts_nocase(url, STR("https://")) ? host_run(str_from(url, 8)) : STR_NONE;
}

static err judge_host(struct linting *l, str host, uint64_t line)
{
	if (!host.len)
		return OK;
	if (ONE_OF(host, shorteners))
		return lint_say(l, true, line, "link",
				"%.*s shortens links, and hides where they lead: write the whole link", STR_ARG(host));
	if (lint_listed(l->rules->own_hosts, host))
		return OK;
	return lint_say(
		l, true, line, "link",
		"a link leads to %.*s, which is not ours: use {{link.url}}, or list the host in mail.link_hosts",
		STR_ARG(host));
}

/* A word that reads as a host: with a dot in it and letters after the last. */
static str host_shown(str word)
{
	if (str_starts_nocase(word, STR("https://")) || str_starts_nocase(word, STR("http://")))
		return host_run(str_from(word, str_starts_nocase(word, STR("https://")) ? 8 : 7));
	str host = host_run(word);
	size_t letters = 0;
	while (letters < host.len && host.at[host.len - 1 - letters] != '.' &&
	       !(host.at[host.len - 1 - letters] <= '9'))
		letters++;
	bool dotted = letters >= 2 && letters + 1 < host.len && host.at[host.len - 1 - letters] == '.';
	bool whole = host.len == word.len || strchr("/?#:,;)", word.at[host.len]);
	return dotted && whole ? host : STR_NONE;
}

static err judge_shown(struct walk *w, uint64_t line)
{
	str text = buf_str(&w->text), word, target = host_of(w->href);

	while (text.len) {
		size_t len = 0;
		while (len < text.len && !blank(text.at[len]))
			len++;
		word = str_upto(text, len);
		text = str_from(text, len + 1);
		str host = host_shown(word);
		if (!host.len || (target.len && str_same_nocase(host, target)))
			continue;
		bool bare = target.len && str_starts_nocase(host, STR("www.")) &&
			    str_same_nocase(str_from(host, 4), target);
		if (!bare)
			TRY(lint_say(w->l, true, line, "link",
				     "the link shows %.*s and leads to %.*s: show the host it leads to, or words",
				     STR_ARG(host), STR_ARG(target.len ? target : str_upto(w->href, 60))));
	}
	return OK;
}

static err link_begin(struct walk *w, const struct tag *t, uint64_t line)
{
	w->in_link = true;
	w->href = attribute(t, STR("href"));
	w->text = BUF_ON(w->shown);
	return judge_host(w->l, host_of(w->href), line);
}

static err link_end(struct walk *w)
{
	if (!w->in_link)
		return OK;
	w->in_link = false;
	return judge_shown(w, w->line);
}

err lint_links_in_text(struct linting *l, str source)
{
	uint64_t line = 1;

	for (size_t i = 0; i < source.len; i++) {
		str rest = str_from(source, i);
		line += source.at[i] == '\n';
		if (str_starts_nocase(rest, STR("http://")))
			TRY(lint_say(l, true, line, "link", "a link begins with http://: write https://"));
		if (str_starts_nocase(rest, STR("https://")))
			TRY(judge_host(l, host_of(rest), line));
	}
	return OK;
}

/* ── Contrast ────────────────────────────────────────────────────────────────────────────────────── */

static const struct colour black = { true, { 0, 0, 0 } }, white = { true, { 255, 255, 255 } },
			   night = { true, { 18, 18, 18 } };

static struct colour shown_as(const struct walk *w, struct colour c, bool ground, int scheme)
{
	struct colour light = c.known ? c : ground ? white : black;

	if (scheme == STYLE_LIGHT)
		return light;
	if (!w->sheet->knows_dark)
		return colour_inverted(light);
	return c.known ? c : ground ? night : white;
}

static err judge_contrast(struct walk *w, uint64_t line)
{
	static const char *const schemes[] = { "light", "dark" };

	for (int scheme = 0; scheme < STYLE_SCHEMES; scheme++) {
		struct style_colours c = { 0 };
		if (w->depth)
			c = w->stack[w->depth - 1].colours[scheme];
		unsigned contrast =
			rgb_contrast(shown_as(w, c.text, false, scheme).rgb, shown_as(w, c.ground, true, scheme).rgb);
		if (contrast >= CONTRAST_TEXT || w->faint_line[scheme] == line)
			continue;
		w->faint_line[scheme] = line;
		TRY(lint_say(w->l, true, line, "contrast",
			     "in %s readers this text has a contrast of %.1f:1, and 4.5:1 is needed: set both its "
			     "color and its "
			     "background%s",
			     schemes[scheme], contrast / 100.0,
			     scheme == STYLE_DARK ? ", also under @media (prefers-color-scheme: dark)" : ""));
	}
	return OK;
}

/* Does a reader see anything of it? Sections and comments of the template show nothing. */
static bool shows(str text)
{
	for (size_t i = 0; i < text.len; i++) {
		size_t braces = mustache(str_from(text, i));
		if (braces && strchr("#^/!", text.at[i + 2]))
			i += braces - 1;
		else if (!blank(text.at[i]))
			return true;
	}
	return false;
}

static err text_run(struct walk *w)
{
	uint64_t line = w->line;
	size_t len = 0;

	while (len < w->rest.len && w->rest.at[len] != '<')
		len += mustache(str_from(w->rest, len)) ? mustache(str_from(w->rest, len)) : 1;
	str text = advance(w, len);
	for (size_t i = 0; i < text.len && blank(text.at[i]); i++)
		line += text.at[i] == '\n';
	if (w->in_link)
		buf_add(&w->text, text);
	return shows(text) ? judge_contrast(w, line) : OK;
}

/* ── The walk ────────────────────────────────────────────────────────────────────────────────────── */

static void leave(struct walk *w, str name)
{
	for (size_t i = w->depth; i > 0; i--)
		if (str_same_nocase(w->stack[i - 1].name, name)) {
			w->depth = i - 1;
			return;
		}
}

static err enter(struct walk *w, const struct tag *t, uint64_t line)
{
	if (w->depth == STYLE_DEPTH_MAX)
		return lint_say(w->l, true, line, "depth", "elements are nested deeper than %d: some readers give up",
				STYLE_DEPTH_MAX);
	struct style_element *e = &w->stack[w->depth];
	*e = w->depth ? w->stack[w->depth - 1] : (struct style_element){ 0 };
	e->name = t->name;
	e->classes = attribute(t, STR("class"));
	w->depth++;
	return style_apply(w->l, w->sheet, w->stack, w->depth, attribute(t, STR("style")), attribute(t, STR("bgcolor")),
			   attribute(t, STR("color")), line);
}

/* What is between <style> and </style> is not markup. */
static str raw_text(struct walk *w, const struct tag *t)
{
	size_t len = 0;

	while (len < w->rest.len && !(str_starts(str_from(w->rest, len), STR("</")) &&
				      str_starts_nocase(str_from(w->rest, len + 2), t->name)))
		len++;
	return advance(w, len);
}

static err begin_tag(struct walk *w, const struct tag *t, uint64_t line)
{
	TRY(judge_tag(w, t, line));
	if (str_same_nocase(t->name, STR("meta")) && str_same_nocase(attribute(t, STR("name")), STR("color-scheme")))
		w->sheet->knows_dark = true;
	if (ONE_OF(t->name, voids))
		return OK;
	bool style = str_same_nocase(t->name, STR("style"));
	if (style || str_same_nocase(t->name, STR("script")) || str_same_nocase(t->name, STR("title"))) {
		str text = raw_text(w, t);
		return style ? style_read(w->l, w->sheet, text, line) : OK;
	}
	if (str_same_nocase(t->name, STR("a")))
		TRY(link_begin(w, t, line));
	return enter(w, t, line);
}

static err end_tag(struct walk *w, const struct tag *t)
{
	if (str_same_nocase(t->name, STR("a")))
		TRY(link_end(w));
	leave(w, t->name);
	return OK;
}

static err step(struct walk *w)
{
	struct tag t = { 0 };
	uint64_t line = w->line;

	if (w->rest.at[0] != '<')
		return text_run(w);
	if (str_starts(w->rest, STR("<!"))) {
		advance(w, str_starts(w->rest, STR("<!--")) ? length_to(w->rest, STR("-->")) + 3
							    : length_to(w->rest, STR(">")) + 1);
		return OK;
	}
	read_tag(w, &t);
	return t.end ? end_tag(w, &t) : begin_tag(w, &t, line);
}

err lint_markup(struct linting *l, str source)
{
	struct walk *w;

	TRY(NEW(l->arena, w));
	*w = (struct walk){ .l = l, .rest = source, .line = 1 };
	TRY(NEW(l->arena, w->sheet));
	while (w->rest.len)
		TRY(step(w));
	return OK;
}
