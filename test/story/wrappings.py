"""Fourteen ways to wrap a file, and an encrypted one: name -> (file name, bytes). Made with what wraps files in life."""
import base64
import binascii
import gzip
import io
import os
import quopri
import struct
import subprocess
import tarfile
import zipfile
import zlib


def zipped(data, name="inner.com", extra=()):
    to = io.BytesIO()
    with zipfile.ZipFile(to, "w", zipfile.ZIP_DEFLATED) as z:
        for other, text in extra:
            z.writestr(other, text)
        z.writestr(name, data)
    return to.getvalue()


def sevenzip(data, folder, *options):
    with open(os.path.join(folder, "inner.com"), "wb") as f:
        f.write(data)
    kind = "zip" if "-tzip" in options else "7z"
    out = os.path.join(folder, f"out.{kind}")
    subprocess.run(["7z", "a", "-bd", *options, out, "inner.com"], cwd=folder, check=True, stdout=subprocess.DEVNULL)
    with open(out, "rb") as f:
        return f.read()


def mail(encoding, body):
    return (b"From: a@example.com\r\nTo: b@example.com\r\nSubject: x\r\nDate: Sat, 21 Nov 2026 10:00:00 +0000\r\n"
            b"Message-ID: <1@example.com>\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=bb\r\n\r\n"
            b"--bb\r\nContent-Type: application/octet-stream; name=\"inner.com\"\r\n"
            b"Content-Disposition: attachment; filename=\"inner.com\"\r\nContent-Transfer-Encoding: " + encoding +
            b"\r\n\r\n" + body + b"\r\n--bb--\r\n")


def uu(data):
    lines = [binascii.b2a_uu(data[i:i + 45]) for i in range(0, len(data), 45)]
    return (b"From: a@example.com\r\nTo: b@example.com\r\nSubject: x\r\nDate: Sat, 21 Nov 2026 10:00:00 +0000\r\n"
            b"Message-ID: <2@example.com>\r\n\r\nbegin 644 inner.com\r\n" +
            b"".join(line.rstrip(b"\n") + b"\r\n" for line in lines) + b"`\r\nend\r\n")


def yenc(data):
    coded = b""
    for byte in data:
        c = (byte + 42) % 256
        coded += bytes([61, (c + 64) % 256]) if c in (0, 10, 13, 61) else bytes([c])
    return (b"From: a@example.com\r\nTo: b@example.com\r\nSubject: x\r\nDate: Sat, 21 Nov 2026 10:00:00 +0000\r\n"
            b"Message-ID: <3@example.com>\r\n\r\n=ybegin line=128 size=%d name=inner.com\r\n%s\r\n=yend size=%d\r\n"
            % (len(data), coded, len(data)))


def tnef(data):
    """winmail.dat of one attachment (MS-OXTNEF 2.1.3)."""
    def attribute(level, tag, kind, value):
        return struct.pack("<BHHL", level, tag, kind, len(value)) + value + struct.pack("<H", sum(value) & 0xFFFF)
    return (struct.pack("<LH", 0x223E9F78, 1) + attribute(1, 0x9006, 8, struct.pack("<L", 0x00010000)) +
            attribute(1, 0x8008, 7, b"IPM.Microsoft Mail.Note\0") +
            attribute(2, 0x9002, 6, struct.pack("<HLLL", 1, 0xFFFFFFFF, 0, 0)[:14]) +
            attribute(2, 0x8010, 1, b"inner.com\0") + attribute(2, 0x800F, 6, data))


def tarred(data):
    to = io.BytesIO()
    with tarfile.open(fileobj=to, mode="w") as t:
        entry = tarfile.TarInfo("inner.com")
        entry.size = len(data)
        t.addfile(entry, io.BytesIO(data))
    return to.getvalue()


def docx(data):
    types = ('<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
             '<Default Extension="xml" ContentType="application/xml"/></Types>')
    return zipped(data, "word/media/image1.png", [("[Content_Types].xml", types), ("word/document.xml", "<document/>")])


def pdf_with(data):
    """A PDF with the file embedded in it."""
    objects = [b"<</Type/Catalog/Pages 2 0 R/Names<</EmbeddedFiles<</Names[(inner.com) 4 0 R]>>>>>>",
               b"<</Type/Pages/Kids[3 0 R]/Count 1>>", b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 99 99]>>",
               b"<</Type/Filespec/F(inner.com)/EF<</F 5 0 R>>>>",
               b"<</Type/EmbeddedFile/Filter/FlateDecode/Length %d>>stream\n%s\nendstream" % (len(zlib.compress(data)), zlib.compress(data))]
    out, offsets = b"%PDF-1.4\n", []
    for n, o in enumerate(objects, 1):
        offsets.append(len(out))
        out += b"%d 0 obj%s endobj\n" % (n, o)
    xref = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1) + b"".join(b"%010d 00000 n \n" % o for o in offsets)
    return out + b"trailer<</Root 1 0 R/Size %d>>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, xref)


def all_of(data, folder):
    os.makedirs(folder, exist_ok=True)
    coded = base64.encodebytes(data).replace(b"\n", b"\r\n")
    inside = mail(b"base64", coded)
    return {
        "raw": ("a.com", data),
        "base64": ("a.eml", inside),
        "quoted-printable": ("a.eml", mail(b"quoted-printable", quopri.encodestring(data).replace(b"\n", b"\r\n"))),
        "uuencode": ("a.eml", uu(data)),
        "yenc": ("a.eml", yenc(data)),
        "tnef": ("winmail.dat", tnef(data)),
        "zip": ("a.zip", zipped(data)),
        "zip-in-zip": ("a.zip", zipped(zipped(data), "inner.zip")),
        "7z": ("a.7z", sevenzip(data, folder)),
        "gzip": ("a.gz", gzip.compress(data)),
        "tar": ("a.tar", tarred(data)),
        "docx": ("a.docx", docx(data)),
        "pdf": ("a.pdf", pdf_with(data)),
        "message": ("a.eml", b"From: c@example.com\r\nSubject: fwd\r\nMIME-Version: 1.0\r\n"
                    b"Content-Type: multipart/mixed; boundary=cc\r\n\r\n--cc\r\nContent-Type: message/rfc822\r\n\r\n" + inside +
                    b"\r\n--cc--\r\n"),
    }


def encrypted(data, folder):
    os.makedirs(folder, exist_ok=True)
    return {"zip": ("a.zip", sevenzip(data, folder, "-tzip", "-psecret")),
            "aes-zip": ("b.zip", sevenzip(data, folder, "-tzip", "-mem=AES256", "-psecret", "-mx=0")),
            "7z": ("a.7z", sevenzip(data, folder, "-mhe=on", "-psecret"))}
