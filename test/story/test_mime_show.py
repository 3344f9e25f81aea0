"""`mime show` against Python's email (strict) and Perl's MIME::Parser: what it lets pass, all three read alike."""
import base64
import email
import email.message
import email.policy
import hashlib
import json
import os
import pathlib
import quopri
import random
import subprocess
from concurrent.futures import ThreadPoolExecutor

import pytest

LETTERLOCK = os.environ.get("LETTERLOCK", "build/letterlock")
HERE = pathlib.Path(__file__).parent


def show(message, *options):
    return subprocess.run([LETTERLOCK, "mime", "show", "--json", *options], input=message, capture_output=True, timeout=120)


def tree(message, *options):
    done = show(message, *options)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def refusal(message, *options):
    done = show(message, *options)
    assert done.returncode not in (0, 2) and not done.stdout, done.stdout
    return json.loads(done.stderr)["error"]


def leaves(part):
    return [leaf for inner in part["parts"] for leaf in leaves(inner)] if part["parts"] else [part]


def python_leaves(message):
    """None if it objects to anything, but for encoded words in a file's name: those it calls wrong, and reads."""
    try:
        read = email.message_from_bytes(message, policy=email.policy.SMTP.clone(raise_on_defect=b'name="=?' not in message))
        return [(p.get_content_type(), p.get_filename(), p.get_payload(decode=True)) for p in read.walk() if not p.is_multipart()]
    except Exception:  # it objects in many ways
        return None


def perl_leaves(paths):
    done = subprocess.run(["perl", HERE / "mime_parser.pl"], input="\n".join(map(str, paths)), capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def digest(body):
    return hashlib.sha256(body).hexdigest()


def agree(ours, message, perl):
    theirs = python_leaves(message)
    assert theirs is not None, "Python's email objects to what passed"
    assert [(p["type"], p["name"], p["sha256"], p["size"]) for p in ours] == [(t, n, digest(b), len(b)) for t, n, b in theirs]
    assert perl is not None and len(perl) == len(ours)
    for part, (kind, name, exact, crlf) in zip(ours, perl):
        assert (part["type"], part["name"]) == (kind, name)
        assert part["sha256"] in (exact, crlf) or part["type"].startswith("text/"), part


def multipart(*parts, boundary="=_b", head=b"", kind="mixed"):
    lines = [b"From: a@b.example\r\nTo: c@d.example\r\nSubject: x\r\n" + head +
             f'MIME-Version: 1.0\r\nContent-Type: multipart/{kind}; boundary="{boundary}"\r\n'.encode()]
    return b"\r\n".join([*lines, *(b"--" + boundary.encode() + b"\r\n" + part for part in parts), b"--" + boundary.encode() + b"--\r\n"])


TEXT = b"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\nH=C3=A4llo =3D =\r\nWelt\r\n"
PDF = (b"Content-Type: application/pdf; name=\"a b.pdf\"\r\nContent-Transfer-Encoding: base64\r\n"
       b"Content-Disposition: attachment; filename=\"a b.pdf\"\r\n\r\nJVBERi0xLjcK\r\nAAECAwQ=")
UTF8 = (b"Content-Type: application/octet-stream\r\nContent-Transfer-Encoding: base64\r\n"
        b"Content-Disposition: attachment;\r\n filename*0*=UTF-8''%C3%A4;\r\n filename*1*=%20b.zip\r\n\r\nAAEC\r\n")
WORDS = (b"Content-Type: application/pdf; name=\"=?UTF-8?B?w6QgYi5wZGY=?=\"\r\nContent-Transfer-Encoding: base64\r\n"
         b"Content-Disposition: attachment; filename=\"=?utf-8?Q?=C3=A4_b?= =?utf-8?q?.pdf?=\";\r\n\r\nAAEC\r\n")
INNER = b"Content-Type: multipart/alternative; boundary=inner\r\n\r\n--inner\r\n" + TEXT + b"\r\n--inner\r\nContent-Type: text/html\r\n\r\n<p>x\r\n--inner--"
MESSAGES = [multipart(TEXT, PDF), multipart(INNER, PDF, UTF8), multipart(TEXT, boundary="0"), multipart(TEXT, WORDS)]


def python_message(chance):
    m = email.message.EmailMessage(policy=email.policy.SMTP)
    m["From"], m["To"], m["Subject"] = "Zoë <a@b.example>", "c@d.example", chance.choice(["Hällo Wörld " * 9, "x", "日本語"])
    m.set_content("".join(chance.choice(["plain ", "ümlaut ", "= ", "\n", ".\n", "From x\n"]) for _ in range(chance.randint(0, 60))) + "\n")
    if chance.random() < 0.5:
        m.add_alternative("<p>" + "é" * chance.randint(0, 200), subtype="html")
    for _ in range(chance.randint(0, 3)):
        m.add_attachment(chance.randbytes(chance.randint(0, 5000)), maintype="application", subtype=chance.choice(["pdf", "zip"]),
                         filename=chance.choice(["a.pdf", "two words.pdf", "ä.pdf", "日本" * 9 + ".pdf", "x" * 90 + ".pdf"]))
    return m.as_bytes()


def mutated(message, chance):
    lines = message.split(b"\r\n")
    for _ in range(chance.randint(1, 2)):
        i, how = chance.randrange(len(lines)), chance.randrange(9)
        if how == 0:
            lines.insert(i, lines[chance.randrange(len(lines))])
        elif how == 1:
            del lines[i]
        elif how == 2:
            lines[i] += chance.choice([b" ", b";", b"-", b"--", b"=", b"; name=x.exe", b"; filename=x.exe", b"(c)", b"\t", b"; boundary=b", b"A"])
        elif how == 3:
            lines[i] = lines[i].replace(b"=", chance.choice([b" = ", b"*=", b"*0=", b"==", b"=\""]), 1)
        elif how == 4:
            lines[i] = lines[i].replace(b"\"", chance.choice([b"", b"'", b"\\\""]), 1)
        elif how == 5:
            lines[i] = lines[i].swapcase()
        elif how == 6:
            lines[i] = chance.choice([b" ", b"", b"\t"]) + lines[i]
        elif how == 7:
            lines.insert(i, chance.choice([b"--=_b", b"--=_b--", b"--inner", b"--inner--", b"", b"Content-Type: text/html", b"Subject: y",
                                           b"Content-Transfer-Encoding: 7bit", b"Content-Disposition: inline; filename=x.exe"]))
        else:
            at = chance.randint(0, len(lines[i]))
            lines[i] = lines[i][:at] + chance.choice([b"\0", b"\r", b"\n", b"\x0b", b"\xff", b"\xc3\xa4", b"%0A", b"=0A", b"*", b"?"]) + lines[i][at:]
    return b"\r\n".join(lines)


def judged_alike(messages, tmp_path):
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(show, messages))
    passed = []
    for number, (message, done) in enumerate(zip(messages, answers)):
        if done.returncode:
            error = json.loads(done.stderr)["error"]
            assert error["why"] in ("header", "syntax", "limit") and not error["retry"] and error["message"], error
            continue
        path = tmp_path / f"{number}.eml"
        path.write_bytes(message)
        passed.append((path, message, leaves(json.loads(done.stdout))))
    for (path, message, ours), perl in zip(passed, perl_leaves([path for path, _, _ in passed])):
        try:
            agree(ours, message, perl)
        except AssertionError as wrong:
            raise AssertionError(f"{message!r}") from wrong
    return len(passed)


def test_well_made_messages_are_read_alike_by_three(tmp_path):
    chance = random.Random(3)
    messages = MESSAGES + [python_message(chance) for _ in range(30)]
    assert judged_alike(messages, tmp_path) == len(messages)


def test_whatever_passes_is_read_alike_by_three(tmp_path):
    chance = random.Random(4)
    messages = [mutated(chance.choice(MESSAGES), chance) for _ in range(160)]
    passed = judged_alike(messages, tmp_path)
    assert 15 < passed < 140


@pytest.mark.parametrize("part", [WORDS, TEXT.replace(b"utf-8\r", b"utf-8;\r"), PDF.replace(b"pdf\"\r", b"pdf\";\r")])
def test_what_is_sloppy_and_read_in_one_way_passes_and_not_strictly(part, tmp_path):
    message = multipart(part)
    assert judged_alike([message], tmp_path) == 1
    assert refusal(message, "--strict")["why"] == "header"
    if part is WORDS:
        assert [p["name"] for p in leaves(tree(message))] == ["ä b.pdf"]


def test_a_message_of_ours_is_read_back(tmp_path):
    spec = {"from": "Zoë <a@b.example>", "to": ["c@d.example", "E <e@f.example>"], "subject": "=?utf-8?q?x?= ü", "text": "täxt\n", "html": "<p>x\n",
            "attachments": [{"name": "ä" * 60 + ".pdf", "content": "1"}, {"name": "b.txt", "type": "text/plain", "content": "2"}]}
    built = subprocess.run([LETTERLOCK, "mime", "build", "-"], input=json.dumps(spec).encode(), capture_output=True, check=True, timeout=60).stdout
    read = tree(built, "--strict")
    assert [(p["type"], p["name"]) for p in leaves(read)] == [
        ("text/plain", None), ("text/html", None), ("application/octet-stream", "ä" * 60 + ".pdf"), ("text/plain", "b.txt")]
    assert [p["sha256"] for p in leaves(read)] == [digest(b) for b in ("täxt\r\n".encode(), b"<p>x\r\n", b"1", b"2")]
    headers = {h["name"]: h["value"] for h in read["headers"]}
    assert headers["Subject"] == spec["subject"] and read["from"] == [{"name": "Zoë", "address": "a@b.example"}]
    assert [one["address"] for one in read["to"]] == ["c@d.example", "e@f.example"]
    part = leaves(read)[2]
    assert built[part["offset"]:part["offset"] + part["length"]] == b"MQ==\r\n"


def decoded(message, part):
    """A body by where `mime show` says that it stands, decoded by Python."""
    raw = message[part["offset"]:part["offset"] + part["length"]]
    return {"base64": base64.b64decode, "quoted-printable": quopri.decodestring}.get(part["encoding"], bytes)(raw)


def described(message, shown):
    """What `mime build` takes, made of what `mime show` tells and of the message's own bytes."""
    spec = {"from": shown["from"][0], "to": shown["to"], "subject": {h["name"]: h["value"] for h in shown["headers"]}["Subject"], "attachments": []}
    for part in leaves(shown):
        body = decoded(message, part)
        assert digest(body) == part["sha256"] and len(body) == part["size"], part
        if part["name"] is None:
            spec[part["type"].split("/")[1].replace("plain", "text")] = body.decode()
        else:
            spec["attachments"].append({"name": part["name"], "type": part["type"], "base64": base64.b64encode(body).decode()})
    return spec


def test_shown_built_and_shown_again_a_message_has_the_same_parts_names_and_hashes():
    chance = random.Random(5)
    messages = [MESSAGES[0], multipart(TEXT, WORDS, UTF8, PDF)] + [python_message(chance) for _ in range(12)]
    for message in messages:
        first = tree(message)
        spec = described(message, first)
        built = subprocess.run([LETTERLOCK, "mime", "build", "-"], input=json.dumps(spec).encode(), capture_output=True, check=True, timeout=60).stdout
        again = tree(built, "--strict")
        told = [[(p["type"], p["name"], p["size"], p["sha256"]) for p in leaves(t) if p["name"]] for t in (first, again)]
        assert told[0] == told[1] and [p["type"] for p in leaves(first)] == [p["type"] for p in leaves(again)]
        assert again["from"] == first["from"] and again["to"] == first["to"] and described(built, again)["subject"] == spec["subject"]
        for kind in ("text", "html"):  # a last line's end is written if it was missing
            assert described(built, again).get(kind, "").rstrip("\r\n") == spec.get(kind, "").rstrip("\r\n")


def test_lines_that_end_with_lf_pass_throughout_and_not_in_smtp():
    message = MESSAGES[0].replace(b"\r\n", b"\n")
    assert [p["name"] for p in leaves(tree(message))] == [None, "a b.pdf"]
    assert refusal(message, "--strict")["why"] == "header"
    assert "end" in refusal(MESSAGES[0].replace(b"\r\n", b"\n", 1))["message"]


@pytest.mark.parametrize("name, message, bound", [
    ("depth", None, 50), ("parts", None, 1000), ("parameters", None, 50), ("line", None, 998), ("field", None, 65536), ("header", None, 262144),
    ("fields", None, 1000), ("base64 without line ends", None, 998), ("encoded words", None, 65536)])
def test_what_would_exhaust_is_refused_at_the_bound(name, message, bound):
    head = b"From: a@b.example\r\n"
    message = {
        "depth": head + b"".join(b"Content-Type: multipart/mixed; boundary=b%d.\r\n\r\n--b%d.\r\n" % (i, i) for i in range(10000)),
        "parts": multipart(*[b"\r\nx"] * 100000),
        "parameters": head + b"Content-Type: text/plain" + b"".join(b";\r\n a%d=b" % i for i in range(3000)) + b"\r\n\r\nx\r\n",
        "line": head + b"Subject: " + b"x" * 990 + b"\r\n\r\nx\r\n",
        "field": head + b"Subject: x" + b"\r\n x" * 30000 + b"\r\n\r\nx\r\n",
        "header": head + b"".join(b"X-%d: %s\r\n" % (i, b"y" * 900) for i in range(400)) + b"\r\n",
        "fields": head + b"".join(b"X-%d: y\r\n" % i for i in range(100000)) + b"\r\n",
        "base64 without line ends": head + b"Content-Transfer-Encoding: base64\r\n\r\n" + b"QUJD" * 5_000_000 + b"\r\n",
        "encoded words": head + b"Subject: x" + b"\r\n =?utf-8?q?x?=" * 1000000 + b"\r\n\r\n",
    }[name]
    error = refusal(message)
    assert str(bound) in error["message"] and error["why"] == "limit", error


def test_a_bound_is_lowered_from_outside():
    assert refusal(MESSAGES[1], "--limit", "mime_parts=3")["message"].endswith("at most 3")
    assert refusal(MESSAGES[1], "--limit", "mime_depth=1")["why"] == "limit"


def test_a_quarter_of_a_gigabyte_takes_no_more_memory_than_a_line(tmp_path):
    line = b"QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWZnaGlqa2xtbm9wcXJzdHV2d3h5ejAxMjM0\r\n"
    times = 270_000_000 // len(line)
    program = pathlib.Path(LETTERLOCK).parent.parent / "build" / "letterlock"
    program = program if program.exists() else LETTERLOCK  # sanitizers count as memory
    done = subprocess.Popen([program, "mime", "show"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    begin, end = multipart(b"Content-Type: application/pdf; name=big.pdf\r\nContent-Transfer-Encoding: base64\r\n\r\n@@").split(b"@@")
    done.stdin.write(begin)
    for _ in range(times // 10000):
        done.stdin.write(line * 10000)
    done.stdin.write(end)
    done.stdin.close()
    out = done.stdout.read()
    _, status, used = os.wait4(done.pid, 0)
    assert status == 0
    (part,) = leaves(json.loads(out))
    assert part["size"] == times // 10000 * 10000 * 57 and part["name"] == "big.pdf"
    if program != LETTERLOCK:
        # 30 MiB; but whoever is started is also charged with what the one who starts it ever held.
        assert used.ru_maxrss < 256 * 1024
