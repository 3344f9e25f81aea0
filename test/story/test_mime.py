"""Messages against Python's email parser: no input adds a header, and what was meant is what is read."""
import email
import email.header
import email.policy
import email.utils
import json
import os
import random
import re
import subprocess
from concurrent.futures import ThreadPoolExecutor

import pytest

LETTERLOCK = os.environ.get("LETTERLOCK", "build/letterlock")

# B-20 of the threats: what ends a line somewhere, or is taken for the end of a text.
BAD = {
    "crlf": "\r\nBcc: evil@evil.example", "lf": "\nBcc: evil@evil.example", "cr": "\rBcc: evil@evil.example",
    "crlf_blank": "\r\n\r\nbody", "nul": "\0Bcc: x", "vt": "\vBcc: x", "ff": "\fBcc: x", "del": "\x7fBcc: x", "esc": "\x1b[2J",
    "nel": "\u0085Bcc: x", "ls": "\u2028Bcc: x", "ps": "\u2029Bcc: x", "percent": "%0d%0aBcc: x", "tab": "\tBcc: x",
    "encoded_word": "=?utf-8?q?=0d=0aBcc:_evil@evil.example?=", "encoded_b": "=?utf-8?B?DQpCY2M6IHg=?=",
    "fold": "\r\n Bcc: x", "rtl": "\u202egpj.exe", "quote": '"; x="', "angle": "> <evil@evil.example",
}
RAW = {"overlong": b"\xc0\x8d\xc0\x8aBcc: x", "latin": b"\xe4", "cut": b"\xe2\x82", "surrogate": b"\\ud800", "surrogate_raw": b"\xed\xa0\x80"}


def spec():
    return {"from": {"name": "A Sender", "address": "sender@example.org"}, "to": {"name": "B Reader", "address": "reader@example.com"},
            "cc": {"name": "C Other", "address": "other@example.com"}, "reply_to": {"name": "D", "address": "desk@example.org"},
            "subject": "A subject", "text": "text\n", "html": "<p>html</p>\n", "headers": {"X-Job": "seven"},
            "attachments": [{"name": "a.pdf", "type": "application/pdf", "content": "x"}],
            "unsubscribe": "https://example.org/u", "message_id": "<a@example.org>", "language": "en"}


INTENDED = ["From", "To", "Cc", "Reply-To", "Subject", "Date", "Message-ID", "Content-Language", "List-Unsubscribe",
            "List-Unsubscribe-Post", "X-Job", "MIME-Version", "Content-Type"]

# Where a value is put; the second is what a refusal may call it.
FIELDS = {
    "from name": (lambda s, v: s["from"].update(name=v), "from"),
    "from address": (lambda s, v: s["from"].update(address=v), "from"),
    "to name": (lambda s, v: s["to"].update(name=v), "to"),
    "to address": (lambda s, v: s["to"].update(address=v), "to"),
    "to as text": (lambda s, v: s.update(to=v + " <reader@example.com>"), "to"),
    "cc name": (lambda s, v: s["cc"].update(name=v), "cc"),
    "cc address": (lambda s, v: s["cc"].update(address=v), "cc"),
    "reply_to name": (lambda s, v: s["reply_to"].update(name=v), "reply_to"),
    "reply_to address": (lambda s, v: s["reply_to"].update(address=v), "reply_to"),
    "subject": (lambda s, v: s.update(subject=v), "subject"),
    "header name": (lambda s, v: s.update(headers={v: "x"}), "header name"),
    "header value": (lambda s, v: s.update(headers={"X-Job": v}), "X-Job"),
    "attachment name": (lambda s, v: s["attachments"][0].update(name=v), "attachment name"),
    "attachment type": (lambda s, v: s["attachments"][0].update(type=v), "attachment type"),
    "unsubscribe": (lambda s, v: s.update(unsubscribe="https://example.org/" + v), "unsubscribe"),
    "unsubscribe mailto": (lambda s, v: s.update(unsubscribe="mailto:a@example.org?subject=" + v), "unsubscribe"),
    "message_id": (lambda s, v: s.update(message_id=v), "message id"),
    "language": (lambda s, v: s.update(language=v), "language"),
}
GOOD = {"from address": "ok@example.org", "to address": "ok@example.com", "cc address": "ok@example.com",
        "reply_to address": "ok@example.com", "header name": "X-Ok", "attachment type": "text/plain",
        "message_id": "<ok@example.org>"}


def build(described, *more):
    data = described if isinstance(described, bytes) else json.dumps(described).encode()
    return subprocess.run([LETTERLOCK, "mime", "build", "-", "--json", *more], input=data, capture_output=True, timeout=60)


def lines_are_sound(raw):
    assert raw.endswith(b"\r\n") and b"\0" not in raw
    assert b"\n" not in raw.replace(b"\r\n", b"") and b"\r" not in raw.replace(b"\r\n", b"")
    for line in raw.split(b"\r\n"):
        assert len(line) <= 998
    head = raw.split(b"\r\n\r\n", 1)[0].split(b"\r\n")
    for line in head:
        one_line = line.startswith((b"List-Unsubscribe", b"Message-ID"))
        assert len(line) <= 78 or one_line or b" " not in line.strip(), line
        assert line.strip(), "a line of blanks"


def decoded(header):
    return "".join(part.decode(charset or "ascii") if isinstance(part, bytes) else part
                   for part, charset in email.header.decode_header(header))


def read(done):
    assert done.returncode == 0, done.stderr
    lines_are_sound(done.stdout)
    return email.message_from_bytes(done.stdout, policy=email.policy.SMTP), email.message_from_bytes(done.stdout)


def judge(field, name, described):
    done = build(described)
    if done.returncode:
        wrong = json.loads(done.stderr)["error"]
        assert not done.stdout
        named = FIELDS[field][1]
        # What is not UTF-8 is not JSON either, and is refused with line and column before it has a field.
        assert wrong.get("where") in (named, "message", "attachments"), (field, name, wrong)
        return "refused " + wrong["why"]
    modern, old = read(done)
    # One click needs https (RFC 8058 3.1).
    intended = [k for k in INTENDED if k != "List-Unsubscribe-Post" or field != "unsubscribe mailto"]
    assert [k for k, _ in old.items()] == intended, (field, name)
    assert [k for k, _ in modern.items()] == intended, (field, name)
    for message in (modern, old):
        assert "Bcc" not in message
        parts = [part.get_content_type() for part in message.walk()]
        assert parts == ["multipart/mixed", "multipart/alternative", "text/plain", "text/html", "application/pdf"] or field == "attachment type"
    return "encoded"


def cases():
    for field, (put, _) in FIELDS.items():
        good = GOOD.get(field, "ok")
        for name, bad in BAD.items():
            for place, value in (("within", good[:2] + bad + good[2:]), ("at the end", good + bad), ("first", bad + good)):
                s = spec()
                put(s, value)
                if field == "header name":
                    assert list(s["headers"]) == [value]
                yield field, name + " " + place, json.dumps(s).encode()
        for name, bad in RAW.items():
            s = spec()
            put(s, good + "@@BAD@@")
            yield field, name, json.dumps(s).encode().replace(b"@@BAD@@", bad)


def test_no_value_in_any_field_adds_a_header_or_a_line():
    with ThreadPoolExecutor(4) as pool:
        verdicts = list(pool.map(lambda case: (*case[:2], judge(*case)), cases()))
    assert len(verdicts) == len(FIELDS) * (3 * len(BAD) + len(RAW))
    for field, name, verdict in verdicts:
        if name.split()[0] in ("crlf", "lf", "cr", "nul", "crlf_blank", "nel", "ls", "ps", "vt", "ff", "del", "fold"):
            # A key of JSON with NUL in it is refused before it is a header's name.
            nul_key = field == "header name" and name.startswith("nul")
            assert verdict == ("refused syntax" if nul_key else "refused header"), (field, name, verdict)
        if name in RAW:
            assert verdict == "refused syntax", (field, name, verdict)
    assert any(verdict == "encoded" for _, name, verdict in verdicts if name.startswith("encoded_word"))


NAMES = ["Zoë", "李雷", "Smith, John", 'Bob "the" B\\x', "O'Neil (x)", "=?utf-8?q?x?=", "a" * 200, "ä" * 120, "Иван Петров",
         "مريم", "👩‍👩‍👧‍👦"[:1] + " family", "J. R. R.", "x=?y", "semi;colon:", "<angle>", "at@sign", " ".join(["word"] * 40), "é" + "a" * 100]


@pytest.mark.parametrize("name", NAMES)
def test_a_display_name_is_read_as_it_was_given(name):
    s = spec()
    s["to"] = [{"name": name, "address": "reader@example.com"}, "plain@example.com", {"name": name, "address": "second@example.com"}]
    modern, old = read(build(s))
    wanted = [(name, "reader@example.com"), ("", "plain@example.com"), (name, "second@example.com")]
    pairs = email.utils.getaddresses([re.sub(r"\r?\n", "", old["To"])])
    assert [(decoded(n), a) for n, a in pairs] == wanted
    # The newer parser keeps the blanks between two encoded words of a name, which RFC 2047 6.2 tells it not to.
    assert [(a.display_name.replace(" ", ""), a.addr_spec) for a in modern["To"].addresses] == [
        (n.replace(" ", ""), a) for n, a in wanted]


SUBJECTS = NAMES + ["", "x" * 1200, "two  blanks", " leads", "ends ", "a" * 75, "a" * 76, "a b" * 400, "漢" * 300, "👍" * 50,
                    "שלום עולם", "tab\u00a0nbsp", "=?", "?=", "=?utf-8?B?", ("long " * 30).strip(), "q?e=1_2 é"]


@pytest.mark.parametrize("subject", SUBJECTS)
def test_a_subject_is_read_as_it_was_given(subject):
    s = spec()
    s["subject"], s["headers"] = subject, {"X-Job": subject}
    modern, old = read(build(s))
    assert decoded(re.sub(r"\r?\n", "", old["Subject"])) == subject
    assert decoded(re.sub(r"\r?\n", "", old["X-Job"])) == subject
    if subject.strip() == subject and subject:
        assert modern["Subject"] == subject
    for word in re.findall(r"=\?UTF-8\?[QB]\?[^?]*\?=", old["Subject"]):
        assert len(word) <= 75
        part, charset = email.header.decode_header(word)[0]
        part.decode(charset)  # a character is never cut


FILES = ["a.pdf", "Prüfung.pdf", "with blank.pdf", 'quote".pdf', "semi;colon.pdf", "percent%0d%0a.pdf", "x" * 200 + ".pdf", "ü" * 120 + ".pdf",
         "漢字" * 40 + ".docx", "'single'.txt", "a*b=c.txt", "👍.png", ".hidden", "no extension", "=?utf-8?q?x?=.pdf", "ßß"]


@pytest.mark.parametrize("name", FILES)
def test_a_file_name_is_read_as_it_was_given(name):
    s = spec()
    s["attachments"][0]["name"] = name
    done = build(s)
    modern, _ = read(done)
    part = list(modern.iter_attachments())[0]
    assert part.get_filename() == name
    assert part.get_content_type() == "application/pdf"
    fallback = re.search(rb'filename="((?:[^"\\]|\\.)*)"', done.stdout)[1]
    assert fallback.isascii() and len(fallback) < 60 and not set(fallback) & set(b'/\\:%"')


@pytest.mark.parametrize("name", ["../etc/passwd", "a/b", "a\\b", "..", ".", "", "evil\u202efdp.exe", "zero\u200bwidth", "x" * 600])
def test_a_file_name_that_misleads_is_refused(name):
    s = spec()
    s["attachments"][0]["name"] = name
    done = build(s)
    assert done.returncode and json.loads(done.stderr)["error"]["where"] == "attachment name"


BODIES = {
    "dots": ".\n..\n.x\n", "from": "From me\n>From\nFrom \n", "long": "x" * 5000 + "\n", "blanks": "ends \nends\t\n \n",
    "crlf": "a\r\nb\r\n", "cr": "a\rb\r", "mixed": "a\r\n\r\rb\n\n", "no end": "abc", "empty": "", "utf8": "Grüße 漢字 👍\n" * 30,
    "cjk": "漢字かな" * 200 + "\n", "equals": "a=b =20 =\n", "soft dot": "y" * 75 + ".z\n", "soft from": "y" * 74 + " From x\n" + "y" * 75 + "From x\n",
    "boundary": "--=_\n--\n", "controls": "bell\x07 esc\x1b[31m\n", "tabs": "\ta\tb\n", "long words": ("ä" * 77 + " ") * 9 + "\n",
    "76": "x" * 76 + "\n" + "x" * 77 + "\n", "ends blank long": "x" * 75 + " \n" + "x" * 76 + " \n",
}


def canonical(text):
    lines = re.split("\r\n|\r|\n", text)
    if lines[-1] == "":
        lines.pop()
    return "".join(line + "\n" for line in lines)


@pytest.mark.parametrize("name", BODIES)
def test_a_body_is_read_as_it_was_given(name):
    s = spec()
    s["text"] = s["html"] = BODIES[name]
    done = build(s)
    modern, _ = read(done)
    for kind in ("plain", "html"):
        part = modern.get_body((kind,))
        got = part.get_payload(decode=True).decode("utf-8").replace("\r\n", "\n")
        assert got == canonical(BODIES[name])
    for line in done.stdout.split(b"\r\n"):
        assert len(line) <= 76 or b": " in line
        assert not line.startswith((b".", b"From ")), line


@pytest.mark.parametrize("size", [0, 1, 57, 58, 113, 114, 29183, 29184, 29185, 5_000_000])
def test_an_attachment_comes_out_as_it_went_in(size, tmp_path):
    content = random.Random(size).randbytes(size)
    (tmp_path / "paper.pdf").write_bytes(content)
    done = build({"from": "a@example.org", "to": "b@example.com", "subject": "s", "text": "t",
                  "attachments": [{"path": str(tmp_path / "paper.pdf"), "type": "application/pdf"}]})
    modern, _ = read(done)
    part = list(modern.iter_attachments())[0]
    assert part.get_content() == content and part.get_filename() == "paper.pdf"
    encoded = done.stdout.split(b"base64\r\n\r\n", 1)[1].split(b"\r\n--", 1)[0].strip().split(b"\r\n")
    assert all(len(line) == 76 for line in encoded[:-1]) and len(encoded[-1]) <= 76


def test_international_mailboxes_stand_raw_in_the_header():
    done = build({"from": "söhne@example.org", "to": "b@bücher.example", "subject": "s", "text": "t"})
    assert done.returncode == 0, done.stderr
    head = done.stdout.split(b"\r\n\r\n")[0]
    assert "From: söhne@example.org".encode() in head and b"To: b@xn--bcher-kva.example" in head


@pytest.mark.parametrize("uri", ["https://example.org/" + "u" * 800, ["mailto:u@example.org?subject=leave", "https://example.org/x?a=b&c=d"]])
def test_list_unsubscribe_is_one_raw_line(uri):
    s = spec()
    s["unsubscribe"] = uri
    done = build(s)
    lines = done.stdout.split(b"\r\n")
    line = [x for x in lines if x.startswith(b"List-Unsubscribe:")]
    for one in [uri] if isinstance(uri, str) else uri:
        assert b"<" + one.encode() + b">" in line[0]
    assert b"List-Unsubscribe-Post: List-Unsubscribe=One-Click" in lines
    assert not lines[lines.index(line[0]) + 1].startswith(b" ")


@pytest.mark.parametrize("name", ["From", "Sender", "To", "Cc", "Bcc", "Subject", "Date", "Message-ID", "DKIM-Signature", "Received", "Return-Path",
                                  "Content-Type", "MIME-Version", "Reply-To", "Resent-From", "List-Unsubscribe", "Authentication-Results", "ARC-Seal",
                                  "X", "X-", "X Y", "X-ü", "X-a:b", "", "x" * 80, "Auto-Submitted", "Disposition-Notification-To"])
def test_headers_that_are_not_the_callers_are_refused(name):
    s = spec()
    s["headers"] = {name: "x"}
    done = build(s)
    wrong = json.loads(done.stderr)["error"]
    assert done.returncode and wrong["why"] == "header" and wrong["where"] == "header name" and not done.stdout


def test_the_same_custom_header_twice_is_refused():
    s = spec()
    s["headers"] = {"X-Job": "1", "x-job": "2"}
    assert build(s).returncode


def test_bcc_is_never_written():
    s = spec()
    s["bcc"] = "hidden@example.com"
    done = build(s)
    assert done.returncode and not done.stdout and json.loads(done.stderr)["error"]["where"] == "bcc"


@pytest.mark.parametrize("text", [b"", b"[]", b"{", b'{"from":1}', b'{"subject":"a","subject":"b"}', b'{"x":1}', b'{"from":"a@example.org"}',
                                  b'{"from":"a@example.org","to":"b@example.com"}', b'{"from":"a@example.org","to":[],"text":"x"}',
                                  b"[" * 100000, b'{"to":' + b"[" * 100000])
def test_a_description_that_is_none_is_refused(text):
    done = build(text)
    assert done.returncode == 1 or done.returncode >= 10
    assert not done.stdout and json.loads(done.stderr)["error"]["message"]


def test_boundaries_differ_from_run_to_run():
    found = {re.search(rb'boundary="([^"]+)"', build(spec()).stdout)[1] for _ in range(4)}
    assert len(found) == 4
