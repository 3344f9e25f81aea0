"""Keys on file: which are taken, which are refused and why, and that none takes another's place unasked."""
import json
import sqlite3

import pytest

from house import House
from openpgp import Gpg

ADA = "Ada Lovelace <ada@example.com>"


@pytest.fixture(scope="module")
def gpg():
    g = Gpg()
    yield g
    g.close()


@pytest.fixture
def house(tmp_path):
    return House(tmp_path / "house")


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    """For keys that are refused and leave nothing behind."""
    return House(tmp_path_factory.mktemp("shared") / "house")


@pytest.fixture(scope="module")
def ada(gpg):
    return gpg.make(ADA)


def add(house, key, *more, address="ada@example.com", ok=True):
    return house.run("recipient", "key", "add", address, "--file", "-", *more, stdin=key, ok=ok)


def listed(house, *more):
    return json.loads(house.run("recipient", "key", "list", *more, "--json").out)["keys"]


def events(house):
    with sqlite3.connect(f"{house.path}/letterlock.db") as db:
        return [kind for kind, in db.execute("SELECT kind FROM event ORDER BY sequence")]


def test_a_key_is_put_on_file_and_shown_with_its_whole_fingerprint(house, gpg, ada):
    p = add(house, gpg.export(ada))
    assert ada in p.out.replace(" ", "")
    assert listed(house) == listed(house, "ADA@example.com")
    key, = listed(house)
    assert (key["fingerprint"], key["kind"], key["origin"], key["in_use"]) == (ada, "pgp", "file", True)
    assert key["algorithm"] == "ECDH Curve25519" and key["expires_at"] is None
    assert listed(house, "bob@example.com") == []
    assert events(house) == ["key-added"]


def test_a_binary_key_is_the_same_key(house, gpg, ada):
    add(house, gpg.export(ada))
    p = add(house, gpg.export(ada, armor=False), "--json")
    assert json.loads(p.out)["change"] == "renewed"
    assert len(listed(house)) == 1


def test_another_key_takes_the_place_only_when_told_to_and_both_fingerprints_are_named(house, gpg, ada):
    other = gpg.make("Ada again <ada@example.com>")
    add(house, gpg.export(ada))
    p = add(house, gpg.export(other), ok=False)
    assert p.returncode == 29 and ada in p.err and other in p.err and "--replace" in p.err
    assert [k["fingerprint"] for k in listed(house)] == [ada]
    add(house, gpg.export(other), "--replace")
    assert [(k["fingerprint"], k["in_use"]) for k in listed(house)] == [(other, True), (ada, False)]
    assert events(house) == ["key-added", "key-changed"]


def test_a_key_is_removed_by_its_whole_fingerprint_alone(house, gpg, ada):
    add(house, gpg.export(ada))
    assert house.run("recipient", "key", "remove", "ada@example.com", ada[-16:], ok=False).returncode == 28
    assert house.run("recipient", "key", "remove", "bob@example.com", ada, ok=False).returncode == 28
    spaced = " ".join(ada[i:i + 4] for i in range(0, 40, 4)).lower()
    house.run("recipient", "key", "remove", "ada@example.com", spaced)
    assert listed(house) == []
    assert events(house) == ["key-added", "key-removed"]


def test_a_copied_database_tells_nothing_of_whose_key_it_is(house, gpg, ada):
    add(house, gpg.export(ada))
    with sqlite3.connect(f"{house.path}/letterlock.db") as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    with open(f"{house.path}/letterlock.db", "rb") as f:
        data = f.read()
    for trace in (b"ada@", b"Lovelace", ada.encode(), bytes.fromhex(ada)):
        assert trace not in data


def test_keys_outlive_a_rotation_of_the_master_key(house, gpg, ada):
    add(house, gpg.export(ada))
    assert json.loads(house.run("key", "rotate", "--json").out)["recipient_keys"] == 1
    house.run("key", "retire", "master", "1")
    assert [k["fingerprint"] for k in listed(house)] == [ada]


def refused(house, key, *words, address="ada@example.com", more=()):
    p = add(house, key, *more, address=address, ok=False)
    assert p.returncode != 0 and p.out == ""
    for w in words:
        assert w in p.err, p.err
    assert listed(house) == []


def test_a_revoked_key_is_refused(shared, gpg):
    key = gpg.make(ADA)
    gpg.revoke(key)
    refused(shared, gpg.export(key), "revoked")


def test_an_expired_key_is_refused_and_one_that_will_expire_is_not(house, gpg):
    key = gpg.make(ADA, expire="1y", time="20200101T000000")
    refused(house, gpg.export(key), "expired", "2020-12-31")
    p = add(house, gpg.export(key), "--now", "2020-06-01T00:00:00Z", "--json")
    assert json.loads(p.out)["expires_at"].startswith("2020-12-31")


def test_a_key_that_only_signs_is_refused(shared, gpg):
    refused(shared, gpg.export(gpg.make(ADA, "ed25519", "sign")), "only signs")


def test_a_key_whose_encrypting_part_has_expired_is_refused(shared, gpg):
    key = gpg.make(ADA, "ed25519", "sign", time="20200101T000000")
    gpg.add_part(key, "cv25519", expire="1y", time="20200101T000000")
    refused(shared, gpg.export(key), "part", "expired")


def test_a_key_of_somebody_else_is_refused(shared, gpg, ada):
    refused(shared, gpg.export(ada), "not of bob@example.com", address="bob@example.com")
    sly = gpg.make("<bob@example.com> Mallory <mallory@example.org>")
    refused(shared, gpg.export(sly), "not of bob@example.com", address="bob@example.com")


def test_a_short_rsa_key_is_refused(shared, gpg):
    refused(shared, gpg.export(gpg.make(ADA, "rsa1024")), "1024 bits", "2048")


def test_a_key_with_a_short_encrypting_part_is_refused(shared, gpg):
    key = gpg.make(ADA, "ed25519", "sign")
    gpg.add_part(key, "rsa1024")
    refused(shared, gpg.export(key), "1024 bits")


def test_dsa_and_elgamal_are_refused(shared, gpg):
    key = gpg.make(ADA, "dsa2048", "sign")
    gpg.add_part(key, "cv25519")
    refused(shared, gpg.export(key), "DSA")
    key = gpg.make(ADA, "ed25519", "sign")
    gpg.add_part(key, "elg2048")
    refused(shared, gpg.export(key), "ElGamal")


def test_signatures_with_sha_1_are_refused(shared, gpg):
    weak = ("--cert-digest-algo", "SHA1", "--digest-algo", "SHA1", "--allow-weak-key-signatures")
    key = gpg.make(ADA, more=weak)
    refused(shared, gpg.export(key), "SHA-1")


def test_a_private_key_and_several_keys_are_refused(shared, gpg, ada):
    refused(shared, gpg.export(ada, secret=True), "private key")
    refused(shared, gpg.export(ada, armor=False) + gpg.export(gpg.make("Bob <bob@example.com>"), armor=False),
            "2 keys")


def test_what_is_no_key_is_refused(shared, gpg, ada):
    refused(shared, b"", "neither")
    refused(shared, b"hello", "neither")
    refused(shared, b"\x99\x01" + b"\x00" * 100, "no OpenPGP public key")
    armored = gpg.export(ada)
    refused(shared, armored[:len(armored) // 2], "OpenPGP")
    binary = bytearray(gpg.export(ada, armor=False))
    binary[40] ^= 1
    refused(shared, bytes(binary))
    refused(shared, b"-----BEGIN PGP PUBLIC KEY BLOCK-----\n" + b"A" * (1 << 21), "too long")
