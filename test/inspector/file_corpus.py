#!/usr/bin/python3
"""Writes the files that test/inspector/file_test.c has looked into, made by other programs than ours: Python's zipfile,
Pillow, ReportLab, pikepdf, qpdf, 7-Zip, bsdtar.  usage: file_corpus.py FOLDER

FOLDER/expected has a line each: group, path, name, declared type, verdict, a part of the sentence.
"""
import gzip
import io
import pathlib
import struct
import subprocess
import sys
import zipfile
import zlib

import pikepdf
from PIL import Image
from reportlab import rl_config
from reportlab.pdfgen import canvas

FOLDER = pathlib.Path(sys.argv[1])
rl_config.useA85 = 0
lines = []


def put(group, name, data, verdict="allowed", sentence="", declared=""):
    path = FOLDER / f"{len(lines):03}"
    path.write_bytes(data)
    lines.append("\t".join([group, str(path), name, declared, verdict, sentence]))


def refused(group, name, data, sentence, declared=""):
    put(group, name, data, "refused", sentence, declared)


def held(group, name, data, sentence):
    put(group, name, data, "held", sentence)


def run(*command, **options):
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, **options).stdout


def scratch(name, data):
    path = FOLDER / "scratch" / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(data)
    return path


def noise(count, seed=1):
    """Bytes that do not compress, the same each time."""
    out = bytearray()
    while len(out) < count:
        seed = (seed * 6364136223846793005 + 1442695040888963407) & (2**64 - 1)
        out += (seed >> 16).to_bytes(6, "little")
    return bytes(out[:count])


# ── Pictures ──────────────────────────────────────────────────────────────────────────────────────

def picture(kind, size=(120, 80), **options):
    out = io.BytesIO()
    image = Image.frombytes("RGB", size, noise(3 * size[0] * size[1]))
    image.save(out, kind, **options)
    return out.getvalue()


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def pictures():
    png, jpeg, gif = picture("PNG"), picture("JPEG"), picture("GIF")
    put("good", "a.png", png, declared="image/png")
    put("good", "a.jpg", jpeg, declared="image/jpeg")
    put("good", "b.JPEG", picture("JPEG", progressive=True, quality=95))
    frames = [Image.frombytes("RGB", (50, 40), noise(6000, n)) for n in range(3)]
    moving = io.BytesIO()
    frames[0].save(moving, "GIF", save_all=True, append_images=frames[1:])
    put("good", "a.gif", gif)
    put("good", "moving.gif", moving.getvalue())

    refused("agree", "a.jpg", png, "named as a JPEG picture but is a PNG picture")
    refused("agree", "a.pdf", png, "named as a PDF but is a PNG picture")
    refused("agree", "a.png", png, "declared as application/pdf", declared="application/pdf")
    refused("agree", "a.png", b"MZ" + bytes(200), "is a program for Windows")
    refused("agree", "a.png", b"just some words, no picture at all", "it reads as text/plain")

    refused("picture", "a.png", png + b"more", "goes on after the end of the PNG")
    refused("picture", "a.jpg", jpeg + b"more", "goes on after the end of the JPEG")
    refused("picture", "a.gif", gif + b"more", "goes on after the end of the GIF")
    refused("picture", "a.png", png[:-20], "damaged PNG")
    refused("picture", "a.jpg", jpeg[:-200], "damaged JPEG")
    refused("picture", "a.gif", gif[:-200], "damaged GIF")
    phones(jpeg)
    header = struct.pack(">IIBBBBB", 50000, 50000, 1, 0, 0, 0, 0)
    bomb = png[:8] + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(1000))) + chunk(b"IEND", b"")
    refused("picture", "a.png", bomb, "50000 by 50000 pixels")
    refused("picture", "a.gif", gif[:6] + b"\xff\xff\xff\xff" + gif[10:], "65535 by 65535 pixels")


def with_index(first, *more, gap=0, big=False, change=lambda entries: entries):
    """A JPEG with further ones behind it and their index, as CIPA DC-007 has it."""
    e = ">" if big else "<"
    order = (b"MM\0*" if big else b"II*\0") + struct.pack(e + "I", 8)
    count = len(more) + 1
    fields = struct.pack(e + "H", 3) + struct.pack(e + "HHI4s", 0xB000, 7, 4, b"0100")
    fields += struct.pack(e + "HHII", 0xB001, 4, 1, count) + struct.pack(e + "HHII", 0xB002, 7, 16 * count, 50) + bytes(4)
    length = 4 + len(order + fields) + 16 * count
    begin, at = 2 + 4 + 4, len(first) + 4 + length  # of the index; where the first picture ends
    entries = [(0x030000, at, 0)]
    for inner in more:
        entries.append((0x020002, len(inner), at + gap - begin))
        at += gap + len(inner)
    table = b"".join(struct.pack(e + "IIIHH", *entry, 0, 0) for entry in change(entries))
    segment = b"\xff\xe2" + struct.pack(">H", 2 + length) + b"MPF\0" + order + fields + table
    return first[:2] + segment + first[2:] + b"".join(bytes(gap) + inner for inner in more)


def phones(jpeg):
    """Pictures as phones take them: a second one behind the first. Pillow reads them too."""
    second = picture("JPEG", (64, 48))
    whole = with_index(jpeg, second, gap=12)
    assert getattr(Image.open(io.BytesIO(whole)), "n_frames") == 2
    made = io.BytesIO()
    Image.open(io.BytesIO(jpeg)).save(made, "MPO", save_all=True, append_images=[Image.open(io.BytesIO(second))])
    put("good", "pillow.jpg", made.getvalue())
    put("good", "phone.jpg", whole)
    put("good", "phone-big.jpg", with_index(jpeg, second, second, big=True))
    put("good", "padded.jpg", whole + bytes(500))
    more = "goes on after the end of the JPEG"
    refused("picture", "film.jpg", with_index(jpeg, second) + b"ftypmp42", more)
    refused("picture", "gap.jpg", with_index(jpeg, second).replace(second, b"gap." + second[:-4]), more)
    refused("picture", "zip.jpg", with_index(jpeg, zipped([("a.exe", b"MZ")])), "zip archive")
    refused("picture", "program.jpg", with_index(jpeg, b"MZ" + bytes(400)), more)
    refused("picture", "long.jpg", with_index(jpeg, second + b"tail"), more)
    refused("picture", "cut.jpg", with_index(jpeg, second)[:-9], more)
    for change in (lambda e: [e[0], (0, 0xFFFFFFFF, e[1][2])], lambda e: [e[0], (0, e[1][1], 0xFFFFFFFF)],
                   lambda e: [e[0], (0, e[1][1], 0)], lambda e: [e[0], (0, 0, 0)], lambda e: e[::-1]):
        refused("picture", "index.jpg", with_index(jpeg, second, change=change), more)
    huge = second.replace(b"\x00\x30\x00\x40", b"\xff\xff\xff\xff", 1)
    refused("picture", "large.jpg", with_index(jpeg, huge), "65535 by 65535 pixels")


# ── PDF ───────────────────────────────────────────────────────────────────────────────────────────

def pdf(lines_of_text=3):
    out = io.BytesIO()
    page = canvas.Canvas(out, invariant=1)
    for n in range(lines_of_text):
        page.drawString(72, 700 - 12 * n, f"line {n}")
    page.linkURL("https://example.com", (72, 600, 200, 620))
    page.showPage()
    page.save()
    return out.getvalue()


def altered(change, **options):
    """A PDF that pikepdf changed."""
    out = io.BytesIO()
    document = pikepdf.open(io.BytesIO(pdf()))
    change(document)
    document.save(out, **options)
    return out.getvalue()


def action(**entries):
    return pikepdf.Dictionary({f"/{key}": value for key, value in entries.items()})


def name(word):
    return pikepdf.Name("/" + word)


def opening(**entries):
    def change(document):
        document.Root.OpenAction = document.make_indirect(action(**entries))
    return change


def attach(document):
    document.attachments["notes.txt"] = pikepdf.AttachedFileSpec(document, b"hello", filename="notes.txt")


def opens_at_place(document):
    document.Root.OpenAction = pikepdf.Array([document.pages[0].obj, name("Fit")])


def page_action(document):
    document.pages[0].AA = action(O=action(S=name("Named"), N=name("NextPage")))


def form(document):
    document.Root.AcroForm = action(XFA=document.make_stream(b"<xdp/>"), Fields=pikepdf.Array())


def signed(document):
    document.Root.AcroForm = action(Fields=pikepdf.Array([action(
        FT=name("Sig"), T="Signature", V=action(Type=name("Sig"), ByteRange=pikepdf.Array([0, 1, 2, 3])))]))


def in_a_stream(document):
    document.Root.Remark = document.make_stream(b"a text about /JS (and /Launch ) in a page")


def pdfs():
    plain = pdf()
    put("good", "a.pdf", plain, declared="application/pdf; charset=binary")
    packed = {"object_stream_mode": pikepdf.ObjectStreamMode.generate}
    put("good", "packed.pdf", altered(lambda d: None, **packed))
    put("good", "linear.pdf", altered(lambda d: None, linearize=True))
    put("good", "place.pdf", altered(opens_at_place))
    put("good", "place-packed.pdf", altered(opens_at_place, **packed))
    put("good", "goto.pdf", altered(opening(S=name("GoTo"), D="there")))
    put("good", "words.pdf", altered(in_a_stream, compress_streams=False))
    put("good", "signed.pdf", altered(signed))

    script = opening(S=name("JavaScript"), JS="app.alert(1)")
    for label, options in (("clear", {}), ("packed", packed)):
        refused("pdf-active", f"script-{label}.pdf", altered(script, **options), "holds scripts")
        refused("pdf-active", f"launch-{label}.pdf", altered(opening(S=name("Launch"), F="cmd.exe"), **options),
                "starts programs")
        refused("pdf-active", f"attach-{label}.pdf", altered(attach, **options),
                "carries other files inside, as electronic invoices (Factur-X, ZUGFeRD) carry their XML (\"embedded-file\" in "
                "check.tolerate would let it in)")
        refused("pdf-active", f"xfa-{label}.pdf", altered(form, **options), "XFA form")
        refused("pdf-active", f"page-{label}.pdf", altered(page_action, **options), "acts by itself")
        refused("pdf-active", f"uri-{label}.pdf", altered(opening(S=name("URI"), URI="https://x.example"), **options),
                "acts by itself")
    refused("pdf-active", "submit.pdf", altered(opening(S=name("SubmitForm"), F="https://x.example")), "acts by itself")
    refused("pdf-active", "media.pdf", altered(lambda d: d.Root.__setitem__("/X", action(Subtype=name("RichMedia")))),
            "films, sounds")
    clear = altered(script)
    escaped = clear.replace(b"/JavaScript", b"/J#61vaScript").replace(b"/JS ", b"/#4a#53 ")
    assert escaped != clear and b"/JavaScript" not in escaped
    refused("pdf-active", "escaped.pdf", escaped[:escaped.rindex(b"startxref")] + b"startxref\n" +
            str(escaped.rindex(b"xref", 0, escaped.rindex(b"startxref"))).encode() + b"\n%%EOF\n", "holds scripts")
    encrypted = scratch("plain.pdf", plain)
    for user in ("", "secret"):
        run("qpdf", "--encrypt", user, "owner", "256", "--", encrypted, FOLDER / "scratch" / "encrypted.pdf")
        held("pdf-encrypted", "a.pdf", (FOLDER / "scratch" / "encrypted.pdf").read_bytes(), "is encrypted already")

    refused("pdf-damaged", "a.pdf", b"junk before\n" + plain, "is named as a PDF but is none")
    refused("pdf-damaged", "a.pdf", plain + b"\n<script>more</script>", "goes on after the end of the PDF")
    refused("pdf-damaged", "a.pdf", plain[:-300], "is missing")
    refused("pdf-damaged", "a.pdf", plain.replace(b"startxref\n", b"startxref\n9"), "not where it says")
    bad = altered(script).replace(b"/OpenAction", b"/OpenActiox")
    put("pdf-damaged", "unread.pdf", bad, "refused", "holds scripts")
    torn = bytearray(altered(lambda d: None, **packed))
    at = torn.index(b"stream", torn.index(b"/ObjStm"))
    torn[at + 8:at + 24] = noise(16)
    refused("pdf-damaged", "torn.pdf", bytes(torn), "damaged PDF")


# ── Text ──────────────────────────────────────────────────────────────────────────────────────────

def texts():
    put("good", "a.txt", "Grüße, 你好, مرحبا\r\n".encode() * 9000, declared="text/plain; charset=utf-8")
    put("good", "bom.csv", b"\xef\xbb\xbfname;place\r\nx;y\r\n", declared="application/vnd.ms-excel")
    put("good", "latin.csv", "name;Größe – €\n".encode("cp1252") * 100)
    put("good", "form\u00e9.txt", b"page one\f page two\n")
    straddle = b"x" * 65535 + "é".encode() + b"y" * 65536 + "€".encode()
    put("good", "straddle.txt", straddle)
    refused("text", "a.txt", b"one\0two", "octet 0x00")
    refused("text", "a.txt", b"one\x1b[31mtwo", "octet 0x1B")
    refused("text", "a.txt", b"x" * 100000 + b"\x7f", "octet 0x7F")
    refused("text", "a.txt", "hello".encode("utf-16"), "octet")
    refused("text", "a.txt", b"x" * 70000 + b"\x81\x81", "neither UTF-8 nor Latin-1")
    refused("text", "a.txt", b"\xc3(\x81", "neither UTF-8 nor Latin-1")
    refused("text", "a.txt", b"<!DOCTYPE html><html><body>x", "a page of HTML")
    refused("text", "a.csv", b"\n  <svg xmlns='http://www.w3.org/2000/svg' onload='x()'/>", "a page of HTML, SVG")
    refused("text", "a.txt", b"#!/bin/sh\nrm -rf /\n", "a script")
    refused("text", "a.csv", b"ID;PWXL;N;E\r\n", "SYLK")
    refused("text", "a.txt", b"{\\rtf1 x}", "an RTF document")
    formulas()
    refused("text", "a.txt", pdf(), "named as plain text but is a PDF")


def formulas():
    plain = ["-5", "+49 (0) 30 1234", "-1.5e3", "- paid at once", "-- x --", "@name", "me@example.com", "a=b(c)", "=", "====", "=>",
             "-", "+", "x|y!", "-5|Hello!", "- one | two", "1-SUM(1)"]
    put("good", "plain-cells.csv", "\n".join(f"{v};{v},{v}\t{v}" for v in plain).encode())
    put("good", "quoted-cells.csv", "\r\n".join(f'"{v}";" {v}"' for v in plain).encode())
    put("good", "formula.txt", b"=1+1\n")
    computed = ["=1+1", "=cmd|'/C calc'!A0", "+cmd|'/C calc'!A0", "-2+3+cmd|' /C calc'!A0", "@SUM(1,2)", "+HYPERLINK(1)",
                "-sum(A1)", "=HYPERLINK(\"\"http://x\"\")", "==1", "= 1", "=@A1"]
    for i, v in enumerate(computed):
        for kind, text in (("first", v), ("second", f"x;{v}"), ("comma", f"x,{v}"), ("tab", f"x\t{v}"), ("bar", f"x|{v}"),
                           ("quoted", f'x\r\n"{v}"'), ("bom", f"\ufeff{v}"), ("blank", f" {v}")):
            refused("csv-formulas", f"{kind}-{i}.csv", text.encode(), "holds formulas")
    refused("csv-formulas", "late.csv", b"a;b\n" * 16384 + b"=1", "holds formulas")
    refused("csv-formulas", "straddles.csv", b"x" * 65534 + b"\n=1", "holds formulas")
    refused("csv-formulas", "inner.zip", zipped([("a.csv", b"x;=1+1\n")]), "holds formulas")


# ── Zip ───────────────────────────────────────────────────────────────────────────────────────────

def zipped(members, method=zipfile.ZIP_DEFLATED, to=None, **options):
    out = to or io.BytesIO()
    with zipfile.ZipFile(out, "w", method, **options) as archive:
        for path, data in members:
            archive.writestr(path, data)
    return out.getvalue() if not to else b"".join(to.parts)


class Pipe:
    """A file that cannot seek back: then sizes stand behind the data."""

    def __init__(self):
        self.parts = []

    def write(self, data):
        self.parts.append(bytes(data))
        return len(data)

    def flush(self):
        pass


def zip64():
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        with archive.open("a.txt", "w", force_zip64=True) as member:
            member.write(b"hello\n" * 100)
    return out.getvalue()


def link_entry():
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        info = zipfile.ZipInfo("a.txt")
        info.create_system, info.external_attr = 3, 0o120777 << 16
        archive.writestr(info, "/etc/passwd")
    return out.getvalue()


def overlapping():
    """Two entries of the directory that lead to one and the same data, as in the bombs of that kind."""
    one = zipped([("a.txt", b"x" * 1000)])
    start = one.index(b"PK\1\2")
    entry = one[start:one.index(b"PK\5\6")]
    twin = entry.replace(b"a.txt", b"b.txt")
    end = struct.pack("<4sHHHHIIH", b"PK\5\6", 0, 0, 2, 2, 2 * len(entry), start, 0)
    return one[:start] + entry + twin + end


def many_entries(count):
    """So many empty entries, with their headers written by hand: quicker than zipfile."""
    local, central = [], []
    for n in range(count):
        path = b"%07d.txt" % n
        local.append(struct.pack("<4sHHHHHIIIHH", b"PK\3\4", 20, 0, 0, 0, 33, 0, 0, 0, 11, 0) + path)
        central.append(struct.pack("<4sHHHHHHIIIHHHHHII", b"PK\1\2", 20, 20, 0, 0, 0, 33, 0, 0, 0, 11, 0, 0, 0, 0, 0,
                                   n * 41) + path)
    start, size = count * 41, count * 57
    end64 = struct.pack("<4sQHHIIQQQQ", b"PK\6\6", 44, 45, 45, 0, 0, count, count, size, start)
    locator = struct.pack("<4sIQI", b"PK\6\7", 0, start + size, 1)
    end = struct.pack("<4sHHHHIIH", b"PK\5\6", 0, 0, 0xFFFF, 0xFFFF, size, start, 0)
    return b"".join(local + central) + end64 + locator + end


def changed(data, at, new):
    return data[:at] + new + data[at + len(new):]


def apple_double(fork=b"", info=bytes(32) + b"com.apple.quarantine", magic=0x00051607, tail=b"", kind=2):
    at = 50
    head = struct.pack(">II16sH", magic, 0x00020000, b"Mac OS X        ", 2)
    return head + struct.pack(">IIIIII", 9, at, len(info), kind, at + len(info), len(fork)) + info + fork + tail


def finder():
    """Archives as macOS packs them."""
    blank = bytes(240) + b"This resource fork intentionally left blank   "[:46]
    for label, note in (("mac", apple_double()), ("mac-fork", apple_double(blank))):
        put("good", label + ".zip", zipped([("a.pdf", pdf()), ("__MACOSX/._a.pdf", note), ("__MACOSX/in/._b.txt", note)]))
    for note in (b"MZ" + bytes(200), apple_double(b"code" * 70), apple_double(blank + b"x"), apple_double(tail=b"MZ"),
                 apple_double(magic=0x00051600), apple_double(kind=1), apple_double()[:-1], apple_double(info=bytes(8)),
                 apple_double(info=bytes(70000)), b""):
        refused("zip-inner", "a.zip", zipped([("a.pdf", pdf()), ("__MACOSX/._a.pdf", note)]), "no note of the Finder")
    refused("zip-inner", "a.zip", zipped([("a.pdf", pdf()), ("__MACOSX/a.exe", apple_double())]), "not among the types")
    refused("zip-inner", "a.zip", zipped([("a.pdf", pdf()), ("x/.DS_Store", b"\0\0\0\1Bud1")]), "list of a folder")


def zips():
    good = [("a.pdf", pdf()), ("folder/a.txt", b"hello\n" * 50), ("folder/b.png", picture("PNG"))]
    plain = zipped(good)
    put("good", "a.zip", plain, declared="application/x-zip-compressed")
    put("good", "stored.zip", zipped(good, zipfile.ZIP_STORED))
    put("good", "streamed.zip", zipped(good, to=Pipe()))
    put("good", "zip64.zip", zip64())
    composed, decomposed = "Größe/Rechnung Müller 契約.txt", "Mu\u0308ller.txt"
    put("good", "names.zip", zipped([(composed, b"x"), (decomposed, b"y")]))
    put("good", "nested.zip", zipped([("inner.zip", plain), ("x.csv", b"1;2\n")]))
    source = FOLDER / "scratch" / "tree"
    (source / "sub").mkdir(parents=True)
    (source / "a.pdf").write_bytes(pdf())
    (source / "sub" / "b.txt").write_bytes(b"words\n" * 1000)
    run("7z", "a", "-tzip", "../seven.zip", ".", cwd=source)
    put("good", "seven.zip", (FOLDER / "scratch" / "seven.zip").read_bytes())
    run("bsdtar", "--format=zip", "-cf", "../bsd.zip", "a.pdf", "sub", cwd=source)
    put("good", "bsd.zip", (FOLDER / "scratch" / "bsd.zip").read_bytes())

    run("7z", "a", "-tzip", "-psecret", "-mem=AES256", "../aes.zip", "a.pdf", cwd=source)
    held("zip-encrypted", "a.zip", (FOLDER / "scratch" / "aes.zip").read_bytes(), "is encrypted already")
    run("7z", "a", "-tzip", "-psecret", "-mem=ZipCrypto", "../weak.zip", "a.pdf", cwd=source)
    refused("zip-encrypted", "a.zip", (FOLDER / "scratch" / "weak.zip").read_bytes(), "ZipCrypto")
    run("7z", "a", "-tzip", "-mm=LZMA", "../lzma.zip", "a.pdf", cwd=source)
    refused("zip-encrypted", "a.zip", (FOLDER / "scratch" / "lzma.zip").read_bytes(), "rare method (14)")

    finder()

    # What two programs would read in two ways.
    one = zipped([("a.txt", b"hello" * 100)])
    local, central, end = 0, one.index(b"PK\1\2"), one.index(b"PK\5\6")
    refused("zip-differs", "a.zip", one.replace(b"a.txt", b"b.txt", 1), "names another file")
    refused("zip-differs", "a.zip", changed(one, local + 8, b"\0\0"), "names another file, flag or method")
    refused("zip-differs", "a.zip", changed(one, local + 14, b"\1\2\3\4"), "another size or checksum")
    refused("zip-differs", "a.zip", changed(one, local + 22, b"\1\0\0\0"), "another size or checksum")
    both = changed(changed(one, local + 14, b"\1\2\3\4"), central + 16, b"\1\2\3\4")
    refused("zip-differs", "a.zip", both, "damaged archive")
    less = changed(changed(one, local + 22, b"\0\0\0\0"), central + 24, b"\0\0\0\0")
    refused("zip-differs", "a.zip", less, "damaged archive")
    refused("zip-differs", "a.zip", b"MZ stub" + one, "a program for Windows")
    refused("zip-differs", "a.zip", b"PK\3\4" + one, "not where it says")
    refused("zip-differs", "a.zip", one + b"tail", "no central directory at its end")
    refused("zip-differs", "a.zip", one + one, "not where it says")
    refused("zip-differs", "a.zip", changed(one, end + 20, b"\x16\0") + one[end:], "two central directories")
    refused("zip-differs", "a.zip", changed(one, end + 20, b"\4\0") + b"PK\1\2", "its comment")
    refused("zip-differs", "a.zip", changed(one, end + 10, b"\2\0"), "split archive")
    refused("zip-differs", "a.zip", changed(changed(one, end + 10, b"\2\0"), end + 8, b"\2\0"), "counts more")
    refused("zip-differs", "a.zip", overlapping(), "overlap")
    refused("zip-differs", "a.zip", zipped([("a.txt", b"1"), ("A.TXT", b"2")]), "two entries have the same name")
    refused("zip-differs", "a.zip", one[:central] + b"gap!" + changed(one[central:], end - central + 16,
            struct.pack("<I", central + 4)), "something stands between two entries")

    for path, sentence in (("../a.txt", "leads out"), ("/a.txt", "absolute"), ("C:/a.txt", "drive"),
                           ("x/../../a.txt", "leads out"), ("x//a.txt", "empty part"), ("CON.txt", "device"),
                           ("a\\b.txt", "separator"), ("a.exe.txt", "program"), ("a.docx.pdf", "two types"),
                           ("\u202egnp.txt", "direction"), ("a.txt ", "ends with"), ("x" * 300 + ".txt", "255"),
                           ("a\x01.txt", "control"), ("a.txt:stream", "drive or a stream")):
        refused("zip-names", "a.zip", zipped([(path, b"x")]), sentence)
    refused("zip-names", "a.zip", link_entry(), "symbolic link")

    for path, data, sentence in (("a.exe", b"MZ", "not among the types"), ("a.pdf", b"MZ" + bytes(99), "program"),
                                 ("a.html", b"<html>", "not among the types"), ("x.svg", b"<svg/>", "not among"),
                                 ("a.png", picture("JPEG"), "is a JPEG"), ("noext", b"x", "not among the types"),
                                 ("s.pdf", altered(opening(S=name("JavaScript"), JS="x")), "s.pdf in it: it holds scripts")):
        refused("zip-inner", "a.zip", zipped([("ok.txt", b"fine"), ("in/" + path, data)]), sentence)
    refused("zip-inner", "a.zip", zipped([("in.zip", zipped([("deep.exe", b"MZ")]))]), "not among the types")
    refused("zip-inner", "a.zip", zipped([("META-INF/MANIFEST.MF", b"x"), ("a.txt", b"x")]), "a program (JAR or APK)")
    refused("zip-inner", "a.zip", zipped([]), "an empty archive")

    big = b"0" * (1 << 20)
    refused("bombs", "a.zip", zipped([(f"{n}.txt", big) for n in range(40)]), "200 times its size")
    inner = zipped([(f"{n}.txt", big) for n in range(12)])
    refused("bombs", "a.zip", zipped([(f"{n}.zip", inner) for n in range(12)]), "times its size")
    deep = plain
    for _ in range(4):
        deep = zipped([("x.zip", deep)])
    refused("bombs", "a.zip", deep, "deep")
    refused("bombs", "a.zip", many_entries(10001), "more than 10000 entries")
    refused("bombs", "a.zip", many_entries(200000), "more than 10000 entries")
    half = zipped([("in.zip", many_entries(6000))], zipfile.ZIP_STORED)
    refused("bombs", "a.zip", zipped([("1.zip", half), ("2.zip", half)]), "more than 10000 entries")


# ── Office ────────────────────────────────────────────────────────────────────────────────────────

OPEN = "application/vnd.openxmlformats-officedocument."
RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
MAIN = {"docx": ("word/document.xml", "wordprocessingml.document"), "xlsx": ("xl/workbook.xml", "spreadsheetml.sheet"),
        "pptx": ("ppt/presentation.xml", "presentationml.presentation")}


def ooxml(kind, body="<w:p xmlns:w='w'/>", types="", relations="", more=(), main=None):
    part, content = MAIN[kind]
    declared = main or f"{OPEN}{content}.main+xml"
    members = [
        ("[Content_Types].xml", "<?xml version='1.0'?><Types xmlns='http://schemas.openxmlformats.org/package/2006/"
         f"content-types'><Default Extension='xml' ContentType='application/xml'/><Override PartName='/{part}' "
         f"ContentType='{declared}'/>{types}</Types>"),
        ("_rels/.rels", f"<Relationships><Relationship Id='r1' Type='{RELATIONS}/officeDocument' Target='{part}'/>"
         f"{relations}</Relationships>"),
        (part, f"<document>{body}</document>"), *more]
    return zipped(members)


FIELD = "<fldChar fldCharType='begin'/>"


def instruction(text):
    return f"<instrText>{text}</instrText>"


def field(inside):
    return f"{FIELD}{inside}<fldChar fldCharType='separate'/><t>shown</t><fldChar fldCharType='end'/>"


def relation(kind, target, mode="External"):
    return f"<Relationship Id='x' Type='{RELATIONS}/{kind}' Target='{target}' TargetMode='{mode}'/>"


def odf(kind, content="<office:document-content xmlns:office='o'/>", more=(), manifest=""):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", f"application/vnd.oasis.opendocument.{kind}", zipfile.ZIP_STORED)
        archive.writestr("content.xml", content)
        for path, data in more:
            archive.writestr(path, data)
        archive.writestr("META-INF/manifest.xml", f"<m:manifest xmlns:m='m'>{manifest}</m:manifest>")
    return out.getvalue()


OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504)


def office():
    link = relation("hyperlink", "https://example.com/")
    put("good", "a.docx", ooxml("docx", relations=link), declared=OPEN + "wordprocessingml.document")
    put("good", "a.xlsx", ooxml("xlsx", more=[("xl/printerSettings/printerSettings1.bin", noise(100))]))
    chart = ("ppt/embeddings/Microsoft_Excel_Sheet.xlsx", ooxml("xlsx"))
    put("good", "a.pptx", ooxml("pptx", more=[chart, ("ppt/media/image1.png", picture("PNG"))]))
    put("good", "a.odt", odf("text", "<c xmlns:x='x'><a x:href='https://example.com'>x</a><image x:href='Pictures/1.png'/></c>"))
    put("good", "a.ods", odf("spreadsheet"))
    put("good", "field.docx", ooxml("docx", "<fldChar/><instrText> HYPERLINK \"https://x/link dde\" </instrText>"))
    put("good", "office.zip", zipped([("a.docx", ooxml("docx")), ("b.odt", odf("text"))]))

    refused("agree", "a.docx", ooxml("xlsx"), "named as a Word document but is an Excel workbook")
    refused("agree", "a.ods", odf("text"), "named as an OpenDocument spreadsheet but is an OpenDocument text")
    refused("agree", "a.docx", zipped([("a.txt", b"x")]), "a zip archive without the parts of one")
    refused("agree", "a.zip", ooxml("docx"), "named as a zip archive but is an Office document")
    refused("agree", "a.zip", odf("text"), "named as a zip archive but is an OpenDocument file")
    refused("agree", "a.docx", OLE, "an old or an encrypted Office document")
    refused("agree", "a.odt", odf("graphics"), "of a kind that is not let in")
    refused("agree", "a.docx", ooxml("docx", main="application/x-unknown+xml"), "of a kind that is not let in")
    refused("agree", "a.odt", zipped([("x", b"x"), ("mimetype", b"application/vnd.oasis.opendocument.text")]),
            "its first member is not its type")

    macro = "macroEnabled.main+xml"
    cases = [
        ("vba.docx", ooxml("docx", more=[("word/vbaProject.bin", OLE)]), "holds macros"),
        ("type.docx", ooxml("docx", main=f"application/vnd.ms-word.document.{macro}"), "holds macros"),
        ("sheet.xlsx", ooxml("xlsx", more=[("xl/macrosheets/sheet1.xml", "<x/>")]), "holds macros"),
        ("ole.docx", ooxml("docx", more=[("word/embeddings/oleObject1.bin", OLE)]), "objects of other programs"),
        ("media.docx", ooxml("docx", more=[("word/media/image1.png", OLE)]), "objects of other programs"),
        ("active.docx", ooxml("docx", more=[("word/activeX/activeX1.xml", "<x/>")]), "objects of other programs"),
        ("template.docx", ooxml("docx", relations=relation("attachedTemplate", "https://x.example/t.dotm")),
         "loads parts from elsewhere"),
        ("picture.docx", ooxml("docx", relations=relation("image", "https://x.example/i.png")), "loads parts"),
        ("file.docx", ooxml("docx", relations=relation("hyperlink", "file://host/share")), "loads parts"),
        ("unc.docx", ooxml("docx", relations=relation("hyperlink", "\\\\host\\share")), "loads parts"),
        ("links.xlsx", ooxml("xlsx", more=[("xl/externalLinks/externalLink1.xml", "<x/>")]), "loads parts"),
        ("dde.docx", ooxml("docx", "<fldChar/><instrText> DDEAUTO c:\\cmd </instrText>"), "(DDE)"),
        ("split.docx", ooxml("docx", "<w:fldChar xmlns:w='w'/><q:instrText xmlns:q='w'> DD</q:instrText><r/><w:instrText "
                             "xmlns:w='w'>E cmd</w:instrText>"), "(DDE)"),
        ("simple.docx", ooxml("docx", "<fldSimple instr='dde cmd'/>"), "(DDE)"),
        ("quote.docx", ooxml("docx", field(field(instruction(" QUOTE 68 68 69 65 85 84 79 ")) + instruction(" c:\\cmd "))), "(DDE)"),
        ("half.docx", ooxml("docx", field(instruction("DD") + field(instruction(" QUOTE 69 ")) + instruction(" c:\\cmd "))), "(DDE)"),
        ("deep.docx", ooxml("docx", (FIELD + instruction(" IF ")) * 40), "(DDE)"),
        ("quoted.docx", ooxml("docx", field("<fldSimple instr='QUOTE 68'/>")), "(DDE)"),
        ("include.docx", ooxml("docx", "<fldChar/><instrText>INCLUDEPICTURE \"https://x\"</instrText>"), "loads parts"),
        ("dde.xlsx", ooxml("xlsx", "<ddeLink ddeService='cmd'/>"), "(DDE)"),
        ("luggage.docx", ooxml("docx", more=[("word/media/x.bin", b"MZ" + bytes(99))]), "carries other files"),
        ("chart.pptx", ooxml("pptx", more=[("ppt/embeddings/x.xlsx", ooxml("xlsx", more=[("xl/vbaProject.bin", OLE)]))]),
         "holds macros"),
        ("basic.odt", odf("text", more=[("Basic/Standard/Module1.xml", "<x/>")]), "holds macros"),
        ("listener.odt", odf("text", "<c><event-listener/></c>"), "holds scripts"),
        ("href.odt", odf("text", "<c xmlns:x='x'><a x:href='vnd.sun.star.script:x'/></c>"), "holds scripts"),
        ("image.odt", odf("text", "<c xmlns:x='x'><image x:href='https://x.example/1.png'/></c>"), "loads parts"),
        ("dde.ods", odf("spreadsheet", "<c><dde-link/></c>"), "(DDE)"),
        ("ole.odt", odf("text", "<c><object-ole/></c>"), "objects of other programs"),
    ]
    honest = field(instruction(" IF ") + field(instruction(" MERGEFIELD  sum ")) + instruction(" = 0 a b "))
    toc = FIELD + instruction(" TOC \\o ") + "<fldChar fldCharType='separate'/>" + field(instruction(" PAGEREF x ")) * 40
    put("good", "fields.docx", ooxml("docx", honest + toc + "<fldChar fldCharType='end'/>" + field(instruction("PAGE"))))
    for label, data, sentence in cases:
        refused("office-active", label, data, sentence)
    held("office-encrypted", "a.odt", odf("text", noise(300), manifest="<m:encryption-data/>"), "is encrypted already")

    entity = "<!DOCTYPE x [<!ENTITY a 'aaaa'><!ENTITY b '&a;&a;'>]><x>&b;</x>"
    refused("office-xml", "a.docx", ooxml("docx", more=[("word/x.xml", entity)]), "DOCTYPE")
    refused("office-xml", "a.odt", odf("text", entity), "DOCTYPE")
    refused("office-xml", "a.docx", ooxml("docx", "<open>"), "not well-formed")
    refused("office-xml", "a.odt", odf("text", "<open>"), "not well-formed")


# ── Two faces ─────────────────────────────────────────────────────────────────────────────────────

def faces():
    archive = zipped([("a.txt", b"x" * 50)])
    plain = pdf()
    at = plain.rindex(b"startxref")
    refused("faces", "a.pdf", plain[:at] + b"%" + archive.replace(b"\n", b" ") + b"\n" + plain[at:],
            "a PDF and a zip archive at the same time")
    png = picture("PNG")
    refused("faces", "a.png", png[:-12] + chunk(b"teXt", archive) + png[-12:], "a PNG picture and a zip archive")
    refused("faces", "a.pdf", plain.replace(b"\n", b"\n%<script>alert(1)</script>\n", 1), "a page of HTML")
    refused("faces", "a.png", png[:33] + chunk(b"teXt", b"<html><script>x</script>") + png[33:], "a page of HTML")
    refused("faces", "a.png", png[:33] + chunk(b"teXt", b"%PDF-1.4") + png[33:], "a PNG picture and a PDF")
    refused("faces", "a.gif", b"GIF89a/*" + picture("GIF")[8:], "a GIF picture and a script")
    refused("faces", "a.jpg", b"\xff\xd8\xff\xe0/*" + bytes(0x2f28) + picture("JPEG")[2:], "a JPEG picture and a script")


def others():
    """Types that only a longer list lets in: the test adds them."""
    source = FOLDER / "scratch" / "tree"
    run("7z", "a", "../a.7z", ".", cwd=source)
    run("bsdtar", "-cf", "../a.tar", "a.pdf", "sub", cwd=source)
    run("bsdtar", "-czf", "../a.tgz", "a.pdf", "sub", cwd=source)
    (source / "link.txt").symlink_to("a.pdf")
    run("bsdtar", "-cf", "../link.tar", "link.txt", cwd=source)
    run("7z", "a", "-psecret", "-mhe=on", "../encrypted.7z", "a.pdf", cwd=source)
    run("7z", "a", "-psecret", "../content.7z", "a.pdf", cwd=source)
    for label in ("a.7z", "a.tar", "a.tgz"):
        data = (FOLDER / "scratch" / label).read_bytes()
        put("longer-list", label, data)
        refused("agree", label, data, "not among the types let in")
    put("longer-list", "a.csv.gz", gzip.compress(b"1;2\n"))
    refused("longer-list", "a.exe.gz", gzip.compress(b"MZ"), "that of a program")
    refused("longer-list", "a.tar", (FOLDER / "scratch" / "link.tar").read_bytes(), "a link")
    refused("longer-list", "a.7z", (FOLDER / "scratch" / "encrypted.7z").read_bytes(), "damaged archive")
    held("longer-list", "a.7z", (FOLDER / "scratch" / "content.7z").read_bytes(), "is encrypted already")
    gz = zlib.compressobj(9, zlib.DEFLATED, 31)
    zeros = gz.compress(b" " * (64 << 20)) + gz.flush()
    refused("longer-list", "a.txt.gz", zeros, "200 times its size")


for make in (pictures, pdfs, texts, zips, office, faces, others):
    make()
(FOLDER / "expected").write_text("\n".join(lines) + "\n", encoding="utf-8")
