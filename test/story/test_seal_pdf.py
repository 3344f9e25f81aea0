"""seal pdf and send --as pdf, judged by qpdf and poppler. The matrix of all readers is in test_interop."""
import os
import random
import subprocess

import pikepdf
import pytest

from house import House, Browser
from test_interop import make_pdf

PROGRAM = os.path.abspath(os.environ.get("LETTERLOCK", "build/letterlock"))
PASSWORD = "k7mq-x3dp-9wnr-hj4t-b8cz"


def seal(folder, *args, password=PASSWORD):
    done = subprocess.run([PROGRAM, "seal", "pdf", "--password-file", "-", *map(str, args)], cwd=folder,
                          input=password.encode() + b"\n", stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=120)
    done.err = done.stderr.decode()
    return done


def facts(sealed, password=PASSWORD):
    done = subprocess.run(["qpdf", "--show-encryption", f"--password={password}", sealed], stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT)
    return done.returncode, done.stdout.decode()


def opens(sealed, password):
    return subprocess.run(["qpdf", "--check", f"--password={password}", sealed], stdout=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL).returncode == 0


def test_a_pdf_becomes_one_of_revision_6_that_says_nothing(tmp_path):
    make_pdf(tmp_path / "a.pdf")
    done = seal(tmp_path, "-o", "s.pdf", "a.pdf")
    assert done.returncode == 0 and done.stdout == b"" and done.stderr == b"", done.err
    code, said = facts(tmp_path / "s.pdf")
    assert code == 0 and "R = 6\n" in said and said.count("AESv3") == 3 and "Supplied password is user password" in said
    assert opens(tmp_path / "s.pdf", PASSWORD) and not opens(tmp_path / "s.pdf", "")
    whole = (tmp_path / "s.pdf").read_bytes()
    assert b"Gr" not in whole and b"Title" in whole  # names of keys stay, what stands there does not
    assert (tmp_path / "s.pdf").stat().st_mode & 0o777 == 0o600


def test_the_owner_password_is_another_one_each_time(tmp_path):
    make_pdf(tmp_path / "a.pdf")
    owners = set()
    for n in range(3):
        assert seal(tmp_path, "-o", f"{n}.pdf", "a.pdf").returncode == 0
        with pikepdf.open(tmp_path / f"{n}.pdf", password=PASSWORD) as p:
            assert p.user_password_matched and not p.owner_password_matched and p.encryption.R == 6
            owners.add(bytes(p.trailer.Encrypt.O))
    assert len(owners) == 3


def test_it_hardly_grows_and_keeps_its_streams(tmp_path):
    make_pdf(tmp_path / "a.pdf", "packed")
    with pikepdf.open(tmp_path / "a.pdf", allow_overwriting_input=True) as p:
        p.Root.Picture = p.make_stream(random.Random(4).randbytes(400_000))
        p.save(tmp_path / "a.pdf", object_stream_mode=pikepdf.ObjectStreamMode.generate)
    assert seal(tmp_path, "-o", "s.pdf", "a.pdf").returncode == 0
    assert (tmp_path / "s.pdf").stat().st_size < (tmp_path / "a.pdf").stat().st_size * 1.02
    assert b"/ObjStm" in (tmp_path / "s.pdf").read_bytes()


def change(path, how):
    with pikepdf.open(path, allow_overwriting_input=True) as p:
        how(p)
        p.save(path)


def sign(p):
    p.Root.Signature = pikepdf.Dictionary(Type=pikepdf.Name.Sig, ByteRange=[0, 1, 2, 3], Contents=b"0" * 16)


def run_script(p):
    p.Root.OpenAction = pikepdf.Dictionary(S=pikepdf.Name.JavaScript, JS="app.alert(1)")


def ask_elsewhere(p):
    p.Root.OpenAction = pikepdf.Dictionary(S=pikepdf.Name.SubmitForm, F="http://example.net/")


def hold_xfa(p):
    p.Root.AcroForm = pikepdf.Dictionary(Fields=[], XFA=p.make_stream(b"<xdp/>"))


@pytest.mark.parametrize("how,words,passing", [(sign, "signature", "signed"), (run_script, "scripts", "script action"),
                                               (ask_elsewhere, "acts by itself", "action"), (hold_xfa, "XFA", "xfa")],
                         ids=["signed", "script", "action", "xfa"])
def test_what_breaks_or_acts_is_refused_unless_it_is_named(how, words, passing, tmp_path):
    make_pdf(tmp_path / "a.pdf")
    change(tmp_path / "a.pdf", how)
    done = seal(tmp_path, "-o", "s.pdf", "a.pdf")
    assert done.returncode == 13 and done.err.startswith("letterlock: a.pdf: it ") and words in done.err, done.err
    assert not (tmp_path / "s.pdf").exists()
    done = seal(tmp_path, "-o", "s.pdf", "--pass", passing, "a.pdf")
    assert done.returncode == 0, done.err


def test_opening_at_a_page_is_no_action(tmp_path):
    make_pdf(tmp_path / "a.pdf")
    change(tmp_path / "a.pdf", lambda p: p.Root.__setattr__("OpenAction", [p.pages[1].obj, pikepdf.Name.Fit]))
    assert seal(tmp_path, "-o", "s.pdf", "a.pdf").returncode == 0


def test_what_is_encrypted_damaged_or_no_pdf_is_refused(tmp_path):
    make_pdf(tmp_path / "a.pdf")
    assert seal(tmp_path, "-o", "once.pdf", "a.pdf").returncode == 0
    whole = (tmp_path / "a.pdf").read_bytes()
    (tmp_path / "cut.pdf").write_bytes(whole[:-300])
    (tmp_path / "bent.pdf").write_bytes(whole.replace(b"startxref\n", b"startxref\n1"))
    (tmp_path / "lost.pdf").write_bytes(whole.replace(b"/Pages", b"/Paces"))
    (tmp_path / "text.pdf").write_bytes(b"not a PDF at all\n" * 99)
    (tmp_path / "none.pdf").write_bytes(b"")
    for name, words in (("once", "encrypted already"), ("cut", "whole"), ("bent", "damaged"), ("lost", "PDF"), ("text", "PDF"),
                        ("none", "PDF")):
        done = seal(tmp_path, "-o", "s.pdf", f"{name}.pdf")
        assert done.returncode != 0 and f"{name}.pdf: it " in done.err and words in done.err, (name, done.err)
        done = seal(tmp_path, "-o", "s.pdf", "--pass", "signed xfa action script launch", f"{name}.pdf")
        assert done.returncode != 0 and not (tmp_path / "s.pdf").exists(), name
    assert "encrypted again" in seal(tmp_path, "-o", "s.pdf", "--pass", "encrypted", "a.pdf").err
    assert seal(tmp_path, "-o", "s.pdf", "--limit", "pdf_bytes=1000", "a.pdf").returncode == 13


def test_passwords_that_readers_would_not_share_are_refused(tmp_path):
    make_pdf(tmp_path / "a.pdf")
    for password, words in (("", "empty"), ("x" * 33, "32 bytes"), ("ﬁ-ligature-x3dp-9wnr", "in different ways"),
                            ("soft\u00adhyphen-x3dp", "in different ways"), ("wide\u3000blank-x3dp", "in different ways")):
        done = seal(tmp_path, "-o", "s.pdf", "a.pdf", password=password)
        assert done.returncode != 0 and words in done.err and not (tmp_path / "s.pdf").exists(), (password, done.err)
    # Decomposed, as some systems type it, is the same as composed.
    assert seal(tmp_path, "-o", "s.pdf", "a.pdf", password="Zoe\u0308-gro\u0308\u00dfer-als-93").returncode == 0
    assert opens(tmp_path / "s.pdf", "Zoë-größer-als-93")


def test_a_weak_password_is_warned_of_and_an_output_is_not_replaced(tmp_path):
    make_pdf(tmp_path / "a.pdf")
    done = seal(tmp_path, "-o", "s.pdf", "a.pdf", password="birthday")
    assert done.returncode == 0 and "weak password" in done.err
    assert seal(tmp_path, "-o", "s.pdf", "a.pdf").returncode == 29
    assert seal(tmp_path, "-o", "s.pdf", "--force", "a.pdf").returncode == 0


# ── As part of the line ──

@pytest.fixture
def house(tmp_path):
    h = House(tmp_path / "h")
    yield h
    h.stop()


def test_each_pdf_is_an_object_of_its_own_that_the_password_opens(house, tmp_path):
    for name in ("Zoë.pdf", "b.pdf"):
        make_pdf(os.path.join(house.documents, name))
    house.setting("workers", "1", section="inspector")
    p = house.send([{"email": "ana@example.net", "name": "Ana", "language": "de", "document": "Zoë.pdf;b.pdf"}], "--as", "pdf")
    row, = p.results
    assert row["status"] == "delivered" and row["password"]
    text = house.outbox()[0].get_body(("plain",)).get_content()
    assert "AES-256" in text and "PDF" in text and row["password"] not in text
    house.serve()
    browser = Browser(house)
    status, _, page = browser.prove(row["link"], [row["password"]])
    if status == 303:
        status, _, page = browser.ask("GET", row["link"])
    assert status == 200 and b"/help?lang=de#pdf" in page, page[:400]
    import re
    files = re.findall(rb'href="([^"]*/f/[^"]*)"', page)
    assert len(files) == 2
    keys = set()  # which processes made by one worker drew by chance
    for number, link in enumerate(files):
        status, headers, data = browser.ask("GET", link.decode())
        assert status == 200 and headers["content-type"] == "application/pdf"
        (tmp_path / f"{number}.pdf").write_bytes(data)
        assert not opens(tmp_path / f"{number}.pdf", "")
        assert "R = 6\n" in facts(tmp_path / f"{number}.pdf", row["password"])[1]
        keys.add(re.search("Encryption key = ([0-9a-f]{64})", subprocess.run(
            ["qpdf", "--show-encryption", "--show-encryption-key", f"--password={row['password']}", tmp_path / f"{number}.pdf"],
            stdout=subprocess.PIPE, text=True).stdout)[1])
        text = subprocess.run(["pdftotext", "-upw", row["password"], tmp_path / f"{number}.pdf", "-"], stdout=subprocess.PIPE)
        assert "Page 2 of what only one person may read: Größe".encode() in text.stdout
    assert len(keys) == 2
    assert "pdf" in house.run("show", row["delivery"]).out


def test_rows_that_no_pdf_can_be_made_of_are_refused_by_themselves(house):
    make_pdf(os.path.join(house.documents, "good.pdf"))
    make_pdf(os.path.join(house.documents, "signed.pdf"))
    change(os.path.join(house.documents, "signed.pdf"), sign)
    with open(os.path.join(house.documents, "note.txt"), "w") as f:
        f.write("a note\n")
    p = house.send([{"email": f"{n}@example.net", "document": d} for n, d in
                    (("a", "good.pdf"), ("b", "note.txt"), ("c", "signed.pdf"), ("d", "good.pdf;note.txt"))], "--as", "pdf",
                   ok=False)
    assert p.returncode == 3
    assert [r["status"] for r in p.results] == ["delivered", "refused", "refused", "refused"]
    assert "note.txt" in p.results[1]["problem"] and "--as zip" in p.results[1]["problem"]
    assert "signature" in p.results[2]["problem"]
    house.setting("pdf_pass", "signed", section="seal")
    again = house.run("send", os.path.join(house.path, "list.csv"), "--documents", house.documents, "--as", "pdf", "--resume",
                      os.path.join(house.path, "results.csv"), ok=False)
    assert [r["status"] for r in house.results()] == ["delivered", "refused", "delivered", "refused"], again.err


def test_a_detail_as_the_password_of_a_pdf_must_pass_the_floor(house):
    make_pdf(os.path.join(house.documents, "a.pdf"))
    rows = [{"email": "a@example.net", "document": "a.pdf", "born": "1987-04-03"},
            {"email": "b@example.net", "document": "a.pdf", "born": "k7mqx3dp9wnrhj4tb8czk7mqx3dp9wnrhj4tb8cz"}]
    p = house.send(rows, "--as", "pdf", "--proof", "details:born", ok=False)
    assert [r["status"] for r in p.results] == ["refused", "refused"]
    assert "bits" in p.results[0]["problem"] and "32 bytes" in p.results[1]["problem"]


def test_at_rest_and_in_the_container_each_layer_holds_alone(house, tmp_path):
    """A11. Who has the disk and the master key has the container and no document; who has the password and the disk has
    neither."""
    make_pdf(os.path.join(house.documents, "a.pdf"))
    for how in ("pdf", "zip"):
        os.path.exists(os.path.join(house.path, "results.csv")) and os.remove(os.path.join(house.path, "results.csv"))
        row = house.send([{"email": f"{how}@example.net", "document": "a.pdf"}], "--as", how).results[0]
        stored = max((os.path.join(b, n) for b, _, names in os.walk(os.path.join(house.path, "objects")) for n in names),
                     key=os.path.getmtime)
        raw = open(stored, "rb").read()
        assert b"%PDF" not in raw and b"PK\3\4" not in raw and row["password"].encode() not in raw
        for tool in (["qpdf", f"--password={row['password']}", "--check", stored], ["7z", "t", f"-p{row['password']}", stored]):
            assert subprocess.run(tool, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode != 0
        # With the master key: the object as the store gives it, and still locked.
        listed = house.run("store", "list").out
        objects = [i for line in listed.splitlines() for i in line.split() if len(i) == 26]
        inner = None
        for o in objects:
            got = subprocess.run([house.program, "store", "get", o], cwd=house.path, stdout=subprocess.PIPE).stdout
            if got[:4] in ((b"%PDF",) if how == "pdf" else (b"PK\3\4",)):
                inner = got
        assert inner
        (tmp_path / f"inner.{how}").write_bytes(inner)
        open_as = {"pdf": lambda p: ["qpdf", f"--password={p}", "--check", tmp_path / "inner.pdf"],
                   "zip": lambda p: ["7z", "t", f"-p{p}", tmp_path / "inner.zip"]}[how]
        codes = [subprocess.run(open_as(p), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode
                 for p in ("", "guess", row["password"])]
        assert codes[0] != 0 and codes[1] != 0 and codes[2] == 0, (how, codes)
