"""seal pgp: what GnuPG and RNP open, byte for byte, and what is refused or noticed."""
import email
import email.policy
import os
import subprocess

import pytest

from house import PROGRAM
from openpgp import Gpg, Rnp

SIZES = {"empty.bin": 0, "one.bin": 1, "Ünïcode.pdf": 70_001, "long.bin": 5_000_003}


@pytest.fixture(scope="module")
def gpg():
    g = Gpg()
    yield g
    g.close()


@pytest.fixture(scope="module")
def keys(gpg, tmp_path_factory):
    """RSA and Curve25519: path of the public key, fingerprint."""
    room, made = tmp_path_factory.mktemp("keys"), {}
    for name, algorithm in (("curve", "future-default"), ("rsa", "rsa2048")):
        fingerprint = gpg.make(f"{name} <{name}@example.com>", algorithm)
        if name == "rsa":
            gpg.add_part(fingerprint, "rsa2048")
        made[name] = (room / f"{name}.asc", fingerprint)
        made[name][0].write_bytes(gpg.export(fingerprint))
    return made


def seal(*args, ok=True):
    p = subprocess.run([PROGRAM, "seal", "pgp", *map(str, args)], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                       stderr=subprocess.PIPE, timeout=120)
    assert (p.returncode == 0) == ok, p.stderr
    return p


def content(name):
    return (name.encode() * (SIZES[name] // len(name.encode()) + 1))[:SIZES[name]]


@pytest.fixture
def files(tmp_path):
    made = []
    for name in SIZES:
        (tmp_path / name).write_bytes(content(name))
        made.append(tmp_path / name)
    return made


@pytest.mark.parametrize("armor", [(), ("--armor",)])
@pytest.mark.parametrize("which", ["curve", "rsa"])
def test_gnupg_opens_each_file_byte_for_byte(gpg, keys, files, tmp_path, which, armor):
    for path in files:
        out = tmp_path / (path.name + ".pgp")
        seal("-o", out, "--to", keys[which][0], *armor, path)
        sealed = out.read_bytes()
        assert sealed.startswith(b"-----BEGIN PGP MESSAGE") == bool(armor)
        assert out.stat().st_mode & 0o777 == 0o600
        assert gpg.decrypt(sealed).stdout == content(path.name)


def test_rnp_opens_it_too(gpg, keys, files, tmp_path):
    other = Rnp(gpg.export(keys["curve"][1], secret=True))
    try:
        for path in files:
            out = tmp_path / (path.name + ".pgp")
            seal("-o", out, "--to", keys["curve"][0], path)
            assert other.decrypt(out.read_bytes()).plain == content(path.name)
    finally:
        other.close()


def test_several_readers_each_open_it_and_nobody_else(gpg, keys, files, tmp_path):
    out = tmp_path / "out"
    seal("-o", out, "--to", keys["curve"][0], "--to", keys["rsa"][0], files[1])
    for name in keys:
        other = Rnp(gpg.export(keys[name][1], secret=True))
        try:
            assert other.decrypt(out.read_bytes()).plain == content(files[1].name)
        finally:
            other.close()
    stranger = Rnp(gpg.export(gpg.make("stranger <s@example.com>"), secret=True))
    try:
        assert stranger.decrypt(out.read_bytes(), ok=False).plain is None
    finally:
        stranger.close()


def test_several_files_are_one_mime_entity(gpg, keys, files, tmp_path):
    out = tmp_path / "out"
    seal("-o", out, "--to", keys["curve"][0], *files)
    outer = email.message_from_bytes(out.read_bytes(), policy=email.policy.default)
    assert outer.get_content_type() == "multipart/encrypted"
    version, sealed = outer.iter_parts()
    inner = email.message_from_bytes(gpg.decrypt(sealed.get_content()).stdout, policy=email.policy.default)
    assert {p.get_filename(): p.get_content() for p in inner.iter_parts()} == {n: content(n) for n in SIZES}


def test_a_flipped_bit_anywhere_is_noticed(gpg, keys, files, tmp_path):
    out = tmp_path / "out"
    seal("-o", out, "--to", keys["curve"][0], files[2])
    sealed = out.read_bytes()
    for at in range(5, len(sealed), len(sealed) // 9):
        bent = bytearray(sealed)
        bent[at] ^= 1
        p = gpg.decrypt(bytes(bent), ok=False)
        assert p.returncode != 0 or p.stdout == content(files[2].name) and at < 120  # a hint such as the key's number


def test_unfit_keys_and_wrong_usage_leave_no_file(gpg, keys, files, tmp_path):
    out = tmp_path / "out"
    weak = tmp_path / "weak.asc"
    weak.write_bytes(gpg.export(gpg.make("weak <weak@example.com>", "rsa1024")))
    p = seal("-o", out, "--to", keys["curve"][0], "--to", weak, files[1], ok=False)
    assert p.returncode == 19 and b"1024 bits" in p.stderr
    assert seal("-o", out, files[1], ok=False).returncode == 2
    assert seal("--to", keys["curve"][0], files[1], ok=False).returncode == 2
    seal("-o", out, "--to", files[1], files[1], ok=False)
    seal("-o", out, "--to", keys["curve"][0], tmp_path / "nothing", ok=False)
    assert not out.exists()
    out.write_bytes(b"mine")
    assert seal("-o", out, "--to", keys["curve"][0], files[1], ok=False).returncode == 29
    assert out.read_bytes() == b"mine"
