"""`template lint`: each fault a template can have is found with its file and line, and a good one has none."""
import json
import os
import random
import re
import subprocess

import pytest

LETTERLOCK = os.environ.get("LETTERLOCK", "build/letterlock")
LANGUAGES = ["en", "de", "fr", "es"]


def lint(*arguments, status=None):
    done = subprocess.run([LETTERLOCK, "template", "lint", *map(str, arguments), "--json"], capture_output=True, timeout=60)
    assert done.returncode in (0, 1) if status is None else done.returncode == status, done.stderr
    return json.loads(done.stdout)


def page(body, head='<meta name="color-scheme" content="light dark">'):
    return f'<!DOCTYPE html>\n<html lang="en">\n<head>{head}</head>\n<body>\n{body}\n<a href="{{{{link.url}}}}">Open</a>\n</body>\n</html>\n'


def judged(tmp_path, name, source, *more):
    (tmp_path / name).write_text(source, encoding="utf-8")
    return [(f["judgement"], f["rule"], f["line"], f["words"]) for f in lint(tmp_path / name, *more)["findings"]]


@pytest.mark.parametrize("name", ["document", "plain"])
def test_the_built_in_templates_pass_in_all_languages(name):
    said = lint(name, status=0)
    assert said == {"good": True, "findings": []}


FAULTS = {
    "picture without alt": ('<img src="cid:logo">', "alt"),
    "picture from elsewhere": ('<img src="https://cdn.example/logo.png" alt="logo">', "remote"),
    "background from elsewhere": ('<table background="https://cdn.example/b.png"><tr><td>x</td></tr></table>', "remote"),
    "url in a style": ('<p style="background:url(https://cdn.example/x.png)">x</p>', "remote"),
    "video": ('<video></video>', "remote"),
    "form": ('<form action="https://x.example/"></form>', "script"),
    "button": ('<button>x</button>', "script"),
    "handler": ('<p onclick="alert(1)">x</p>', "script"),
    "host of somebody else": ('<a href="https://elsewhere.example/x">read on</a>', "link"),
    "shortener": ('<a href="https://bit.ly/x">read on</a>', "link"),
    "one host shown, another meant": ('<a href="{{link.url}}">www.bank.example</a>', "link"),
    "one URL shown, another meant": ('<a href="{{link.url}}">see <b>https://bank.example/login</b></a>', "link"),
    "faint": ('<p style="color:#999999;background:#ffffff">x</p>', "contrast"),
    "faint by bgcolor": ('<table bgcolor="#ffff00"><tr><td style="color:#ffffff">x</td></tr></table>', "contrast"),
    "faint by font": ('<font color="silver">x</font>', "contrast"),
    "black on the dark ground of the reader": ('<p style="color:#222222">x</p>', "contrast"),
    "a slip in a name": ("<p>{{recipient.nmae}}</p>", "variable"),
    "the password": ("<p>{{password}}</p>", "variable"),
    "not a template": ("<p>{{{name}}}</p>", "syntax"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_in_html_is_found_in_its_line(tmp_path, fault):
    markup, rule = FAULTS[fault]
    found = judged(tmp_path, "html.html", page(markup))
    assert ("error", rule, 5) in [f[:3] for f in found], found
    assert {f[1] for f in found if f[0] == "error"} == {rule}, found


GOOD = [
    '<img src="cid:logo" alt="">', "<p>{{amount}} and {{values.due date}}</p>", '<a href="mailto:help@example.com">help@example.com</a>',
    '<a href="{{link.url}}">{{link.url}}</a>', '<a href="https://www.example.com/help">www.example.com</a>', "<p>Version 2.10, at 10.30</p>",
    '<p style="color:#222222;background:#ffffff">x</p>', "<!-- <img src=x> -->", "{{#documents}}<p>{{name}}</p>{{/documents}}",
]


@pytest.mark.parametrize("markup", GOOD)
def test_what_is_well_made_is_left_in_peace(tmp_path, markup):
    assert judged(tmp_path, "html.html", page(markup), "--hosts", "www.example.com") == []


def luminance(colour):
    part = [int(colour[i:i + 2], 16) / 255 for i in (1, 3, 5)]
    part = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in part]
    return 0.2126 * part[0] + 0.7152 * part[1] + 0.0722 * part[2]


def contrast(a, b):
    a, b = sorted((luminance(a), luminance(b)), reverse=True)
    return (a + 0.05) / (b + 0.05)


def test_contrast_is_as_wcag_counts_it(tmp_path):
    chance = random.Random(11)
    rows, wanted = [], []
    for _ in range(80):
        pair = [f"#{chance.randrange(1 << 24):06x}" for _ in range(2)]
        if abs(contrast(*pair) - 4.5) > 0.05:
            rows.append(f'<p style="color:{pair[0]};background-color:{pair[1]}">x</p>')
            wanted.append(contrast(*pair) < 4.5)
    found = judged(tmp_path, "html.html", page("\n".join(rows)))
    light = {line for _, rule, line, words in found if rule == "contrast" and "in light" in words}
    assert light == {5 + i for i, faint in enumerate(wanted) if faint} and 0 < len(light) < len(rows)


def test_classes_media_and_important_decide_in_dark(tmp_path):
    style = ("<style>.a { color: #222222; background: #ffffff; } /* .a { color: #fff } */ td.b, .c p { color: #222; background: #fff }\n"
             "@media (prefers-color-scheme: dark) { .a { color: #333333 !important; } .c p { color: #eee !important; background: #111 } }"
             "@media (max-width: 400px) { p { color: #fff } }</style>")
    found = judged(tmp_path, "html.html", page('<p class="x a">1</p>\n<div class="c"><p>2</p></div>', '<meta name="color-scheme" content="light dark">' + style))
    assert found == []
    style = style.replace("background: #ffffff", "background: #ffffff").replace("#333333", "#cccccc")
    (found,) = judged(tmp_path, "html.html", page('<p class="x a">1</p>\n<div class="c"><p>2</p></div>', '<meta name="color-scheme" content="light dark">' + style))
    assert found[:2] == ("error", "contrast") and "in dark" in found[3] and found[2] == 6


def test_readers_that_turn_colours_round_are_judged_too(tmp_path):
    # Without a word about dark they turn both colours round, and a pair that was good in light need not be in dark.
    found = judged(tmp_path, "html.html", page('<p style="color:#ffff00;background:#666666">x</p>', ""))
    assert [(f[1], "in dark" in f[3]) for f in found] == [("contrast", True)], found


def test_the_subject_is_there_and_short(tmp_path):
    assert judged(tmp_path, "subject.txt", "A document for you\n") == []
    assert judged(tmp_path, "subject.txt", "\n")[0][:2] == ("error", "subject")
    assert judged(tmp_path, "subject.txt", "ä" * 79)[0][:2] == ("warning", "subject")
    assert judged(tmp_path, "subject.txt", "ä" * 78) == []
    assert judged(tmp_path, "subject.txt", "{{sender.name}} " + "x" * 150)[0][:2] == ("error", "subject")


def test_the_text_is_there_and_leads_to_the_link(tmp_path):
    assert judged(tmp_path, "text.txt", "Hello\n{{link.url}}\n") == []
    assert {f[1] for f in judged(tmp_path, "text.txt", "\n")} == {"text"}
    assert judged(tmp_path, "text.txt", "Hello\n")[0][:2] == ("error", "text")
    found = judged(tmp_path, "text.txt", "{{link.url}}\nhttp://example.com/\n\nhttps://tinyurl.com/x\n")
    assert [(f[1], f[2]) for f in found] == [("link", 2), ("link", 4)]


def test_html_that_grows_beyond_102_kb_is_told(tmp_path):
    rows = "{{#documents}}<p>" + "x" * 4200 + "</p>{{/documents}}"
    assert judged(tmp_path, "html.html", page(rows))[0][:2] == ("error", "size")
    assert judged(tmp_path, "html.html", page(rows.replace("x" * 4200, "x" * 3900))) == []


def test_a_bulk_template_has_a_way_out(tmp_path):
    assert judged(tmp_path, "text.txt", "{{! stream: bulk }}\n{{link.url}}\n")[0][:2] == ("error", "unsubscribe")
    assert judged(tmp_path, "text.txt", "{{link.url}}\n", "--bulk")[0][:2] == ("error", "unsubscribe")
    assert judged(tmp_path, "text.txt", "{{! stream: bulk }}\n{{link.url}}\nmailto:a@example.com?subject=unsubscribe\n") == []


@pytest.fixture
def house(tmp_path):
    home = tmp_path / "letters"
    subprocess.run([LETTERLOCK, "init", home, "--domain", "northwind.example", "--no-input"], check=True, capture_output=True, timeout=60)
    mine = home / "templates" / "mine"
    for language in ("de", "en"):
        (mine / language).mkdir(parents=True)
        (mine / language / "subject.txt").write_text("Invoice {{number}}\n")
        (mine / language / "text.txt").write_text("{{amount}}\n{{link.url}}\n")
    return home


def test_a_folder_is_judged_in_each_language_against_the_list(house):
    config = ["--config", house / "letterlock.yaml"]
    assert lint("mine", *config, status=0)["findings"] == []
    (house / "templates/mine/de/html.html").write_text(page("<img src='cid:x'>"))
    said = lint("mine", "--columns", "email,number,colour", *config, status=1)["findings"]
    assert {(f["judgement"], f["rule"], f["file"].split("/")[-2:][0] if f["file"] else "") for f in said} >= {
        ("error", "alt", "de"), ("error", "variable", "de"), ("error", "variable", "en"), ("warning", "variable", "de")}
    assert any("colour" in f["words"] for f in said if f["judgement"] == "warning")
    (house / "templates/mine/en/text.txt").write_text("a\n{{#x}}\n")
    (broken,) = lint("mine", *config, status=1)["findings"]
    assert broken["rule"] == "syntax" and broken["line"] == 2 and broken["file"].endswith("mine/en/text.txt")


def test_config_check_lints_the_templates(house):
    (house / "templates/mine/de/html.html").write_text(page("<img src='cid:x'>"))
    done = subprocess.run([LETTERLOCK, "config", "check", "--offline", "--config", house / "letterlock.yaml"], capture_output=True, text=True, timeout=60)
    assert done.returncode == 1 and re.search(r"^fail\s+templates\s.*de/html\.html, line 5.*alt", done.stdout, re.M), done.stdout


def test_a_name_that_is_none_and_a_file_that_is_not_there_are_refused():
    for operand in ("nothing", "./nothing.html"):
        done = subprocess.run([LETTERLOCK, "template", "lint", operand, "--json"], capture_output=True, timeout=60)
        assert done.returncode not in (0, 1, 2) and json.loads(done.stderr)["error"] and not done.stdout


def test_no_error_is_lost_behind_many_findings(tmp_path):
    found = judged(tmp_path, "html.html", page('<p style="color:strange">x</p>\n' * 300 + "<img src='cid:x'>"))
    assert len(found) == 201 and found[-1][0] == "error"
