#!/usr/bin/python3
"""The same job as people script it in Python: for each row of the list make an AES-256 zip (the AE-2 format, with
hashlib's PBKDF2 and pycryptodome's AES), put it into a folder that stands for the bucket, write the mail with the zip
attached (or with --link only a link to it), send it through smtplib on one connection. No sleep, no fsync, no DKIM: less
than Letterlock does, so that the comparison is not in our favour.

usage: peer.py LIST DOCUMENTS OUT PORT [--processes N] [--link]    prints documents/s as JSON
"""
import argparse
import csv
import hashlib
import hmac
import json
import multiprocessing
import os
import secrets
import smtplib
import struct
import time
import zlib
from email.message import EmailMessage

from Cryptodome.Cipher import AES
from Cryptodome.Util import Counter


def ae2_zip(name, plain, password):
    """One entry, deflate level 6, AE-2: what pyzipper writes."""
    salt = os.urandom(16)
    keys = hashlib.pbkdf2_hmac("sha1", password, salt, 1000, 66)
    pack = zlib.compressobj(6, zlib.DEFLATED, -15)
    packed = pack.compress(plain) + pack.flush()
    counter = Counter.new(128, initial_value=1, little_endian=True)
    cipher = AES.new(keys[:32], AES.MODE_CTR, counter=counter).encrypt(packed)
    body = salt + keys[64:] + cipher + hmac.new(keys[32:64], cipher, "sha1").digest()[:10]
    extra = struct.pack("<HHH2sBH", 0x9901, 7, 2, b"AE", 3, 8)
    raw = name.encode()
    shared = struct.pack("<HHHHHIIIHH", 51, 0x801, 99, 0, 0x21, 0, len(body), len(plain), len(raw), len(extra))
    local = b"PK\3\4" + shared + raw + extra + body
    central = b"PK\1\2" + struct.pack("<H", 51) + shared + struct.pack("<HHHII", 0, 0, 0, 0, 0) + raw + extra
    return local + central + b"PK\5\6" + struct.pack("<HHHHIIH", 0, 0, 1, 1, len(central), len(local), 0)


def mail(row, link, sealed):
    m = EmailMessage()
    m["From"] = "Example Insurance <documents@example.com>"
    m["To"] = row["email"]
    m["Subject"] = "Your document is ready"
    m.set_content(f"Dear {row['name']},\n\nyour document is waiting at {link}\nIt opens with your password.\n")
    m.add_alternative(f"<p>Dear {row['name']},</p><p>your document: <a href='{link}'>open it</a></p>", subtype="html")
    if sealed:
        m.add_attachment(sealed, maintype="application", subtype="zip", filename=row["document"] + ".zip")
    return m.as_bytes().replace(b"\n", b"\r\n")


def work(rows, a):
    connection = smtplib.SMTP("127.0.0.1", a.port)
    for row in rows:
        with open(os.path.join(a.documents, row["document"]), "rb") as f:
            plain = f.read()
        password = secrets.token_urlsafe(12).encode()
        sealed = ae2_zip(row["document"], plain, password)
        hashlib.sha256(sealed).hexdigest()
        token = secrets.token_urlsafe(20)
        with open(os.path.join(a.out, token + ".part"), "wb") as f:
            f.write(sealed)
        os.rename(os.path.join(a.out, token + ".part"), os.path.join(a.out, token))
        text = mail(row, f"https://documents.example.com/d/{token}", None if a.link else sealed)
        connection.sendmail("documents@example.com", [row["email"]], text)
    connection.quit()


def main():
    p = argparse.ArgumentParser()
    p.add_argument("list"), p.add_argument("documents"), p.add_argument("out"), p.add_argument("port", type=int)
    p.add_argument("--processes", type=int, default=1), p.add_argument("--link", action="store_true")
    a = p.parse_args()
    os.makedirs(a.out, exist_ok=True)
    with open(a.list, newline="") as f:
        rows = list(csv.DictReader(f))
    began = time.monotonic()
    if a.processes == 1:
        work(rows, a)
    else:
        jobs = [multiprocessing.Process(target=work, args=(rows[i::a.processes], a)) for i in range(a.processes)]
        for j in jobs:
            j.start()
        for j in jobs:
            j.join()
            assert j.exitcode == 0
    took = time.monotonic() - began
    print(json.dumps({"documents": len(rows), "seconds": round(took, 3), "per_second": round(len(rows) / took, 1)}))


main()
