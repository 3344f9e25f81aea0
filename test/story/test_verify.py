"""verify, with openssl and sha256 as the other side; it needs no configuration."""
import hashlib
import json
import os
import subprocess

import pytest

import certificates
from certificates import openssl

LETTERLOCK = os.path.abspath(os.environ.get("LETTERLOCK", "build/letterlock"))
CONTENT = b"%PDF-1.4\r\nline\nline\r\n\0" * 5000


@pytest.fixture(scope="module")
def people(tmp_path_factory):
    authority = certificates.Authority(tmp_path_factory.mktemp("people"))
    authority.we = authority.issue("we", address="documents@example.com")
    return authority


@pytest.fixture
def document(tmp_path, people):
    (tmp_path / "a.pdf").write_bytes(CONTENT)
    sign(tmp_path, people.we)
    return tmp_path / "a.pdf"


def sign(tmp_path, who, *more, out="a.pdf.p7s"):
    openssl("cms", "-sign", "-binary", "-in", tmp_path / "a.pdf", "-signer", who[0], "-inkey", who[1], "-outform", "DER",
            "-out", tmp_path / out, *more)


def verify(path, *args, status):
    done = subprocess.run([LETTERLOCK, "verify", "--json", str(path), *map(str, args)], capture_output=True, timeout=60)
    assert done.returncode == status, done
    words = subprocess.run([LETTERLOCK, "verify", str(path), *map(str, args)], capture_output=True, timeout=60)
    assert words.returncode == status and (words.stdout + words.stderr).strip()
    assert (b": verified" in words.stdout) == (status == 0)
    return json.loads(done.stdout or done.stderr)


def grouped(digest):
    return " ".join(digest[i:i + 8] for i in range(0, 64, 8))


def test_a_digest_is_compared_however_it_is_written(document):
    document.with_name("a.pdf.p7s").unlink()
    digest = hashlib.sha256(CONTENT).hexdigest()
    for written in (digest, digest.upper(), grouped(digest)):
        verdict = verify(document, "--sha256", written, status=0)
        assert verdict == {"file": str(document), "size": len(CONTENT), "sha256": digest, "verified": True,
                           "sha256_matches": True, "signature": None, "reason": None}
    other = hashlib.sha256(b"x").hexdigest()
    verdict = verify(document, "--sha256", other, status=1)
    assert verdict["verified"] is False and verdict["sha256_matches"] is False and verdict["sha256"] == digest
    for wrong in ("", digest[:-1], digest[:-2], digest + "00", "g" * 64):
        verify(document, "--sha256", wrong, status=2)


def test_nothing_to_compare_with_verifies_nothing(document):
    document.with_name("a.pdf.p7s").unlink()
    verdict = verify(document, status=1)
    assert verdict["verified"] is False and "nothing to compare" in verdict["reason"]
    verify(document, "--certificate", document, status=2)


def test_a_signature_beside_the_document_is_found_and_judged(document, people):
    verdict = verify(document, "--certificate", people.certificate, status=0)
    signature = verdict["signature"]
    fingerprint = openssl("x509", "-in", people.we[0], "-noout", "-fingerprint", "-sha256").decode().strip().split("=")[1]
    assert signature["intact"] and signature["trusted"] and signature["fingerprint"] == fingerprint
    assert signature["addresses"] == ["documents@example.com"] and signature["signer"] == "CN=we"
    assert signature["issuer"] == "CN=Example Authority" and signature["signed_at"]
    verify(document, "--certificate", people.we[0], "--address", "Documents@example.com", status=0)  # the certificate itself


def test_each_thing_that_does_not_fit_is_told(document, people, tmp_path):
    digest = hashlib.sha256(CONTENT).hexdigest()
    fits = ["--certificate", people.certificate]
    cases = [([], "vouches"),  # the system's authorities do not know it
             (fits + ["--address", "someone@example.com"], "documents@example.com"),
             (fits + ["--now", "2100-01-01T00:00:00Z"], "expired"),
             (fits + ["--sha256", digest[::-1]], "SHA-256 is another")]
    for args, words in cases:
        verdict = verify(document, *args, status=1)
        assert not verdict["verified"] and words in verdict["reason"], verdict
    document.write_bytes(CONTENT[:-1] + b"\1")
    verdict = verify(document, *fits, status=1)
    assert not verdict["signature"]["intact"] and not verdict["signature"]["trusted"]
    assert "changed" in verdict["reason"]


def test_certificates_not_for_mail_or_not_for_signing_are_not_believed(document, people, tmp_path):
    for name, how, words in (("server", dict(extended="serverAuth"), "emailProtection"),
                             ("reader", dict(uses="keyEncipherment"), "signing"),
                             ("weak", dict(kind="weak"), "1024")):
        sign(tmp_path, people.issue(name, **how), out="b.p7s")
        verdict = verify(document, "--signature", tmp_path / "b.p7s", "--certificate", people.certificate, status=1)
        assert verdict["signature"]["intact"] and not verdict["signature"]["trusted"] and words in verdict["reason"]


def test_what_is_no_signature_of_a_file_beside_it_is_refused(document, people, tmp_path):
    fits = ["--certificate", people.certificate]
    sign(tmp_path, people.we, "-nodetach", out="attached.p7s")
    sign(tmp_path, people.we, "-md", "sha1", out="sha1.p7s")
    (tmp_path / "junk.p7s").write_bytes(b"\x30\x80junk")
    (tmp_path / "empty.p7s").write_bytes(b"")
    (tmp_path / "tail.p7s").write_bytes((tmp_path / "a.pdf.p7s").read_bytes() + b"x")
    (tmp_path / "long.p7s").write_bytes(b"\x30" * 300_000)
    for name in ("attached", "sha1", "junk", "empty", "tail", "long", "absent"):
        wrong = verify(document, "--signature", tmp_path / (name + ".p7s"), *fits, status={"long": 11, "absent": 28}.get(name, 1))
        assert name in wrong["error"]["where"]
