#!/usr/bin/python3
"""Writes openpgp_vectors.def: keys made by GnuPG and signatures that it makes with them, among them some whose numbers
begin with zeros. Ed25519 leaves nothing to chance, so whoever signs the same at the same moment makes the same bytes.
Keys are of chance, so each run gives others."""
import os
import re
import subprocess
import tempfile

MADE = ["20200101T000000", "20261122T012345"]
SIGNED = ["20261122T030000", "20380101T000000"]


def gpg(home, *args, stdin=None, time=None):
    more = ["--faked-system-time", time + "!"] if time else []
    p = subprocess.run(["gpg", "--batch", "--yes", "--no-tty", "--quiet", "--pinentry-mode", "loopback", "--passphrase", "",
                        *more, *args], input=stdin, capture_output=True, check=True, env=dict(os.environ, GNUPGHOME=home))
    return p.stdout


def body(packet):
    """Of the first packet, whose head is of the old form with one byte of length."""
    assert packet[0] & 0xC3 == 0x80, packet[:2]
    return packet[2:2 + packet[1]]


def number(rest):
    size = (int.from_bytes(rest[:2], "big") + 7) // 8
    return rest[2:2 + size], rest[2 + size:]


def halves(packet):
    """The two numbers of a signature, as they are spelled."""
    b = body(packet)
    at = 6 + int.from_bytes(b[4:6], "big")
    at += 2 + int.from_bytes(b[at:at + 2], "big") + 2
    r, rest = number(b[at:])
    s, rest = number(rest)
    assert rest == b""
    return r, s


def secret(packet):
    """The seed in an unprotected secret key packet: public part, 0, the number, a sum."""
    b = body(packet)
    point, rest = number(b[16:])
    assert len(point) == 33 and rest[0] == 0
    seed, _ = number(rest[1:])
    return seed.rjust(32, b"\0")


def main():
    print("/* Written by openpgp_vectors.py: KEY(name, seed, made at, fingerprint, public key packet), and\n"
          " * SIGNATURE(key, content, signed at, packet) with the bodies of packets. */")
    for n, made in enumerate(MADE):
        with tempfile.TemporaryDirectory(dir="/tmp") as home:
            out = gpg(home, "--status-fd", "1", "--quick-gen-key", "a@b.example", "ed25519", "sign", "never", time=made)
            fingerprint = re.search(rb"KEY_CREATED \S+ ([0-9A-F]{40})", out)[1].decode()
            public = gpg(home, "--export", fingerprint)
            print(f"KEY({n}, \"{secret(gpg(home, '--export-secret-keys', fingerprint)).hex()}\",\n"
                  f"    {int.from_bytes(body(public)[1:5], 'big')}, \"{fingerprint}\",\n    \"{body(public).hex()}\")")
            wanted = {"whole": lambda r, s: len(r) == len(s) == 32, "short R": lambda r, s: len(r) < 32,
                      "short S": lambda r, s: len(s) < 32}
            for i in range(3000):
                content, time = f"text {i}", SIGNED[i % 2]
                packet = gpg(home, "--digest-algo", "SHA256", "--detach-sign", stdin=content.encode(), time=time)
                kind = next((w for w, fits in wanted.items() if fits(*halves(packet))), None)
                if not kind:
                    continue
                del wanted[kind]
                # hashed subpackets: the fingerprint (23 bytes), then the moment
                at = int.from_bytes(body(packet)[6 + 23 + 2:][:4], "big")
                print(f"SIGNATURE({n}, \"{content}\", {at}, /* {kind} */\n    \"{body(packet).hex()}\")")
                if not wanted:
                    break
            subprocess.run(["gpgconf", "--kill", "all"], env=dict(os.environ, GNUPGHOME=home), check=True)


if __name__ == "__main__":
    main()
