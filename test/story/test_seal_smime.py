"""seal smime, opened by programs that are not ours: openssl cms and gpgsm."""
import base64
import email
import email.policy
import os
import pathlib
import random
import shutil
import subprocess
import tempfile

import pytest

import certificates
from certificates import openssl

LETTERLOCK = os.path.abspath(os.environ.get("LETTERLOCK", "build/letterlock"))
PLAIN = pathlib.Path(LETTERLOCK).parent / "test/fault/letterlock-plain"
LATER = "2100-01-01T00:00:00Z"


@pytest.fixture(scope="module")
def people(tmp_path_factory):
    """An authority, two readers and a signer, for all tests: making keys takes time."""
    authority = certificates.Authority(tmp_path_factory.mktemp("people"))
    authority.maria = authority.issue("maria")
    authority.erik = authority.issue("erik", "ec", "erik@example.com")
    authority.we = authority.issue("we", address="documents@example.com")
    return authority


def seal(tmp_path, *args, check=True, **more):
    done = subprocess.run([LETTERLOCK, "seal", "smime", *map(str, args)], cwd=tmp_path, capture_output=True, timeout=300,
                          **more)
    if check:
        assert done.returncode == 0, done.stderr
        assert done.stdout == b""
    return done


def decrypt(sealed, reader):
    done = subprocess.run(["openssl", "cms", "-decrypt", "-in", sealed, "-recip", reader[0], "-inkey", reader[1]],
                          capture_output=True, timeout=300)
    return done.stdout if done.returncode == 0 else None


def attachments(entity):
    whole = email.message_from_bytes(entity, policy=email.policy.default)
    return {part.get_filename(): part.get_payload(decode=True) for part in whole.iter_attachments()}


def documents():
    rng = random.Random(7)
    return {"empty.txt": b"", "one.bin": b"x", "Zoë – año 2026.pdf": b"%PDF-1.4\r\n" + rng.randbytes(70_001) + b"\n\n",
            "漢字.txt": b"From here\r\n.\r\n\r\n" * 1000}


def write(tmp_path, files):
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    return list(files)


@pytest.mark.parametrize("cipher", ["cbc", "gcm"])
@pytest.mark.parametrize("signed", [False, True], ids=["unsigned", "signed"])
@pytest.mark.parametrize("reader", ["maria", "erik"], ids=["rsa", "ec"])
def test_openssl_opens_every_kind(tmp_path, people, cipher, signed, reader):
    files = documents()
    more = ["--gcm"] if cipher == "gcm" else []
    more += ["--sign-cert", people.we[0], "--sign-key", people.we[1]] if signed else []
    reader = getattr(people, reader)
    seal(tmp_path, "-o", "a.p7m", "--to", reader[0], *more, *write(tmp_path, files))
    head = email.message_from_bytes((tmp_path / "a.p7m").read_bytes(), policy=email.policy.default)
    assert head.get_content_type() == "application/pkcs7-mime"
    assert head["content-type"].params["smime-type"] == ("authEnveloped-data" if cipher == "gcm" else "enveloped-data")
    inside = decrypt(tmp_path / "a.p7m", reader)
    if signed:
        (tmp_path / "inside").write_bytes(inside)
        inside = openssl("cms", "-verify", "-in", tmp_path / "inside", "-CAfile", people.certificate, "-purpose", "smimesign")
    assert attachments(inside) == files


def test_either_of_several_readers_opens_it_and_nobody_else(tmp_path, people):
    files = {"a.txt": b"for two"}
    seal(tmp_path, "-o", "a.p7m", "--to", people.maria[0], "--to", people.erik[0], *write(tmp_path, files))
    assert attachments(decrypt(tmp_path / "a.p7m", people.maria)) == files
    assert attachments(decrypt(tmp_path / "a.p7m", people.erik)) == files
    # openssl answers a wrong key with random bytes rather than an error, so that it is no oracle
    wrong = decrypt(tmp_path / "a.p7m", people.we)
    assert wrong is None or b"for two" not in wrong and b"multipart" not in wrong


def test_gpgsm_opens_it_and_knows_who_signed(tmp_path, people):
    if not shutil.which("gpgsm"):
        pytest.skip("gpgsm is not installed")
    files = documents()
    seal(tmp_path, "-o", "a.p7m", "--to", people.maria[0], "--sign-cert", people.we[0], "--sign-key", people.we[1],
         *write(tmp_path, files))
    sealed = email.message_from_bytes((tmp_path / "a.p7m").read_bytes()).get_payload(decode=True)
    (tmp_path / "a.der").write_bytes(sealed)
    openssl("pkcs12", "-export", "-in", people.maria[0], "-inkey", people.maria[1], "-passout", "pass:x", "-out",
            tmp_path / "maria.p12", "-certpbe", "PBE-SHA1-3DES", "-keypbe", "PBE-SHA1-3DES", "-macalg", "sha1")
    home = pathlib.Path(tempfile.mkdtemp(prefix="gpgsm-", dir="/tmp"))  # short: the agent's socket lies in it
    fingerprint = openssl("x509", "-in", people.certificate, "-noout", "-fingerprint", "-sha1").split(b"=")[1].strip()
    (home / "trustlist.txt").write_bytes(fingerprint + b" S relax\n")

    def gpgsm(*args):
        return subprocess.run(["gpgsm", "--homedir", home, "--batch", "--disable-crl-checks", "--pinentry-mode", "loopback",
                               "--passphrase-fd", "0", *args], input=b"x\n", capture_output=True, cwd=tmp_path, timeout=120)
    try:
        assert gpgsm("--import", people.certificate).returncode == 0
        done = gpgsm("--import", "maria.p12")
        assert done.returncode == 0, done.stderr
        done = gpgsm("-d", "a.der")
        assert done.returncode == 0, done.stderr
        inside = done.stdout
        parts = email.message_from_bytes(inside).get_payload()
        boundary = email.message_from_bytes(inside).get_param("boundary").encode()
        content = inside.split(b"--" + boundary)[1][2:-2]
        assert attachments(content) == files
        (tmp_path / "content").write_bytes(content)
        (tmp_path / "content.p7s").write_bytes(parts[1].get_payload(decode=True))
        done = gpgsm("--verify", "content.p7s", "content")
        assert done.returncode == 0 and b"Good signature" in done.stderr, done.stderr
    finally:
        subprocess.run(["gpgconf", "--homedir", home, "--kill", "all"], timeout=60)
        shutil.rmtree(home, ignore_errors=True)


def bits_flipped(path, positions):
    message = email.message_from_bytes(path.read_bytes())
    der = message.get_payload(decode=True)
    for at in positions(len(der)):
        changed = bytearray(der)
        changed[at] ^= 1
        lines = base64.encodebytes(bytes(changed))
        out = path.with_name("changed.p7m")
        out.write_bytes(b"MIME-Version: 1.0\nContent-Type: " + message["content-type"].encode() +
                        b"\nContent-Transfer-Encoding: base64\n\n" + lines)
        yield out


def test_gcm_notices_every_change_of_the_content(tmp_path, people):
    content = b"pay 100 to Maria\n" * 300
    write(tmp_path, {"a.txt": content})
    seal(tmp_path, "-o", "a.p7m", "--gcm", "--to", people.maria[0], "a.txt")
    for changed in bits_flipped(tmp_path / "a.p7m", lambda n: [n // 3, n // 2, n - 20]):
        assert decrypt(changed, people.maria) is None


def test_cbc_does_not_notice_and_the_signature_inside_does(tmp_path, people):
    """EFAIL: without a signature this is what the manual warns of."""
    write(tmp_path, {"a.txt": b"pay 100 to Maria\n" * 300})
    sign = ["--sign-cert", people.we[0], "--sign-key", people.we[1]]
    middle = lambda n: [n // 3]
    for name, more in (("plain.p7m", []), ("signed.p7m", sign)):
        seal(tmp_path, "-o", name, "--to", people.maria[0], *more, "a.txt")
    opened, = [decrypt(c, people.maria) for c in bits_flipped(tmp_path / "plain.p7m", middle)]
    assert opened is not None
    opened, = [decrypt(c, people.maria) for c in bits_flipped(tmp_path / "signed.p7m", middle)]
    (tmp_path / "inside").write_bytes(opened)
    done = subprocess.run(["openssl", "cms", "-verify", "-in", tmp_path / "inside", "-CAfile", people.certificate],
                          capture_output=True)
    assert done.returncode != 0


REFUSED = {
    "expired": (dict(), ["--now", LATER], "expired"),
    "not yet valid": (dict(), ["--now", "2001-01-01T00:00:00Z"], "valid only from"),
    "1024 bits": (dict(kind="weak"), [], "1024 bits"),
    "brainpool": (dict(kind="brainpool"), [], "brainpoolP256r1"),
    "ed25519": (dict(kind="ed25519"), [], "ED25519"),
    "sha-1": (dict(digest="sha1"), [], "SHA1"),
    "for servers": (dict(extended="serverAuth"), [], "emailProtection"),
    "sign only": (dict(uses="digitalSignature"), [], "encrypting"),
    "critical extension": (dict(more="1.2.3.4=critical,ASN1:UTF8String:x\n"), [], "critical extension"),
    "another address": (dict(address="someone@example.com"), ["--address", "maria@example.com"], "someone@example.com"),
    "no address": (dict(address=None), ["--address", "maria@example.com"], "no mail address"),
    "a longer address": (dict(address="maria@example.com.evil.example"), ["--address", "maria@example.com"], "evil.example"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_unfit_certificates_are_refused_with_the_reason(tmp_path, people, case):
    how, more, reason = REFUSED[case]
    bad = people.issue("bad-" + case.replace(" ", "-"), **how)
    write(tmp_path, {"a.txt": b"a"})
    done = seal(tmp_path, "-o", "a.p7m", "--to", people.maria[0] if "--now" in more else bad[0], *more, "a.txt", check=False)
    assert done.returncode == 19 and reason.encode() in done.stderr, done.stderr
    assert not (tmp_path / "a.p7m").exists()


def test_md5_is_refused_even_where_nobody_else_signed(tmp_path):
    certificate, _ = certificates.self_made(tmp_path, "old", digest="md5")
    write(tmp_path, {"a.txt": b"a"})
    done = seal(tmp_path, "-o", "a.p7m", "--to", certificate, "a.txt", check=False)
    assert done.returncode == 19 and b"MD5" in done.stderr


def test_the_address_may_be_written_in_capitals(tmp_path, people):
    certificate, _ = people.issue("capitals", address="Maria@Example.COM")
    write(tmp_path, {"a.txt": b"a"})
    seal(tmp_path, "-o", "a.p7m", "--to", certificate, "--address", "maria@example.com", "a.txt")


def test_an_authority_has_to_vouch_if_it_is_asked(tmp_path, people):
    write(tmp_path, {"a.txt": b"a"})
    seal(tmp_path, "-o", "a.p7m", "--to", people.maria[0], "--ca", people.certificate, "a.txt")
    alone, _ = certificates.self_made(tmp_path, "alone")
    elsewhere = certificates.Authority(tmp_path / "elsewhere")
    servers = certificates.Authority(tmp_path / "servers", "For servers", extended="serverAuth")
    for certificate, authority in ((alone, people.certificate), (people.maria[0], elsewhere.certificate),
                                   (people.maria[0], "system")):
        done = seal(tmp_path, "-o", "b.p7m", "--to", certificate, "--ca", authority, "a.txt", check=False)
        assert done.returncode == 19 and b"vouches" in done.stderr, done.stderr
    done = seal(tmp_path, "-o", "b.p7m", "--to", servers.issue("x")[0], "--ca", servers.certificate, "a.txt", check=False)
    assert done.returncode == 19 and b"not meant for mail" in done.stderr, done.stderr
    seal(tmp_path, "-o", "c.p7m", "--to", alone, "--ca", alone, "a.txt")


def test_a_revoked_certificate_is_refused_if_the_list_is_there(tmp_path, people):
    """The list is made by openssl ca, whose database is a few files."""
    authority = certificates.Authority(tmp_path / "ca")
    good, _ = authority.issue("good")
    bad, _ = authority.issue("bad")
    (tmp_path / "index.txt").write_text("")
    (tmp_path / "ca.cnf").write_text("[ca]\ndefault_ca=d\n[d]\ndatabase=index.txt\ncrlnumber=number\ndefault_md=sha256\n"
                                     "default_crl_days=30\n")
    (tmp_path / "number").write_text("01\n")
    ca = ["ca", "-config", "ca.cnf", "-cert", authority.certificate, "-keyfile", authority.key]
    openssl(*ca, "-revoke", bad, cwd=tmp_path)
    openssl(*ca, "-gencrl", "-out", "crl.pem", cwd=tmp_path)
    (tmp_path / "all.pem").write_bytes(authority.certificate.read_bytes() + (tmp_path / "crl.pem").read_bytes())
    write(tmp_path, {"a.txt": b"a"})
    seal(tmp_path, "-o", "a.p7m", "--to", good, "--ca", "all.pem", "a.txt")
    done = seal(tmp_path, "-o", "b.p7m", "--to", bad, "--ca", "all.pem", "a.txt", check=False)
    assert done.returncode == 19 and b"revoked" in done.stderr


def test_what_is_no_certificate_is_told_so(tmp_path, people):
    write(tmp_path, {"a.txt": b"a", "empty": b"", "junk": b"\x30\x82\xff\xff" + b"x" * 100, "long": b"x" * 300_000})
    (tmp_path / "tail.der").write_bytes(openssl("x509", "-in", people.maria[0], "-outform", "DER") + b"more")
    for name in ("empty", "junk", "long", "tail.der", "a.txt"):
        done = seal(tmp_path, "-o", "a.p7m", "--to", name, "a.txt", check=False)
        assert done.returncode in (11, 19) and name.encode() in done.stderr, done.stderr
        assert not (tmp_path / "a.p7m").exists()
    (tmp_path / "maria.der").write_bytes(openssl("x509", "-in", people.maria[0], "-outform", "DER"))
    seal(tmp_path, "-o", "a.p7m", "--to", "maria.der", "a.txt")


def test_a_signing_key_must_be_the_certificates_and_private(tmp_path, people):
    write(tmp_path, {"a.txt": b"a"})
    base = ["-o", "a.p7m", "--to", people.maria[0], "--sign-cert", people.we[0]]
    done = seal(tmp_path, *base, "--sign-key", people.maria[1], "a.txt", check=False)
    assert done.returncode == 19 and b"does not belong" in done.stderr
    shutil.copy(people.we[1], tmp_path / "open.key")
    (tmp_path / "open.key").chmod(0o644)
    done = seal(tmp_path, *base, "--sign-key", "open.key", "a.txt", check=False)
    assert done.returncode == 19 and b"chmod 600" in done.stderr
    done = seal(tmp_path, *base, "a.txt", check=False)
    assert done.returncode == 2
    assert not (tmp_path / "a.p7m").exists()


def test_what_exists_stays_unless_forced(tmp_path, people):
    write(tmp_path, {"a.txt": b"a", "a.p7m": b"precious"})
    done = seal(tmp_path, "-o", "a.p7m", "--to", people.maria[0], "a.txt", check=False)
    assert done.returncode != 0 and b"--force" in done.stderr
    assert (tmp_path / "a.p7m").read_bytes() == b"precious"
    seal(tmp_path, "--force", "-o", "a.p7m", "--to", people.maria[0], "a.txt")


@pytest.mark.skipif(not PLAIN.exists(), reason="the build has no test programs (-Dtests=true)")
@pytest.mark.parametrize("cipher", [[], ["--gcm"]], ids=["cbc", "gcm"])
def test_memory_does_not_grow_with_the_document(tmp_path, people, cipher):
    """Measured without the sanitizers, which keep what was freed."""
    def peak(size):
        with open(tmp_path / "document", "wb") as document:
            document.truncate(size)
        done = subprocess.run(["/usr/bin/python3", "-c", "import resource, subprocess, sys; subprocess.run(sys.argv[1:], "
                               "check=True); print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)",
                               PLAIN, "seal", "smime", "--force", "-o", "a.p7m", "--to", people.maria[0], "--sign-cert",
                               people.we[0], "--sign-key", people.we[1], *cipher, "document"],
                              cwd=tmp_path, check=True, capture_output=True, timeout=300)
        return int(done.stdout)
    assert peak(60_000_000) < peak(1000) + 1000
