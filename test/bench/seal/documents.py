#!/usr/bin/python3
"""documents.py DIR COUNT: makes COUNT business documents as PDF, the same ones each time.

About 100 KB on average, between 15 KB and 1 MB. Of twenty documents twelve are letters as most systems issue them
(compressed pages, embedded fonts, a photo), two the same with ASCII85 armour (ReportLab's default), three statements
whose pages are not compressed, and three scans, that is pictures of pages."""
import concurrent.futures
import io
import os
import random
import sys

from PIL import Image, ImageDraw, ImageFilter
from reportlab import rl_config
from reportlab.lib.utils import ImageReader
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen import canvas

KINDS = ["letter"] * 12 + ["armoured"] * 2 + ["statement"] * 3 + ["scan"] * 3
SYLLABLES = "an bel cor dan el far gu hin is jo ka lim mar nor os pel qui ros sa tur um var wen yl zo".split()
GOODS = "premium,deposit,postage,licence,repair,storage,survey,transport,training,renewal,cleaning,fuel,parts,rent".split(",")
WIDTH, HEIGHT = 595, 842


def word(chance):
    return "".join(chance.choices(SYLLABLES, k=chance.randint(2, 4)))


def line_of_account(chance):
    return [f"2026-{chance.randint(1, 12):02}-{chance.randint(1, 28):02}", f"{chance.choice(GOODS)}, {word(chance)}",
            f"{chance.randrange(10 ** 7):07}", f"{chance.randrange(1, 10 ** 6) / 100:.2f}"]


def photo(chance, size):
    """A JPEG of about `size` bytes: colours that flow, some lines of text, and grain over all as a sensor has it."""
    width = max(40, int((size * 2.5) ** 0.5))
    height = width * 7 // 5
    colours = Image.frombytes("RGB", (9, 12), chance.randbytes(9 * 12 * 3)).resize((width, height), Image.BICUBIC)
    pen = ImageDraw.Draw(colours)
    for y in range(12, height - 12, 15):
        pen.text((10, y), " ".join(word(chance) for _ in range(width // 40)), fill="black")
    noise = Image.frombytes("L", (width, height), chance.randbytes(width * height)).filter(ImageFilter.GaussianBlur(1))
    picture = Image.blend(colours, noise.convert("RGB"), 0.3)
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=78)
    return ImageReader(io.BytesIO(out.getvalue()))


def account(page, chance, rows, fonts):
    page.setFont(fonts[1], 12)
    page.drawString(56, 780, f"{word(chance).title()} {word(chance).title()}, account {chance.randrange(10 ** 9)}")
    for row in range(min(rows, 48)):
        page.setFont(fonts[0], 9)
        y = 750 - 14 * row
        for x, cell in zip((56, 130, 380, 480), line_of_account(chance)):
            page.drawString(x, y, cell)
        page.line(54, y - 4, 540, y - 4)
    page.showPage()


def document(number):
    chance = random.Random(f"letterlock bench {number}")
    kind = KINDS[number % len(KINDS)]
    size = min(900_000, max(18_000, int(chance.lognormvariate(11.1, 0.7))))
    rl_config.useA85 = kind == "armoured"
    out = io.BytesIO()
    page = canvas.Canvas(out, pagesize=(WIDTH, HEIGHT), pageCompression=kind != "statement", invariant=True)
    if kind == "scan":
        for _ in range(1 + size // 200_000):
            page.drawImage(photo(chance, size // (1 + size // 200_000)), 0, 0, WIDTH, HEIGHT)
            page.showPage()
    elif kind == "statement":
        for rows in range(size // 400, 0, -48):
            account(page, chance, rows, ("Helvetica", "Helvetica-Bold"))
    else:
        page.drawImage(photo(chance, max(3_000, size - 40_000)), 400, 740, 100, 70)
        for _ in range(chance.randint(1, 4)):
            account(page, chance, chance.randint(10, 48), ("Sans", "Sans-Bold"))
    page.save()
    return out.getvalue()


def make(job):
    directory, number = job
    with open(f"{directory}/document-{number:05}.pdf", "wb") as f:
        f.write(document(number))


def main():
    directory, count = sys.argv[1], int(sys.argv[2])
    os.makedirs(directory, exist_ok=True)
    for name, face in (("Sans", "DejaVuSans"), ("Sans-Bold", "DejaVuSans-Bold")):
        pdfmetrics.registerFont(TTFont(name, f"/usr/share/fonts/truetype/dejavu/{face}.ttf"))
    with concurrent.futures.ProcessPoolExecutor() as pool:
        list(pool.map(make, ((directory, n) for n in range(count)), chunksize=25))


if __name__ == "__main__":
    main()
