#!/usr/bin/python3
"""Writes pdf_key_vectors.def: what mupdf and qpdf write into encryption dictionaries of revision 6 for passwords of
many kinds, and the file keys that qpdf finds for them. Salts and keys are of chance, so each run gives others."""
import re
import subprocess
import tempfile

PASSWORDS = ["", "a", "k7mq-x3dp-9wnr-hj4t-b8cz", "two words", 'quote " and \\ slash', "größer & süßer", "Пароль",
             "日本語のパスワード", "🔑", "b" * 32, "c" * 64, "d" * 126, "e" * 127, "ü" * 63 + "f"]
PLAIN = (b"%PDF-1.7\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
         b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]>>endobj\ntrailer<</Root 1 0 R/Size 4>>\n%%EOF\n")


def by_mupdf(plain, out, user, owner):
    subprocess.run(["mutool", "clean", "-E", "aes-256", "-U", user, "-O", owner, plain, out], check=True,
                   capture_output=True)


def by_qpdf(plain, out, user, owner):
    subprocess.run(["qpdf", "--warning-exit-0", "--encrypt", user, owner, "256", "--allow-insecure", "--", plain, out],
                   check=True, capture_output=True)


def said(out, password, *what):
    done = subprocess.run(["qpdf", f"--password={password}", *what, out], capture_output=True, check=True)
    return done.stdout.decode()


def entry(text, name):
    found = re.search(rf"/{name} (<[0-9a-f]*>|-?\d+)", text).group(1)
    return found.strip("<>")


def main():
    rows = []
    with tempfile.TemporaryDirectory() as room:
        plain = f"{room}/plain.pdf"
        with open(plain, "wb") as f:
            f.write(PLAIN)
        for maker, make in (("mupdf", by_mupdf), ("qpdf", by_qpdf)):
            for n, user in enumerate(PASSWORDS):
                owner = PASSWORDS[-n] or "owner"
                out = f"{room}/out.pdf"
                make(plain, out, user, owner)
                key = re.search(r"key = ([0-9a-f]{64})", said(out, user, "--show-encryption", "--show-encryption-key"))
                lock = said(out, user, "--show-object=trailer")
                number = re.search(r"/Encrypt (\d+) 0 R", lock)  # mupdf writes it into the trailer itself
                lock = said(out, user, f"--show-object={number.group(1)}") if number else lock
                fields = [entry(lock, name) for name in ("U", "UE", "O", "Perms", "P")]
                texts = ['"' + t.replace("\\", "\\\\").replace('"', '\\"') + '"' for t in (user, owner)]
                rows.append(f"VECTOR({maker}, {', '.join(texts)}, {fields[4]},\n\t\"" +
                            "\",\n\t\"".join([*fields[:4], key.group(1)]) + '")')
    print("/* Written by pdf_key_vectors.py: VECTOR(maker, the user's password, the owner's, permissions, U, UE, O,\n"
          " * Perms, the file's key) */")
    print("\n".join(rows))


if __name__ == "__main__":
    main()
