"""send --as smime: the mail itself is S/MIME, opened by openssl; nothing readable stands outside it."""
import email
import email.policy
import os
import re
import subprocess

import pytest

import certificates
from certificates import openssl
from house import House, pdf


@pytest.fixture(scope="module")
def people(tmp_path_factory):
    authority = certificates.Authority(tmp_path_factory.mktemp("people"))
    authority.we = authority.issue("we", address="documents@example.com")
    authority.ada = authority.issue("ada", address="ada@example.net")
    authority.erik = authority.issue("erik", "ec", address="Erik@example.net")
    return authority


@pytest.fixture
def house(tmp_path, people):
    h = House(tmp_path / "house")
    h.setting("address", "documents@example.com", section="sender")
    h.setting("authorities", people.certificate, section="smime")
    for name in ("ada", "erik"):
        h.run("recipient", "key", "add", f"{name}@example.net", "--file", getattr(people, name)[0])
    for name in ("policy.pdf", "Übersicht.pdf"):
        with open(os.path.join(h.documents, name), "wb") as f:
            f.write(pdf(f"secret of {name.encode('ascii', 'ignore').decode()}"))
    yield h
    h.stop()


def signed(house, people):
    house.setting("certificate", people.we[0], section="smime")
    house.setting("key", f"{{ file: {people.we[1]} }}", section="smime")


ROW = {"email": "ada@example.net", "name": "Ada Lovelace", "document": "policy.pdf;Übersicht.pdf"}


def raw_outbox(house):
    new = os.path.join(house.path, "outbox", "new")
    return [open(os.path.join(new, n), "rb").read() for n in sorted(os.listdir(new))]


def decrypted(mail, who, tmp_path):
    (tmp_path / "mail.eml").write_bytes(mail)
    return openssl("cms", "-decrypt", "-in", tmp_path / "mail.eml", "-recip", who[0], "-inkey", who[1])


def documents_in(entity, house):
    inner = email.message_from_bytes(entity, policy=email.policy.default)
    found = {q.get_filename(): q.get_content() for q in inner.walk() if q.get_content_disposition() == "attachment"}
    assert set(found) == {"policy.pdf", "Übersicht.pdf"}
    for name, content in found.items():
        with open(os.path.join(house.documents, name), "rb") as f:
            assert content == f.read()
    return inner


@pytest.mark.parametrize("cipher", ["aes-256-cbc", "aes-256-gcm"])
@pytest.mark.parametrize("who", ["ada", "erik"], ids=["rsa", "ec"])
def test_text_and_documents_are_in_the_mail_and_nothing_is_readable_outside(house, people, tmp_path, cipher, who):
    signed(house, people)
    house.setting("cipher", cipher, section="smime")
    row, = house.send([dict(ROW, email=f"{who}@example.net")], "--as", "smime").results
    assert (row["status"], row["link"], row["password"], row["expires_at"]) == ("delivered", "", "", "")
    raw, = raw_outbox(house)
    for trace in (b"policy.pdf", b"bersicht", b"Lovelace", b"%PDF", b"https://"):
        assert trace not in raw
    mail, = house.outbox()
    assert mail.get_content_type() == "application/pkcs7-mime" and mail["MIME-Version"] == "1.0"
    assert mail["Subject"] == "[...]" and mail["To"] == f"{who}@example.net"
    inside = decrypted(raw, getattr(people, who), tmp_path)
    (tmp_path / "inside").write_bytes(inside)
    content = openssl("cms", "-verify", "-in", tmp_path / "inside", "-CAfile", people.certificate, "-purpose", "smimesign")
    inner = documents_in(content, house)
    assert inner.get_param("hp") == "cipher" and "document" in inner["Subject"]
    assert "Ada Lovelace" in inner.get_body(("plain",)).get_content()
    assert not [f for _, _, files in os.walk(os.path.join(house.path, "objects")) for f in files]


def test_without_a_certificate_of_our_own_it_is_encrypted_alone(house, people, tmp_path):
    house.send([ROW], "--as", "smime")
    raw, = raw_outbox(house)
    documents_in(decrypted(raw, people.ada, tmp_path), house)


def test_who_has_no_fit_certificate_is_refused_with_the_reason_and_the_others_get_theirs(house, people, tmp_path):
    rows = [ROW, dict(ROW, email="nobody@example.net"), dict(ROW, email="erik@example.net")]
    elsewhere = certificates.Authority(tmp_path / "elsewhere")
    both = tmp_path / "both.pem"
    mine, _ = elsewhere.issue("mine", address="mine@example.net")
    both.write_bytes(people.certificate.read_bytes() + elsewhere.certificate.read_bytes())
    house.setting("authorities", both, section="smime")
    house.run("recipient", "key", "add", "mine@example.net", "--file", mine)
    house.setting("authorities", people.certificate, section="smime")  # which is no longer believed
    p = house.send(rows + [dict(ROW, email="mine@example.net")], "--as", "smime", ok=False)
    assert p.returncode == 3
    assert [r["status"] for r in p.results] == ["delivered", "refused", "delivered", "refused"]
    assert "no smime key is on file" in p.results[1]["problem"] and "vouches" in p.results[3]["problem"]
    assert len(house.outbox()) == 2


def test_nothing_is_mailed_to_an_expired_certificate(house):
    p = house.send([ROW], "--as", "smime", "--now", "2100-01-01T00:00:00Z", ok=False)
    assert p.results[0]["status"] == "refused" and "expired" in p.results[0]["problem"], p.results


def test_a_mail_of_megabytes_is_queued_and_delivered(house, people, tmp_path):
    text = b"".join(b"%d\n" % n for n in range(600_000))
    with open(os.path.join(house.documents, "large.txt"), "wb") as f:
        f.write(text)
    house.send([dict(ROW, document="large.txt")], "--as", "smime")
    mail, = raw_outbox(house)
    inner = email.message_from_bytes(decrypted(mail, people.ada, tmp_path), policy=email.policy.default)
    assert text in [part.get_content().encode() for part in inner.walk() if part.get_filename() == "large.txt"]


def test_who_comes_when_the_memory_of_a_chunk_is_used_up_is_not_to_blame(house):
    """Mails of 1.1 MB, four in a chunk of 4 MB: each that does not fit beside the others fits alone."""
    for n, size in enumerate([600_000, 600_000, 600_000, 3_000_000, 600_000, 600_000] * 3):
        with open(os.path.join(house.documents, f"large-{n}.txt"), "wb") as f:
            f.write((f"{n} ".encode() * size)[:size])
    house.setting("chunk_bytes", "4M", section="limits")
    house.setting("threads", "1")
    p = house.send([dict(ROW, document=f"large-{n}.txt") for n in range(18)], "--as", "smime", "--no-wait", ok=False)
    assert p.results, p.err
    assert [r["status"] for r in p.results] == (["waiting"] * 3 + ["refused"] + ["waiting"] * 2) * 3, p.err
    assert {r["problem"] for r in p.results if r["status"] == "refused"} == {"more memory than one request may use"}
