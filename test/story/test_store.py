"""The store's plumbing, and the layout at rest read by foreign hands: Python's sqlite3 and cryptography."""
import base64
import json
import os
import re
import shutil
import sqlite3
import subprocess

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from tracing import for_onlookers

LETTERLOCK = os.environ.get("LETTERLOCK", "build/letterlock")
ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"


def run(home, *words, stdin=b"", status=0, wrapper=()):
    done = subprocess.run([*wrapper, os.path.abspath(LETTERLOCK), *words, "--config", str(home / "letterlock.yaml")],
                          input=stdin, capture_output=True, timeout=120)
    assert done.returncode == status, (words, done.returncode, done.stderr)
    return done.stdout


@pytest.fixture
def home(tmp_path):
    made = subprocess.run([LETTERLOCK, "init", tmp_path / "home", "--domain", "example.com"], capture_output=True)
    assert made.returncode == 0, made.stderr
    return tmp_path / "home"


def id_bytes(text):
    bits = "".join(format(ALPHABET.index(c), "05b") for c in text)
    return int(bits[:128], 2).to_bytes(16, "big")


def stored(home, name):
    return home / "objects" / id_bytes(name)[:1].hex() / name


def open_by_hand(home, name):
    """What store.h and format.h say, written a second time."""
    which = id_bytes(name)
    with sqlite3.connect(home / "letterlock.db") as db:
        owner, size, wrapped = db.execute("SELECT submission, size, wrapped FROM object WHERE id = ?", (which,)).fetchone()
    number = int.from_bytes(wrapped[:4], "big")
    master = base64.b64decode((home / "keys" / f"master-{number}.key").read_text().split("\n")[1])
    wrapping = HKDF(hashes.SHA256(), 32, None, b"letterlock wrap 1 object " + which).derive(master)
    key = AESGCM(AESGCM(wrapping).decrypt(wrapped[4:16], wrapped[16:], wrapped[:4]))
    sealed = stored(home, name).read_bytes()
    header, sealed, plain = sealed[:8], sealed[8:], b""
    assert header == b"LLOB\x01\x10\0\0"
    chunks = max(1, -(-size // 65536))
    for i in range(chunks):
        last = bytes([i == chunks - 1])
        nonce = bytes(3) + i.to_bytes(8, "big") + last
        chunk, sealed = sealed[:65536 + 16], sealed[65536 + 16:]
        plain += key.decrypt(nonce, chunk, header + owner + which + i.to_bytes(8, "big") + last)
    assert not sealed and len(plain) == size
    return plain


@pytest.mark.parametrize("size", [0, 1, 65535, 65536, 65537, 300000])
def test_what_is_put_is_aes_256_gcm_as_written_down(home, tmp_path, size):
    content = os.urandom(size)
    (tmp_path / "f").write_bytes(content)
    name = run(home, "store", "put", str(tmp_path / "f")).decode().strip()
    assert open_by_hand(home, name) == content
    assert run(home, "store", "get", name) == content


def test_a_changed_byte_is_refused_by_us_and_by_the_foreign_reader(home):
    name = run(home, "store", "put", "-", stdin=b"canary" * 20000).decode().strip()
    path = stored(home, name)
    sealed = bytearray(path.read_bytes())
    sealed[100] ^= 1
    path.write_bytes(sealed)
    assert run(home, "store", "get", name, status=21) == b""
    with pytest.raises(InvalidTag):
        open_by_hand(home, name)


def test_deleting_destroys_key_and_bytes(home):
    name = run(home, "store", "put", "-", stdin=b"canary").decode().strip()
    kept = run(home, "store", "put", "-", stdin=b"other").decode().strip()
    with sqlite3.connect(home / "letterlock.db") as db:
        wrapped = db.execute("SELECT wrapped FROM object WHERE id = ?", (id_bytes(name),)).fetchone()[0]
    run(home, "store", "delete", name)
    assert not stored(home, name).exists()
    for path in home.glob("letterlock.db*"):
        assert wrapped[16:] not in path.read_bytes()
    run(home, "store", "get", name, status=28)
    lines = [json.loads(line) for line in run(home, "store", "list", "--json").splitlines()]
    assert [(line["id"], line["state"]) for line in lines] == [(kept, "kept")]


def test_orphans_and_unfinished_objects_are_told_apart(home):
    name = run(home, "store", "put", "-", stdin=b"x").decode().strip()
    path = stored(home, name)
    other = name[:-2] + "00"
    shutil.copy(path, path.with_name(other))
    shutil.copy(path, path.with_name(name[:-2] + "10.part"))
    states = {json.loads(line)["id"]: json.loads(line)["state"]
              for line in run(home, "store", "list", "--json").splitlines()}
    assert states == {name: "kept", other: "orphan", name[:-2] + "10": "unfinished"}


def test_rotation_leaves_the_stored_bytes_alone_and_everything_readable(home):
    names = [run(home, "store", "put", "-", stdin=b"%d" % i).decode().strip() for i in range(5)]
    before = [stored(home, name).read_bytes() for name in names]
    run(home, "key", "rotate")
    assert [stored(home, name).read_bytes() for name in names] == before
    run(home, "key", "retire", "master", "1")
    (home / "keys" / "master-1.key").unlink()
    assert [open_by_hand(home, name) for name in names] == [b"%d" % i for i in range(5)]
    assert [run(home, "store", "get", name) for name in names] == [b"%d" % i for i in range(5)]


@for_onlookers
def test_the_id_is_told_only_after_object_directory_and_row_are_on_the_disk(home, tmp_path):
    trace = tmp_path / "trace"
    calls = "trace=write,pwrite64,fdatasync,fsync,rename,renameat,renameat2"
    env = dict(os.environ, ASAN_OPTIONS="detect_leaks=0")
    done = subprocess.run(["strace", "-f", "-y", "-o", trace, "-e", calls, os.path.abspath(LETTERLOCK), "store", "put", "-",
                           "--config", str(home / "letterlock.yaml")],
                          input=b"canary" * 30000, capture_output=True, env=env, timeout=120)
    if b"ptrace" in done.stderr and not done.stdout:
        pytest.skip("this machine does not allow tracing")
    assert done.returncode == 0, done.stderr
    name = done.stdout.decode().strip()
    lines = trace.read_text(errors="replace").splitlines()

    def positions(pattern):
        found = [i for i, line in enumerate(lines) if re.search(pattern, line)]
        assert found, pattern
        return found

    written = positions(rf"write\(\d+<[^>]*{name}\.part>")
    synced = positions(rf"fdatasync\(\d+<[^>]*{name}\.part>")
    renamed = positions(rf"rename.*{name}")
    directory = positions(rf"fsync\(\d+<[^>]*/objects/{id_bytes(name)[:1].hex()}>")
    log = positions(r"pwrite64\(\d+<[^>]*letterlock\.db-wal>")
    log_synced = positions(r"fdatasync\(\d+<[^>]*letterlock\.db-wal>")
    told = positions(rf'write\(1<[^>]*>, "{name}')
    assert max(written) < min(synced) < min(renamed) < min(directory) < min(log)
    assert max(log) < max(log_synced) < min(told)
