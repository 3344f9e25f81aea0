"""seal zip, judged by readers that are not ours: 7-Zip, libarchive and a strict reader written from the notes.

libzip 1.7.3 (Debian 12) is not asked: it answers "CRC error" to every AE-2 entry, 7-Zip's own too, because it compares
the CRC field that AE-2 keeps at 0 so that it tells nothing about the content."""
import os
import random
import shutil
import signal
import stat
import subprocess
import time

import pytest

import ae2_reader

LETTERLOCK = os.path.abspath(os.environ.get("LETTERLOCK", "build/letterlock"))
PASSWORD = "tessera-93-Vela"


def seal(tmp_path, *args, password=PASSWORD, check=True):
    done = subprocess.run([LETTERLOCK, "seal", "zip", "--password-file", "-", *map(str, args)],
                          input=password.encode() + b"\n", cwd=tmp_path, capture_output=True, timeout=300)
    if check:
        assert done.returncode == 0, done.stderr
        assert done.stdout == b""
    return done


def seven_zip(tmp_path, command, archive, password=PASSWORD):
    return subprocess.run(["7z", command, "-y", f"-p{password}", "-oout", archive] if command == "x" else
                          ["7z", command, f"-p{password}", archive],
                          cwd=tmp_path, capture_output=True, stdin=subprocess.DEVNULL, timeout=300)


def write(tmp_path, files):
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    return list(files)


def documents(seed=1):
    rng = random.Random(seed)
    text = b"".join(b"%d 0 obj << /Length %d >> stream\n" % (i, rng.randrange(9999)) for i in range(9000))
    return {"empty.txt": b"", "one.bin": b"x", "Zoë – año 2026.txt": text, "漢字.bin": rng.randbytes(70_001),
            "mixed.pdf": text[:5000] + rng.randbytes(30_000) + text[5000:7000] + rng.randbytes(700_000) + text}


def test_foreign_readers_find_the_same_documents(tmp_path):
    files = documents()
    seal(tmp_path, "-o", "a.zip", *write(tmp_path, files))
    assert stat.S_IMODE((tmp_path / "a.zip").stat().st_mode) == 0o600
    read = {e.name: e.data for e in ae2_reader.read((tmp_path / "a.zip").read_bytes(), PASSWORD.encode())}
    assert read == files
    assert seven_zip(tmp_path, "t", "a.zip").returncode == 0
    assert seven_zip(tmp_path, "x", "a.zip").returncode == 0
    assert {n: (tmp_path / "out" / n).read_bytes() for n in files} == files
    if shutil.which("bsdtar"):
        (tmp_path / "tar").mkdir()
        done = subprocess.run(["bsdtar", "-x", "-f", "a.zip", "-C", "tar", "--passphrase", PASSWORD], cwd=tmp_path,
                              capture_output=True, env={**os.environ, "LC_ALL": "C.UTF-8"})
        assert done.returncode == 0, done.stderr
        assert {n: (tmp_path / "tar" / n).read_bytes() for n in files} == files


def test_a_wrong_password_opens_nothing(tmp_path):
    seal(tmp_path, "-o", "a.zip", *write(tmp_path, {"a.txt": b"secret " * 99}))
    for wrong in ("", "x", PASSWORD + "!", PASSWORD[:-1], PASSWORD.lower()):
        with pytest.raises(ae2_reader.Broken):
            list(ae2_reader.read((tmp_path / "a.zip").read_bytes(), wrong.encode()))
    assert seven_zip(tmp_path, "t", "a.zip", "wrong").returncode != 0


@pytest.mark.parametrize("content", [b"", b"four score", b"so compressible " * 12], ids=["empty", "stored", "deflated"])
def test_every_flipped_bit_of_the_sealed_bytes_is_noticed(tmp_path, content):
    seal(tmp_path, "-o", "a.zip", *write(tmp_path, {"a.txt": content}))
    whole = (tmp_path / "a.zip").read_bytes()
    begin = 30 + len("a.txt") + 11
    end = whole.index(b"PK\1\2")
    assert [e.data for e in ae2_reader.read(whole, PASSWORD.encode())] == [content]
    for at in range(begin, end):
        for bit in range(8):
            changed = bytearray(whole)
            changed[at] ^= 1 << bit
            with pytest.raises(ae2_reader.Broken):
                list(ae2_reader.read(bytes(changed), PASSWORD.encode()))
    for at in range(begin, end, 7):
        (tmp_path / "bad.zip").write_bytes(whole[:at] + bytes([whole[at] ^ 0x10]) + whole[at + 1:])
        assert seven_zip(tmp_path, "t", "bad.zip").returncode != 0, at


def test_hidden_names_do_not_occur_in_the_bytes(tmp_path):
    files = {"Diagnosis Maria Silva.pdf": b"text " * 5000, "x-ray.bin": random.Random(3).randbytes(1_500_000)}
    seal(tmp_path, "--hide-names", "-o", "a.zip", *write(tmp_path, files))
    whole = (tmp_path / "a.zip").read_bytes()
    for name in files:
        assert name.encode() not in whole and name[:-4].encode() not in whole
    outer, = ae2_reader.read(whole, PASSWORD.encode())
    assert outer.name == "documents.zip"
    assert {e.name: e.data for e in ae2_reader.read(outer.data)} == files
    assert seven_zip(tmp_path, "x", "a.zip").returncode == 0
    done = subprocess.run(["7z", "x", "-y", "-oinner", "out/documents.zip"], cwd=tmp_path, capture_output=True)
    assert done.returncode == 0, done.stdout
    assert {n: (tmp_path / "inner" / n).read_bytes() for n in files} == files
    if shutil.which("unzip"):
        assert subprocess.run(["unzip", "-tq", "out/documents.zip"], cwd=tmp_path).returncode == 0


def test_no_salt_is_used_twice(tmp_path):
    names = write(tmp_path, {f"{i}.txt": b"same" for i in range(20)})
    salts = set()
    for archive in ("a.zip", "b.zip"):
        seal(tmp_path, "-o", archive, *names)
        salts |= {e.salt for e in ae2_reader.read((tmp_path / archive).read_bytes(), PASSWORD.encode())}
    assert len(salts) == 40


def test_names_are_cleaned_and_kept_apart(tmp_path):
    for where in ("a", "b", "c"):
        (tmp_path / where).mkdir()
    (tmp_path / "a" / "bill.pdf").write_bytes(b"1")
    (tmp_path / "b" / "bill.pdf").write_bytes(b"2")
    (tmp_path / "c" / "BILL.PDF").write_bytes(b"3")
    (tmp_path / "a" / "in\u202egpj.exe").write_bytes(b"4")
    (tmp_path / "a" / "aux.txt").write_bytes(b"5")
    seal(tmp_path, "-o", "z.zip", "a/bill.pdf", tmp_path / "b" / "bill.pdf", "c/BILL.PDF", "a/in\u202egpj.exe", "a/aux.txt")
    read = {e.name: e.data for e in ae2_reader.read((tmp_path / "z.zip").read_bytes(), PASSWORD.encode())}
    assert read == {"bill.pdf": b"1", "bill (2).pdf": b"2", "BILL (3).PDF": b"3", "ingpj.exe": b"4", "_aux.txt": b"5"}


@pytest.mark.parametrize("password", ["", "x" * 65, "é" * 33])
def test_passwords_are_one_to_64_bytes(tmp_path, password):
    write(tmp_path, {"a.txt": b"a"})
    done = seal(tmp_path, "-o", "a.zip", "a.txt", password=password, check=False)
    assert done.returncode not in (0, 2) and not (tmp_path / "a.zip").exists()
    assert b"password" in done.stderr and password.encode() not in done.stderr or not password


def test_64_bytes_of_any_script_open(tmp_path):
    write(tmp_path, {"a.txt": b"a"})
    for password in ("x" * 64, "ç" * 32):
        seal(tmp_path, "--force", "-o", "a.zip", "a.txt", password=password)
        assert [e.data for e in ae2_reader.read((tmp_path / "a.zip").read_bytes(), password.encode())] == [b"a"]
        assert seven_zip(tmp_path, "t", "a.zip", password).returncode == 0


def test_what_exists_stays_unless_forced(tmp_path):
    write(tmp_path, {"a.txt": b"a", "a.zip": b"precious"})
    done = seal(tmp_path, "-o", "a.zip", "a.txt", check=False)
    assert done.returncode != 0 and b"--force" in done.stderr
    assert (tmp_path / "a.zip").read_bytes() == b"precious"
    seal(tmp_path, "--force", "-o", "a.zip", "a.txt")
    assert (tmp_path / "a.zip").read_bytes()[:2] == b"PK"


def test_failure_leaves_nothing_behind(tmp_path):
    write(tmp_path, {"a.txt": b"a" * 100_000})
    (tmp_path / "dir").mkdir()
    before = sorted(os.listdir(tmp_path))
    for bad in ("missing.txt", "dir", "/dev/zero"):
        done = seal(tmp_path, "-o", "a.zip", "a.txt", bad, check=False)
        assert done.returncode not in (0, 2), bad
        assert bad.encode() in done.stderr
        assert sorted(os.listdir(tmp_path)) == before


def test_a_signal_leaves_nothing_behind(tmp_path):
    with open(tmp_path / "big.bin", "wb") as f:
        f.truncate(3 << 30)
    child = subprocess.Popen([LETTERLOCK, "seal", "zip", "--password-file", "-", "-o", "a.zip", "big.bin"], cwd=tmp_path,
                             stdin=subprocess.PIPE, stderr=subprocess.PIPE)
    child.stdin.write(PASSWORD.encode())
    child.stdin.close()
    deadline = time.monotonic() + 20
    while not any(".part-" in n for n in os.listdir(tmp_path)) and time.monotonic() < deadline:
        time.sleep(0.01)
    child.send_signal(signal.SIGTERM)
    assert child.wait(timeout=30) != 0
    assert os.listdir(tmp_path) == ["big.bin"]


def test_a_listing_shows_aes_256_and_no_crc(tmp_path):
    seal(tmp_path, "-o", "a.zip", *write(tmp_path, {"a.txt": b"a" * 1000}))
    listing = seven_zip(tmp_path, "l", "a.zip", "") and subprocess.run(
        ["7z", "l", "-slt", "a.zip"], cwd=tmp_path, capture_output=True, text=True).stdout
    assert "Method = AES-256 Deflate" in listing and "Encrypted = +" in listing and "CRC = \n" in listing


def test_entries_show_when_the_file_was_changed_in_utc(tmp_path):
    write(tmp_path, {"a.txt": b"a", "old.txt": b"b"})
    os.utime(tmp_path / "a.txt", (1795290611, 1795290611))  # 2026-11-21T19:50:11Z
    os.utime(tmp_path / "old.txt", (0, 0))                  # before 1980, where the format begins
    seal(tmp_path, "-o", "a.zip", "a.txt", "old.txt")
    times = [e.modified for e in ae2_reader.read((tmp_path / "a.zip").read_bytes(), PASSWORD.encode())]
    assert times == [(2026 - 1980) << 25 | 11 << 21 | 21 << 16 | 19 << 11 | 50 << 5 | 5, 1 << 21 | 1 << 16]


def test_random_documents_survive(tmp_path):
    rng = random.Random(20261121)
    for turn in range(6):
        files = {}
        for i in range(rng.randrange(1, 6)):
            parts = []
            for _ in range(rng.randrange(6)):
                size = int(rng.choice((1, 30, 1000, 5000, 60_000, 500_000)) * rng.random() * 2)
                kind = rng.randrange(4)
                parts.append(rng.randbytes(size) if kind == 0 else bytes(size) if kind == 1 else
                             rng.choices(b"0123456789 .\n", k=size) if kind == 2 else (b"%PDF obj endobj " * size)[:size])
            files[f"{turn}-{i}.bin"] = b"".join(bytes(p) for p in parts)
        args = ["--hide-names"] if turn % 2 else []
        seal(tmp_path, *args, "-o", f"{turn}.zip", *write(tmp_path, files))
        entries = list(ae2_reader.read((tmp_path / f"{turn}.zip").read_bytes(), PASSWORD.encode()))
        if turn % 2:
            entries = list(ae2_reader.read(entries[0].data))
        assert {e.name: e.data for e in entries} == files


@pytest.mark.skipif(not os.environ.get("DEEP"), reason="4 GiB: set DEEP=1")
def test_a_document_beyond_4_gib(tmp_path):
    with open(tmp_path / "big.bin", "wb") as f:
        f.truncate((4 << 30) + 5)
        f.seek(4 << 30)
        f.write(b"end")
    seal(tmp_path, "-o", "a.zip", "big.bin")
    assert seven_zip(tmp_path, "t", "a.zip").returncode == 0
    with open(tmp_path / "big.bin", "rb") as f:
        done = subprocess.Popen(["7z", "e", "-so", f"-p{PASSWORD}", "a.zip"], cwd=tmp_path, stdout=subprocess.PIPE)
        while True:
            want = f.read(1 << 20)
            assert done.stdout.read(len(want) or 1) == want
            if not want:
                break
    assert done.wait() == 0
