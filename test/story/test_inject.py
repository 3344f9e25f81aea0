"""Values of settings, lists and templates at a recording relay (THREATS B-20, B-16): each is refused with the name of its
field, or the set of headers and the words of the protocol that the relay heard are exactly the intended ones. The fields
of `mime build` are tried in test_mime.py, rows of lists by their columns in test_output.py."""
import email
import email.header
import email.utils
import json
import os
import pathlib
import socket
import threading

import pytest

from house import House

# What B-20 lists. In YAML's double quotes any of them can be written; what is no Unicode is written as raw bytes.
HOSTILE = {
    "crlf": "\r\nBcc: evil@evil.example", "lf": "\nBcc: evil@evil.example", "cr": "\rBcc: evil@evil.example", "nul": "\0Bcc: x",
    "vt": "\vBcc: x", "ff": "\fBcc: x", "del": "\x7fBcc: x", "nel": "\u0085Bcc: x", "ls": "\u2028Bcc: x", "percent": "%0d%0aBcc: x",
    "word": "=?utf-8?q?=0d=0aBcc:_evil@evil.example?=", "esmtp": "> SIZE=1 ORCPT=rfc822;evil@evil.example", "rcpt": ">\r\nRCPT TO:<evil@evil.example",
}
RAW = {"overlong": b"\xc0\x8d\xc0\x8aBcc: x", "surrogate": b"\xed\xa0\x80"}
INTENDED = sorted(["DKIM-Signature", "From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "MIME-Version", "Content-Type", "Content-Language"])


class Listener:
    """A relay that takes everything and keeps every byte it heard."""

    def __init__(self):
        self.door = socket.create_server(("127.0.0.1", 0))
        self.port, self.heard = self.door.getsockname()[1], []
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        while True:
            try:
                c, _ = self.door.accept()
            except OSError:
                return
            with c:
                self.talk(c)

    def talk(self, c):
        f, in_data, message = c.makefile("rb"), False, b""
        c.sendall(b"220 relay.example\r\n")
        for line in f:
            if in_data:
                if line == b".\r\n":
                    self.heard.append(("message", message))
                    in_data, message = False, b""
                    c.sendall(b"250 taken\r\n")
                else:
                    message += line[1:] if line.startswith(b".") else line
                continue
            self.heard.append(("line", line))
            word = line[:4].upper()
            in_data = word == b"DATA"
            c.sendall({b"EHLO": b"250-relay.example\r\n250-SMTPUTF8\r\n250 8BITMIME\r\n", b"DATA": b"354 go\r\n", b"QUIT": b"221 bye\r\n"}.get(word, b"250 ok\r\n"))
            if word == b"QUIT":
                return

    def close(self):
        self.door.close()


def installed(tmp_path, transport="maildir"):
    house = House(tmp_path / "house", transport=transport)
    house.rows = house.people(1)
    house.write_list(house.rows)
    return house


def with_value(house, section, name, value):
    """One setting of the file, written as bytes."""
    text = pathlib.Path(house.config).read_bytes()
    quoted = json.dumps(value).encode() if isinstance(value, str) else b'"ok' + value + b'"'
    house.setting(name, "@@VALUE@@", section=section)
    pathlib.Path(house.config).write_bytes(pathlib.Path(house.config).read_bytes().replace(b"@@VALUE@@", quoted))
    return text


GOOD = {"address": "ok@example.com", "bounce": "bounce@example.com", "domain": "example.com", "base_url": "https://localhost/", "helo": "ok.example.com",
        "selector": "ok", "host": "localhost", "to": "desk@example.com"}
SETTINGS = [("sender", "address"), ("sender", "name"), ("sender", "bounce"), (None, "domain"), (None, "base_url"), ("transport", "helo"),
            ("notices", "to"), ("mail", "language"), ("sms", "header"), ("sms", "url")]


@pytest.mark.parametrize("section,name", SETTINGS, ids=lambda x: x or "top")
def test_a_setting_is_refused_by_name_or_the_relay_hears_only_what_was_meant(tmp_path, section, name):
    listener = Listener()
    house = installed(tmp_path, f"smtp://127.0.0.1:{listener.port}")
    refused = 0
    for kind, bad in [*HOSTILE.items(), *RAW.items()]:
        before = with_value(house, section, name, GOOD.get(name, "ok") + bad if isinstance(bad, str) else bad)
        p, status = house.run("config", "show", "--json", ok=False), ""
        if p.returncode == 0:  # what may stand in the file goes all the way
            results = os.path.join(house.path, f"{kind}.csv")
            p = house.run("send", "list.csv", "--documents", house.documents, "--results", results, "--patience", "1s", "--json", ok=False)
            status = (house.results(results) or [{}])[0].get("status", "")
        if status != "delivered":
            refused += 1
            assert name in p.err + p.out or "UTF-8" in p.err or "syntax" in p.err, (kind, p.err, p.out)
            assert not ({"\x1b", "\0", "\x7f", "\u2028"} & set(p.err + p.out)), (kind, p.err)
        pathlib.Path(house.config).write_bytes(before)
    listener.close()
    assert refused >= 8, (refused, "what ends a line ends no setting")
    judge(listener.heard)


def judge(heard):
    """Lines of the protocol are of five kinds, and the headers are the intended ones."""
    for kind, what in heard:
        if kind == "line":
            assert what.endswith(b"\r\n") and what.count(b"\r") == what.count(b"\n") == 1 and b"\0" not in what, what
            assert what.split(b" ")[0].strip().split(b":")[0] in (b"EHLO", b"MAIL", b"RCPT", b"DATA", b"QUIT", b"RSET"), what
            if what.startswith(b"RCPT"):
                assert what == b"RCPT TO:<person0@example.net>\r\n", what
            if what.startswith(b"MAIL"):
                assert what.count(b">") == 1 and b"ORCPT" not in what, what
        else:
            assert b"\n" not in what.replace(b"\r\n", b"") and b"\r" not in what.replace(b"\r\n", b"") and b"\0" not in what
            read = email.message_from_bytes(what)
            assert sorted(read.keys()) == INTENDED and not read.defects, (sorted(read.keys()), read.defects)
            assert [a for _, a in email.utils.getaddresses([read["To"]])] == ["person0@example.net"], read["To"]
            assert [a.split("@")[1] for _, a in email.utils.getaddresses([read["From"]])] == ["example.com"], read["From"]


def test_what_is_in_percent_or_in_words_goes_out_as_it_was_written(tmp_path):
    """Not everything is refused: the relay hears a name that looks like an encoded word as that name."""
    listener = Listener()
    house = installed(tmp_path, f"smtp://127.0.0.1:{listener.port}")
    with_value(house, "sender", "name", HOSTILE["word"] + HOSTILE["percent"])
    house.run("send", "list.csv", "--documents", house.documents)
    listener.close()
    judge(listener.heard)
    (message,) = [what for kind, what in listener.heard if kind == "message"]
    words = email.header.decode_header(email.utils.parseaddr(email.message_from_bytes(message)["From"].replace("\r\n", ""))[0])
    assert "".join(w.decode(c or "ascii") if isinstance(w, bytes) else w for w, c in words) == HOSTILE["word"] + HOSTILE["percent"]


def hostile_names():
    for bad in [*HOSTILE.values(), "two words", "-x", "ü", "a;b=c", "", "a" * 64, "x.", ".x", "a..b"]:
        yield bad.replace("\0", "")  # an argument ends there


def test_a_key_has_a_name_or_none(tmp_path):
    """DKIM's domain and selector stand in a header and in the DNS."""
    house = installed(tmp_path)
    key = next(os.path.join(base, f) for base, _, files in os.walk(house.path) for f in files if "dkim" in base + f and f.endswith(".pem"))
    message = b"From: a@example.com\r\nTo: b@example.com\r\nSubject: x\r\n\r\nx\r\n"
    for name in hostile_names():
        for domain, selector in ((name + ".example.com" if name == "" else name, "ok"), ("example.com", name)):
            p = house.run("dkim", "sign", "--domain", domain, "--selector", selector, "--key", key, stdin=message, ok=False)
            assert p.returncode != 0 and not p.out and ("selector" in p.err or "domain" in p.err or "no value" in p.err), (domain, selector, p.err)
    assert house.run("dkim", "sign", "--domain", "example.com", "--selector", "ok", "--key", key, stdin=message).out.startswith("DKIM-Signature:")


def test_a_part_that_is_named_by_its_content_id_cannot_be_asked_for(tmp_path):
    """Content-ID and parameters of one's own are not the caller's to write: the description has no such fields."""
    house = installed(tmp_path)
    good = {"from": "a@example.com", "to": "b@example.com", "subject": "x", "text": "x"}
    for more in ({"attachments": [{"name": "a.pdf", "content": "x", "id": "x\r\nBcc: y"}]}, {"attachments": [{"name": "a.pdf", "content": "x", "content_id": "x"}]},
                 {"attachments": [{"name": "a.pdf", "content": "x", "type": "application/pdf; x=\"\r\nBcc: y\""}]},
                 {"attachments": [{"name": "a.pdf", "content": "x", "type": "application/pdf; x=y"}]}, {"headers": {"Content-ID": "<x>"}},
                 {"headers": {"Content-Type": "text/html"}}, {"dkim": {"domain": "x"}}, {"boundary": "x\r\n"}):
        p = house.run("mime", "build", "-", "--json", stdin=json.dumps({**good, **more}).encode(), ok=False)
        assert p.returncode != 0 and not p.out and json.loads(p.err)["error"]["message"], more
