"""The recipient's page as its readers have it: every page in every language, several documents, wrong persons, damage."""
import hashlib
import html
import http.client
import io
import os
import re
import shutil
import subprocess
import sys
import zipfile

import html5lib
import pytest

from house import Browser, House, sure

ROOT = os.path.join(os.path.dirname(__file__), "..", "..")
HTML = os.path.join(ROOT, "src", "door", "page", "html")
LANGUAGES = ["en", "de", "fr", "es"]
NAMES = ["Müller & Söhne.pdf", "photo.png", "note.txt", "page.html"]
PNG = (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x06\0\0\0\x1f\x15\xc4\x89\0\0\0\rIDATx\x9cc\xf8\xcf\xc0\xf0\x1f"
       b"\0\x05\0\x01\xff\xa7\x0c\x9b\x1d\0\0\0\0IEND\xaeB`\x82")


@pytest.fixture
def house(tmp_path):
    h = House(tmp_path / "house")
    yield h
    h.stop()


@pytest.fixture
def several(house):
    """One person with four documents of different kinds, asked for two details."""
    house.setting("allow_any_reason", "HTML has to be looked at too", section="check")
    row = house.people(1)[0]
    os.rename(os.path.join(house.documents, row["document"]), os.path.join(house.documents, NAMES[0]))
    for name, content in zip(NAMES[1:], [PNG, "Grüße\n".encode(), b"<script>alert(1)</script>" * 9000]):
        with open(os.path.join(house.documents, name), "wb") as f:
            f.write(content)
    row.update(document=";".join(NAMES), birth_date="1987-04-03", plate="AB-123")
    house.setting("name", "Northwind", section="sender")
    house.setting("allow_any_reason", "markup is among the documents, to see that it is never shown", section="check")
    house.row = house.send([row], "--proof", "details:birth_date+plate").results[0]
    return house


def proven(house):
    b = Browser(house)
    assert b.prove(house.row["link"], ["3. April 1987", "ab 123"])[0] == 303
    return b, b.ask("GET", house.row["link"])[2].decode()


def tree(page):
    parser = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False)
    return parser.parse(page)


def text_of(element):
    return " ".join("".join(element.itertext()).split())


# ── Every page in every language ──

def test_every_page_is_valid_and_has_what_readers_without_eyes_need(several):
    several.serve()
    link = several.row["link"]
    for language in LANGUAGES:
        b = Browser(several)
        wanted = {"Accept-Language": f"xx, {language};q=0.4"}
        pages = [b.ask("GET", link, headers=wanted), b.ask("GET", "https://x/help", headers=wanted),
                 b.ask("GET", "https://x/d/nothing", headers=wanted)]
        b.prove(link, ["3.4.1987", "AB123"])
        pages.append(b.ask("GET", link, headers=wanted))
        for status, headers, page in pages:
            document = tree(page)
            assert document.get("lang") == language == headers["content-language"] and document.get("dir") == "ltr"
            assert "{{" not in page.decode() and "[[" not in page.decode()
            assert len(document.findall(".//h1")) == 1 and len(document.findall(".//main")) == 1
            assert text_of(document.find(".//title")) and document.find(".//nav").get("aria-label")
            ids = [e.get("id") for e in document.iter() if e.get("id")]
            assert len(ids) == len(set(ids))
            for e in document.iter():
                for name in ("aria-labelledby", "aria-describedby", "for"):
                    assert set((e.get(name) or "").split()) <= set(ids), (name, e.get(name))
                if e.tag == "input" and e.get("type") != "hidden":
                    assert document.find(f".//label[@for='{e.get('id')}']") is not None
                if e.tag in ("a", "button"):
                    assert e.get("aria-label") or text_of(e)
            levels = [int(e.tag[1]) for e in document.iter() if isinstance(e.tag, str) and re.fullmatch("h[1-6]", e.tag)]
            assert levels[0] == 1 and all(b - a <= 1 for a, b in zip(levels, levels[1:])), levels


def test_the_reader_chooses_the_language_and_keeps_it(several):
    several.serve()
    link, b = several.row["link"], Browser(several)
    page = tree(b.ask("GET", link)[2])
    switch = {a.get("lang"): a.get("href") for a in page.findall(".//nav//a")}
    assert sorted(switch) == sorted(LANGUAGES) and switch["fr"] == link + "?lang=fr"
    run = ["curl", "-sk", "--resolve", f"localhost:{several.port}:127.0.0.1"]
    french = subprocess.run([*run, switch["fr"], "-H", "Accept-Language: de"], capture_output=True, check=True).stdout
    form = re.search(rb'name="form" value="([^"]+)"', french)[1].decode()
    assert tree(french).get("lang") == "fr" and "Date de naissance" in french.decode()
    done = subprocess.run([*run, "-i", switch["fr"], "-d", f"form={form}", "--data-urlencode", "proof1=3 avril 1987", "-d",
                           "proof2=AB123"], capture_output=True, check=True).stdout.decode().lower()
    assert " 303 " in done and re.search(r"location: /d/\w+\?lang=fr\r", done)


def test_no_word_on_a_page_stands_outside_the_catalogue_and_a_page_reads_from_right_to_left():
    """A pseudo language: every sentence of the catalogue in brackets. What is seen without them is hard-coded."""
    sys.path[:0] = [HTML, os.path.join(ROOT, "tools")]
    import pathlib
    import embed
    words = {key: f"⟦{text}⟧" for key, text in embed.all_words(pathlib.Path(HTML), "en").items()}
    words["dir"] = "rtl"
    for name in embed.PAGES:
        page = embed.page(pathlib.Path(HTML), name, "en", words, set())
        document = tree(re.sub(r"\{\{.*?\}\}", "", page))
        assert document.get("dir") == "rtl"
        body = document.find("body")
        seen = [t for e in body.iter() for t in (e.text, e.tail) if t and t.strip()]
        known = {"iPhone, iPad", "Android", "Windows", "Mac", "SHA-256", *embed.NAMES.values()}
        bare = re.sub(r"⟦.*?⟧", "", "\n".join(seen), flags=re.S)
        assert {line.strip(" ,():") for line in bare.split("\n")} - {""} <= known, bare
    style = open(os.path.join(HTML, "style.css"), encoding="utf-8").read()
    assert not re.search(r"(?<![\w-])(left|right|margin-(left|right)|padding-(left|right)|text-align:\s*(left|right))\s*:", style)


def luminance(colour):
    if len(colour) == 4:
        colour = "#" + "".join(2 * c for c in colour[1:])
    parts = [int(colour[i:i + 2], 16) / 255 for i in (1, 3, 5)]
    r, g, b = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * r + 0.7152 * g + 0.0722 * b


def contrast(a, b):
    a, b = sorted((luminance(a), luminance(b)), reverse=True)
    return (a + 0.05) / (b + 0.05)


def test_all_built_in_colours_can_be_read(house):
    house.serve()
    style = Browser(house).ask("GET", "https://x/style.css")[2].decode()
    light, dark = {}, {}
    for block in re.findall(r"(@media \(prefers-color-scheme: dark\) \{\s*)?:root \{([^}]*)\}", style):
        (dark if block[0] else light).update(re.findall(r"--([\w-]+): (#\w+)", block[1]))
    for c in (light, {**light, **dark}):
        for ground in ("paper", "card"):
            for text in ("ink", "soft", "act", "good"):
                assert contrast(c[text], c[ground]) >= 4.5, (text, ground)
            assert contrast(c["edge"], c[ground]) >= 3
        assert contrast(c["on-act"], c["act"]) >= 4.5 and contrast(c["alert"], c["alert-paper"]) >= 4.5


# ── Before the proof ──

def test_nothing_personal_stands_before_the_proof_unless_wanted(several):
    several.serve()
    page = Browser(several).ask("GET", several.row["link"])[2].decode()
    assert not any(name in html.unescape(page) for name in NAMES) and "person0@example.net" not in page
    assert "4 documents" in page and "Northwind" in page and "verified domain" in page and "Date of birth" in page
    assert hashlib.sha256(PNG).hexdigest() not in page
    several.stop()
    several.setting("show_names_before_proof", "true", section="page")
    several.serve()
    page = Browser(several).ask("GET", several.row["link"])[2].decode()
    assert "Müller &amp; Söhne.pdf" in page and hashlib.sha256(PNG).hexdigest() in page


def test_the_operators_words_colours_and_logo_are_shown(several):
    several.setting("why_de", "Sie sind bei uns versichert.", section="page")
    several.setting("colour", '"#7a1fa2"', section="page")
    with open(os.path.join(several.path, "logo.png"), "wb") as f:
        f.write(PNG)
    several.setting("logo", "logo.png", section="page")
    with open(several.config, "a") as f:
        f.write("labels:\n  - column: plate\n    en: Number plate\n    de: Kennzeichen\n")
    several.serve()
    b = Browser(several)
    page = b.ask("GET", several.row["link"], headers={"Accept-Language": "de"})[2].decode()
    assert "Sie sind bei uns versichert." in page and ">Kennzeichen</label>" in page and "/logo\"" in page
    status, headers, logo = b.ask("GET", "https://x/logo")
    assert (status, headers["content-type"], logo) == (200, "image/png", PNG)
    assert b"--act: #7a1fa2; --on-act: #ffffff" in b.ask("GET", "https://x/style.css")[2]


@pytest.mark.parametrize("setting, value, section, why", [
    ("colour", '"#9bbbe0"', "page", "needs 4.5"), ("colour_dark", '"#223344"', "page", "needs 4.5"),
    ("colour", '"red"', "page", "bytes"), ("base_url", "https://links.example.org", None, "base_url_elsewhere_reason")])
def test_a_look_that_harms_readers_is_refused(house, setting, value, section, why):
    house.setting(setting, value, section=section)
    done = house.run("config", "check", "--offline", ok=False)
    assert done.returncode and why in done.out + done.err


# ── Several documents ──

def test_all_documents_come_as_one_zip_that_others_open(several, tmp_path):
    several.serve()
    b, page = proven(several)
    path = re.search(r'href="https://[^/]+(/a/\w+)"', page)[1]
    status, headers, data = b.ask("GET", path)
    assert status == 200 and headers["content-length"] == str(len(data)) and headers["content-type"] == "application/zip"
    assert b.ask("HEAD", path)[1]["content-length"] == str(len(data))
    originals = {name: open(os.path.join(several.documents, name), "rb").read() for name in NAMES}
    with zipfile.ZipFile(io.BytesIO(data)) as z:
        assert z.testzip() is None
        assert {i.filename: z.read(i) for i in z.infolist()} == originals
        assert all(i.compress_type == zipfile.ZIP_STORED for i in z.infolist())
    (tmp_path / "all.zip").write_bytes(data)
    for program in (["7z", "t"], ["unzip", "-t"], ["bsdtar", "-tf"]):
        if shutil.which(program[0]):
            subprocess.run([*program, str(tmp_path / "all.zip")], check=True, capture_output=True)
    assert Browser(several).ask("GET", path)[0] == 303
    story = several.run("show", several.row["delivery"]).out
    assert f"{len(data)} bytes left the house" in story or "opened" in story


def test_what_is_shown_can_do_nothing_and_markup_is_never_shown(several):
    several.serve()
    b, page = proven(several)
    views = re.findall(r'href="https://[^/]+(/v/[^"]+)"', page)
    assert len(views) == 3  # not the HTML
    kinds = set()
    for path in views:
        status, headers, _ = b.ask("GET", path)
        policy = headers["content-security-policy"]
        assert status == 200 and headers["content-disposition"].startswith("inline; ")
        assert "default-src 'none'" in policy and "script" not in policy and "frame-ancestors 'none'" in policy
        assert headers["x-content-type-options"] == "nosniff"
        assert ("sandbox" in policy) == (headers["content-type"] != "application/pdf")
        kinds.add(headers["content-type"])
    assert kinds == {"application/pdf", "image/png", "text/plain; charset=utf-8"}
    objects = re.findall(r'href="https://[^/]+/f/([^"]+)"', page)
    statuses = sorted(b.ask("GET", f"/v/{o}")[0] for o in objects)
    assert statuses == [200, 200, 200, 303]
    assert Browser(several).ask("GET", views[0])[0] == 303


def test_a_damaged_document_is_called_so_and_not_a_wrong_answer(several):
    several.serve()
    b, page = proven(several)
    objects = os.path.join(several.path, "objects")
    for base, _, files in os.walk(objects):
        for name in files:
            with open(os.path.join(base, name), "r+b") as f:
                f.seek(-3, os.SEEK_END)
                last = f.read(1)
                f.seek(-3, os.SEEK_END)
                f.write(bytes([last[0] ^ 1]))
    told, broken_off = 0, 0
    for path in re.findall(r'href="https://[^/]+(/[fa]/[^"]+)"', page):
        try:
            status, headers, body = b.ask("GET", path)
        except http.client.IncompleteRead:
            broken_off += 1  # damage behind the first 64 KiB: no byte of it, and never a whole file
            continue
        told += 1
        assert status == 500 and "This document is damaged" in body.decode() and "content-disposition" not in headers
        assert "answer was not right" not in body.decode()
    assert (told, broken_off) == (4, 1)
    assert "damaged" in several.run("show", several.row["delivery"]).out


# ── The wrong person ──

def post(house, link, query, **form):
    run = ["curl", "-sk", "-w", "\n%{http_code}", "--resolve", f"localhost:{house.port}:127.0.0.1", link + query]
    for name, value in form.items():
        run += ["--data-urlencode", f"{name}={value}"]
    body, _, status = subprocess.run(run, capture_output=True, check=True).stdout.decode().rpartition("\n")
    return int(status), body


def field(page, name):
    return re.search(rf'name="{name}" value="([^"]+)"', page)[1]


def test_not_for_me_asks_once_more_and_is_told_once(several):
    several.serve()
    link, delivery = several.row["link"], several.row["delivery"]
    page = Browser(several).ask("GET", link)[2].decode()
    form = field(page, "form")
    for blind in ({}, {"form": "x"}, {"sure": form}, {"sure": "yes"}):
        assert post(several, link, "?not-for-me", **(blind or {"a": "b"}))[0] == 403
    status, asked = post(several, link, "?not-for-me&lang=es", form=form)
    assert status == 200 and "decírselo al remitente" in asked
    assert post(several, link, "?not-for-me", sure=sure(asked)["sure"])[1].count('name="number"') == 1
    assert "not-for-me" not in several.run("show", delivery).out
    for _ in range(3):
        status, thanks = post(several, link, "?not-for-me", **sure(asked))
        assert status == 200 and "Thank you" in thanks
    assert several.run("show", delivery).out.count("not-for-me") == 1
    assert proven(several)  # nothing was ended
