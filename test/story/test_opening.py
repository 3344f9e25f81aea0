"""How to open it: for each form, each device and each language the same sentence of the one catalogue stands at the page
and in the mail."""
import email
import email.policy
import html
import os
import pathlib
import re
import sys

import pytest

import certificates
from house import Browser, House, pdf
from openpgp import Gpg

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tools"))
import catalogue  # noqa: E402

FORMS, DEVICES = ("zip", "pdf", "smime", "pgp"), ("iphone", "android", "windows", "mac")
NAMES = ("iPhone, iPad", "Android", "Windows", "Mac")
ADDRESSES = {language: f"ada.{language}@example.net" for language in catalogue.LANGUAGES}
SENTENCES = {language: catalogue.words(ROOT / "src/compose/opening", language) for language in catalogue.LANGUAGES}


def plain(text):
    """What a reader sees of HTML, or of lines that were folded."""
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", text)).split())


def assert_told(text, language, form):
    seen = plain(text)
    for name, key in zip(NAMES, (f"{form}_{device}" for device in DEVICES)):
        # A mark that ends a tag may leave a blank before the colon of a device.
        assert re.search(rf"{name} ?:? {re.escape(SENTENCES[language][key])}", seen), (language, key, seen)
    assert SENTENCES[language][f"{form}_what"] in seen, (language, form)


def test_the_catalogue_is_whole_and_each_language_has_its_own_words():
    keys = {f"{form}_{what}" for form in FORMS for what in ("h", "what", *DEVICES)}
    for language, sentences in SENTENCES.items():
        assert keys <= set(sentences), language
        for key in keys - {k for k in keys if k.endswith("_h")}:
            assert len(sentences[key]) > 10
            assert language == "en" or sentences[key] != SENTENCES["en"][key] or key.split("_")[1] != "what", (language, key)


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    h = House(tmp_path_factory.mktemp("house") / "h")
    with open(os.path.join(h.documents, "a.pdf"), "wb") as f:
        f.write(pdf("a"))
    yield h
    h.stop()


def test_the_page_tells_each_device_in_each_language(house):
    house.serve()
    for language in catalogue.LANGUAGES:
        status, _, page = Browser(house).ask("GET", f"https://x/help?lang={language}")
        assert status == 200 and f'lang="{language}"' in page.decode()
        for form in FORMS:
            assert f'id="{form}"' in page.decode()
            assert_told(page.decode(), language, form)


@pytest.fixture(scope="module")
def keys(house, tmp_path_factory):
    """Everybody has a key and a certificate; how to open what is encrypted to them."""
    gpg, authority = Gpg(), certificates.Authority(tmp_path_factory.mktemp("authority") / "a")
    house.setting("authorities", authority.certificate, section="smime")
    private = {}
    for name, address in ADDRESSES.items():
        key = gpg.make(f"Ada <{address}>")
        house.run("recipient", "key", "add", address, "--file", "-", stdin=gpg.export(key))
        certificate, secret = authority.issue(name, address=address)
        house.run("recipient", "key", "add", address, "--file", certificate)
        private[address] = certificate, secret
    yield gpg, private
    gpg.close()


def opened(mail, keys):
    gpg, private = keys
    if mail.get_content_type() == "multipart/encrypted":
        inside = gpg.decrypt(list(mail.iter_parts())[1].get_content()).stdout
    elif mail.get_content_type() == "application/pkcs7-mime":
        inside = certificates.openssl("cms", "-decrypt", "-inform", "DER", "-recip", private[mail["To"]][0], "-inkey",
                                      private[mail["To"]][1], input=mail.get_content())
    else:
        return mail
    return email.message_from_bytes(inside, policy=email.policy.default)


@pytest.mark.parametrize("template", ["document", "plain"])
@pytest.mark.parametrize("form", FORMS)
def test_the_mail_tells_each_device_in_each_language(house, keys, form, template, tmp_path):
    before = {m["Message-ID"] for m in house.outbox()}
    rows = [{"email": address, "language": language, "document": "a.pdf"} for language, address in ADDRESSES.items()]
    house.run("send", house.write_list(rows), "--documents", house.documents, "--as", form, "--template", template,
              "--results", tmp_path / "results.csv")
    mails = [m for m in house.outbox() if m["Message-ID"] not in before]
    assert len(mails) == len(rows)
    for mail in mails:
        inside, language = opened(mail, keys), mail["To"].split("@")[0].split(".")[1]
        for kind in ("plain", "html"):
            assert_told(inside.get_body((kind,)).get_content(), language, form)
