#!/usr/bin/python3
"""usage: files.py FOLDER      the documents that test/bench/content/run has looked into"""
import io
import os
import pathlib
import sys
import zipfile

import pikepdf
from PIL import Image
from reportlab import rl_config
from reportlab.pdfgen import canvas

FOLDER = pathlib.Path(sys.argv[1])
rl_config.useA85 = 0


def zipped(path, members, method=zipfile.ZIP_DEFLATED):
    with zipfile.ZipFile(FOLDER / path, "w", method) as archive:
        for name, data in members:
            archive.writestr(name, data)
    return (FOLDER / path).read_bytes()


image = Image.frombytes("RGB", (200, 165), os.urandom(200 * 165 * 3))
image.save(FOLDER / "picture.png")
page = canvas.Canvas(str(FOLDER / "plain.pdf"))
page.drawString(72, 700, "a receipt")
page.drawImage(str(FOLDER / "picture.png"), 72, 400)
page.save()
plain = (FOLDER / "plain.pdf").read_bytes()
pikepdf.open(io.BytesIO(plain)).save(FOLDER / "packed.pdf", object_stream_mode=pikepdf.ObjectStreamMode.generate)
(FOLDER / "text.csv").write_bytes(b"1;Muster;12,34\n" * 7000)
(FOLDER / "text-10M.txt").write_bytes("Grüße aus Köln\n".encode() * 600000)
zipped("20-pdfs.zip", [(f"{n}.pdf", plain) for n in range(20)])
kind = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
zipped("letter.docx", [
    ("[Content_Types].xml", f"<Types><Override PartName='/word/document.xml' ContentType='{kind}'/></Types>"),
    ("word/document.xml", "<d>" + "<p><r><t>some words of a letter</t></r></p>" * 5000 + "</d>")])
zero = bytes(b" ") * (16 << 20)
zipped("bomb.zip", [(f"{n}.txt", zero) for n in range(4)])
inner = zipped("inner.zip", [(f"{n}.txt", b" " * (1 << 20)) for n in range(15)])
zipped("nest.zip", [(f"{n}.zip", inner) for n in range(15)])
(FOLDER / "inner.zip").unlink()
zipped("many.zip", [(f"{n}.txt", b"") for n in range(30000)], zipfile.ZIP_STORED)
