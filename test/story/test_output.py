"""What leaves: at a recording relay no value from a list adds a header or a stray byte (B-02, B-20); on a terminal, in
JSON and in results no name gives orders (B-65)."""
import csv
import email
import email.policy
import json
import os
import pathlib
import re

from house import House, pdf
from sink import Sink

# What ends a line somewhere, ends a text, turns it round, or gives orders to a terminal or a spreadsheet.
HOSTILE = {
    "crlf": "\r\nBcc: evil@evil.example", "lf": "\nBcc: evil@evil.example", "cr": "\rBcc: x", "blank line": "\r\n\r\nbody", "vt": "\vBcc: x",
    "ff": "\fBcc: x", "del": "\x7fBcc: x", "esc": "\x1b[2J\x1b]0;title\x07", "csi": "\u009b2J", "nel": "\u0085Bcc: x", "ls": "\u2028Bcc: x",
    "ps": "\u2029Bcc: x", "percent": "%0d%0aBcc: x", "encoded word": "=?utf-8?q?=0d=0aBcc:_evil@evil.example?=", "rtl": "\u202egpj.exe",
    "dot": "\r\n.\r\nMAIL FROM:<evil@evil.example>", "lone dot": "\n.\n", "formula": "=cmd|' /C calc'!A0", "at": "@SUM(1)", "plus": "+1", "format": "%n%s%x",
    "quote": '"; x="', "markup": "<script>alert(1)</script>", "mustache": "{{link.url}}{{{x}}}",
}
INTENDED = ["DKIM-Signature", "From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "MIME-Version", "Content-Type"]
ORDERS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]")


def hostile_house(tmp_path, transport):
    house = House(tmp_path / "house", transport=transport)
    template = pathlib.Path(house.path, "templates", "hostile")
    template.mkdir(parents=True)
    (template / "subject.txt").write_text("For {{recipient.name}}\n")
    (template / "text.txt").write_text("{{note}}\n{{link.url}}\n")
    (template / "html.html").write_text('<html lang="en"><body><p title="{{note}}">{{note}}</p><a href="{{link.url}}">Open</a></body></html>\n')
    rows = []
    for i, (name, value) in enumerate(HOSTILE.items()):
        for column in ("name", "note"):
            rows.append({"email": f"{column}{i}@example.net", "name": "Ada", "note": "n", "kind": name, "document": "a.pdf"} | {column: "Ada" + value + "x"})
        rows.append({"email": f"start{i}@example.net", "name": "Ada", "note": value, "kind": name, "document": "a.pdf"})
    pathlib.Path(house.documents, "a.pdf").write_bytes(pdf("a"))
    return house, rows


def results(house):
    with open(os.path.join(house.path, "list-results.csv"), newline="", encoding="utf-8") as f:
        return list(csv.DictReader(f))


def send(house, rows, *more):
    house.write_list(rows)
    return house.run("send", "list.csv", "--documents", "documents", "--template", "hostile", *more, ok=False, timeout=300)


def test_at_the_relay_the_header_is_what_was_meant_and_no_byte_strays(tmp_path):
    kept = tmp_path / "kept"
    kept.mkdir()
    with Sink(tmp_path / "log", "--keep", kept) as sink:
        house, rows = hostile_house(tmp_path, sink.url)
        done = send(house, rows)
        assert done.returncode in (0, 3), done.err
        assert not sink.account().bad
    said = results(house)
    delivered = [r for r in said if r["status"] == "delivered"]
    messages = sorted(kept.iterdir())
    assert len(said) == len(rows) and len(messages) == len(delivered) > len(HOSTILE)
    assert {r["status"] for r in said} == {"delivered", "refused"} and all(r["problem"] for r in said if r["status"] == "refused")
    for path in messages:
        raw = path.read_bytes()
        assert b"\n" not in raw.replace(b"\r\n", b"") and b"\r" not in raw.replace(b"\r\n", b"") and b"\0" not in raw
        modern, old = email.message_from_bytes(raw, policy=email.policy.SMTP), email.message_from_bytes(raw)
        assert sorted(old.keys()) == sorted(modern.keys()) == sorted(INTENDED), path
        assert [p.get_content_type() for p in old.walk()] == ["multipart/alternative", "text/plain", "text/html"]
        assert modern["To"].addresses[0].domain == "example.net" and len(modern["To"].addresses) == 1
        assert "<script" not in list(modern.walk())[2].get_content()


def test_results_are_safe_for_a_spreadsheet_and_come_back_exactly(tmp_path):
    house, rows = hostile_house(tmp_path, "maildir")
    send(house, rows)
    first = results(house)
    for row in first:
        for cell in row.values():
            assert not cell.lstrip(" ").startswith(("=", "+", "-", "@", "\t", "\r", "\n")), row
    # Resumed, the list is the same: what was sent is not sent again, what was refused is refused again.
    again = house.run("send", "list.csv", "--documents", "documents", "--template", "hostile", "--resume", "list-results.csv", ok=False, timeout=300)
    assert again.returncode in (0, 1, 3), again.err
    assert [(r["email"], r["name"], r["note"], r["status"]) for r in results(house)] == [(r["email"], r["name"], r["note"], r["status"]) for r in first]


def test_no_name_gives_orders_to_a_terminal(tmp_path):
    house, rows = hostile_house(tmp_path, "maildir")
    done = send(house, rows)
    outputs = [done.out, done.err, house.run("list").out, house.run("status").out, house.run("list", "--json").out, house.run("config", "check", "--offline", ok=False).out]
    for row in results(house):
        if row["delivery"]:
            outputs += [house.run("show", row["delivery"]).out, house.run("show", row["delivery"], "--json").out]
    submission = json.loads(house.run("list", "--json").out.splitlines()[0])["submission"]
    outputs += [house.run("show", submission).out, house.run("show", submission, "--json").out]
    for bad in ("no\x1b[2Jthing", "no\u009bthing", "no\u202ething", "no\nthing"):
        for command in (["show", bad], ["template", "lint", bad + ".html"], ["send", bad], [bad], ["config", "show", "--config", bad], ["list", "--state", bad]):
            for more in ([], ["--json"]):
                wrong = house.run(*command, *more, ok=False)
                assert wrong.returncode != 0
                outputs += [wrong.out, wrong.err]
    for said in outputs:
        assert not ORDERS.search(said), repr(ORDERS.search(said)) + repr(said[:300])
    assert all(json.loads(line) for said in outputs for line in said.splitlines() if line.startswith("{"))
