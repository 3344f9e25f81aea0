"""send --as pgp: the mail itself is PGP/MIME, opened by GnuPG and RNP; nothing readable stands outside it."""
import email
import email.policy
import hashlib
import json
import os
import re

import dkim
import pytest

from house import House, pdf
from openpgp import Gpg, Rnp


@pytest.fixture(scope="module")
def gpg():
    g = Gpg()
    yield g
    g.close()


@pytest.fixture(scope="module")
def ada(gpg):
    return gpg.make("Ada Lovelace <ada@example.net>")


@pytest.fixture
def house(tmp_path, gpg, ada):
    h = House(tmp_path / "house")
    h.run("recipient", "key", "add", "ada@example.net", "--file", "-", stdin=gpg.export(ada))
    for name in ("policy.pdf", "Übersicht.pdf"):
        with open(os.path.join(h.documents, name), "wb") as f:
            f.write(pdf(f"secret of {name.encode('ascii', 'ignore').decode()}"))
    yield h
    h.stop()


ROW = {"email": "ada@example.net", "name": "Ada Lovelace", "document": "policy.pdf"}


def parts(entity):
    return [p for p in entity.walk() if not p.is_multipart()]


def armored(mail):
    """RFC 3156 4: exactly two parts, the version and the message."""
    assert mail.get_content_type() == "multipart/encrypted"
    assert mail.get_param("protocol") == "application/pgp-encrypted"
    version, sealed = mail.iter_parts()
    assert version.get_content_type() == "application/pgp-encrypted"
    assert version.get_content().strip() == b"Version: 1"
    assert sealed.get_content_type() == "application/octet-stream"
    content = sealed.get_content()
    return content if isinstance(content, bytes) else content.encode()


def opened(gpg, mail):
    return email.message_from_bytes(gpg.decrypt(armored(mail)).stdout, policy=email.policy.default)


def raw_outbox(house):
    new = os.path.join(house.path, "outbox", "new")
    return [open(os.path.join(new, n), "rb").read() for n in sorted(os.listdir(new))]


def test_text_and_documents_are_in_the_mail_byte_for_byte_and_nothing_is_readable_outside(house, gpg, ada):
    p = house.send([dict(ROW, document="policy.pdf;Übersicht.pdf")], "--as", "pgp")
    row, = p.results
    assert (row["status"], row["link"], row["password"], row["expires_at"]) == ("delivered", "", "", "")
    raw, = raw_outbox(house)
    for trace in (b"policy.pdf", b"bersicht", b"Lovelace", b"%PDF", b"https://"):
        assert trace not in raw
    mail, = house.outbox()
    assert mail["Subject"] == "[...]" and mail["To"] == "ada@example.net"
    inner = opened(gpg, mail)
    assert inner.get_content_type() == "multipart/mixed"
    found = {q.get_filename(): q.get_content() for q in inner.walk() if q.get_content_disposition() == "attachment"}
    assert set(found) == {"policy.pdf", "Übersicht.pdf"}
    for name, content in found.items():
        with open(os.path.join(house.documents, name), "rb") as f:
            assert content == f.read()
    text = inner.get_body(("plain",)).get_content()
    assert "Ada Lovelace" in text and "policy.pdf" in text
    assert not [f for _, _, files in os.walk(os.path.join(house.path, "objects")) for f in files]


def test_headers_are_protected_inside_and_say_what_stood_outside(house, gpg):
    house.send([ROW], "--as", "pgp")
    mail, = house.outbox()
    inner = opened(gpg, mail)
    assert inner.get_param("hp") == "cipher"
    assert "document" in inner["Subject"] and inner["Subject"] != mail["Subject"]
    assert "Ada Lovelace" in inner["To"] and inner["Message-ID"] == mail["Message-ID"]
    outer = dict(v.split(": ", 1) for v in map(str, inner.get_all("HP-Outer")))
    assert outer["Subject"] == "[...]" and outer["From"] == mail["From"] and outer["To"] == mail["To"]
    assert outer["Message-ID"] == mail["Message-ID"] and outer["Date"] == mail["Date"]
    assert inner["MIME-Version"] is None


def test_without_protection_the_subject_stands_outside_alone(house, gpg):
    house.setting("protect_headers", "false", section="mail")
    house.send([ROW], "--as", "pgp")
    mail, = house.outbox()
    assert "document" in mail["Subject"]
    inner = opened(gpg, mail)
    assert inner["Subject"] is None and inner["HP-Outer"] is None and inner.get_param("hp") is None


def test_rnp_opens_it_too_and_the_mail_is_signed_by_dkim(house, gpg, ada):
    house.send([ROW], "--as", "pgp")
    mail, = house.outbox()
    other = Rnp(gpg.export(ada, secret=True))
    try:
        assert other.decrypt(armored(mail)).plain == gpg.decrypt(armored(mail)).stdout
    finally:
        other.close()
    raw, = raw_outbox(house)
    raw = re.sub(rb"\r?\n", b"\r\n", raw)
    dns = json.loads(house.run("key", "list", "--dns", "--json").out)["dns"]
    records = {r["name"].rstrip("."): r["value"].encode() for r in dns}
    assert dkim.verify(raw, dnsfunc=lambda name, timeout=5: records.get(name.decode().rstrip(".")))


def test_aes_256_with_integrity_and_a_flipped_bit_is_noticed(house, gpg):
    house.send([ROW], "--as", "pgp")
    mail, = house.outbox()
    sealed = gpg.run("--dearmor", stdin=armored(mail)).stdout
    packets = gpg.run("--list-packets", "--verbose", stdin=sealed).stdout.decode()
    assert "mdc_method: 2" in packets and "compressed packet" not in packets
    assert "AES256" in gpg.run("--verbose", "--decrypt", stdin=sealed).stderr.decode()
    for at in (len(sealed) // 2, len(sealed) - 10):
        bent = bytearray(sealed)
        bent[at] ^= 1
        assert gpg.decrypt(bytes(bent), ok=False).returncode != 0
    assert gpg.decrypt(sealed[:-30], ok=False).returncode != 0


def test_no_two_mails_have_a_session_key_in_common_though_one_worker_makes_the_processes_that_seal_them(house, gpg):
    house.setting("workers", "1", section="inspector")
    house.setting("threads", "1")
    house.send([dict(ROW, document=d) for d in ("policy.pdf", "Übersicht.pdf", "policy.pdf;Übersicht.pdf")], "--as", "pgp")
    keys = [re.search(rb"session key: '9:([0-9A-F]{64})'", gpg.run("--show-session-key", "--decrypt",
                                                                   stdin=armored(m)).stderr)[1] for m in house.outbox()]
    assert len(keys) == 3 and len(set(keys)) == 3


def test_rows_without_a_usable_key_are_refused_with_the_reason_and_the_others_go(house, gpg):
    soon = gpg.make("Eve <eve@example.net>", expire="1d")
    house.run("recipient", "key", "add", "eve@example.net", "--file", "-", stdin=gpg.export(soon))
    rows = [ROW, dict(ROW, email="bob@example.net", name="Bob"), dict(ROW, email="eve@example.net", name="Eve")]
    later = "2036-01-01T00:00:00Z"
    p = house.send(rows, "--as", "pgp", "--now", later, ok=False)
    assert p.returncode == 3
    by = {r["email"]: r for r in p.results}
    assert by["ada@example.net"]["status"] == "delivered"
    assert by["bob@example.net"]["status"] == "refused" and "recipient key add" in by["bob@example.net"]["problem"]
    assert by["eve@example.net"]["status"] == "refused" and "expired" in by["eve@example.net"]["problem"]
    tried = house.run("send", house.write_list(rows), "--documents", house.documents, "--as", "pgp", "--dry-run",
                      "--now", later, ok=False)
    assert tried.returncode == 3 and "1 of 3 rows would be sent, 2 refused" in tried.out


def test_too_large_for_one_mail_is_refused_in_words_that_name_the_way_out(house):
    house.setting("message_bytes", "100k", section="limits")
    with open(os.path.join(house.documents, "big.pdf"), "wb") as f:
        f.write(pdf("x" * 80000))
    p = house.send([dict(ROW, document="big.pdf")], "--as", "pgp", ok=False)
    assert p.results[0]["status"] == "refused"
    assert "limits.message_bytes" in p.results[0]["problem"] and "--as open" in p.results[0]["problem"]
    assert house.outbox() == []


def test_show_revoke_renew_and_resume_know_that_there_is_no_link(house):
    p = house.send([ROW], "--as", "pgp")
    delivery = p.results[0]["delivery"]
    shown = house.run("show", delivery).out
    assert "sealed as   pgp" in shown and "the mail carries the documents" in shown
    assert json.loads(house.run("show", delivery, "--json").out)["link"] is None
    p = house.run("revoke", delivery, ok=False)
    assert p.returncode == 30 and "left with the mail" in p.err
    p = house.run("renew", delivery, ok=False)
    assert p.returncode == 30 and "no link to renew" in p.err
    results = os.path.join(house.path, "results.csv")
    house.run("send", os.path.join(house.path, "list.csv"), "--documents", house.documents, "--as", "pgp",
              "--resume", results)
    assert len(house.outbox()) == 1


def test_what_was_not_sent_yet_is_held_back_by_revoke(house):
    p = house.send([ROW], "--as", "pgp", "--no-wait")
    out = house.run("revoke", p.results[0]["delivery"]).out
    assert "cancelled" in out
    house.run("sweep")
    assert house.outbox() == []


def test_the_queue_keeps_the_message_sealed(house):
    house.send([ROW], "--as", "pgp", "--no-wait")
    with open(os.path.join(house.path, "letterlock.db"), "rb") as f:
        data = f.read()
    wal = os.path.join(house.path, "letterlock.db-wal")
    if os.path.exists(wal):
        with open(wal, "rb") as f:
            data += f.read()
    assert b"BEGIN PGP MESSAGE" not in data and b"ada@example.net" not in data


def test_left_to_us_whose_key_is_on_file_gets_it_and_the_others_a_link(house, gpg):
    p = house.send([ROW, dict(ROW, email="bob@example.net", name="Bob")], "--as", "auto")
    by = {r["email"]: r for r in p.results}
    assert by["ada@example.net"]["link"] == "" and by["ada@example.net"]["password"] == ""
    assert by["bob@example.net"]["link"].startswith("https://")
    mail, = (m for m in house.outbox() if m["To"] == "ada@example.net")
    assert opened(gpg, mail).get_content_type() == "multipart/mixed"
    assert "sealed as   pgp" in house.run("show", by["ada@example.net"]["delivery"]).out
