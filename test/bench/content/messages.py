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


def letter(size):
    return HEAD + PDF + LINE * (size // len(LINE)) + b"--b--\r\n"


MESSAGES = {
    "attachment of 1 MB": lambda: letter(1_000_000), "attachment of 27 MB": lambda: letter(27_000_000), "attachment of 270 MB": lambda: letter(270_000_000),
    "999 parts": lambda: HEAD + b"--b\r\n\r\nx\r\n" * 999 + b"--b--\r\n",
    "100,000 parts": lambda: HEAD + b"--b\r\n\r\nx\r\n" * 100_000 + b"--b--\r\n",
    "10,000 deep": lambda: b"".join(b"Content-Type: multipart/mixed; boundary=b%d.\r\n\r\n--b%d.\r\n" % (i, i) for i in range(10_000)),
    "100,000 parameters": lambda: b"Content-Type: text/plain" + b"".join(b";\r\n a%d=b" % i for i in range(100_000)) + b"\r\n\r\n",
    "1,000,000 encoded words": lambda: b"Subject: x" + b"\r\n =?utf-8?q?x?=" * 1_000_000 + b"\r\n\r\n",
    "100 MB of base64 on one line": lambda: b"Subject: x\r\nContent-Transfer-Encoding: base64\r\n\r\n" + b"QUJD" * 25_000_000,
}

for name, make in MESSAGES.items():
    with tempfile.TemporaryFile() as file:
        file.write(make())
        size = file.tell()
        file.seek(0)
        process = subprocess.Popen([sys.argv[1], "mime", "show"], stdin=file, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        said = process.stderr.read().strip()
        _, status, used = os.wait4(process.pid, 0)
        said = said.split(": ", 1)[-1] if status else "shown"
        print(f"{name:30} {size:11} bytes {1e3 * (used.ru_utime + used.ru_stime):8.0f} ms of processor {used.ru_maxrss // 1024:5} MiB  {said[:90]}")
