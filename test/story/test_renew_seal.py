"""A lost password of a container: zip and PDF are sealed anew in the store, without their documents being sent again."""
import hashlib
import io
import json
import os
import pty
import re
import sqlite3
import subprocess
import time
import zipfile

import pytest

import certificates
import interop
from house import House, Browser
from test_interop import make_pdf


@pytest.fixture
def house(tmp_path):
    h = House(tmp_path / "h")
    yield h
    h.stop()


def send(house, how, *args, documents=("a.pdf",)):
    for name in documents:
        make_pdf(os.path.join(house.documents, name))
    return house.send([{"email": "ana@example.net", "name": "Ana", "document": ";".join(documents)}], "--as", how,
                      *args).results[0]


def renew(house, row, old, *args, ok=True):
    return house.run("renew", row["delivery"], "--old-password-file", "-", *args, stdin=old.encode(), ok=ok)


def download(house, link, password):
    browser = Browser(house)
    assert browser.prove(link, [password])[0] == 303
    page = browser.ask("GET", link)[2]
    got = [browser.ask("GET", l.decode()) for l in re.findall(rb'href="([^"]*/f/[^"]*)"', page)]
    assert got and all(status == 200 for status, _, _ in got)
    return [data for _, _, data in got]


def database(house):
    return next(os.path.join(b, n) for b, _, names in os.walk(house.path) for n in names if n.endswith((".db", ".sqlite")))


@pytest.mark.parametrize("how,args", [("zip", ()), ("zip", ("--hide-names",)), ("pdf", ())], ids=["zip", "hidden-names", "pdf"])
def test_the_new_password_opens_and_the_old_one_does_not(house, how, args, tmp_path):
    documents = ("a.pdf", "Zoë.pdf")
    row = send(house, how, *args, documents=documents)
    old = row["password"]
    p = renew(house, row, old, "--new-password", "--write-password", tmp_path / "new.txt")
    new = (tmp_path / "new.txt").read_text().strip()
    assert (tmp_path / "new.txt").stat().st_mode & 0o777 == 0o600
    assert new != old and new not in p.out + p.err
    house.serve()
    for _ in range(100):
        links = {re.search(r"https://\S+/d/\w+", m.get_body(("plain",)).get_content())[0] for m in house.outbox()} - {row["link"]}
        if links:
            break
        time.sleep(0.1)
    link, = links
    got = download(house, link, new)
    assert len(got) == (1 if how == "zip" else 2)
    for number, data in enumerate(got):
        sealed, room = tmp_path / f"{number}.{how}", tmp_path / f"room{number}"
        sealed.write_bytes(data)
        room.mkdir()
        reader = interop.by_the_notes if how == "zip" else interop.by_pikepdf
        with pytest.raises(interop.Refused):
            reader(sealed, old, str(room))
        read = reader(sealed, new, str(room))
        if how == "pdf":
            assert read == interop.by_pikepdf(os.path.join(house.documents, documents[number]), "", "")
        elif not args:
            assert read == {n: open(os.path.join(house.documents, n), "rb").read() for n in documents}
            interop.by_7z(sealed, new, str(room))
        else:
            with zipfile.ZipFile(io.BytesIO(read["documents.zip"])) as z:
                assert {n: z.read(n) for n in z.namelist()} == {n: open(os.path.join(house.documents, n), "rb").read()
                                                              for n in documents}
    assert Browser(house).ask("GET", row["link"])[0] == 404
    assert "resealed" in house.run("show", row["delivery"]).out + house.run("show", p.out.split()[0]).out


def test_the_old_objects_lose_their_keys_and_are_swept(house, tmp_path):
    row = send(house, "zip")
    with sqlite3.connect(database(house)) as db:
        before, = db.execute("SELECT hex(id) FROM object").fetchone()
    renew(house, row, row["password"], "--new-password", "--write-password", tmp_path / "new.txt")
    with sqlite3.connect(database(house)) as db:
        rows = {i: (place, gone) for i, place, gone in db.execute("SELECT hex(id), place, wrapped IS NULL FROM object")}
    assert rows.pop(before) == (-1, 1) and [*rows.values()] == [(1, 0)]
    house.run("sweep")
    stored = [n for _, _, names in os.walk(os.path.join(house.path, "objects")) for n in names]
    assert len(stored) == 1


@pytest.mark.parametrize("how", ["zip", "pdf"])
def test_a_wrong_old_password_and_a_damaged_file_are_told_apart_and_change_nothing(house, how, tmp_path):
    row = send(house, how)
    with sqlite3.connect(database(house)) as db:
        before = db.execute("SELECT hex(id), wrapped, place FROM object").fetchall()
    p = renew(house, row, "not-the-old-password", "--new-password", "--write-password", tmp_path / "new.txt", ok=False)
    assert p.returncode == 33 and "old password" in p.err and not (tmp_path / "new.txt").exists(), p.err
    weak = tmp_path / "weak.txt"
    weak.write_text("birthday1987\n")
    weak.chmod(0o600)
    p = renew(house, row, row["password"], "--password-file", weak, ok=False)
    assert p.returncode == 15 and "new password" in p.err, p.err
    stored, = [os.path.join(b, n) for b, _, names in os.walk(os.path.join(house.path, "objects")) for n in names]
    whole = open(stored, "rb").read()
    os.chmod(stored, 0o600)
    open(stored, "wb").write(whole[:200] + bytes([whole[200] ^ 1]) + whole[201:])
    p = renew(house, row, row["password"], "--new-password", "--write-password", tmp_path / "new.txt", ok=False)
    assert p.returncode == 21 and "from the store" in p.err, (p.returncode, p.err)
    os.remove(stored)
    p = renew(house, row, row["password"], "--new-password", "--write-password", tmp_path / "new.txt", ok=False)
    assert p.returncode in (23, 28) and "from the store" in p.err, (p.returncode, p.err)
    with sqlite3.connect(database(house)) as db:
        assert db.execute("SELECT hex(id), wrapped, place FROM object").fetchall() == before
    assert not [n for _, _, names in os.walk(os.path.join(house.path, "objects")) for n in names]


def test_a_password_never_appears_where_it_was_not_asked_for(house, tmp_path):
    row = send(house, "zip")
    (tmp_path / "new.txt").write_text("an older one\n")
    p = renew(house, row, row["password"], "--new-password", "--write-password", tmp_path / "new.txt", ok=False)
    assert p.returncode == 29 and (tmp_path / "new.txt").read_text() == "an older one\n"
    p = renew(house, row, row["password"], "--password-file", "-", "--write-password", tmp_path / "x", ok=False)
    assert p.returncode == 2
    (tmp_path / "old").write_text(row["password"])
    leader, follower = pty.openpty()
    done = subprocess.run([house.program, "renew", row["delivery"], "--new-password", "--old-password-file", tmp_path / "old"],
                          cwd=house.path, stdout=follower, stderr=subprocess.PIPE)
    os.close(follower)
    assert done.returncode == 2 and b"--write-password" in done.stderr
    try:
        assert os.read(leader, 1000) == b""
    except OSError:
        pass
    os.close(leader)


# ── The signature beside it ──


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    authority = certificates.Authority(tmp_path_factory.mktemp("people"))
    authority.we = authority.issue("we", address="documents@example.com")
    return authority


def signing(house, who):
    house.setting("address", "documents@example.com", section="sender")
    house.setting("certificate", who[0], section="smime")
    house.setting("key", f"{{ file: {who[1]} }}", section="smime")
    house.setting("sign_documents", "true", section="seal")


def fresh_link(house, row):
    """The mail that `serve` carries, and its link."""
    for _ in range(100):
        for mail in house.outbox():
            link = re.search(r"https://\S+/d/\w+", mail.get_body(("plain",)).get_content())[0]
            if link != row["link"]:
                return link, mail
        time.sleep(0.1)
    raise AssertionError("no mail of the renewal came")


def delivered(house, link, password):
    """What the page gives: each document with its signature, or None."""
    browser = Browser(house)
    assert browser.prove(link, [password])[0] == 303
    page = browser.ask("GET", link)[2].decode()
    for path in re.findall(r'href="(https://[^"]*/f/[^"]*)"', page):
        beside = path.replace("/f/", "/s/")
        yield browser.ask("GET", path)[2], browser.ask("GET", beside)[2] if beside in page else None


def verify(house, path, *args):
    return json.loads(house.run("verify", "--json", path, *args, cwd="/", ok=False).out)


@pytest.mark.parametrize("how", ["zip", "pdf"])
def test_what_is_sealed_anew_is_signed_anew(house, authority, how, tmp_path):
    signing(house, authority.we)
    row = send(house, how)
    renew(house, row, row["password"], "--new-password", "--write-password", tmp_path / "new.txt")
    house.serve()
    link, mail = fresh_link(house, row)
    (document, signature), = delivered(house, link, (tmp_path / "new.txt").read_text().strip())
    digest = hashlib.sha256(document).hexdigest()
    grouped = " ".join(digest[i:i + 8] for i in range(0, 64, 8))
    for kind in ("plain", "html"):
        assert grouped in mail.get_body((kind,)).get_content()  # of what is delivered now, not of the old file
    file = tmp_path / f"fresh.{how}"
    file.write_bytes(document)
    file.with_name(file.name + ".p7s").write_bytes(signature)
    believed = "--certificate", authority.certificate, "--address", "documents@example.com"
    verdict = verify(house, file, *believed, "--sha256", grouped)
    assert verdict["verified"] and verdict["sha256_matches"] and verdict["signature"]["intact"], verdict
    certificates.openssl("cms", "-verify", "-binary", "-inform", "DER", "-in", file.with_name(file.name + ".p7s"), "-content", file,
                         "-CAfile", authority.certificate, "-purpose", "any", "-out", "/dev/null")
    (tmp_path / "inside.pdf").write_bytes(open(os.path.join(house.documents, "a.pdf"), "rb").read())
    verdict = verify(house, tmp_path / "inside.pdf", "--signature", file.with_name(file.name + ".p7s"), *believed)
    assert not verdict["verified"] and not verdict["signature"]["intact"]  # it is of the file that was delivered
    for at in (0, len(document) // 2, len(document) - 1):
        file.write_bytes(document[:at] + bytes([document[at] ^ 1]) + document[at + 1:])
        verdict = verify(house, file, *believed)
        assert not verdict["verified"] and not verdict["signature"]["intact"] and "changed" in verdict["reason"]


def test_without_a_signature_nothing_is_sealed_anew(house, authority, tmp_path):
    signing(house, authority.we)
    row = send(house, "zip")
    with sqlite3.connect(database(house)) as db:
        before = db.execute("SELECT hex(id), wrapped, place, signature FROM object").fetchall()
    for who, words in ((authority.issue("stale", address="documents@example.com", days=0), "expired"),
                       (("/nothing/here.pem", authority.we[1]), "smime.certificate"),
                       ((authority.we[0], authority.issue("other")[1]), "does not belong")):
        signing(house, who)
        p = renew(house, row, row["password"], "--new-password", "--write-password", tmp_path / "new.txt", ok=False)
        assert p.returncode == 18 and words in p.err and not (tmp_path / "new.txt").exists(), (p.returncode, p.err)
    with sqlite3.connect(database(house)) as db:
        assert db.execute("SELECT hex(id), wrapped, place, signature FROM object").fetchall() == before
    house.serve()
    (document, signature), = delivered(house, row["link"], row["password"])  # the old one is as it was
    (tmp_path / "old.zip").write_bytes(document)
    (tmp_path / "old.zip.p7s").write_bytes(signature)
    assert verify(house, tmp_path / "old.zip", "--certificate", authority.certificate)["verified"]


def test_where_signatures_are_no_longer_wanted_the_words_say_that_there_is_none(house, authority, tmp_path):
    signing(house, authority.we)
    row = send(house, "zip")
    house.setting("sign_documents", "false", section="seal")
    p = renew(house, row, row["password"], "--new-password", "--write-password", tmp_path / "new.txt")
    assert "sealed anew has none" in p.err
    house.serve()
    link, _ = fresh_link(house, row)
    (_, signature), = delivered(house, link, (tmp_path / "new.txt").read_text().strip())
    assert signature is None
