"""send --as pgp with seal.pgp_sign: what is encrypted is signed by our own OpenPGP key, which GnuPG and RNP import and
believe; and what becomes of keys."""
import email
import email.policy
import json
import os
import re

import pytest

from house import House, pdf
from openpgp import Gpg, Rnp

ROW = {"email": "ada@example.net", "name": "Ada Lovelace", "document": "policy.pdf"}


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
    with open(os.path.join(h.documents, "policy.pdf"), "wb") as f:
        f.write(pdf("secret"))
    h.run("key", "new", "openpgp")
    h.setting("pgp_sign", "true", section="seal")
    yield h
    h.stop()


@pytest.fixture
def reader():
    """Somebody who knows our public key and nothing else."""
    g = Gpg()
    yield g
    g.close()


def public(house):
    return json.loads(house.run("key", "public", "--json").out)


def knows(reader, house):
    reader.run("--import", stdin=house.run("key", "public").stdout)
    return public(house)["fingerprint"]


def inside(gpg, mail):
    """The decrypted bytes."""
    _, sealed = mail.iter_parts()
    content = sealed.get_content()
    return gpg.decrypt(content if isinstance(content, bytes) else content.encode()).stdout


def cut(entity):
    """RFC 3156 5: the bytes that are signed, and the signature; cut out of the bytes, since parsers write anew."""
    head, rest = entity.split(b"\r\n\r\n", 1)
    fields = email.message_from_bytes(head + b"\r\n\r\n", policy=email.policy.default)
    assert fields.get_content_type() == "multipart/signed"
    assert fields.get_param("protocol") == "application/pgp-signature" and fields.get_param("micalg") == "pgp-sha256"
    line = b"--" + fields.get_boundary().encode()
    nothing, content, signature, end = re.split(rb"(?:\r\n|^)" + re.escape(line) + rb"(?=\r\n|--)", rest)
    assert nothing == b"" and end == b"--\r\n"
    content, signature = content[2:], email.message_from_bytes(signature[2:], policy=email.policy.default)
    assert signature.get_content_type() == "application/pgp-signature"
    return content, signature.get_payload().encode()


def sent(house, *more):
    house.send([ROW], "--as", "pgp", *more)
    mail, = house.outbox()
    return mail


def test_gnupg_and_rnp_believe_the_signature_and_no_changed_bit(house, gpg, reader):
    fingerprint = knows(reader, house)
    content, signature = cut(inside(gpg, sent(house)))
    assert reader.verify(content, signature) == ("GOODSIG", fingerprint)
    other = Rnp(house.run("key", "public").stdout)
    try:
        assert other.verifies(content, signature)
        for at in (0, len(content) // 2, len(content) - 1):
            bent = bytearray(content)
            bent[at] ^= 1
            assert reader.verify(bytes(bent), signature) == ("BADSIG", None)
            assert not other.verifies(bytes(bent), signature)
    finally:
        other.close()
    sig = gpg.run("--dearmor", stdin=signature).stdout
    for at in (2, 3, 15, 28, len(sig) - 40, len(sig) - 1):  # version, type, fingerprint, moment, both numbers
        bent = bytearray(sig)
        bent[at] ^= 1
        assert reader.verify(content, bytes(bent))[0] != "GOODSIG", at


def test_what_is_signed_is_the_whole_content_in_a_form_that_no_hop_alters(house, gpg):
    mail = sent(house)
    content, signature = cut(inside(gpg, mail))
    assert b"\n" not in content.replace(b"\r\n", b"") and content.endswith(b"\r\n")
    for line in content.split(b"\r\n"):
        assert not line.endswith((b" ", b"\t")) and not line.startswith(b"From ") and max(line, default=0) < 128
    inner = email.message_from_bytes(content, policy=email.policy.default)
    assert inner.get_param("hp") == "cipher" and "document" in inner["Subject"] and mail["Subject"] == "[...]"
    document, = (p for p in inner.walk() if p.get_content_disposition() == "attachment")
    with open(os.path.join(house.documents, "policy.pdf"), "rb") as f:
        assert document.get_content() == f.read()
    assert b"SIGNATURE" not in mail.as_bytes() and b"multipart/signed" not in mail.as_bytes()


def test_the_signature_tells_the_moment_of_sending(house, gpg, reader):
    fingerprint = knows(reader, house)
    at = 2_000_000_000
    content, signature = cut(inside(gpg, sent(house, "--now", str(at))))
    p = reader.run("--list-packets", stdin=signature)
    assert f"created {at}".encode() in p.stdout and fingerprint[-16:].encode() in p.stdout


@pytest.mark.parametrize("name, shown", [
    ("Example Insurance", "Example Insurance <documents@example.com>"),
    ("", "documents@example.com"),
    ("\"A <b@c.example> <\"", "documents@example.com"),
    ("\"" + 120 * "ü" + "\"", 120 * "ü" + " <documents@example.com>"),
])
def test_our_key_is_imported_with_the_sender_as_its_only_user_id(house, reader, name, shown):
    if name:
        house.setting("name", name, section="sender")
    key = public(house)
    assert key["user_id"] == shown
    binary = house.run("key", "public", "--binary").stdout
    assert binary == reader.run("--dearmor", stdin=key["key"].encode()).stdout
    reader.run("--import", stdin=binary)
    listed = [line.split(":") for line in reader.run("--with-colons", "--check-sigs").stdout.decode().splitlines()]
    uids = [row[9] for row in listed if row[0] == "uid"]
    assert [u.encode().decode("unicode_escape").encode("latin-1").decode() if "\\x" in u else u for u in uids] == [shown]
    assert [row[1] for row in listed if row[0] == "sig"] == ["!"]
    assert [row[9] for row in listed if row[0] == "fpr"] == [key["fingerprint"]]
    pub, = (row for row in listed if row[0] == "pub")
    assert pub[3] == "22" and set(pub[11]) == set("scSC") and pub[6] == ""
    other = Rnp(binary)
    try:
        assert key["fingerprint"].lower() in other.call("rnpkeys", "--list-keys").stdout.decode().lower()
    finally:
        other.close()


def test_the_directory_has_it_where_gnupg_would_look(house, reader):
    key = public(house)
    reader.run("--import", stdin=key["key"].encode())
    hashed = re.search(r"^\s+([a-z0-9]{32})@example\.com$", reader.run("--with-wkd-hash", "--list-keys").stdout.decode(),
                       re.M)[1]
    assert key["wkd"] == f"https://openpgpkey.example.com/.well-known/openpgpkey/example.com/hu/{hashed}?l=documents"
    assert key["wkd_direct"] == f"https://example.com/.well-known/openpgpkey/hu/{hashed}?l=documents"
    said = house.run("key", "public")
    assert key["wkd"] in said.err and said.out == key["key"]


def test_without_a_key_nothing_is_sent_and_the_words_name_the_command(tmp_path, gpg, ada):
    h = House(tmp_path / "house")
    h.run("recipient", "key", "add", "ada@example.net", "--file", "-", stdin=gpg.export(ada))
    h.setting("pgp_sign", "true", section="seal")
    with open(os.path.join(h.documents, "policy.pdf"), "wb") as f:
        f.write(pdf("secret"))
    p = h.send([ROW], "--as", "pgp", ok=False)
    assert p.returncode not in (0, 3) and "letterlock key new openpgp" in p.err and h.outbox() == []
    assert "letterlock key new openpgp" in h.run("config", "check", ok=False).out
    assert "letterlock key new openpgp" in h.run("key", "public", ok=False).err


def test_a_new_key_takes_over_and_the_old_one_can_be_retired(house, gpg, reader):
    first = knows(reader, house)
    assert house.run("key", "retire", "openpgp", "1", ok=False).returncode != 0
    made = json.loads(house.run("key", "new", "openpgp", "--json").out)
    assert made["number"] == 2 and made["fingerprint"] == public(house)["fingerprint"] != first
    content, signature = cut(inside(gpg, sent(house)))
    assert reader.verify(content, signature) == ("ERRSIG", None)
    knows(reader, house)
    assert reader.verify(content, signature) == ("GOODSIG", made["fingerprint"])
    house.run("key", "retire", "openpgp", "1")
    states = {k["number"]: k["state"] for k in json.loads(house.run("key", "list", "--json").out)["keys"]
              if k["kind"] == "openpgp"}
    assert states == {1: "retired", 2: "in use"}
    assert first in house.run("key", "list").out and "OpenPGP" in house.run("config", "check", ok=False).out


def test_before_its_key_was_made_nothing_is_signed(house):
    p = house.send([ROW], "--as", "pgp", "--now", "2020-01-01T00:00:00Z", ok=False)
    assert p.results[0]["status"] != "delivered" and "is the clock right" in p.results[0]["problem"] + p.err
    assert house.outbox() == []


def test_unless_it_is_wanted_nothing_is_signed_though_there_is_a_key(house, gpg):
    house.setting("pgp_sign", "false", section="seal")
    entity = inside(gpg, sent(house))
    assert b"policy.pdf" in entity and b"multipart/signed" not in entity and b"PGP SIGNATURE" not in entity


def test_serve_runs_beside_an_openpgp_key_that_it_cannot_sign_with(house):
    house.serve()
    assert house.run("status").returncode == 0
