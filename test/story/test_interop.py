"""The matrix of our seals and the programs of others that open them (interop.py is the table). Each cell: what comes out
is what went in; a wrong secret opens nothing; one flipped bit is noticed wherever the format can notice it.

The large rows are for `make test T=story/interop` with LETTERLOCK_DEEP=1. Chromium's reader (pdfium) is no program of
its own in Debian: it is driven in the browser, where it asks for the password in a window."""
import os
import random

import pytest

import interop

DEEP = pytest.mark.skipif(not os.environ.get("LETTERLOCK_DEEP"), reason="large: set LETTERLOCK_DEEP=1")
CELLS = [(kind, reader) for kind, k in interop.KINDS.items() for reader in k.readers]


@pytest.fixture(params=CELLS, ids=[f"{k}-{r}" for k, r in CELLS])
def cell(request):
    kind = interop.KINDS[request.param[0]]
    reader = kind.readers[request.param[1]]
    if interop.missing(reader):
        pytest.skip(f"{request.param[1]} is not installed")
    return request.param[0], kind, reader[0]


def make_pdf(path, kind="plain"):
    import pikepdf
    from reportlab.pdfgen import canvas
    c = canvas.Canvas(str(path))
    c.setTitle("Größe & Maß")
    for page in range(3):
        c.drawString(72, 720, f"Page {page} of what only one person may read: Größe")
        c.rect(100, 100, 50 * (page + 1), 80, fill=1)
        c.showPage()
    c.save()
    if kind == "packed":
        with pikepdf.open(path, allow_overwriting_input=True) as p:
            p.save(path, object_stream_mode=pikepdf.ObjectStreamMode.generate)
    return str(path)


def documents(kind, folder, name):
    """The documents of the small rows, as lists of files that are sealed together."""
    os.makedirs(folder, exist_ok=True)
    if kind.documents == "pdf":
        return [[make_pdf(os.path.join(folder, name + ".pdf"))], [make_pdf(os.path.join(folder, name + "-packed.pdf"), "packed")]]
    chance = random.Random(5)
    made = []
    for label, data in (("0", b""), ("1", b"x"), ("text", b"so compressible " * 9000), ("dense", chance.randbytes(300_000))):
        made.append(os.path.join(folder, f"{name} {label}.bin"))
        with open(made[-1], "wb") as f:
            f.write(data)
    return [made, made[:1], made[1:2]]


def room(tmp_path):
    room.count = getattr(room, "count", 0) + 1
    path = tmp_path / f"room{room.count}"
    path.mkdir()
    return str(path)


@pytest.mark.parametrize("name", interop.NAMES.values(), ids=interop.NAMES)
@pytest.mark.parametrize("secret", interop.SECRETS.values(), ids=interop.SECRETS)
def test_what_comes_out_is_what_went_in(cell, secret, name, tmp_path):
    what, kind, reader = cell
    for number, files in enumerate(documents(kind, tmp_path / "in", name)):
        sealed = interop.seal(what, tmp_path / f"{number}{kind.suffix}", secret, *files)
        assert reader(sealed, secret, room(tmp_path)) == kind.expected(reader, files, room(tmp_path)), files


def test_a_wrong_secret_opens_nothing(cell, tmp_path):
    what, kind, reader = cell
    files = documents(kind, tmp_path / "in", "a")[0]
    secret = interop.SECRETS["generated"]
    sealed = interop.seal(what, tmp_path / f"a{kind.suffix}", secret, *files)
    for wrong in (secret[:-1], secret + "x", secret.upper(), ""):
        with pytest.raises(interop.Refused):
            reader(sealed, wrong, room(tmp_path))


def flips(what, whole):
    """Where a changed bit cannot stay unnoticed: in a zip everywhere between header and directory; in a PDF only where
    the key is: a page's bytes may change, and readers show what they can of it (the manual says so)."""
    if what == "zip":
        begin, end = whole.index(b"bin") + 30, whole.index(b"PK\1\2")
        return random.Random(1).sample(range(begin, end), 6)
    begin = whole.index(b"/U <") + 4
    return [begin + 2, begin + 40, whole.index(b"/UE <") + 9]


def test_a_flipped_bit_is_noticed(cell, tmp_path):
    what, kind, reader = cell
    files = documents(kind, tmp_path / "in", "a")[0][-1:]
    secret = interop.SECRETS["generated"]
    whole = bytearray((tmp_path / interop.seal(what, tmp_path / f"a{kind.suffix}", secret, *files)).read_bytes())
    right = kind.expected(reader, files, room(tmp_path))
    for at in flips(what, bytes(whole)):
        # In a PDF these are hexadecimal digits, and remain so.
        changed = whole[:at] + bytes([whole[at] ^ 0x10 if what == "zip" else ord("a") if whole[at] != ord("a") else ord("b")])
        (tmp_path / "bad").write_bytes(changed + whole[at + 1:])
        try:
            assert reader(tmp_path / "bad", secret, room(tmp_path)) != right, at
        except interop.Refused:
            pass


@DEEP
@pytest.mark.parametrize("size", [100 << 20, 5 << 30], ids=["100MB", "5GB"])
def test_large_zips_come_out_as_they_went_in(size, tmp_path):
    import hashlib
    import subprocess
    document, digest, chance = tmp_path / "large.bin", hashlib.sha256(), random.Random(9)
    with open(document, "wb") as f:
        for _ in range(size // (1 << 20)):
            block = chance.randbytes(1 << 16) * 8 + bytes(1 << 19)
            digest.update(block)
            f.write(block)
    secret = interop.SECRETS["generated"]
    sealed = interop.seal("zip", tmp_path / "large.zip", secret, document)
    for command in (["7z", "e", "-so", f"-p{secret}", sealed], ["bsdtar", "-xO", "--passphrase", secret, "-f", sealed]):
        found = hashlib.sha256()
        opened = subprocess.Popen(list(map(str, command)), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        for block in iter(lambda: opened.stdout.read(1 << 20), b""):
            found.update(block)
        assert opened.wait() == 0 and found.digest() == digest.digest(), command[0]


@DEEP
def test_a_large_pdf_comes_out_as_it_went_in(tmp_path):
    import pikepdf
    document = tmp_path / "large.pdf"
    with pikepdf.open(make_pdf(document), allow_overwriting_input=True) as p:
        p.Root.Large = p.make_stream(random.Random(3).randbytes(100 << 20))
        p.save(document)
    secret = interop.SECRETS["generated"]
    sealed = interop.seal("pdf", tmp_path / "sealed.pdf", secret, document)
    assert sealed.stat().st_size < document.stat().st_size * 1.02
    assert interop.by_pikepdf(sealed, secret, room(tmp_path)) == interop.by_pikepdf(document, "", room(tmp_path))
