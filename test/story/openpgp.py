"""Other programs' OpenPGP: a GnuPG home of its own, keys of many kinds, and RNP's command line."""
import os
import re
import shutil
import subprocess
import tempfile


class Gpg:
    def __init__(self):
        # A short path: the agent's socket lies in it.
        self.home = tempfile.mkdtemp(prefix="gpg", dir="/tmp")
        os.chmod(self.home, 0o700)

    def run(self, *args, stdin=None, ok=True, time=None):
        more = ["--faked-system-time", time + "!"] if time else []
        p = subprocess.run(["gpg", "--batch", "--yes", "--no-tty", "--quiet", "--pinentry-mode", "loopback", "--passphrase", "",
                            "--trust-model", "always", *more, *args], input=stdin, stdout=subprocess.PIPE,
                           stderr=subprocess.PIPE, env=dict(os.environ, GNUPGHOME=self.home), timeout=300)
        if ok:
            assert p.returncode == 0, p.stderr.decode("utf-8", "replace")
        return p

    def make(self, user_id, algorithm="future-default", usage="default", expire="never", time=None, more=()):
        """The fingerprint of a new key."""
        p = self.run("--status-fd", "1", *more, "--quick-gen-key", user_id, algorithm, usage, expire, time=time)
        return re.search(rb"KEY_CREATED \S+ ([0-9A-F]{40})", p.stdout).group(1).decode()

    def add_part(self, fingerprint, algorithm, usage="encr", expire="never", time=None, more=()):
        self.run(*more, "--quick-add-key", fingerprint, algorithm, usage, expire, time=time)

    def export(self, fingerprint, armor=True, secret=False):
        return self.run(*(["--armor"] if armor else []), "--export-secret-keys" if secret else "--export",
                        fingerprint).stdout

    def revoke(self, fingerprint):
        path = os.path.join(self.home, "openpgp-revocs.d", fingerprint + ".rev")
        with open(path) as f:
            self.run("--import", stdin=f.read().replace(":-----BEGIN", "-----BEGIN").encode())

    def verify(self, content, signature):
        """What GnuPG says of a detached signature: GOODSIG and whose key, BADSIG, ERRSIG."""
        for name, what in (("content", content), ("content.asc", signature)):
            with open(os.path.join(self.home, name), "wb") as f:
                f.write(what)
        p = self.run("--status-fd", "1", "--verify", os.path.join(self.home, "content.asc"),
                     os.path.join(self.home, "content"), ok=False)
        said = dict(line.split(" ", 2)[1:] for line in p.stdout.decode().splitlines() if line.count(" ") > 1)
        if p.returncode == 0:
            return "GOODSIG", said["VALIDSIG"].split()[0]
        return next(w for w in ("BADSIG", "ERRSIG", "NODATA", "UNEXPECTED") if w in said), None

    def decrypt(self, sealed, ok=True):
        return self.run("--decrypt", stdin=sealed, ok=ok)

    def close(self):
        subprocess.run(["gpgconf", "--kill", "all"], env=dict(os.environ, GNUPGHOME=self.home), timeout=60,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        shutil.rmtree(self.home, ignore_errors=True)


class Rnp:
    """The same keys, opened by RNP's own program."""
    def __init__(self, secret_key):
        self.home = tempfile.mkdtemp(prefix="rnp", dir="/tmp")
        self.call("rnpkeys", "--import", self.file("key.asc", secret_key))

    def file(self, name, content):
        path = os.path.join(self.home, name)
        with open(path, "wb") as f:
            f.write(content)
        return path

    def call(self, *args, ok=True):
        p = subprocess.run([args[0], "--homedir", self.home, *args[1:]], stdin=subprocess.DEVNULL, timeout=300,
                           stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        if ok:
            assert p.returncode == 0, p.stderr.decode("utf-8", "replace")
        return p

    def decrypt(self, sealed, ok=True):
        out = os.path.join(self.home, "out")
        if os.path.exists(out):
            os.unlink(out)
        p = self.call("rnp", "--password", "", "--decrypt", self.file("sealed", sealed), "--output", out, ok=ok)
        p.plain = None
        if p.returncode == 0:
            with open(out, "rb") as f:
                p.plain = f.read()
        return p

    def verifies(self, content, signature):
        """Does RNP's own program believe the detached signature?"""
        return self.call("rnp", "--source", self.file("content", content), "--verify",
                         self.file("content.asc", signature), ok=False).returncode == 0

    def close(self):
        shutil.rmtree(self.home, ignore_errors=True)
