#include "test/support/support.h"

#include "inspector/html.h"

#include <stdlib.h>
#include <string.h>

static err clean(struct arena *a, str html, bool images, str *out)
{
	struct html_rules rules = { .remote_images = images };
	struct html_result result;
	struct fault f = { 0 };
	err e = html_clean(a, html, &rules, &result, &f);

	assert_int_equal(failed(e), !fault_empty(&f)); /* a refusal says why */
	if (!failed(e))
		*out = result.html;
	return e;
}

struct row {
	str in, out;
};

/* Each row is cleaned, and then again. */
static void compare(const struct row *rows, size_t count, bool images)
{
	for (size_t i = 0; i < count; i++) {
		OWNED(arena_done) struct arena *a = NULL;
		str once, twice;
		assert_ok(arena_open(16 << 20, &a));
		assert_ok(clean(a, rows[i].in, images, &once));
		assert_str(once, rows[i].out);
		assert_ok(clean(a, once, images, &twice));
		assert_str(twice, rows[i].out);
	}
}
#define COMPARE(rows) compare(rows, COUNT(rows), false)

static void what_mail_needs_stays(void **state)
{
	static const struct row rows[] = {
		{ STR(""), STR("") },
		{ STR("a &amp; b"), STR("a &amp; b") },
		{ STR("<p align=center>x</p>"), STR("<p align=\"center\">x</p>") },
		{ STR("<table cellpadding=0 border='0' bgcolor=FFEEDD><tr><td nowrap colspan=2>x"),
		  STR("<table bgcolor=\"#ffeedd\" border=\"0\" cellpadding=\"0\"><tbody><tr><td colspan=\"2\" "
		      "nowrap=\"\">x</td>"
		      "</tr></tbody></table>") },
		{ STR("<ol type=I start=3><li value=4>x</ol>"),
		  STR("<ol start=\"3\" type=\"I\"><li value=\"4\">x</li></ol>") },
		{ STR("<font size=+1 color=red face=\"Arial, 'Segoe UI'\">x</font>"),
		  STR("<font color=\"red\" face=\"Arial,Segoe UI\" size=\"+1\">x</font>") },
		{ STR("<img src=\"cid:logo@x\" alt=\"Logo\" width=600px>"),
		  STR("<img src=\"cid:logo@x\" alt=\"Logo\" width=\"600\">") },
		{ STR("<h1>x</h1><hr noshade><br clear=all>"), STR("<h1>x</h1><hr noshade=\"\"><br clear=\"all\">") },
		{ STR("<time datetime=2026-11-21T10:00Z>x</time>"),
		  STR("<time datetime=\"2026-11-21T10:00Z\">x</time>") },
		{ STR("<p lang=de dir=RTL title='a\"b'>x"),
		  STR("<p title=\"a&quot;b\" lang=\"de\" dir=\"rtl\">x</p>") },
		{ STR("<pre>\n\n x</pre>"), STR("<pre>\n\n x</pre>") },
	};
	(void)state;
	COMPARE(rows);
}

static void what_is_not_listed_goes(void **state)
{
	static const struct row rows[] = {
		{ STR("<script>alert(1)</script>x"), STR("x") },
		{ STR("a<!-- b -->c<!DOCTYPE html><?php x ?>d<![CDATA[e]]>"), STR("acd") },
		{ STR("<p id=x class=y onclick=z name=w>a</p>"), STR("<p>a</p>") },
		{ STR("<blink>a<b>c</b></blink>"), STR("a<b>c</b>") },
		{ STR("<form action=/x><input name=a><button>b</button></form>"), STR("b") },
		{ STR("<svg><style><img src=x onerror=y></style></svg>b"), STR("b") },
		{ STR("<math><mtext><table><mglyph><style><img></style></mglyph></table></mtext></math>b"), STR("b") },
		{ STR("<noscript><p title=\"</noscript><img src=x onerror=y>\"></noscript>"), STR("<img>&quot;&gt;") },
		{ STR("<textarea></textarea><title>t</title><xmp>x</xmp><iframe>y</iframe>z"), STR("z") },
		{ STR("<meta http-equiv=refresh content=0><base href=x><link rel=stylesheet href=y>z"), STR("z") },
		{ STR("<a href=x ping=y target=_top download>z</a>"), STR("<a>z</a>") },
		{ STR("<img srcset=x lowsrc=y dynsrc=z alt=a>"), STR("<img alt=\"a\">") },
		{ STR("<table background=x><td background=y>z"),
		  STR("<table><tbody><tr><td>z</td></tr></tbody></table>") },
		{ STR("<plaintext>a</plaintext>b"), STR("b") },
		{ STR("<script>a"), STR("") },
		{ STR("a<p b"), STR("a") },
		{ STR("a<!-- b"), STR("a") },
	};
	(void)state;
	COMPARE(rows);
}

static void text_and_values_are_escaped(void **state)
{
	static const struct row rows[] = {
		{ STR("a<b <3 >\"'`&"), STR("a<b>&quot;&#39;&#96;&amp;</b>") },
		{ STR("1 < 2 > \"'`&"), STR("1 &lt; 2 &gt; &quot;&#39;&#96;&amp;") },
		{ STR("&lt;script&gt;"), STR("&lt;script&gt;") },
		{ STR("&nbsp;\xC2\xA0\xC2\x85x\x01\x7F"), STR("&nbsp;&nbsp;\xEF\xBF\xBDx") },
		{ STR("&#128;&#0;&#x110000;"), STR("\xE2\x82\xAC\xEF\xBF\xBD\xEF\xBF\xBD") },
		{ STR("<p title='<b>&quot;`'>x</p>"), STR("<p title=\"&lt;b&gt;&quot;&#96;\">x</p>") },
		{ STR("a\0b\r\nc"), STR("ab\nc") },
	};
	(void)state;
	COMPARE(rows);
}

static void links_have_four_schemes_and_one_spelling(void **state)
{
#define LINK(in, out)                                                                                                  \
	{                                                                                                              \
		STR("<a href=\"" in "\">x</a>"), STR("<a href=\"" out "\">x</a>")                                      \
	}
#define OUTSIDE(in, out)                                                                                               \
	{                                                                                                              \
		STR("<a href=\"" in "\">x</a>"),                                                                       \
			STR("<a href=\"" out "\" target=\"_blank\" rel=\"noopener noreferrer\">x</a>")                 \
	}
#define NOT(in)                                                                                                        \
	{                                                                                                              \
		STR("<a href=\"" in "\">x</a>"), STR("<a>x</a>")                                                       \
	}
	static const struct row rows[] = {
		OUTSIDE("https://h.example/", "https://h.example/"),
		OUTSIDE(" HTTPS://H.Example:8443/a b?c=d&amp;e#f ", "https://h.example:8443/a%20b?c=d&amp;e#f"),
		OUTSIDE("ht\ntps&colon;//h.example/\xC3\xA9'", "https://h.example/%C3%A9&#39;"),
		OUTSIDE("https://b\xC3\xBC"
			"cher.example/",
			"https://xn--bcher-kva.example/"),
		OUTSIDE("https://[2001:db8::1]/", "https://[2001:db8::1]/"),
		LINK("mailto:a@b.example?subject=x y", "mailto:a@b.example?subject=x%20y"),
		LINK("tel:+49 30 1", "tel:+49301"),
		LINK("cid:a@b", "cid:a@b"),
		NOT("javascript:alert(1)"),
		NOT("java&#0000115;cript:alert(1)"),
		NOT("&#x1;javascript:alert(1)"),
		NOT("java&Tab;script&colon;alert(1)"),
		NOT("vbscript:x"),
		NOT("data:text/html,x"),
		NOT("http://h.example/"),
		NOT("//h.example/"),
		NOT("/x"),
		NOT("x"),
		NOT("#x"),
		NOT(""),
		NOT("https:x"),
		NOT("https:///x"),
		NOT("https://"),
		NOT("https://bank.example@evil.example/"),
		NOT("https:\\\\evil.example"),
		NOT("https://evil.example\\@bank.example/"),
		NOT("https://h.example:99999/"),
		NOT("https://h.exa%6dple/"),
		NOT("https://h.example:/x:y@z:1/../a\\b"),
		NOT("web+javascript:x"),
		NOT("blob:https://h.example/x"),
		NOT("tel:"),
		NOT("tel:javascript'x"),
	};
	(void)state;
	COMPARE(rows);
}

static void pictures_come_from_elsewhere_only_if_allowed(void **state)
{
	static const struct row never[] = { { STR("<img src=https://h.example/a.png alt=b>"),
					      STR("<img alt=\"b\">") } };
	static const struct row allowed[] = {
		{ STR("<img src=https://h.example/a.png>"), STR("<img src=\"https://h.example/a.png\">") },
		{ STR("<img src=http://h.example/a.png>"), STR("<img>") },
		{ STR("<img src=data:image/png;base64,x>"), STR("<img>") },
		{ STR("<img src=mailto:x>"), STR("<img>") },
	};
	(void)state;
	COMPARE(never);
	compare(allowed, COUNT(allowed), true);
}

static void styles_have_listed_properties_with_listed_values(void **state)
{
#define STYLE(in, out)                                                                                                 \
	{                                                                                                              \
		STR("<p style=\"" in "\">x</p>"), STR("<p style=\"" out "\">x</p>")                                    \
	}
#define NO_STYLE(in)                                                                                                   \
	{                                                                                                              \
		STR("<p style=\"" in "\">x</p>"), STR("<p>x</p>")                                                      \
	}
	static const struct row rows[] = {
		STYLE("COLOR : Red ; ", "color:red"),
		STYLE("margin:0 auto 1.50em -0px", "margin:0 auto 1.5em 0px"),
		STYLE("color:#FfF!important;color:rgb(1 2 3 / 50%)", "color:#fff!important;color:rgb(1,2,3,50%)"),
		STYLE("font:italic bold .8em/1.2 Arial, 'Segoe UI', serif",
		      "font:italic bold 0.8em/1.2 Arial,Segoe UI,serif"),
		STYLE("font-family:-apple-system,\\41 rial", "font-family:-apple-system,Arial"),
		STYLE("c\\6f lor/**/:/*x*/blue", "color:blue"),
		STYLE("border:1px solid #CCC;border-radius:3px", "border:1px solid #ccc;border-radius:3px"),
		STYLE("color:x;width:1px;}color:red;height:2px", "width:1px;height:2px"),
		STYLE("x:';color:red;';width:1px", "width:1px"),
		STYLE("x:url(;color:red;);width:1px", "width:1px"),
		STYLE("x:(;color:red;);width:1px", "width:1px"),
		STYLE("@import 'x';width:1px", "width:1px"),
		NO_STYLE("position:fixed"),
		NO_STYLE("background:url(https://h.example/x)"),
		NO_STYLE("background-color:\\75 rl(x)"),
		NO_STYLE("background-image:image-set('x' 1x)"),
		NO_STYLE("list-style:url('x')"),
		NO_STYLE("width:expression(alert(1))"),
		NO_STYLE("behavior:url(x)"),
		NO_STYLE("-moz-binding:url(x)"),
		NO_STYLE("color:var(--x)"),
		NO_STYLE("width:calc(1px + 2px)"),
		NO_STYLE("width:attr(x)"),
		NO_STYLE("--x:1"),
		NO_STYLE("margin:-1px"),
		NO_STYLE("width:10001px"),
		NO_STYLE("width:1e3px"),
		NO_STYLE("width:1"),
		NO_STYLE("opacity:-1"),
		NO_STYLE("color:red blue"),
		NO_STYLE("color:#ff"),
		NO_STYLE("color:rgb(1,2)"),
		NO_STYLE("color:rgb(url(x),1,2)"),
		NO_STYLE("color:red!x"),
		NO_STYLE("font-family:'</style>'"),
		NO_STYLE("font-family:a\\27 b"),
		NO_STYLE("color:re\\000064\\0"),
		NO_STYLE("color"),
		NO_STYLE(""),
		NO_STYLE("/*"),
		NO_STYLE("color:red\\"),
		NO_STYLE("animation:x 1s"),
		NO_STYLE("transform:scale(99)"),
		NO_STYLE("filter:url(#x)"),
		NO_STYLE("cursor:url(x),auto"),
		NO_STYLE("content:'x'"),
		NO_STYLE("z-index:1"),
	};
	(void)state;
	COMPARE(rows);
}

static void trees_are_those_of_browsers(void **state)
{
	static const struct row rows[] = {
		{ STR("<b>1<p>2</b>3</p>"), STR("<b>1</b><p><b>2</b>3</p>") },
		{ STR("<p>1<b>2<p>3"), STR("<p>1<b>2</b></p><p><b>3</b></p>") },
		{ STR("<b><i>1</b>2</i>"), STR("<b><i>1</i></b><i>2</i>") },
		{ STR("<table>1<tr><td>2</table>"), STR("1<table><tbody><tr><td>2</td></tr></tbody></table>") },
		{ STR("<ul><li>1<li>2</ul>"), STR("<ul><li>1</li><li>2</li></ul>") },
		{ STR("<dl><dt>1<dd>2<dt>3</dl>"), STR("<dl><dt>1</dt><dd>2</dd><dt>3</dt></dl>") },
		{ STR("<h1>1<h2>2"), STR("<h1>1</h1><h2>2</h2>") },
		{ STR("<p>1<table><td>2</table>"), STR("<p>1</p><table><tbody><tr><td>2</td></tr></tbody></table>") },
		{ STR("<td>1<tr>2</tbody></p>3</br>"), STR("123") },
		{ STR("<table><td><b>1</td><td>2</table>3"),
		  STR("<table><tbody><tr><td><b>1</b></td><td>2</td></tr></tbody></table>3") },
		{ STR("<a href=cid:1>1<a href=cid:2>2"), STR("<a href=\"cid:1\">1</a><a href=\"cid:2\">2</a>") },
	};
	(void)state;
	COMPARE(rows);
}

static str repeat(struct arena *a, const char *one, size_t len)
{
	struct buf b;

	assert_ok(buf_open(a, len + 64, &b));
	while (b.len < len)
		buf_add(&b, str_of(one));
	return buf_str(&b);
}

static void what_costs_too_much_is_refused(void **state)
{
	static const char *const shapes[] = { "<div>", "<table><tr><td>", "<ul><li>", "<b title=1><div>" };
	OWNED(arena_done) struct arena *a = NULL;
	struct buf b;
	str out = STR("untouched");

	(void)state;
	assert_ok(arena_open(64 << 20, &a));
	for (size_t i = 0; i < COUNT(shapes); i++)
		assert_why(NEVER, LIMIT, clean(a, repeat(a, shapes[i], 20000), false, &out));
	assert_why(NEVER, LIMIT, clean(a, repeat(a, " ", HTML_MAX + 1), false, &out));
	assert_ok(buf_open(a, 4096, &b));
	buf_add(&b, STR("<p "));
	for (int i = 0; i <= HTML_ATTRIBUTES_MAX; i++)
		buf_add_format(&b, "a%d ", i);
	buf_add(&b, STR(">"));
	assert_why(NEVER, LIMIT, clean(a, buf_str(&b), false, &out));
	assert_why(NEVER, LIMIT, clean(a, repeat(a, "'", HTML_MAX - 100), false, &out));
	assert_str(out, STR("untouched"));
}

static str unclosed_formatting(struct arena *a, size_t len)
{
	struct buf b;

	assert_ok(buf_open(a, len + 64, &b));
	for (int i = 0; b.len < len; i++)
		buf_add_format(&b, "<p><b title=%d>", i);
	return buf_str(&b);
}

/* Browsers open each of them again in each paragraph: the square of what came in. */
static void formatting_that_multiplies_is_cut_short(void **state)
{
	OWNED(arena_done) struct arena *a = NULL;
	str out;

	(void)state;
	assert_ok(arena_open(64 << 20, &a));
	assert_ok(clean(a, unclosed_formatting(a, 10000), false, &out));
	assert_in_range(out.len, 10000, 400000);
	assert_why(NEVER, LIMIT, clean(a, unclosed_formatting(a, 200000), false, &out));
}

static uint64_t count_of(const struct html_removed *list, const char *what, const char *name)
{
	for (; list; list = list->next)
		if (strcmp(list->what, what) == 0 && str_same(list->name, str_of(name)))
			return list->count;
	return 0;
}

static void what_went_is_told(void **state)
{
	static const char html[] = "<!-- a --><script>b</script><p onclick=c ONCLICK=d style='position:fixed;x:1'>"
				   "<a href=javascript:e>f</a><a href=g>h</a><b\x1b[31m>";
	OWNED(arena_done) struct arena *a = NULL;
	struct html_rules rules = { 0 };
	struct html_result r;

	(void)state;
	assert_ok(arena_open(16 << 20, &a));
	assert_ok(html_clean(a, str_of(html), &rules, &r, NULL));
	assert_int_equal(count_of(r.removed, "comment", ""), 1);
	assert_int_equal(count_of(r.removed, "element", "script"), 1);
	assert_int_equal(count_of(r.removed, "attribute", "onclick"), 2);
	assert_int_equal(count_of(r.removed, "style", "position"), 1);
	assert_int_equal(count_of(r.removed, "style", "x"), 1);
	assert_int_equal(count_of(r.removed, "url", "javascript"), 1);
	assert_int_equal(count_of(r.removed, "url", "relative"), 1);
	assert_int_equal(count_of(r.removed, "element", "b??31m"), 1);
}

static void the_list_of_what_went_is_bounded(void **state)
{
	OWNED(arena_done) struct arena *a = NULL;
	struct html_rules rules = { 0 };
	struct html_result r;
	struct buf b;
	uint64_t rows = 0, sum = 0;

	(void)state;
	assert_ok(arena_open(16 << 20, &a));
	assert_ok(buf_open(a, 65536, &b));
	for (int i = 0; i < 1000; i++)
		buf_add_format(&b, "<x%d>", i);
	assert_ok(html_clean(a, buf_str(&b), &rules, &r, NULL));
	for (struct html_removed *one = r.removed; one; one = one->next, rows++)
		sum += one->count;
	assert_int_equal(rows, HTML_REMOVED_MAX + 1);
	assert_int_equal(sum, 1000);
	assert_int_equal(count_of(r.removed, "other", ""), 1000 - HTML_REMOVED_MAX);
}

TESTS(html, test(what_mail_needs_stays), test(what_is_not_listed_goes), test(text_and_values_are_escaped),
      test(links_have_four_schemes_and_one_spelling), test(pictures_come_from_elsewhere_only_if_allowed),
      test(styles_have_listed_properties_with_listed_values), test(trees_are_those_of_browsers),
      test(what_costs_too_much_is_refused), test(formatting_that_multiplies_is_cut_short), test(what_went_is_told),
      test(the_list_of_what_went_is_bounded))
