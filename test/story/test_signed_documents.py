"""A signature beside each document at the page, checked by openssl, and the certificates that S/MIME needs."""
import hashlib
import json
import re
import subprocess

import pytest

import certificates
from certificates import openssl
from house import Browser, House


@pytest.fixture(scope="module")
def people(tmp_path_factory):
    authority = certificates.Authority(tmp_path_factory.mktemp("people"))
    authority.we = authority.issue("we", address="documents@example.com")
    authority.maria = authority.issue("maria", address="maria@example.net")
    return authority


@pytest.fixture
def house(tmp_path, people):
    h = House(tmp_path / "house")
    h.setting("address", "documents@example.com", section="sender")
    h.setting("authorities", people.certificate, section="smime")
    yield h
    h.stop()


def signing(house, who):
    house.setting("certificate", who[0], section="smime")
    house.setting("key", f"{{ file: {who[1]} }}", section="smime")
    house.setting("sign_documents", "true", section="seal")


def verified(document, signature, authority, tmp_path):
    (tmp_path / "document").write_bytes(document)
    (tmp_path / "document.p7s").write_bytes(signature)
    return subprocess.run(["openssl", "cms", "-verify", "-binary", "-inform", "DER", "-in", tmp_path / "document.p7s",
                           "-content", tmp_path / "document", "-CAfile", authority.certificate, "-purpose", "any", "-out",
                           "/dev/null"], capture_output=True).returncode == 0


@pytest.mark.parametrize("form", ["open", "zip"])
def test_who_may_have_the_document_gets_a_signature_that_openssl_verifies(house, people, tmp_path, form):
    signing(house, people.we)
    rows = house.people(2)
    rows = [{"email": "a@example.net", "document": ";".join(r["document"] for r in rows)}]
    row, = house.send(rows, "--as", form).results
    house.serve()
    browser = Browser(house)
    browser.prove(row["link"], [row["password"]])
    status, _, page = browser.ask("GET", row["link"])
    files = re.findall(r'href="https://[^/]+(/f/\w+/(\w+))"', page.decode())
    signatures = dict(re.findall(r'href="https://[^/]+/s/\w+/(\w+)" aria-label="([^"]+)"', page.decode()))
    assert len(files) == len(signatures) == (2 if form == "open" else 1)
    for path, which in files:
        _, _, document = browser.ask("GET", f"https://localhost{path}")
        status, fields, signature = browser.ask("GET", f"https://localhost{path.replace('/f/', '/s/')}")
        assert status == 200 and fields["content-type"] == "application/pkcs7-signature"
        assert ".p7s" in fields["content-disposition"] and "no-store" in fields["cache-control"]
        assert verified(document, signature, people, tmp_path)
        assert not verified(document[:-1] + b"x", signature, people, tmp_path)
        verdict = json.loads(house.run("verify", "--json", tmp_path / "document", "--certificate", people.certificate,
                                       "--address", "documents@example.com", cwd="/", ok=False).out)
        assert not verdict["verified"] and verdict["signature"]["trusted"] is False  # it was changed above
        (tmp_path / "document").write_bytes(document)
        house.run("verify", tmp_path / "document", "--certificate", people.certificate, cwd="/")
    status, fields, body = Browser(house).ask("GET", f"https://localhost{path.replace('/f/', '/s/')}")
    assert status == 303 and not body.startswith(b"0")
    other = path.replace("/f/", "/s/")[:-1] + ("4" if path.endswith("0") else "0")  # both are spellings of an id
    assert browser.ask("GET", f"https://localhost{other}")[0] == 303


def test_without_the_setting_there_is_no_signature(house, tmp_path):
    row, = house.send(house.people(1)).results
    house.serve()
    browser = Browser(house)
    browser.prove(row["link"], [row["password"]])
    page = browser.ask("GET", row["link"])[2].decode()
    path, = re.findall(r'href="https://[^/]+(/f/\w+/\w+)"', page)
    assert "/s/" not in page
    assert browser.ask("GET", f"https://localhost{path.replace('/f/', '/s/')}")[0] == 303


def test_nothing_is_sent_with_a_certificate_that_would_not_be_believed(house, people, tmp_path):
    rows = house.people(1)
    house.setting("sign_documents", "true", section="seal")
    p = house.send(rows, ok=False)
    assert p.returncode == 18 and "smime.certificate" in p.err
    for name, how, words in (("someone", dict(address="someone@example.com"), "someone@example.com"),
                             ("stale", dict(address="documents@example.com", days=0), "expired"),
                             ("reader", dict(address="documents@example.com", uses="keyEncipherment"), "signing")):
        signing(house, people.issue(name, **how))
        p = house.send(rows, ok=False)
        assert p.returncode == 18 and words in p.err and "smime.certificate" in p.err, p.err
    signing(house, (people.we[0], people.maria[1]))
    p = house.send(rows, ok=False)
    assert p.returncode == 18 and "does not belong" in p.err
    assert house.outbox() == []


# ── Certificates on file ──


def test_a_certificate_is_put_on_file_if_an_authority_vouches_for_it(house, people):
    fingerprint = openssl("x509", "-in", people.maria[0], "-noout", "-fingerprint", "-sha256").decode().split("=")[1]
    p = house.run("recipient", "key", "add", "maria@example.net", "--file", people.maria[0], "--json")
    key = json.loads(p.out)
    assert key["kind"] == "smime" and key["fingerprint"] == fingerprint.strip().replace(":", "")
    assert key["algorithm"] == "RSA" and key["bits"] == 2048 and key["expires_at"] and key["in_use"]
    assert [k["fingerprint"] for k in json.loads(house.run("recipient", "key", "list", "--json").out)["keys"]] == [key["fingerprint"]]
    house.run("recipient", "key", "remove", "maria@example.net", key["fingerprint"])


def test_other_certificates_are_refused_with_the_reason(house, people, tmp_path):
    alone, _ = certificates.self_made(tmp_path, "alone", "maria@example.net")
    server, _ = people.issue("server", address="maria@example.net", extended="serverAuth")
    weak, _ = people.issue("weak", kind="weak", address="maria@example.net")
    for certificate, address, words in ((alone, "maria@example.net", "vouches"), (server, "maria@example.net", "emailProtection"),
                                        (weak, "maria@example.net", "1024"), (people.maria[0], "erik@example.net", "not for erik")):
        p = house.run("recipient", "key", "add", address, "--file", certificate, ok=False)
        assert p.returncode == 19 and words in p.err, p.err
    assert json.loads(house.run("recipient", "key", "list", "--json").out)["keys"] == []
    house.setting("allow_unchained_reason", "each fingerprint was compared", section="smime")
    house.run("recipient", "key", "add", "maria@example.net", "--file", alone)
    assert "nobody needs to vouch" in house.run("config", "check", "--offline", ok=False).out


# ── Digests ──


@pytest.mark.parametrize("form", ["open", "zip"])
def test_the_mail_tells_the_digest_of_what_the_page_delivers(house, form):
    row, = house.send(house.people(1), "--as", form).results
    house.serve()
    browser = Browser(house)
    browser.prove(row["link"], [row["password"]])
    path = re.search(r'href="https://[^/]+(/f/\w+/\w+)"', browser.ask("GET", row["link"])[2].decode())[1]
    digest = hashlib.sha256(browser.ask("GET", f"https://localhost{path}")[2]).hexdigest()
    grouped = " ".join(digest[i:i + 8] for i in range(0, 64, 8))
    mail, = house.outbox()
    for kind in ("plain", "html"):
        assert grouped in mail.get_body((kind,)).get_content()


def test_the_mail_tells_no_digest_where_it_is_not_wanted(house):
    house.setting("show_digests", "false", section="mail")
    house.send(house.people(1))
    mail, = house.outbox()
    assert "SHA-256" not in mail.as_string()
