"""People on telephones, from the mail to the document: every way there is, in a real browser. Each page on the way is kept as
a picture below build-test/screenshots, and axe-core finds nothing on it; no request leaves the origin."""
import io
import json
import os
import re
import sqlite3
import time
import zipfile

import pytest

import chromium as chromium_
from gateway import Gateway
from house import House, pdf
from test_page_reader import HTML, PNG

pytestmark = pytest.mark.skipif(chromium_.missing() is not None, reason=str(chromium_.missing()))


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    """One installation for all: with a gateway for codes, and new links for who is late."""
    folder = tmp_path_factory.mktemp("browser")
    h = House(folder / "house")
    h.gateway = Gateway(folder / "gateway")
    secret = folder / "secret"
    secret.write_text("Bearer nothing\n")
    secret.chmod(0o600)
    for section, name, value in [
            ("sms", "url", f"https://localhost:{h.gateway.port}/v1/messages"), ("sms", "ca_file", h.gateway.ca),
            ("sms", "secret", "{ file: %s }" % secret), ("sms", "country", '"49"'), ("link", "tries", 3),
            ("link", "erase_after", "30d"), ("link", "renewal", "allowed"), ("guesses", "free", 1000),
            ("sender", "name", "Northwind Insurance"), ("serve", "connections_per_address", 400)]:
        h.setting(name, value, section=section)
    h.home = chromium_.trusted_home(folder / "browser", h)
    yield h.serve()
    h.stop()
    h.gateway.close()


@pytest.fixture(scope="module")
def chromium(house, request):
    c = chromium_.Chromium(house.home, house, request.module.__name__.removeprefix("test_"))
    yield c
    c.close()


def send(house, *args, documents=None, **values):
    """One person of their own, with a link of their own."""
    house.count = getattr(house, "count", 0) + 1
    row = house.people(1, f"reader{house.count}-")[0]
    if documents:
        for name, content in documents.items():
            with open(os.path.join(house.documents, name), "wb") as f:
                f.write(content)
        row["document"] = ";".join(documents)
    row.update(values)
    results = os.path.join(house.path, "results.csv")
    if os.path.exists(results):
        os.unlink(results)
    return house.send([row], *args).results[0]


def document_of(house, row):
    with open(os.path.join(house.documents, row["document"]), "rb") as f:
        return f.read()


def story_of(house, row):
    return json.loads(house.run("show", row["delivery"], "--json").out)


def code_of(house, before):
    """The code of the message that came after so many."""
    return re.match(r"\d{6}", house.gateway.messages(before + 1)[-1]["text"])[0]


def until(what, seconds=60):
    end = time.monotonic() + seconds
    while not (got := what()):
        assert time.monotonic() < end, "it does not happen"
        time.sleep(0.1)
    return got


# ── The proofs ──

def test_a_password_opens_the_document_in_two_taps(house, chromium, tmp_path):
    row = send(house)
    with chromium.person("password") as p:
        p.opens(row["link"], "question")
        p.sees("Northwind Insurance", "example.com", "PDF document", "Not expecting this?")
        p.fills("Password", row["password"])
        p.presses("Open", "documents")
        p.sees("Your document", row["document"])
        name, content = p.saves(f"Download: {row['document']}", tmp_path)
        assert (name, content) == (row["document"], document_of(house, row))
    assert until(lambda: story_of(house, row)["link"]["opens"]) == 1


def test_details_open_with_a_date_as_people_write_it(house, chromium):
    row = send(house, "--proof", "details:birth_date+policy", birth_date="1987-04-03", policy="AB-123 456")
    with chromium.person("details") as p:
        p.opens(row["link"], "question")
        p.fills("Date of birth", "3 April 1987")
        p.fills("Policy number", "ab123456")
        p.presses("Open", "documents")
        p.sees("Your document")


def test_a_code_comes_to_the_telephone_and_opens(house, chromium):
    row = send(house, "--proof", "code:mobile", mobile="0151 234 567 89")
    sent = len(house.gateway.asked)
    with chromium.person("code") as p:
        p.opens(row["link"], "question")
        p.presses("Send me a code", "sure")
        p.sees("89")
        p.fills_number()
        p.presses("Send the code", "asked")
        code = code_of(house, sent)
        p.fills("Code", f"{code[:3]} {code[3:]}")
        p.presses("Open", "documents")
        p.sees("Your document")


# ── What goes wrong ──

def test_wrong_answers_lock_the_link_and_a_new_one_opens(house, chromium):
    row = send(house)
    with chromium.person("locked") as p:
        p.opens(row["link"], "question")
        for n in (1, 2, 3):
            p.fills("Password", f"wrong number {n}")
            p.presses("Open", f"wrong-{n}")
            while p.status == 429:
                time.sleep(1)
                p.presses("Try again")
                p.fills("Password", f"wrong number {n}")
                p.presses("Open", f"wrong-{n}")
            assert p.status == 403
            p.sees("This did not open")
            p.presses("Try again", f"again-{n}")
        assert p.status == 404
        assert story_of(house, row)["link"]["state"] == "locked"
        house.run("renew", row["delivery"])
        mail = until(lambda: [m for m in house.outbox() if m["To"] and row["email"] in m["To"] and row["link"] not in str(m)
                              and "/d/" in str(m)])[0]
        fresh = re.search(r"https://\S+/d/\w+", mail.get_body(("plain",)).get_content())[0]
        p.opens(fresh, "renewed")
        p.fills("Password", row["password"])
        p.presses("Open", "documents")
        p.sees("Your document")


def test_who_is_late_asks_for_a_new_link_and_opens_it(house, chromium):
    row = send(house)
    with sqlite3.connect(f"{house.path}/letterlock.db", timeout=30) as db:
        db.execute("UPDATE link SET created_at = created_at - 8 * 86400000000, expires_at = expires_at - 8 * 86400000000 "
                   "WHERE id = (SELECT id FROM link ORDER BY created_at DESC LIMIT 1)")
    with chromium.person("late") as p:
        p.opens(row["link"], "too-late")
        assert p.status == 404
        p.presses("Ask for a new link", "ask")
        p.fills_number()
        p.presses("Ask for a new link", "asked")
        mail = until(lambda: [m for m in house.outbox() if row["email"] in m["To"] and row["link"] not in str(m)])[0]
        p.opens(re.search(r"https://\S+/d/\w+", mail.get_body(("plain",)).get_content())[0], "new-link")
        p.fills("Password", row["password"])
        p.presses("Open", "documents")
        p.sees("Your document")


def test_a_revoked_link_opens_nothing(house, chromium):
    row = send(house)
    house.run("revoke", row["delivery"])
    with chromium.person("revoked") as p:
        p.opens(row["link"])
        assert p.status == 404
        p.sees("This did not open")


# ── Several documents, other pages ──

FOUR = {"Versicherungsschein 2026 – Müller & Söhne (endgültig, unterschrieben).pdf": pdf("policy"), "photo.png": PNG,
        "note.txt": "Grüße\n".encode(), "list.csv": b"a,b\n1,2\n"}


def test_several_documents_come_one_by_one_or_all_as_one_zip(house, chromium, tmp_path):
    row = send(house, documents=FOUR)
    with chromium.person("several") as p:
        p.opens(row["link"], "question")
        p.sees("4 documents")
        p.fills("Password", row["password"])
        p.presses("Open", "documents")
        for name, content in FOUR.items():
            assert p.saves(f"Download: {name}", tmp_path) == (name, content)
        all_of_them = re.search(r"Download all as one ZIP file \(.*?\)", p.text)[0]
        name, content = p.saves(all_of_them, tmp_path)
        with zipfile.ZipFile(io.BytesIO(content)) as z:
            assert {i: z.read(i) for i in z.namelist()} == FOUR
        p.evaluate("document.querySelector('details').open = true")
        p.looks("checksum")


def test_what_can_be_shown_is_shown_and_runs_nothing(house, chromium):
    row = send(house, documents=FOUR)
    with chromium.person("view") as p:
        p.opens(row["link"])
        p.fills("Password", row["password"])
        p.presses("Open", "documents")
        for name in list(FOUR)[:3]:
            assert p.views(f"View: {name}") == 200
            p.pictures(f"view-{name.rsplit('.', 1)[1]}", light=0 if name.endswith("png") else 0.3)
            p.call("back")


def test_this_is_not_for_me_tells_the_sender_when_a_person_says_so(house, chromium):
    row = send(house)
    with chromium.person("not-for-me") as p:
        p.opens(row["link"])
        p.presses("This is not for me", "sure")
        p.fills_number(wrong=True)
        p.presses("Yes, tell the sender", "another-number")
        p.sees("That was another number.")
        assert "not-for-me" not in str(story_of(house, row)["events"])
        p.fills_number()
        p.presses("Yes, tell the sender", "told")
        p.sees("Thank you")
    assert [e["event"] for e in story_of(house, row)["events"]].count("not-for-me") == 1


# ── Everybody ──

def whole_way(house, p, row, words, tmp_path=None):
    """Question, wrong answer, question, documents, help: the pages that everybody sees."""
    p.opens(row["link"], "question")
    p.fills(words["Password"], "certainly not")
    p.presses(words["Open"], "wrong")
    p.presses(words["Try again"], "again")
    p.fills(words["Password"], row["password"])
    p.presses(words["Open"], "documents")
    p.presses(words["How do I open this?"], "help")


def words_of(language):
    """The sentences of the catalogue, by the English ones."""
    path = os.path.join(HTML, f"{language}.po")
    with open(path, encoding="utf-8") as f:
        found = dict(re.findall(r'msgid "(.+)"\nmsgstr "(.+)"', f.read()))
    return found


class English(dict):
    def __missing__(self, key):
        return key


@pytest.mark.parametrize("name, options", [
    ("narrow", {"viewport": {"width": 320, "height": 640}}),
    ("dark", {"colorScheme": "dark"}),
    ("forced-colours", {"forcedColors": "active"}),
    ("desktop", {"viewport": {"width": 1280, "height": 900}, "isMobile": False}),
    ("wide-spacing", {"viewport": {"width": 320, "height": 640}, "spaced": True}),
    ("right-to-left", {"right_to_left": True}),
    ("without-script", {"javaScriptEnabled": False}),
])
def test_it_can_be_read_and_used(house, chromium, name, options):
    with chromium.person(name, **options) as p:
        whole_way(house, p, send(house), English())


def test_it_can_be_read_with_letters_twice_as_large(house):
    large = chromium_.Chromium(house.home, house, "large-text", "--blink-settings=defaultFontSize=32,defaultFixedFontSize=26")
    try:
        for name, width in [("phone", 412), ("narrow", 320)]:
            with large.person(name, viewport={"width": width, "height": 640}) as p:
                whole_way(house, p, send(house, documents=FOUR), English())
                assert p.evaluate("getComputedStyle(document.documentElement).fontSize") == "32px"
    finally:
        large.close()


@pytest.mark.parametrize("language", ["de", "fr", "es"])
def test_it_speaks_the_language_of_its_reader(house, chromium, language):
    with chromium.person(language, locale=language, viewport={"width": 320, "height": 640}) as p:
        whole_way(house, p, send(house), words_of(language))
        assert p.evaluate("document.documentElement.lang") == language


def focused(p):
    return p.evaluate("(e => [e.localName, e.getAttribute('aria-label') || e.innerText || e.labels?.[0]?.innerText || ''])(document.activeElement)")


def test_a_keyboard_alone_is_enough(house, chromium):
    row = send(house)
    with chromium.person("keyboard", isMobile=False, hasTouch=False, viewport={"width": 800, "height": 900}) as p:
        p.opens(row["link"])
        p.keys("Tab")
        assert focused(p) == ["a", "Skip to content"]
        p.looks("skip")
        p.keys("Enter", "Tab")
        assert focused(p) == ["input", "Password"], "after skipping, the question"
        p.looks("field")
        p.types(row["password"])
        p.keys("Tab")
        assert focused(p) == ["button", "Open"]
        p.looks("button")
        p.goes("Enter", "documents")
        p.sees("Your document")
        way = []
        while not way or way[-1][0] != "body" and len(way) < 20:
            p.keys("Tab")
            way.append(focused(p))
            visible = p.evaluate("""(e => e === document.body || (b => b.bottom > 0 && b.top < innerHeight &&
                (s => s.outlineStyle !== 'none' && parseFloat(s.outlineWidth) >= 2)(getComputedStyle(e)))(e.getBoundingClientRect()))
                (document.activeElement)""")
            assert visible, way[-1]
        names = [name for _, name in way]
        assert names[:3] == [f"Download: {row['document']}", f"View: {row['document']}", "Check the file"]


def test_a_screen_reader_is_told_what_eyes_see(house, chromium):
    row = send(house, "--proof", "details:birth_date+policy", birth_date="1987-04-03", policy="AB-123 456")
    with chromium.person("screen-reader") as p:
        p.opens(row["link"])
        tree = p.tree()
        said = [(n["role"], n["name"]) for n in tree]
        for wanted in [("banner", ""), ("main", ""), ("contentinfo", ""), ("navigation", "Language"),
                       ("heading", "A protected document for you"), ("region", "From"), ("form", "Show that it is you"),
                       ("textbox", "Date of birth"), ("textbox", "Policy number"), ("button", "Open"),
                       ("button", "This is not for me")]:
            assert wanted in said, (wanted, said)
        date, = [n for n in tree if n["name"] == "Date of birth" and n["role"] == "textbox"]
        assert date["required"] is True and "3 April 1987" in date["description"]
        p.fills("Date of birth", "1 May 1901")
        p.fills("Policy number", "other")
        p.presses("Open")
        assert "alert" in [n["role"] for n in p.tree()]
        p.presses("Try again")
        date, = [n for n in p.tree() if n["name"] == "Date of birth" and n["role"] == "textbox"]
        assert date["invalid"] == "true"


def test_a_browser_that_does_not_know_the_authority_refuses(house, tmp_path):
    stranger = chromium_.Chromium(chromium_.trusting(str(tmp_path / "home")), house, "stranger")
    try:
        number = 1
        stranger.call("person", person=number, options={})
        with pytest.raises(AssertionError, match="ERR_CERT_AUTHORITY_INVALID"):
            stranger.call("goto", person=number, url=f"https://localhost:{house.port}/help")
    finally:
        stranger.close()
