"""What is sealed and who opens it, as a table: a row is a kind of seal, a column a foreign program that opens it.

A kind adds itself to KINDS: how it is sealed and its readers. A reader takes the sealed file, the secret and a room of
its own, and gives back what it read in a form that can be compared; or it says Refused. What shall come out, `expected`
tells from the documents, also by the reader if it shows something else than bytes (text, pixels).

The rows for who has a key instead of a secret, S/MIME and OpenPGP, are in interop_keys.py."""
import functools
import json
import os
import shutil
import subprocess

import ae2_reader

PROGRAM = os.path.abspath(os.environ.get("LETTERLOCK", "build/letterlock"))
BROWSER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "browser")
PDFJS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "pdfjs")
# Everything a person could type, in 32 bytes.
SECRETS = {"generated": "k7mq-x3dp-9wnr-hj4t-b8cz", "UTF-8": "Zoë-größer-als-ñandú-93"}
NAMES = {"ASCII": "policy", "UTF-8": "Zoë – año 漢字"}


class Refused(Exception):
    pass


def run(*command, secret=None, timeout=600, **more):
    return subprocess.run([*map(str, command)], input=None if secret is None else secret.encode(), timeout=timeout,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          env={**os.environ, "LC_ALL": "C.UTF-8"}, **more)


def good(done, ends=(0,)):
    if done.returncode not in ends:
        raise Refused(done.stderr.decode("utf-8", "replace")[-500:])
    return done.stdout


def seal(kind, out, secret, *files):
    done = run(PROGRAM, "seal", kind, "-o", out, "--password-file", "-", *files, secret=secret)
    assert done.returncode == 0, done.stderr
    return out


# ── Zip: what comes out is the files ──

def files_below(room):
    return {os.path.relpath(os.path.join(base, n), room): open(os.path.join(base, n), "rb").read()
            for base, _, names in os.walk(room) for n in names}


def by_7z(sealed, secret, room):
    good(run("7z", "x", "-y", f"-p{secret}", f"-o{room}", sealed))
    return files_below(room)


def by_bsdtar(sealed, secret, room):
    good(run("bsdtar", "-x", "-f", sealed, "-C", room, "--passphrase", secret))
    return files_below(room)


def by_the_notes(sealed, secret, room):
    try:
        with open(sealed, "rb") as f:
            return {e.name: e.data for e in ae2_reader.read(f.read(), secret.encode())}
    except ae2_reader.Broken as e:
        raise Refused(str(e))


def files_themselves(reader, files, room):
    return {os.path.basename(f): open(f, "rb").read() for f in files}


# ── PDF: what comes out is what its reader makes of the document before it was sealed ──

def by_qpdf(sealed, secret, room):
    """Every object, string and stream, byte for byte, numbered anew in the order in which they are reached."""
    opened, password = os.path.join(room, "open.pdf"), os.path.join(room, "password")
    with open(password, "w") as f:
        f.write(secret)
    good(run("qpdf", f"--password-file={password}", "--decrypt", "--object-streams=disable", "--stream-data=preserve",
             "--static-id", sealed, opened))
    objects = json.loads(good(run("qpdf", "--json=2", "--json-key=qpdf", "--json-stream-data=inline", "--decode-level=none",
                                  opened)))["qpdf"][1]
    objects.pop("trailer")
    for o in objects.values():
        if "/Extensions" in o.get("value", ()):
            o["value"].pop("/Extensions")  # the encryption's own mark
    return objects


def by_pikepdf(sealed, secret, room):
    import pikepdf
    try:
        with pikepdf.open(sealed, password=secret) as p:
            return ([sorted(bytes(o.read_raw_bytes()) for o in p.objects
                            if isinstance(o, pikepdf.Stream) and o.get("/Type") not in ("/XRef", "/ObjStm"))],
                    len(p.pages), str(p.docinfo.get("/Title", "")))
    except (pikepdf.PdfError, pikepdf.PasswordError) as e:
        raise Refused(str(e))


def by_poppler(sealed, secret, room):
    return good(run("pdftotext", "-upw", secret, sealed, "-"))


def by_poppler_pixels(sealed, secret, room):
    return good(run("pdftoppm", "-r", "30", "-upw", secret, sealed))


def by_mupdf(sealed, secret, room):
    return good(run("mutool", "draw", "-q", "-F", "txt", "-p", secret, sealed))


def by_pdfjs(sealed, secret, room):
    return good(run("node", os.path.join(PDFJS, "read.mjs"), sealed, secret=secret))


def by_pdfium(sealed, secret, room):
    """Chromium's viewer, as a person sees it: title, pages and text, or its window that asks for another password."""
    as_pdf = shutil.copy(sealed, os.path.join(room, "shown.pdf"))  # it goes by the name
    return json.loads(good(run("node", os.path.join(BROWSER, "read_pdf.js"), as_pdf, secret=secret)))


def as_read_before(reader, files, room):
    plain, = files
    return reader(plain, "", room)


@functools.lru_cache
def has_pdfjs():
    """The pinned package, installed beside read.mjs the first time; None: it cannot be had here."""
    package = os.path.join(PDFJS, "node_modules", "pdfjs-dist")
    if not shutil.which("node") or not shutil.which("npm"):
        return None
    if not os.path.isdir(package):
        try:
            subprocess.run(["npm", "ci", "--omit=optional", "--ignore-scripts", "--no-audit", "--no-fund", "--silent",
                            "--fetch-retries=0"], cwd=PDFJS, timeout=60, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        except subprocess.TimeoutExpired:
            return None
    return package if os.path.isdir(package) else None


@functools.lru_cache
def has_pdfium():
    """Chromium, and what drives it, installed beside read_pdf.js the first time; None: it cannot be had here."""
    if not all(map(shutil.which, ("chromium", "node", "npm"))):
        return None
    try:
        done = run(os.path.join(BROWSER, "install"), timeout=60)
    except subprocess.TimeoutExpired:
        return None
    return "chromium" if done.returncode == 0 else None


class Kind:
    def __init__(self, suffix, readers, expected, documents, notices):
        self.suffix, self.readers, self.expected, self.documents, self.notices = suffix, readers, expected, documents, notices


# A reader and what has to be installed for it: a program, or a function that says so.
KINDS = {
    "zip": Kind(".zip", {"7z": (by_7z, "7z"), "libarchive": (by_bsdtar, "bsdtar"), "notes": (by_the_notes, "python3")},
                files_themselves, "any", "every bit of the sealed bytes"),
    "pdf": Kind(".pdf", {"qpdf": (by_qpdf, "qpdf"), "pikepdf": (by_pikepdf, "python3"),
                         "poppler": (by_poppler, "pdftotext"), "poppler-pixels": (by_poppler_pixels, "pdftoppm"),
                         "mupdf": (by_mupdf, "mutool"), "pdf.js": (by_pdfjs, has_pdfjs), "pdfium": (by_pdfium, has_pdfium)},
                as_read_before, "pdf", "the key's own bytes"),
}


def missing(reader):
    needs = reader[1]
    return None if (needs() if callable(needs) else shutil.which(needs)) else str(getattr(needs, "__name__", needs))
