#!/usr/bin/python3
"""usage: messages.py LETTERLOCK      what reading a foreign message costs, by its size, and what those that would exhaust do

The processor's time of the program and of the inspector it asks, start included, and the most memory of either."""
import os
import subprocess
import sys
import tempfile

HEAD = b"From: a@b.example\r\nTo: c@d.example\r\nSubject: x\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
PDF = b"--b\r\nContent-Type: application/pdf; name=a.pdf\r\nContent-Transfer-Encoding: base64\r\n\r\n"
LINE = b"QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWZnaGlqa2xtbm9wcXJzdHV2d3h5ejAxMjM0\r\n"


# In pieces: what this program itself once held would count as the memory of those it starts.
def letter(size):
    yield HEAD + PDF
    for _ in range(size // len(LINE) // 1000):
        yield LINE * 1000
    yield b"--b--\r\n"


def repeated(head, piece, times, tail):
    yield head
    for i in range(times):
        yield piece % i if b"%d" in piece else piece
    yield tail


MESSAGES = {
    "attachment of 1 MB": letter(1_000_000), "attachment of 27 MB": letter(27_000_000), "attachment of 270 MB": letter(270_000_000),
    "999 parts": repeated(HEAD, b"--b\r\n\r\nx\r\n", 999, b"--b--\r\n"),
    "100,000 parts": repeated(HEAD, b"--b\r\n\r\nx\r\n", 100_000, b"--b--\r\n"),
    "10,000 deep": (b"Content-Type: multipart/mixed; boundary=b%d.\r\n\r\n--b%d.\r\n" % (i, i) for i in range(10_000)),
    "100,000 parameters": repeated(b"Content-Type: text/plain", b";\r\n a%d=b", 100_000, b"\r\n\r\n"),
    "1,000,000 encoded words": repeated(b"Subject: x", b"\r\n =?utf-8?q?x?=" * 100, 10_000, b"\r\n\r\n"),
    "100 MB of base64 on one line": repeated(b"Subject: x\r\nContent-Transfer-Encoding: base64\r\n\r\n", b"QUJD" * 1000, 25_000, b""),
}

for name, pieces in MESSAGES.items():
    with tempfile.TemporaryFile() as file:
        file.writelines(pieces)
        size = file.tell()
        file.seek(0)
        process = subprocess.Popen([sys.argv[1], "mime", "show"], stdin=file, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        said = process.stderr.read().strip()
        _, status, used = os.wait4(process.pid, 0)
        said = said.split(": ", 1)[-1] if status else "shown"
        print(f"{name:30} {size:11} bytes {1e3 * (used.ru_utime + used.ru_stime):8.0f} ms of processor {used.ru_maxrss // 1024:5} MiB  {said[:90]}")
