"""Hostile HTML through the real program, judged by parsers that are not ours: nothing outside the list in any tree."""
import json
import os
import subprocess

import html5lib
import html5lib.serializer
import lxml.etree
import lxml.html
import pytest

import html_corpus

LETTERLOCK = os.environ.get("LETTERLOCK", "build/letterlock")
HTML = "{http://www.w3.org/1999/xhtml}"


def clean_lines(texts, *options):
    lines = "".join(json.dumps(text) + "\n" for text in texts)
    done = subprocess.run([LETTERLOCK, "html", "clean", "--lines", *options], input=lines.encode(), capture_output=True, timeout=600)
    assert done.returncode == 0, done.stderr
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(answers) == len(texts)
    return answers


def clean(text, *options):
    done = subprocess.run([LETTERLOCK, "html", "clean", "--json", *options], input=text.encode("utf-8", "surrogatepass"), capture_output=True, timeout=120)
    return json.loads(done.stdout) if done.returncode == 0 else json.loads(done.stderr)["error"]


@pytest.fixture(scope="module")
def cleaned():
    """(what came, what was made of it): all attacks, and some thousand mutations, or LETTERLOCK_HTML_MUTATIONS."""
    texts = html_corpus.hostile() + list(html_corpus.generated(int(os.environ.get("LETTERLOCK_HTML_MUTATIONS", 1500)), 20261121))
    answers = clean_lines(texts)
    done = [(text, answer["html"]) for text, answer in zip(texts, answers) if answer["html"] is not None]
    assert len(done) > 0.98 * len(texts), "so much is refused that this shows nothing"
    return done


def elements_of(fragment):
    for node in fragment.iter():
        if not isinstance(node.tag, str):
            yield "a comment", {}
        elif node.tag != "DOCUMENT_FRAGMENT":
            yield node.tag, dict(node.attrib)


def test_the_html5_parser_of_another_maker_finds_only_what_is_on_the_list(cleaned):
    for came, made in cleaned:
        for tag, attributes in elements_of(html5lib.parseFragment(made, container="div")):
            assert tag.startswith(HTML), (came, made, tag)
            wrong = html_corpus.problem(tag.removeprefix(HTML), attributes)
            assert not wrong, (came, made, wrong)


def test_a_whole_document_around_it_changes_nothing_of_that(cleaned):
    """In quirks mode and with scripting, as old readers of mail are: noscript is text then."""
    for came, made in cleaned[::4]:
        tree = html5lib.HTMLParser(namespaceHTMLElements=False).parse(f"<body>{made}</body>", scripting=True)
        for tag, attributes in elements_of(tree.find("body")):
            wrong = None if tag == "body" else html_corpus.problem(tag, attributes)
            assert not wrong, (came, made, wrong)


def test_a_parser_that_is_not_of_html5_finds_nothing_else_either(cleaned):
    for came, made in cleaned:
        if not made.strip():
            continue
        for node in lxml.html.fragment_fromstring(made, create_parent="div").iter():
            assert isinstance(node.tag, str), (came, made)
            wrong = html_corpus.problem(node.tag, dict(node.attrib))
            assert not wrong, (came, made, wrong)


def test_the_bytes_themselves_are_of_one_plain_spelling(cleaned):
    for came, made in cleaned:
        assert not html_corpus.text_problem(made), (came, made, html_corpus.text_problem(made))


def test_cleaning_twice_is_cleaning_once(cleaned):
    made = [made for _, made in cleaned]
    for once, twice in zip(made, clean_lines(made)):
        assert twice["html"] == once and twice["removed"] == [], once


def serialised(fragment):
    """A third writer: if the tree came out otherwise, so would this."""
    walker = html5lib.getTreeWalker("etree")
    writer = html5lib.serializer.HTMLSerializer(omit_optional_tags=False, quote_attr_values="always", alphabetical_attributes=True, strip_whitespace=False)
    return writer.render(walker(fragment))


def test_what_is_written_again_by_another_is_read_as_the_same(cleaned):
    for came, made in cleaned[::4]:
        if "<pre" in made:  # that writer forgets the line end after it
            continue
        once = serialised(html5lib.parseFragment(made, container="div"))
        assert serialised(html5lib.parseFragment(once, container="div")) == once, (came, made)


@pytest.mark.parametrize("text", html_corpus.ORDINARY)
def test_ordinary_mail_keeps_its_text(text):
    def words(html):
        return "".join(html5lib.parseFragment(html, container="div").itertext()).split()
    assert words(clean(text)["html"]) == words(text)


def test_remote_pictures_are_for_the_operator_to_allow(tmp_path):
    picture = '<img src="https://h.example/a.png" alt="b">'
    assert clean(picture) == {"html": '<img alt="b">', "removed": [{"what": "url", "name": "https", "count": 1}]}
    assert clean(picture, "--remote-images")["html"] == picture
    subprocess.run([LETTERLOCK, "init", str(tmp_path / "l"), "--domain", "example.com", "--no-input"], check=True, capture_output=True)
    config = tmp_path / "l" / "letterlock.yaml"
    assert clean(picture, "--config", str(config))["html"] == '<img alt="b">'
    config.write_text(config.read_text() + "\nhtml:\n  remote_images: true\n")
    assert clean(picture, "--config", str(config))["html"] == picture


def test_what_was_removed_is_counted():
    answer = clean("<!-- x --><p onclick=a style='position:fixed;color:red'>b</p><script>c</script><p onclick=d><a href=javascript:e>f</a>")
    assert answer["html"] == '<p style="color:red">b</p><p><a>f</a></p>'
    assert {(r["what"], r["name"], r["count"]) for r in answer["removed"]} == {
        ("comment", "", 1), ("attribute", "onclick", 2), ("element", "script", 1), ("style", "position", 1), ("url", "javascript", 1)}


def test_without_json_the_html_alone_comes_out():
    done = subprocess.run([LETTERLOCK, "html", "clean"], input=b"<p id=x>a<script>b</script>", capture_output=True)
    assert (done.returncode, done.stdout) == (0, b"<p>a</p>")


@pytest.mark.parametrize("name", html_corpus.SHAPES)
def test_bad_shapes_get_an_answer_in_bounded_memory_and_time(name):
    """The bound is the worker's: 5 s of its processor, with sanitizers. One that took longer would be killed and said so."""
    for size in (1 << 16, 500_000, 10_000_000):
        answer = clean(html_corpus.SHAPES[name](size))
        assert "html" in answer or (answer["why"] in ("limit", "syntax") and answer["message"]), (size, str(answer)[:300])
        assert "computed" not in answer.get("message", "") and "inspector" not in answer.get("message", ""), answer["message"]
        if size == 10_000_000:
            assert answer["why"] == "limit"


def test_bytes_that_are_no_text_do_no_harm():
    for raw in (bytes(range(256)) * 8, b"\xff\xfe<\x00s\x00c\x00r\x00i\x00p\x00t\x00>\x00", b"<p title='\xc3'onclick=alert(1)>\xe2\x28\xa1", b"\xed\xa0\x80<b>\xf5\x80\x80\x80", b"+ADw-script+AD4-alert(1)"):
        done = subprocess.run([LETTERLOCK, "html", "clean"], input=raw, capture_output=True)
        assert done.returncode == 0
        for tag, attributes in elements_of(html5lib.parseFragment(done.stdout.decode("utf-8"), container="div")):
            assert not html_corpus.problem(tag.removeprefix(HTML), attributes)
