"""Addresses against foreign parsers: no address that is accepted has another domain elsewhere."""
import email.errors
import email.policy
import email.utils
import json
import os
import random
import subprocess

import idna
import pytest

LETTERLOCK = os.environ.get("LETTERLOCK", "build/letterlock")

PIECES = ["a", "b.c", "user", "x+y", "%", "!", "host.example", "evil.example", "xn--bcher-kva.example", "bücher.example",
          "ｆ", "．", "＠", "․", "@", "@", "@", ".", "..", '"', '"', "\\", "\\\"", " ", "\t", "(", ")", "(c)", "<", ">", ",", ";", ":",
          "[", "]", "[192.0.2.1]", "[IPv6:2001:db8::1]", "=?utf-8?q?a=40b?=", "=?", "?=", "\r\n", "\n", "\0", "\x7f", "\u00ad",
          "\u200b", "\u202e", "é", "e\u0301", "ß", "ﬁ", "漢字", "-", "_", "com", "org", "1", "例え.テスト", "\"q s\"", "' or ''='"]


def judge(texts):
    lines = "".join(json.dumps(t) + "\n" for t in texts)
    done = subprocess.run([LETTERLOCK, "address", "check"], input=lines.encode(), capture_output=True, timeout=120)
    assert done.returncode == 0, done.stderr
    verdicts = [json.loads(line) for line in done.stdout.splitlines()]
    assert [v["input"] for v in verdicts] == list(texts)
    return verdicts


def generated(count, seed=20261121):
    chance = random.Random(seed)
    plain = "abcdefghijklmnopqrstuvwxyz0123456789.-+"
    for _ in range(count):
        if chance.random() < 0.5:
            yield "".join(chance.choice(PIECES) for _ in range(chance.randint(1, 8)))
        else:
            local = "".join(chance.choice(plain) for _ in range(chance.randint(1, 12)))
            domain = ".".join("".join(chance.choice(plain[:36]) for _ in range(chance.randint(1, 8))) for _ in range(2)) + "x"
            text = list(local + "@" + domain)
            for _ in range(chance.choice([0, 0, 1, 2])):
                text.insert(chance.randrange(len(text) + 1), chance.choice(PIECES))
            yield "".join(text)


@pytest.fixture(scope="module")
def accepted():
    texts = list(generated(20000))
    verdicts = [v for v in judge(texts) if v["valid"]]
    assert len(verdicts) > 2000  # else the generator shows nothing
    return verdicts


def ascii_domain(domain):
    if domain.startswith("["):
        return domain.lower()
    return idna.encode(domain, uts46=True, transitional=False).decode().lower()


def test_printing_and_parsing_is_a_fixpoint(accepted):
    for first, again in zip(accepted, judge([v["address"] for v in accepted])):
        assert again["valid"]
        assert [again[k] for k in ("address", "local", "domain")] == [first[k] for k in ("address", "local", "domain")]


def test_a_header_with_the_address_holds_that_one_mailbox(accepted):
    for v in accepted:
        header = email.policy.SMTPUTF8.header_factory("To", "<" + v["address"] + ">")
        # Python calls UTF-8 in a local part (RFC 6532) a defect and reads it all the same.
        defects = [d for d in header.defects if not isinstance(d, email.errors.NonASCIILocalPartDefect)]
        assert len(header.addresses) == 1 and not defects, v
        theirs = header.addresses[0]
        assert theirs.domain.lower() == v["domain"].lower() and not theirs.display_name, v
        # RFC 5322 3.2.4: the quotation marks are no part of what is said; Python gives it without them
        said = v["local"]
        if said.startswith('"'):
            said = said[1:-1].replace('\\"', '"').replace("\\\\", "\\")
        assert theirs.username == said, v


def test_parseaddr_sees_the_same_domain(accepted):
    for v in accepted:
        name, spec = email.utils.parseaddr("<" + v["address"] + ">")
        assert name == "" and spec.rpartition("@")[2].lower() == v["domain"].lower(), v


def test_idna_sees_the_same_domain_in_what_was_given(accepted):
    for v in accepted:
        given = v["input"].rpartition("@")[2]
        try:
            theirs = ascii_domain(given)
        except idna.IDNAError:
            continue  # stricter than we are is no other domain
        assert theirs == v["domain"].lower(), v


def test_email_validator_agrees_where_it_is_installed(accepted):
    validator = pytest.importorskip("email_validator")
    agreed = 0
    for v in accepted:
        try:
            theirs = validator.validate_email(v["input"], check_deliverability=False, allow_smtputf8=True)
        except (validator.EmailNotValidError, UnicodeError):
            continue
        agreed += 1
        assert theirs.ascii_domain.lower() == v["domain"].lower(), v
    assert agreed > 1000


def test_a_line_that_is_no_json_string_gets_a_verdict():
    done = subprocess.run([LETTERLOCK, "address", "check"], input=b'a@b.example\n17\n"\\ud800@b.example"\n"a@b.example"\n',
                          capture_output=True, timeout=20)
    assert done.returncode == 0
    assert [json.loads(x)["valid"] for x in done.stdout.splitlines()] == [False, False, False, True]


def test_arguments_are_judged_byte_by_byte():
    done = subprocess.run([LETTERLOCK, "address", "check", b"\xff@b.example", "a@b.example", "--", "-x@b.example"],
                          capture_output=True, timeout=20)
    assert [json.loads(x)["valid"] for x in done.stdout.splitlines()] == [False, True, True]
