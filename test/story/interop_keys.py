"""The rows of the matrix that are sealed for who has a key: S/MIME and OpenPGP. What elsewhere is the secret is the name
of a holder here; the holders' keys are made when first needed, and who is wrong is a holder for whom nothing is sealed."""
import atexit
import base64
import email
import email.policy
import functools
import pathlib
import random
import shutil
import subprocess
import tempfile

from certificates import Authority
from openpgp import Gpg, Rnp

STRANGER = "stranger"
CERTIFICATES = {"RSA": "rsa", "P-256": "ec", STRANGER: "rsa"}
KEYS = {"RSA": "rsa2048", "Curve25519": "future-default", STRANGER: "future-default"}


def room_of_ours():
    # A short path: the agents' sockets lie in it.
    path = pathlib.Path(tempfile.mkdtemp(prefix="held", dir="/tmp"))
    atexit.register(shutil.rmtree, path, ignore_errors=True)
    return path


def attachments(entity):
    """None: this is not what was sealed. openssl answers a wrong key with random bytes rather than an error."""
    whole = email.message_from_bytes(entity, policy=email.policy.default)
    return {p.get_filename(): p.get_payload(decode=True) for p in whole.iter_attachments()} if whole.is_multipart() else None


# ── S/MIME ──

@functools.lru_cache
def authority():
    made = Authority(room_of_ours())
    made.sender = made.issue("sender", address="documents@example.com")
    return made


@functools.lru_cache
def certificate(holder):
    return authority().issue(holder, CERTIFICATES[holder])


def smime_signed(holder):
    return ["--to", certificate(holder)[0], "--sign-cert", authority().sender[0], "--sign-key", authority().sender[1]]


def smime_gcm(holder):
    return ["--to", certificate(holder)[0], "--gcm"]


def openssl_decrypts(sealed, holder, room):
    mine, key = certificate(holder)
    done = subprocess.run(["openssl", "cms", "-decrypt", "-in", sealed, "-recip", mine, "-inkey", key], capture_output=True,
                          timeout=600)
    return done.stdout if done.returncode == 0 else None


def openssl_reads(sealed, holder, room):
    entity = openssl_decrypts(sealed, holder, room)
    return entity and attachments(entity)


def openssl_reads_signed(sealed, holder, room):
    entity = openssl_decrypts(sealed, holder, room)
    done = subprocess.run(["openssl", "cms", "-verify", "-CAfile", authority().certificate, "-purpose", "smimesign"],
                          input=entity or b"", capture_output=True, timeout=600)
    return attachments(done.stdout) if done.returncode == 0 else None


def gpgsm(home, *args):
    return subprocess.run(["gpgsm", "--homedir", home, "--batch", "--disable-crl-checks", "--pinentry-mode", "loopback",
                           "--passphrase-fd", "0", *map(str, args)], input=b"x\n", capture_output=True, timeout=600)


@functools.lru_cache
def gpgsm_home(holder):
    home, (mine, key) = room_of_ours(), certificate(holder)
    atexit.register(subprocess.run, ["gpgconf", "--homedir", home, "--kill", "all"], timeout=60)
    made = subprocess.run(["openssl", "x509", "-in", authority().certificate, "-noout", "-fingerprint", "-sha1"],
                          check=True, capture_output=True).stdout
    (home / "trustlist.txt").write_bytes(made.split(b"=")[1].strip() + b" S relax\n")
    subprocess.run(["openssl", "pkcs12", "-export", "-in", mine, "-inkey", key, "-passout", "pass:x", "-out", home / "p12",
                    "-certpbe", "PBE-SHA1-3DES", "-keypbe", "PBE-SHA1-3DES", "-macalg", "sha1"], check=True)
    for what in (authority().certificate, home / "p12"):
        done = gpgsm(home, "--import", what)
        assert done.returncode == 0, done.stderr
    return home


def gpgsm_reads_signed(sealed, holder, room):
    home, room = gpgsm_home(holder), pathlib.Path(room)
    outer = email.message_from_bytes(pathlib.Path(sealed).read_bytes())
    (room / "der").write_bytes(outer.get_payload(decode=True))
    opened = gpgsm(home, "-d", room / "der")
    inside = email.message_from_bytes(opened.stdout)
    if opened.returncode != 0 or not inside.is_multipart():
        return None
    content = opened.stdout.split(b"--" + inside.get_param("boundary").encode())[1][2:-2]
    (room / "content").write_bytes(content)
    (room / "p7s").write_bytes(inside.get_payload()[1].get_payload(decode=True))
    return attachments(content) if gpgsm(home, "--verify", room / "p7s", room / "content").returncode == 0 else None


def bent_smime(whole):
    """Bits of the encrypted content: what stands before it are hints for whom it is."""
    outer = email.message_from_bytes(whole)
    der = outer.get_payload(decode=True)
    for at in random.Random(2).sample(range(len(der) // 2, len(der) - 1), 3):
        changed = base64.encodebytes(der[:at] + bytes([der[at] ^ 0x10]) + der[at + 1:])
        yield b"MIME-Version: 1.0\nContent-Type: " + outer["content-type"].encode() + \
            b"\nContent-Transfer-Encoding: base64\n\n" + changed


# ── OpenPGP: one file is the message, several are PGP/MIME ──

@functools.lru_cache
def gpg(holder):
    home = Gpg()
    atexit.register(home.close)
    home.fingerprint = home.make(f"{holder} <{holder.lower()}@example.com>", KEYS[holder])
    if holder == "RSA":
        home.add_part(home.fingerprint, "rsa2048")
    home.public = room_of_ours() / "key.asc"
    home.public.write_bytes(home.export(home.fingerprint))
    return home


@functools.lru_cache
def rnp(holder):
    home = Rnp(gpg(holder).export(gpg(holder).fingerprint, secret=True))
    atexit.register(home.close)
    return home


def pgp_to(holder):
    return ["--to", gpg(holder).public]


def gpg_decrypts(holder, sealed):
    done = gpg(holder).decrypt(sealed, ok=False)
    return done.stdout if done.returncode == 0 else None


def rnp_decrypts(holder, sealed):
    return rnp(holder).decrypt(sealed, ok=False).plain


def pgp_reads(decrypts, sealed, holder, room):
    whole = pathlib.Path(sealed).read_bytes()
    if not whole.startswith(b"MIME-Version:") and not whole.startswith(b"Content-Type:"):
        return decrypts(holder, whole)
    outer = email.message_from_bytes(whole, policy=email.policy.default)
    inside = decrypts(holder, list(outer.iter_parts())[1].get_content())
    return inside and attachments(inside)


gpg_reads = functools.partial(pgp_reads, gpg_decrypts)
rnp_reads = functools.partial(pgp_reads, rnp_decrypts)


def bent_pgp(whole):
    """Everywhere in the encrypted content, to its last bit, which is of the MDC."""
    for at in [*random.Random(3).sample(range(1000, len(whole)), 4), len(whole) - 1]:
        yield whole[:at] + bytes([whole[at] ^ 0x10]) + whole[at + 1:]
