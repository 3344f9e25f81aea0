#!/usr/bin/python3
"""usage: doubling.py LETTERLOCK      what twice as much of each shape that is known to be bad costs

Nothing may cost more than 2.5 times as much when it is twice as long: what grows faster is a way to stop us. Costs are
the processor's time of the program and of the inspector it asks, less that of its start, and the least of some turns in
which one size alternates with the other, more turns where it looks bad; a refusal is an answer. What takes less than 10 ms proves nothing and is well."""
import io
import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
import zipfile

PROGRAM, TURNS, MOST, LITTLE_S = os.path.abspath(sys.argv[1]), 5, 2.5, 0.010

MAIL = b"From: a@b.example\r\nTo: c@d.example\r\nSubject: x\r\nMIME-Version: 1.0\r\n"
MIXED = MAIL + b"Content-Type: multipart/mixed; boundary=b\r\n\r\n"


def pdf(objects, root=b"1 0 R"):
    out, at = b"%PDF-1.7\n", []
    for n, o in enumerate(objects, 1):
        at.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (n, o)
    table = b"".join(b"%010d 00000 n \n" % a for a in at)
    return out + b"xref\n0 %d\n0000000000 65535 f \n%strailer\n<</Size %d/Root %s>>\nstartxref\n%d\n%%%%EOF\n" % (
        len(objects) + 1, table, len(objects) + 1, root, len(out))


PAGES = [b"<</Type/Catalog/Pages 2 0 R/X 4 0 R>>", b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
         b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]>>"]


def pdf_chain(n):
    return pdf(PAGES + [b"<</Next %d 0 R>>" % (i + 5) for i in range(n)] + [b"null"])


def pdf_updates(n):
    """Each update says where the one before begins."""
    out = pdf(PAGES + [b"null"])
    for _ in range(n):
        before = int(out.rsplit(b"startxref\n", 1)[1].split()[0])
        out += b"xref\n0 0\ntrailer\n<</Size 5/Root 1 0 R/Prev %d>>\nstartxref\n%d\n%%%%EOF\n" % (before, len(out))
    return out


def zipped(names, content=b"x"):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in names:
            archive.writestr(name, content)
    return out.getvalue()


def letters(n, seed=1):
    return random.Random(seed).choices("abcdefghijklmnopqrstuvwxyz", k=n)


HTML = ("html", ["html", "clean"], None)
MIME = ("mime", ["mime", "show"], None)
SHAPES = [  # kind, command ("@": the file), the file's name, what it is, how much, what it is made of
    (*HTML, "formatting left open", 200, lambda n: "".join(f"<p><b id={i}>" for i in range(n)).encode()),
    (*HTML, "deep", 150, lambda n: b"<div>" * n),
    (*HTML, "attributes", 20_000, lambda n: b"<p " + b" ".join(b"a%d=1" % i for i in range(n)) + b">x"),
    (*HTML, "angles", 100_000, lambda n: b"<" * n),
    (*HTML, "tables in tables", 60, lambda n: b"<table><tr><td>" * n),
    (*HTML, "entities", 20_000, lambda n: b"&amp;&#x41;&notit;" * n),
    (*HTML, "styles", 4000, lambda n: b"<p style='" + b"color:red;" * n + b"'>x"),
    (*MIME, "parts", 450, lambda n: MIXED + b"--b\r\n\r\nx\r\n" * n + b"--b--\r\n"),
    (*MIME, "near boundaries", 100_000, lambda n: MIXED + b"--bb\r\n--b-\r\n" * n + b"--b--\r\n"),
    (*MIME, "encoded words", 1500, lambda n: b"Subject: x" + b"\r\n =?utf-8?q?x?=" * n + b"\r\n\r\n"),
    (*MIME, "parameters", 2500, lambda n: b"Content-Type: text/plain" + b"".join(b";\r\n a%d=b" % i for i in range(n)) + b"\r\n\r\n"),
    (*MIME, "nested comments", 20_000, lambda n: b"From: a@b.example " + b"\r\n (".join([b"("] * (n // 10)) + b"\r\n\r\n"),
    (*MIME, "base64", 200_000, lambda n: MAIL + b"Content-Transfer-Encoding: base64\r\n\r\n" + b"QUJDQUJD\r\n" * n),
    ("csv", ["file", "check", "@"], "a.csv", "cells", 1_000_000, lambda n: b"-a|b;@c,\t" * (n // 4)),
    ("csv", ["send", "@", "--dry-run"], "list.csv", "quotes", 8000, lambda n: b'email,x\n' + b'a@b.example,"' + b'""' * n + b'"\n'),
    ("csv", ["send", "@", "--dry-run"], "list.csv", "rows", 4000, lambda n: b"email,x\n" + b"".join(b"a%d@b.example,1\n" % i for i in range(n))),
    ("csv", ["send", "@", "--dry-run"], "list.csv", "rows of one address", 4000, lambda n: b"email,x\n" + b"a@b.example,1\n" * n),
    ("template", ["template", "render", "@", "--values", "-"], "a.html", "variables", 3000, lambda n: b"<p>{{a}}</p>\n" * n),
    ("template", ["template", "render", "@", "--values", "-"], "a.html", "deep sections", 1000, lambda n: b"{{#a}}" * n + b"{{/a}}" * n),
    ("template", ["template", "render", "@", "--values", "-"], "a.html", "open braces", 50_000, lambda n: b"{{" * n),
    ("zip", ["file", "check", "@"], "a.zip", "entries", 2000, lambda n: zipped(f"{i}.txt" for i in range(n))),
    ("zip", ["file", "check", "@"], "a.zip", "names of one folder", 2000, lambda n: zipped("".join(letters(40, i)) + ".txt" for i in range(n))),
    ("zip", ["file", "check", "@"], "a.zip", "beginnings without an end", 50_000, lambda n: zipped(["a.txt"]) + b"PK\5\6" * n),
    ("pdf", ["file", "check", "@"], "a.pdf", "objects in a chain", 30_000, pdf_chain),
    ("pdf", ["file", "check", "@"], "a.pdf", "updates", 2000, pdf_updates),
    ("pdf", ["file", "check", "@"], "a.pdf", "deep arrays", 20_000, lambda n: pdf(PAGES + [b"[" * n + b"]" * n])),
    ("pdf", ["file", "check", "@"], "a.pdf", "names", 100_000, lambda n: pdf(PAGES + [b"[" + b"/#41#42" * n + b"]"])),
    ("json", ["mime", "build", "@"], "a.json", "deep", 200_000, lambda n: b"[" * n),
    ("json", ["mime", "build", "@"], "a.json", "members", 10_000, lambda n: json.dumps({f"a{i}": i for i in range(n)}).encode()),
    ("json", ["mime", "build", "@"], "a.json", "escapes", 100_000, lambda n: b'{"text":"' + b"\\u00e9" * n + b'"}'),
    ("config", ["config", "show", "--config", "@"], "a.yaml", "records", 1500, lambda n: b"domain: example.com\nsigning:\n" + b"  - { domain: example.com, selector: a }\n" * n),
    ("config", ["config", "show", "--config", "@"], "a.yaml", "deep", 20_000, lambda n: b"a: " + b"[" * n),
    ("config", ["config", "show", "--config", "@"], "a.yaml", "unknown keys", 5000, lambda n: b"".join(b"a%d: 1\n" % i for i in range(n))),
]


def least(costs):
    start, once, twice = (min(c) for c in costs)
    return max(once - start, 0), max(twice - start, 0)


def times(once, twice):
    return twice / max(once, LITTLE_S / 4)


def well(once, twice):
    return twice < LITTLE_S or times(once, twice) <= MOST


class Bench:
    def __init__(self, folder):
        self.folder = folder
        self.house = os.path.join(folder, "house")
        subprocess.run([PROGRAM, "init", self.house, "--domain", "example.com"], check=True, stdout=subprocess.DEVNULL)

    def cost(self, command, name, data):
        path = os.path.join(self.house, name or "input")
        with open(path, "wb") as f:
            f.write(data)
        os.chmod(path, 0o600)
        values = os.path.join(self.folder, "values.json")
        with open(values, "w") as f:
            json.dump({"a": "x<&"}, f)
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        with open(path if name is None else values, "rb") as given:
            p = subprocess.run([PROGRAM, *(path if c == "@" else c for c in command)], stdin=given, cwd=self.house,
                               stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, timeout=60)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        assert p.returncode >= 0, f"{command} ended by signal {-p.returncode}"
        said = p.stderr.decode("utf-8", "replace").strip().split("\n")[0]
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, said.rsplit(": ", 1)[-1]

    def doubled(self, command, name, size, make):
        """The least of each, in turns: another process that disturbs one disturbs the other."""
        inputs, costs = [make(1), make(size), make(2 * size)], [[], [], []]
        for turn in range(5 * TURNS):
            if turn >= TURNS and well(*least(costs)):
                break
            for data, cost in zip(inputs, costs):
                took, said = self.cost(command, name, data)
                cost.append(took)
        return *least(costs), said


def main():
    bad, began = 0, time.monotonic()
    print(f"| kind | shape | once, ms | twice, ms | times | verdict |\n|---|---|---:|---:|---:|---|")
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(folder)
        for kind, command, name, shape, size, make in SHAPES:
            once, twice, said = bench.doubled(command, name, size, make)
            bad += not well(once, twice)
            ratio = "-" if twice < LITTLE_S else f"{times(once, twice):.2f}"
            verdict = "well" if well(once, twice) else "TOO MUCH"
            print(f"| {kind} | {size:,} {shape} | {1e3 * once:.1f} | {1e3 * twice:.1f} | {ratio} | "
                  f"{verdict}{': ' + said[:60] if said else ''} |", flush=True)
    print(f"\n{len(SHAPES)} shapes in {time.monotonic() - began:.0f} s, at most {MOST} times: {bad} too much")
    sys.exit(bad > 0)


main()
