"""Templates against real HTML parsers: no value changes the tree, and each is read back as it was given."""
import email
import email.header
import html.parser
import json
import os
import random
import subprocess
import urllib.parse

import html5lib
import pytest

LETTERLOCK = os.environ.get("LETTERLOCK", "build/letterlock")


def render(template, values, form="html"):
    path = render.dir / "template"
    path.write_bytes(template.encode())
    return subprocess.run([LETTERLOCK, "template", "render", str(path), "--values", "-", "--as", form, "--json"],
                          input=json.dumps(values).encode(), capture_output=True, timeout=60)


@pytest.fixture(autouse=True)
def place(tmp_path):
    render.dir = tmp_path


def text(template, values, form="html"):
    done = render(template, values, form)
    assert done.returncode == 0, done.stderr
    return done.stdout.decode()


def refusal(template, values, form="html"):
    done = render(template, values, form)
    assert done.returncode not in (0, 2) and not done.stdout, (done.returncode, done.stdout)
    return json.loads(done.stderr)["error"]


PIECES = ["<", ">", "&", '"', "'", "`", "=", " ", "/", "\\", "<script>", "</script>", "<!--", "-->", "]]>", "<![CDATA[", "</title>", "</textarea>",
          "</style>", "<img src=x onerror=y>", "javascript:", "data:text/html,", "{{x}}", "{{{x}}}", "{{#x}}", "&lt;", "&#60;", "&amp;lt;", "\r\n", "\n",
          "\r", "\t", "\0", "\x0b", "\x0c", "\x1b", "\x7f", "\u0085", "\u00a0", "\u2028", "\u202e", "\ufeff", "\ufffe", "é", "漢", "👍", "a", "B", "0",
          "%3C", "%", "%0d%0a", "+", "?", "#", "@", "//", ":", ";", ",", "(", ")", "\u00ad", "\u200b", "x" * 50]


def random_values(count, seed):
    chance = random.Random(seed)
    return ["".join(chance.choice(PIECES) for _ in range(chance.randint(0, 9))) for _ in range(count)]


def shown(value):
    """What a value looks like after the line ends and the characters that cannot be shown are settled."""
    value = value.replace("\r\n", "\n").replace("\r", "\n")
    return "".join("\ufffd" if (ord(c) < 32 and c not in "\t\n") or 0x7f <= ord(c) <= 0x9f or c in "\u2028\u2029\ufffe\uffff"
                   or "\u202a" <= c <= "\u202e" or "\u2066" <= c <= "\u2069" else c for c in value)


ROW = ('<div id="row"><p title="{{.}}" data-x=\'{{.}}\'>{{.}}</p><a href="https://h.example/{{.}}?q={{.}}&amp;r=1#{{.}}">x{{.}}y</a>'
       '<img src=\'cid:{{.}}\' alt="{{.}}"><!-- note --><b>z</b></div>')


class Tags(html.parser.HTMLParser):
    def __init__(self):
        super().__init__()
        self.seen = []

    def handle_starttag(self, tag, attrs):
        self.seen.append((tag, [name for name, _ in attrs]))

    def handle_endtag(self, tag):
        self.seen.append("/" + tag)

    def handle_comment(self, data):
        self.seen.append("!" + data)


def test_no_value_changes_the_tree_of_the_document():
    values = random_values(3000, 7)
    page = text("<!DOCTYPE html><html><head><title>{{title}}</title></head><body>{{#items}}" + ROW + "{{/items}}</body></html>",
                {"items": values, "title": "".join(random_values(50, 8)).replace("\0", "")})
    tags = Tags()
    tags.feed(page)
    row = [("div", ["id"]), ("p", ["title", "data-x"]), "/p", ("a", ["href"]), "/a", ("img", ["src", "alt"]), "! note ", ("b", []), "/b", "/div"]
    assert tags.seen == [("html", []), ("head", []), ("title", []), "/title", "/head", ("body", [])] + row * len(values) + ["/body", "/html"]

    tree = html5lib.parse(page, namespaceHTMLElements=False)
    rows = tree.findall("./body/div")
    assert len(rows) == len(values) and len(list(tree.find("body"))) == len(values)
    for div, value in zip(rows, values):
        p, a, img, _, b = list(div)
        wanted = shown(value)
        assert [p.tag, a.tag, img.tag, b.tag] == ["p", "a", "img", "b"] and not len(p) and not len(a)
        assert (p.text or "") == wanted and a.text == "x" + wanted + "y" and b.text == "z"
        assert p.attrib == {"title": wanted, "data-x": wanted} and img.attrib["alt"] == wanted
        url = urllib.parse.urlsplit(a.attrib["href"])
        assert (url.scheme, url.netloc) == ("https", "h.example")
        assert urllib.parse.unquote(url.path) == "/" + value and urllib.parse.unquote(url.fragment) == value
        assert urllib.parse.parse_qsl(url.query, keep_blank_values=True) == [("q", value), ("r", "1")]
        assert urllib.parse.unquote(img.attrib["src"]) == "cid:" + value


# Where characters come from, so that each kind is there often: ASCII with its controls, Latin and C1, spaces and marks that
# nobody sees, writing from right to left, combining marks, ideographs, private use, noncharacters, everything.
RANGES = [(0, 0x7F), (0x20, 0x7E), (0x80, 0xFF), (0x2000, 0x206F), (0x590, 0x6FF), (0x300, 0x36F), (0x4E00, 0x9FFF), (0xE000, 0xF8FF),
          (0xFDD0, 0xFDEF), (0xFEFF, 0xFFFF), (0x1F300, 0x1FAFF), (0xE0000, 0xE007F), (0, 0xD7FF), (0xE000, 0x10FFFF)]


def any_values(count, seed):
    chance = random.Random(seed)

    def one():
        if chance.random() < 0.25:
            return chance.choice(PIECES)
        return chr(chance.randint(*chance.choice(RANGES)))
    return ["".join(one() for _ in range(chance.randint(0, 24))) for _ in range(count)]


def characters_that_show_nothing_good(value):
    return "".join("\ufffd" if 0xFDD0 <= ord(c) <= 0xFDEF or ord(c) & 0xFFFE == 0xFFFE else c for c in shown(value))


PLACES = ('<section><title>{{.}}</title><textarea title="{{.}}">x{{.}}</textarea><p lang=\'{{.}}\' title="a{{.}}b{{.}}">{{.}}<b>{{.}}</b>{{.}}</p>'
          '<a href="mailto:{{.}}?subject={{.}}">m</a><a href="tel:{{.}}">t</a><a href=\'https://h.example/?{{.}}={{.}}\'>u</a></section>')


def test_any_value_in_any_place_of_html_is_read_back_and_changes_nothing_else():
    values = any_values(1200, 21) + random_values(200, 22)
    page = text("<!DOCTYPE html><html><body>{{#items}}" + PLACES + "{{/items}}<p>end</p></body></html>", {"items": values})
    tree = html5lib.parse(page, namespaceHTMLElements=False)
    *sections, end = list(tree.find("body"))
    assert len(sections) == len(values) and end.text == "end"
    names = ["title", "textarea", "p", "b", "a", "a", "a"]
    for section, value in zip(sections, values):
        wanted = characters_that_show_nothing_good(value)
        title, area, p, b, mail, phone, link = found = list(section.iter())[1:]
        assert [e.tag for e in found] == names and [sorted(e.attrib) for e in found] == [
            [], ["title"], ["lang", "title"], [], ["href"], ["href"], ["href"]]
        assert (title.text or "") == wanted and area.text == "x" + wanted and area.attrib["title"] == wanted
        assert p.attrib == {"lang": wanted, "title": f"a{wanted}b{wanted}"}
        assert [p.text or "", b.text or "", b.tail or ""] == [wanted] * 3
        unquote = urllib.parse.unquote
        for one in (mail, phone, link):
            assert one.attrib["href"].isascii() and not set(one.attrib["href"]) & set(" \"'<>`\\\r\n\t\0")
        assert unquote(mail.attrib["href"]) == f"mailto:{value}?subject={value}" and mail.attrib["href"].count("?") == 1
        assert unquote(phone.attrib["href"]) == "tel:" + value
        parts = urllib.parse.urlsplit(link.attrib["href"])
        assert (parts.netloc, parts.path, parts.fragment) == ("h.example", "/", "")
        assert urllib.parse.parse_qsl(parts.query, keep_blank_values=True) == [(value, value)]


def test_any_value_in_a_text_stands_as_it_is():
    values = any_values(3000, 23)
    made = text("{{#items}}<{{.}}>\x20\n{{/items}}end", {"items": values}, "text")
    assert made == "".join(f"<{characters_that_show_nothing_good(v)}> \n" for v in values) + "end"


def may_stand_in_a_line(value):
    """Nothing that ends a line, or controls one, anywhere."""
    return not any(ord(c) < 32 or 0x7F <= ord(c) <= 0x9F or c in "\u2028\u2029" for c in value)


def test_any_value_in_a_subject_is_one_line_that_a_reader_of_mail_reads_back():
    good = [v for v in any_values(1500, 24) if may_stand_in_a_line(v)]
    bad = [v for v in any_values(400, 25) if not may_stand_in_a_line(v)]
    assert len(good) > 400 and len(bad) > 100
    lines = text("{{#items}}[{{.}}]{{/items}}", {"items": good}, "subject")
    assert lines == "".join(f"[{v}]" for v in good)
    for value in bad[:25]:
        assert refusal("Hello {{x}}", {"x": value}, "subject")["why"] == "header"
    for at in range(0, len(good), 40):
        some = good[at:at + 40]
        spec = {"from": "a@b.example", "to": "c@d.example", "subject": some[0], "text": "x", "headers": {f"X-V{i}": v for i, v in enumerate(some)}}
        done = subprocess.run([LETTERLOCK, "mime", "build", "-"], input=json.dumps(spec).encode(), capture_output=True, timeout=60)
        assert done.returncode == 0, (done.stderr, some)
        read = email.message_from_bytes(done.stdout)
        assert [k for k in read.keys() if k.startswith("X-V")] == list(spec["headers"]) and not read.defects
        assert sorted(k for k in read.keys() if not k.startswith("X-V")) == ["Content-Transfer-Encoding", "Content-Type", "Date", "From", "MIME-Version",
                                                                            "Message-ID", "Subject", "To"]
        for name, value in [("Subject", some[0]), *spec["headers"].items()]:
            words = email.header.decode_header(read[name].replace("\r\n", ""))
            assert "".join(w.decode(c or "ascii") if isinstance(w, bytes) else w for w, c in words) == value, name


def test_any_value_of_the_json_of_values_is_the_text_that_json_means():
    """The same values as JSON escapes them, and as raw UTF-8."""
    values = any_values(1500, 26)
    for ascii_only in (True, False):
        path = render.dir / "t"
        path.write_text("{{#items}}{{.}}|\n{{/items}}")
        raw = json.dumps({"items": values, "\u2028 name": 1}, ensure_ascii=ascii_only).encode()
        done = subprocess.run([LETTERLOCK, "template", "render", str(path), "--values", "-", "--as", "text"], input=raw, capture_output=True, timeout=60)
        assert done.returncode == 0, done.stderr
        assert done.stdout.decode() == "".join(characters_that_show_nothing_good(v) + "|\n" for v in values)


@pytest.mark.parametrize("seed", range(40))
def test_a_url_as_a_whole_is_safe_or_refused(seed):
    chance = random.Random(seed)
    start = chance.choice(["https://h.example/", "https://h.example", "https:", "HTTPS://h.example/?", "mailto:a@b.example?", "tel:+49", "cid:", "",
                           "javascript:", "http://h.example/", "https://a@", "data:", " https://h/", "java\tscript:", "//h.example/", "https:///"])
    value = start + random_values(1, seed)[0]
    done = render('<p><a href="{{u}}">t</a></p>', {"u": value})
    if done.returncode:
        assert json.loads(done.stderr)["error"]["why"] == "template"
        return
    (link,) = html5lib.parse(done.stdout.decode(), namespaceHTMLElements=False).findall("./body/p/a")
    assert list(link.attrib) == ["href"] and link.text == "t"
    href = link.attrib["href"]
    assert href.lower().startswith(("https://", "mailto:", "tel:", "cid:")) and href.isascii() and " " not in href
    if href.lower().startswith("https"):
        assert "@" not in urllib.parse.urlsplit(href).netloc and urllib.parse.urlsplit(href).hostname


@pytest.mark.parametrize("url", ["https://h.example/a?b=c&d=e#f", "https://h.example/%7Ea", "mailto:a@b.example?subject=x", "tel:+491234", "https://[::1]/"])
def test_a_good_url_is_kept(url):
    (link,) = html5lib.parse(text('<a href="{{u}}">t</a>', {"u": url}), namespaceHTMLElements=False).findall("./body/a")
    assert link.attrib["href"] == url
    assert text("{{u}}", {"u": url}, "url") == url


@pytest.mark.parametrize("url", ["javascript:alert(1)", "JaVaScRiPt:x", " https://h/", "http://h/", "data:text/html,x", "//h", "/path", "x", "",
                                 "https://bank.example@evil.example/", "https://", "https://\\evil", "vbscript:x", "java\nscript:x", "&#106;avascript:"])
def test_other_urls_are_refused_with_the_place(url):
    for form, template in (("html", '<p>\n  <a href="{{u}}">t</a>'), ("url", "{{u}}")):
        wrong = refusal(template, {"u": url}, form)
        assert wrong["why"] == "template" and "u" in wrong["message"]
        assert (wrong["line"], wrong["column"]) == ((2, 12) if form == "html" else (1, 1))


REFUSED = [  # template, line, column of what is refused
    ("{{{x}}}", 1, 1), ("a\n {{&x}}", 2, 2), ("{{>x}}", 1, 1), ("{{=<% %>=}}", 1, 1), ("{{x", 1, 1), ("{{}}", 1, 1), ("{{#}}{{/}}", 1, 1),
    ("{{#a}}x", 1, 1), ("{{/a}}", 1, 1), ("{{#a}}{{#b}}{{/a}}{{/b}}", 1, 13), ("<p title={{x}}>", 1, 10), ("<p {{x}}>", 1, 4), ("<{{x}}>", 1, 2),
    ("</{{x}}>", 1, 3), ("<p{{x}}>", 1, 3), ('<p title="a"{{x}}>', 1, 13), ("<!-- {{x}} -->", 1, 6), ("<script>var a = {{x}};</script>", 1, 17),
    ("<style>a{color:{{x}}}</style>", 1, 16), ('<p style="color:{{x}}">', 1, 17), ('<p onclick="f({{x}})">', 1, 15), ('<img srcset="{{x}}">', 1, 14),
    ('<iframe srcdoc="{{x}}">', 1, 17), ('<meta http-equiv="refresh" content="{{x}}">', 1, 37), ('<a href="x{{x}}">', 1, 11),
    ('<a href="javascript:{{x}}">', 1, 21), ('<a href="http://h/{{x}}">', 1, 19), ("<svg>{{x}}</svg>", 1, 5), ("<noscript>", 1, 10),
    ("<!DOCTYPE {{x}}>", 1, 11), ("<![CDATA[{{x}}]]>", 1, 3), ("<?x {{x}}?>", 1, 2), ("a < {{x}}", 1, 4), ("<p", 1, 3), ("<!-- x", 1, 7),
    ('<a href="{{#x}}https://{{/x}}{{x}}">', 1, 24), ('<p title="{{#x}}"{{/x}}>', 1, 18), ("{{#x}}<p {{/x}}>", 1, 10), ("{{#x}}<!--{{/x}} -->", 1, 11),
    ("<title></tit{{x}}le>", 1, 13), ("<textarea></textarea >", 1, 21), ("<script><!-- </script>", 1, 12), ("<p =x>", 1, 4), ("<p a=>", 1, 6),
    ("<p a= \"x\">", 1, 6), ("<p a=\"x\"b>", 1, 9), ("<!-->{{x}}-->", 1, 5), ("<!-- --!>{{x}}-->", 1, 9), ("a\0b", 1, 2), ("<p a=b'c>", 1, 7),
]


@pytest.mark.parametrize("template,line,column", REFUSED)
def test_what_is_not_safe_is_refused_when_it_is_read(template, line, column):
    wrong = refusal(template, {"x": "1", "a": "1", "b": "1"})
    assert wrong["why"] == "template" and (wrong["line"], wrong["column"]) == (line, column), wrong


def test_a_missing_variable_is_an_error_with_the_nearest_name():
    wrong = refusal("<p>Hello\n {{#person}}{{nmae}}{{/person}}", {"person": {"name": "x"}, "other": ""}, "text")
    assert wrong["why"] == "template" and (wrong["line"], wrong["column"]) == (2, 13) and "{{name}}" in wrong["message"]
    # In a section that is not shown as well.
    assert refusal("{{#off}}{{unknown}}{{/off}}", {"off": False}, "text")["why"] == "template"
    assert refusal("{{#unknown}}a{{/unknown}}", {}, "text")["why"] == "template"
    assert refusal("{{person}}", {"person": {}}, "text")["why"] == "template"


@pytest.mark.parametrize("bad", ["\r\nBcc: x", "\n", "\r", "\0", "\x0b", "\x7f", "\u0085", "\u2028"])
def test_a_subject_stays_one_line(bad):
    for value in (bad, "a" + bad, "a" + bad + "b"):
        assert refusal("Hello {{name}}\n", {"name": value}, "subject")["why"] == "header"
    assert refusal("Hello" + bad + "x", {}, "subject")["why"] == "template"


RENDERED = [
    ("Hello {{name}}\n", {"name": "Zoë & <Co>"}, "subject", "Hello Zoë & <Co>"),
    ("{{a}}{{b}}", {"a": "<", "b": "&"}, "text", "<&"),
    ("{{#list}}{{n}}:{{.}},{{/list}}", {"list": ["x", "y"], "n": 1}, "text", "1:x,1:y,"),
    ("{{#list}}\n- {{name}}\n{{/list}}\nend\n", {"list": [{"name": "a"}, {"name": "b"}]}, "text", "- a\n- b\nend\n"),
    ("{{^list}}none{{/list}}{{#list}}some{{/list}}", {"list": []}, "text", "none"),
    ("{{#t}}yes{{/t}}{{#f}}no{{/f}}{{^f}}not{{/f}}{{^e}}empty{{/e}}", {"t": True, "f": False, "e": ""}, "text", "yesnotempty"),
    ("{{#o}}{{a}}{{b.c}}{{/o}}{{o.b.c}}", {"o": {"a": 1, "b": {"c": 2.5}}}, "text", "12.52.5"),
    ("a {{! comment }} b\n  {{! alone }}  \nc", {}, "text", "a  b\nc"),
    ("{{ x }}|{{Column with blanks}}|{{a.b}}", {"x": 1, "Column with blanks": 2, "a.b": 3}, "text", "1|2|3"),
    ("{{#a}}{{#b}}{{x}}{{/b}}{{/a}}{{x}}", {"a": {"x": 1}, "b": {"y": 2}, "x": 3}, "text", "13"),
    ("{{x}}", {"x": "{{y}}{{x}}"}, "text", "{{y}}{{x}}"),
    ("{{x}}", {"x": "{{7*7}}${7*7}<%= 7*7 %>"}, "html", "{{7*7}}${7*7}&lt;%= 7*7 %&gt;"),
    ("{{x}}\r\n{{#x}}\r\nb\r\n{{/x}}\r\n", {"x": "a"}, "text", "a\r\nb\r\n"),
    ("https://h.example/{{p}}?q={{p}}", {"p": "a/b&c d"}, "url", "https://h.example/a%2Fb%26c%20d?q=a%2Fb%26c%20d"),
    ("mailto:{{m}}?subject={{s}}", {"m": "a+b@c.example", "s": "x y"}, "url", "mailto:a+b@c.example?subject=x%20y"),
]


@pytest.mark.parametrize("template,values,form,wanted", RENDERED)
def test_templates_render(template, values, form, wanted):
    assert text(template, values, form) == wanted


@pytest.mark.parametrize(argnames="template", ids=["depth", "parts", "length", "steps"], argvalues=["{{#a}}" * 17 + "{{/a}}" * 17, "{{a}}" * 10001, "x" * 300000, "{{#l}}{{#l}}{{#l}}{{#l}}xxxxxxxxxx{{/l}}{{/l}}{{/l}}{{/l}}"])
def test_limits_hold(template):
    assert refusal(template, {"a": "x", "l": list(range(100))}, "text")["why"] in ("template", "limit")


def test_values_that_are_no_json_object_are_refused():
    for raw in (b"[]", b"{", b'{"a":1,"a":2}', b'{"a":"\\ud800"}', b'{"a":"\xff"}', b"[" * 50000):
        path = render.dir / "t"
        path.write_text("x")
        done = subprocess.run([LETTERLOCK, "template", "render", str(path), "--values", "-", "--json"], input=raw, capture_output=True)
        assert done.returncode and json.loads(done.stderr)["error"]["why"] == "syntax"
