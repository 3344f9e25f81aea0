"""DKIM by stages: canonical form, signature, verdict; held against dkimpy and OpenDKIM."""
import base64
import json
import os
import pathlib
import random
import re
import subprocess

import dkim
import opendkim
import pytest
from dkim.canonicalization import CanonicalizationPolicy

LETTERLOCK = os.path.abspath(os.environ.get("LETTERLOCK", "build/letterlock"))
VECTORS = pathlib.Path(__file__).parent.parent / "vectors" / "dkim"
DOMAIN = "example.com"

MESSAGE = (b"From: Ann <ann@example.com>\r\nTo: bob@example.net\r\nSubject: Your policy\r\n"
           b"Date: Sat, 21 Nov 2026 19:50:00 +0000\r\nMessage-ID: <1@example.com>\r\nMIME-Version: 1.0\r\n"
           b"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n"
           b"List-Unsubscribe: <https://example.com/u/1>\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"
           b"\r\nHello Bob,\r\n\r\nhere it is.\r\n")


def run(*args, message=b"", ok=True):
    done = subprocess.run([LETTERLOCK, *map(str, args)], input=message, capture_output=True, timeout=60)
    if ok:
        assert done.returncode == 0, done.stderr
    return done


def shell(command, cwd):
    return subprocess.run(command, shell=True, cwd=cwd, check=True, capture_output=True).stdout


@pytest.fixture(scope="session")
def keys(tmp_path_factory):
    """rsa.pem and ed.pem with names.json, whose records openssl wrote."""
    folder = tmp_path_factory.mktemp("keys")
    shell("umask 077; openssl genrsa -out rsa.pem 2048; openssl genpkey -algorithm ed25519 -out ed.pem", folder)
    rsa = base64.b64encode(shell("openssl pkey -in rsa.pem -pubout -outform der", folder)).decode()
    ed = base64.b64encode(shell("openssl pkey -in ed.pem -pubout -outform der", folder)[-32:]).decode()
    names = {f"rsa._domainkey.{DOMAIN}": {"TXT": [f"v=DKIM1; k=rsa; p={rsa}"]},
             f"ed._domainkey.{DOMAIN}": {"TXT": [f"v=DKIM1; k=ed25519; p={ed}"]}}
    (folder / "names.json").write_text(json.dumps(names))
    return folder


def names_of(folder):
    return json.loads((folder / "names.json").read_text())


def sign(keys, selector, message, *more):
    return run("dkim", "sign", "--domain", DOMAIN, "--selector", selector, "--key", keys / f"{selector}.pem", *more,
               message=message).stdout


def signed_twice(keys, message):
    return sign(keys, "ed", sign(keys, "rsa", message))


def verify(folder, message, *more):
    out = run("dkim", "verify", "--dns", folder / "names.json", *more, message=message).stdout
    return json.loads(out)


def results(folder, message, *more):
    return [v["result"] for v in verify(folder, message, *more)]


def dkimpy_says(folder, message):
    names = names_of(folder)

    def txt(name, timeout=5):
        name = name.decode() if isinstance(name, bytes) else name
        found = names.get(name.rstrip("."))
        return found["TXT"][0].encode() if found else None

    judge = dkim.DKIM(message)

    def passes(index):
        try:
            return judge.verify(index, dnsfunc=txt)
        except dkim.DKIMException:
            return False
    return [passes(i) for i in range(message.count(b"DKIM-Signature:"))]


def tags_of(message):
    field = re.match(rb"DKIM-Signature:((?:[^\r]|\r\n[ \t])*)", message).group(1)
    pairs = [tag.split(b"=", 1) for tag in re.sub(rb"\s", b"", field).split(b";")]
    return {name.decode(): value.decode() for name, value in pairs}


# ── Canonical forms ──────────────────────────────────────────────────────────────────────────────────

def canon(message, header, body):
    out = json.loads(run("dkim", "canon", "--header", header, "--body", body, message=message).stdout)
    return out["header"], out["body"]


@pytest.mark.parametrize("case", sorted(p.parent.name + "/" + p.name for p in VECTORS.glob("*/*-header")))
def test_canonical_form_is_that_of_the_vector(case):
    folder, how = VECTORS / case.split("/")[0], case.split("/")[1].split("-")[0]
    header, body = canon((folder / "message").read_bytes(), how, how)
    assert header.encode() == (folder / f"{how}-header").read_bytes()
    assert body.encode() == (folder / f"{how}-body").read_bytes()


def dkimpy_canon(message, how):
    header, _, body = message.partition(b"\r\n\r\n")
    fields = [tuple(f.split(b":", 1)) for f in re.split(rb"\r\n(?![ \t])", header)]
    policy = CanonicalizationPolicy.from_c_value(f"{how}/{how}".encode())
    made = policy.canonicalize_headers([(name, body + b"\r\n") for name, body in fields])
    return b"".join(name + b":" + value for name, value in made).decode(), policy.canonicalize_body(body).decode()


def random_message(chance):
    def piece(of, most):
        return "".join(chance.choice(of) for _ in range(chance.randint(0, most)))
    fields = []
    for _ in range(chance.randint(1, 6)):
        name = chance.choice(["From", "to", "SUBJECT", "X-A", "x-b"])
        value = piece(["a", "B", ":", ";", " ", "  ", "\t", "é", "\r\n ", "\r\n\t", "\r\n  "], 12)
        fields.append(f"{name}:{value}x{piece([' ', chr(9)], 2)}")
    lines = [piece(["a", "Z", " ", "  ", "\t", ".", "ü", "="], 10) for _ in range(chance.randint(0, 6))]
    lines += [piece([" ", "\t"], 2) for _ in range(chance.randint(0, 3))]
    body = "".join(line + "\r\n" for line in lines)
    return ("\r\n".join(fields) + "\r\n\r\n" + body).encode()


@pytest.mark.parametrize("how", ["simple", "relaxed"])
def test_random_messages_have_dkimpys_canonical_form(how):
    chance = random.Random(6376)
    for _ in range(80):
        message = random_message(chance)
        assert canon(message, how, how) == dkimpy_canon(message, how), message


def test_lf_alone_is_read_as_crlf_and_a_mixture_is_refused():
    assert canon(b"A: b\n\nc\n", "simple", "simple") == ("A: b\r\n", "c\r\n")
    for mixed in (b"A: b\r\n\r\nc\n", b"A: b\n\nc\rd\n", b"A: b\r\n\r\nc\rd\r\n", b"A: b\r\n\r\nc\r\r\n"):
        done = run("dkim", "canon", "--header", "simple", "--body", "simple", message=mixed, ok=False)
        assert done.returncode == 1 and b"mix" in done.stderr


# ── Signing ──────────────────────────────────────────────────────────────────────────────────────────

def with_body(body):
    return MESSAGE.partition(b"\r\n\r\n")[0] + b"\r\n\r\n" + body


MESSAGES = {
    "plain": MESSAGE,
    "empty body": with_body(b""),
    "no body at all": MESSAGE.partition(b"\r\n\r\n")[0] + b"\r\n",
    "blank lines only": with_body(b"\r\n \r\n\t\r\n"),
    "trailing blanks": with_body(b"a  \t b \r\n\r\n \r\n\r\n"),
    "no final end of line": with_body(b"a\r\nb"),
    "lines of 998 octets": with_body((b"x" * 998 + b"\r\n") * 3),
    "8-bit": with_body("Grüße, 漢字\r\n".encode()),
    "not UTF-8": with_body(bytes(range(128, 256)) + b"\r\n"),
    "dots": with_body(b".\r\n..\r\n"),
    "duplicated fields": b"Received: a\r\nReceived: b\r\nComments: x\r\nComments: y\r\n" + MESSAGE,
    "folded fields": MESSAGE.replace(b"Your policy", b"Your\r\n \t policy \r\n of 2026"),
    "long field": MESSAGE.replace(b"Your policy", b"\r\n ".join(b"w" * 70 for _ in range(200))),
    "a megabyte": with_body(b"0123456789abcdef 0123456789\r\n" * 36000),
}


@pytest.mark.parametrize("kind", MESSAGES)
def test_dkimpy_and_opendkim_accept_both_signatures(kind, keys, tmp_path):
    message = signed_twice(keys, MESSAGES[kind])
    assert message.endswith(MESSAGES[kind])
    assert results(keys, message) == ["pass", "pass"]
    assert dkimpy_says(keys, message) == [True, True]
    if not opendkim.library():
        pytest.skip("libopendkim is not installed")
    if kind == "no final end of line":
        return  # libopendkim adds none, RFC 6376 3.4.4 does; on the wire there always is one
    for selector in ("rsa", "ed"):
        assert opendkim.verify(sign(keys, selector, MESSAGES[kind]), names_of(keys), tmp_path) == (0, [True])


def test_signature_says_what_it_must_and_nothing_that_weakens_it(keys):
    message = sign(keys, "rsa", MESSAGE, "--now", "1700000000", "--valid", "5d")
    tags = tags_of(message)
    signed = tags["h"].lower().split(":")
    for name in ("from", "to", "subject", "date", "message-id", "mime-version", "content-type",
                 "content-transfer-encoding", "list-unsubscribe", "list-unsubscribe-post"):
        assert signed.count(name) == 2, name
    for absent in ("cc", "reply-to", "content-disposition"):
        assert signed.count(absent) == 1, absent
    assert tags["c"] == "relaxed/relaxed" and tags["a"] == "rsa-sha256"
    assert tags["t"] == "1700000000" and tags["x"] == str(1700000000 + 5 * 86400)
    assert not {"l", "i", "z"} & set(tags)
    assert all(len(line) <= 78 for line in message.split(b"\r\n"))


def test_the_published_key_signs_the_same_bytes_every_time(tmp_path):
    """RFC 8463 A.2: Ed25519 is deterministic, so the whole signed message is a vector; dkimpy judges it."""
    seed = base64.b64decode("nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A=")
    der = bytes.fromhex("302e020100300506032b657004220420") + seed
    pem = "-----BEGIN PRIVATE KEY-----\n" + base64.b64encode(der).decode() + "\n-----END PRIVATE KEY-----\n"
    (tmp_path / "ed.pem").write_text(pem)
    (tmp_path / "ed.pem").chmod(0o600)
    message = (VECTORS / "rfc8463" / "message").read_bytes()
    ours = run("dkim", "sign", "--domain", "football.example.com", "--selector", "brisbane", "--key",
               tmp_path / "ed.pem", "--now", "1528637909", message=message).stdout
    assert ours == (VECTORS / "rfc8463" / "signed-by-us").read_bytes()
    assert [v["result"] for v in verify(VECTORS / "rfc8463", ours)] == ["pass"]
    assert dkimpy_says(VECTORS / "rfc8463", ours) == [True]


@pytest.mark.parametrize("from_fields", [b"", b"From: a@example.com\r\nFrom: b@example.com\r\n"])
def test_a_message_without_exactly_one_from_is_not_signed(from_fields, keys):
    message = from_fields + MESSAGE.partition(b"\r\n")[2]
    done = run("dkim", "sign", "--domain", DOMAIN, "--selector", "rsa", "--key", keys / "rsa.pem", message=message,
               ok=False)
    assert done.returncode != 0 and done.stdout == b"" and b"From" in done.stderr


def test_a_key_of_1024_bits_signs_nothing(keys, tmp_path):
    shell("umask 077; openssl genrsa -out weak.pem 1024", tmp_path)
    done = run("dkim", "sign", "--domain", DOMAIN, "--selector", "weak", "--key", tmp_path / "weak.pem", message=MESSAGE,
               ok=False)
    assert done.returncode != 0 and done.stdout == b"" and b"1024" in done.stderr


@pytest.mark.parametrize("domain, selector", [("a b", "s"), ("x;d=evil.example", "s"), ("example.com\r\nX: y", "s"),
                                              ("example.com", "s\n"), ("", "s"), ("example..com", "s")])
def test_names_that_are_not_names_are_refused(domain, selector, keys):
    done = run("dkim", "sign", f"--domain={domain}", f"--selector={selector}", "--key", keys / "rsa.pem", message=MESSAGE,
               ok=False)
    assert done.returncode == 2 and done.stdout == b""


# ── Verifying ────────────────────────────────────────────────────────────────────────────────────────

@pytest.mark.parametrize("case", ["rfc8463", "rfc6376"])
def test_published_signatures_pass(case):
    folder = VECTORS / case
    assert set(results(folder, (folder / "signed").read_bytes())) == {"pass"}


TAMPERED = {
    "appended body": lambda m: m + b"and more\r\n",
    "changed body": lambda m: m.replace(b"here it is", b"here it was"),
    "changed subject": lambda m: m.replace(b"Your policy", b"My policy"),
    "removed field": lambda m: m.replace(b"List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n", b""),
    **{f"second {name}": (lambda name: lambda m: f"{name}: text/html\r\n".encode() + m)(name)
       for name in ("From", "To", "Cc", "Subject", "Date", "Reply-To", "Message-ID", "MIME-Version", "Content-Type",
                    "Content-Transfer-Encoding", "Content-Disposition", "List-Unsubscribe")},
}


@pytest.mark.parametrize("how", TAMPERED)
def test_what_was_changed_or_added_fails(how, keys, tmp_path):
    message = TAMPERED[how](signed_twice(keys, MESSAGE))
    assert results(keys, message) == ["fail", "fail"]
    for selector in ("rsa", "ed"):
        assert dkimpy_says(keys, TAMPERED[how](sign(keys, selector, MESSAGE))) == [False]


def test_what_relays_do_to_white_space_still_passes(keys):
    message = signed_twice(keys, MESSAGE)
    message = message.replace(b"Subject: Your policy", b"subject:  Your\r\n\tpolicy ").replace(b"it is.\r\n", b"it  is. \r\n\r\n")
    assert results(keys, b"Received: by relay\r\n" + message) == ["pass", "pass"]


def dkimpy_signed(keys, **more):
    options = dict(include_headers=[b"from", b"to", b"subject"]) | more
    field = dkim.sign(MESSAGE, b"rsa", DOMAIN.encode(), (keys / "rsa.pem").read_bytes(), **options)
    return field + MESSAGE


@pytest.mark.parametrize("form", [b"simple/simple", b"simple/relaxed", b"relaxed/simple", b"relaxed/relaxed"])
def test_foreign_signatures_of_every_form_pass(form, keys):
    header, body = form.split(b"/")
    assert results(keys, dkimpy_signed(keys, canonicalize=(header, body))) == ["pass"]


def test_l_is_never_a_pass(keys):
    message = dkimpy_signed(keys, length=True)
    assert verify(keys, message)[0]["result"] == "policy" and "l=" in verify(keys, message)[0]["reason"]
    assert results(keys, message + b"appended\r\n") == ["policy"]


EDITED = {
    "unknown version": ("v=1;", "v=2;", "permerror"),
    "rsa-sha1": ("a=rsa-sha256", "a=rsa-sha1", "permerror"),
    "unknown algorithm": ("a=rsa-sha256", "a=rsa-sha512", "permerror"),
    "unknown form": ("c=relaxed/relaxed", "c=loose", "permerror"),
    "a tag twice": ("v=1;", "v=1; v=1;", "permerror"),
    "no signature": ("b=", "y=", "permerror"),
    "broken base64": ("bh=", "bh=!", "permerror"),
    "From not signed": ("h=From:From:", "h=", "permerror"),
    "foreign identity": ("v=1;", "v=1; i=a@example.org;", "permerror"),
    "identity of a lookalike": ("v=1;", "v=1; i=a@badexample.com;", "permerror"),
    "no key": ("s=rsa", "s=gone", "permerror"),
    "key of the other kind": ("s=rsa", "s=ed", "permerror"),
    "not a domain": ("d=example.com", "d=example com", "permerror"),
    "made in the future": ("t=", "t=9", "policy"),
    "not a time": ("t=", "t=x", "permerror"),
    "unknown query": ("v=1;", "v=1; q=http;", "permerror"),
    "l= beyond the body": ("v=1;", "v=1; l=99999;", "permerror"),
    "a tag added": ("v=1;", "v=1; n=note;", "fail"),
}


@pytest.mark.parametrize("how", EDITED)
def test_edited_field_is_judged(how, keys):
    old, new, expected = EDITED[how]
    message = sign(keys, "rsa", MESSAGE)
    edited = message.replace(old.encode(), new.encode(), 1)
    assert edited != message
    assert results(keys, edited) == [expected]


def test_expired_signature_is_not_a_pass(keys):
    message = sign(keys, "rsa", MESSAGE, "--now", "1700000000", "--valid", "1h")
    assert results(keys, message, "--now", "1700003599") == ["pass"]
    assert results(keys, message, "--now", "1700003600") == ["policy"]


RECORDS = {
    "revoked": ("p=", lambda r: r.split("p=")[0] + "p=", "permerror"),
    "malformed": ("p=", lambda r: r.replace("p=", "p=!"), "permerror"),
    "no p": ("p=", lambda r: r.replace("p=", "q="), "permerror"),
    "another version": ("v=DKIM1", lambda r: r.replace("DKIM1", "DKIM2"), "permerror"),
    "no version": ("v=DKIM1", lambda r: r.replace("v=DKIM1; ", ""), "pass"),
    "sha1 only": ("k=rsa", lambda r: r.replace("k=rsa", "k=rsa; h=sha1"), "permerror"),
    "sha1 and sha256": ("k=rsa", lambda r: r.replace("k=rsa", "k=rsa; h=sha1 : sha256"), "pass"),
    "not for mail": ("k=rsa", lambda r: r.replace("k=rsa", "k=rsa; s=tlsrpt"), "permerror"),
    "for all": ("k=rsa", lambda r: r.replace("k=rsa", "k=rsa; s=*"), "pass"),
    "a test": ("k=rsa", lambda r: r.replace("k=rsa", "k=rsa; t=y"), "pass"),
    "strict": ("k=rsa", lambda r: r.replace("k=rsa", "k=rsa; t=s:y"), "pass"),
    "unknown tag": ("k=rsa", lambda r: r.replace("k=rsa", "k=rsa; zz=1"), "pass"),
}


@pytest.mark.parametrize("how", RECORDS)
def test_key_record_is_judged(how, keys, tmp_path):
    name = f"rsa._domainkey.{DOMAIN}"
    record = names_of(keys)[name]["TXT"][0]
    edited = RECORDS[how][1](record)
    assert edited != record
    (tmp_path / "names.json").write_text(json.dumps({name: {"TXT": [edited]}}))
    assert results(tmp_path, sign(keys, "rsa", MESSAGE)) == [RECORDS[how][2]]


def test_short_key_failing_server_and_two_records_are_told_apart(keys, tmp_path):
    shell("openssl genrsa -out short.pem 768", tmp_path)
    short = base64.b64encode(shell("openssl pkey -in short.pem -pubout -outform der", tmp_path)).decode()
    name, message = f"rsa._domainkey.{DOMAIN}", sign(keys, "rsa", MESSAGE)
    good = names_of(keys)[name]["TXT"][0]
    for records, expected in (({"TXT": [f"v=DKIM1; p={short}"]}, "policy"), ("SERVFAIL", "temperror"),
                              ({"TXT": [good, good]}, "permerror"), ({"MX": ["10 mx.example"]}, "permerror")):
        (tmp_path / "names.json").write_text(json.dumps({name: records}))
        assert results(tmp_path, message) == [expected]


def test_strict_key_refuses_identities_in_subdomains(keys, tmp_path):
    name = f"rsa._domainkey.{DOMAIN}"
    record = names_of(keys)[name]["TXT"][0]
    message = dkimpy_signed(keys, identity=b"ann@mail.example.com")
    assert results(keys, message) == ["pass"]
    (tmp_path / "names.json").write_text(json.dumps({name: {"TXT": [record.replace("k=rsa", "k=rsa; t=s")]}}))
    assert results(tmp_path, message) == ["permerror"]


def test_a_message_without_signature_gives_an_empty_list(keys):
    assert verify(keys, MESSAGE) == []


def test_more_signatures_than_are_looked_at_are_not_passed(keys):
    message = sign(keys, "ed", MESSAGE)
    field = message[:-len(MESSAGE)]
    assert results(keys, field * 20 + MESSAGE) == ["pass"] * 16 + ["policy"] * 4
