"""Relays that are absent, slow, hostile or not who they should be: clear words, nothing lost, nothing sent where it must
not go, and a resume that carries on (THREATS B-06, B-14, B-92)."""
import os
import time

import pytest

from house import House, free_port
from relay import Relay, certificate


def house_for(tmp_path, relay, **transport):
    house = House(tmp_path / "house", transport=relay if isinstance(relay, str) else relay.url)
    house.setting("first", "1s", section="retry")
    for name, value in {"connections": 2, "reply_timeout": "5s", "connect_timeout": "5s", **transport}.items():
        house.setting(name, value, section="transport")
    return house


def resume(house, *more, ok=True):
    p = house.run("send", "list.csv", "--documents", house.documents, "--resume", "results.csv", *more, ok=ok)
    p.results = house.results()
    return p


def statuses(p):
    return [r["status"] for r in p.results]


def assert_clean_text(p, house):
    """No control byte reaches a terminal, a results file or the story."""
    story = "".join(house.run("show", r["delivery"]).out for r in p.results if r["delivery"])
    results = open(os.path.join(house.path, "results.csv"), "rb").read().decode()
    for text in (p.out, p.err, story, results, house.run("list").out, house.run("status").out):
        assert not [c for c in text if (c < " " and c not in "\r\n\t") or c in "\x7f\u202e\u2028" or "\x80" <= c <= "\x9f"]
    return story


def test_nobody_listens_then_somebody_does(tmp_path):
    port = free_port()
    house = house_for(tmp_path, f"smtp://127.0.0.1:{port}")
    began = time.monotonic()
    p = house.send(house.people(3), "--patience", "0s", ok=False)
    assert p.returncode == 3 and time.monotonic() - began < 20
    assert "refused" in p.err or "no connection" in p.err, p.err
    assert "--resume" in p.err and "mail cannot leave now" in p.err
    assert statuses(p) == ["waiting"] * 3 and all(r["link"] and r["password"] for r in p.results)
    assert "127.0.0.1" in house.run("show", p.results[0]["delivery"]).out or "queued" in house.run("list").out
    with Relay(port=port) as relay:
        again = resume(house)
        assert statuses(again) == ["delivered"] * 3 and len(relay.taken) == 3
        assert [r["password"] for r in again.results] == [r["password"] for r in p.results]


def test_a_name_that_does_not_resolve_is_said(tmp_path):
    house = house_for(tmp_path, "smtp://relay.invalid:25", security="starttls")
    p = house.send(house.people(1), "--patience", "0s", ok=False)
    assert p.returncode == 3 and "relay.invalid" in p.err, p.err


def test_a_slow_relay_is_waited_for(tmp_path):
    with Relay(wait=0.15) as relay:
        house = house_for(tmp_path, relay)
        assert statuses(house.send(house.people(4), "--patience", "0s")) == ["delivered"] * 4
        assert len(relay.taken) == 4


def test_a_relay_that_says_nothing_is_given_up(tmp_path):
    with Relay(greeting=lambda _: time.sleep(8)) as relay:
        house = house_for(tmp_path, relay, reply_timeout="1s")
        p = house.send(house.people(2), "--patience", "0s", ok=False)
        assert p.returncode == 3 and statuses(p) == ["waiting"] * 2
        assert "time" in p.err, p.err


@pytest.mark.parametrize("word", ["greeting", "ehlo", "mail", "rcpt", "data", "dot"])
def test_a_relay_that_hangs_up_in_mid_dialogue_loses_nothing(tmp_path, word):
    with Relay(**{word: None if word != "ehlo" else lambda _: None}) as relay:
        house = house_for(tmp_path, relay)
        p = house.send(house.people(2), "--patience", "0s", ok=False)
        assert p.returncode == 3 and statuses(p) == ["waiting"] * 2, p.err
        if word == "dot":
            # The transport is down after the first; the second may never have been tried.
            assert any("uncertain" in house.run("show", r["delivery"]).out for r in p.results)
        port = relay.port
    with Relay(port=port) as relay:
        assert statuses(resume(house)) == ["delivered"] * 2
        assert sorted(to for to, _ in relay.taken) == ["person0@example.net", "person1@example.net"]


def test_a_relay_that_is_always_closing_is_words_and_exit_3(tmp_path):
    with Relay(greeting="421 4.3.2 closing for the night") as relay:
        house = house_for(tmp_path, relay)
        p = house.send(house.people(2), "--patience", "1s", ok=False)
        assert p.returncode == 3 and "closing for the night" in p.err
        assert statuses(p) == ["waiting"] * 2 and relay.connections < 20


def test_one_person_is_told_later_and_another_never_and_the_rest_is_delivered(tmp_path):
    answers = {"person1@example.net": "451 4.2.1 mailbox is asleep", "person2@example.net": "550 5.1.1 no such person"}
    with Relay(rcpt=lambda line: answers.get(line[line.find("<") + 1:-1].split(">")[0], "250 ok")) as relay:
        house = house_for(tmp_path, relay)
        house.setting("first", "1h", section="retry")
        p = house.send(house.people(5), "--patience", "0s", ok=False)
        assert p.returncode == 3
        assert statuses(p) == ["delivered", "waiting", "failed", "delivered", "delivered"]
        assert "mailbox is asleep" in p.results[1]["problem"] and "no such person" in p.results[2]["problem"]
        told = house.run("show", p.results[1]["delivery"]).out
        assert "451" in told and "mailbox is asleep" in told and "4.2.1" in told
        assert "5.1.1" in house.run("show", p.results[2]["delivery"]).out
        answers.clear()
        again = resume(house)
        assert statuses(again) == ["delivered"] * 5 and len(relay.taken) == 5
        assert again.results[1]["delivery"] == p.results[1]["delivery"]
        assert again.results[2]["delivery"] != p.results[2]["delivery"], "what failed for good is sent anew"


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    where = tmp_path_factory.mktemp("certificates")
    ours = certificate(where, "authority.test")
    return {"ca": ours[0], "right": certificate(where, "127.0.0.1", ours), "other": certificate(where, "other.test", ours),
            "stranger": certificate(where, "127.0.0.1")}


@pytest.mark.parametrize("security", ["starttls", "implicit"])
@pytest.mark.parametrize("who,word", [("other", "name"), ("stranger", "trust")])
def test_a_relay_with_a_wrong_certificate_gets_nothing(tmp_path, authority, security, who, word):
    with Relay(certificate=authority[who], implicit=security == "implicit") as relay:
        house = house_for(tmp_path, relay, security=security, ca_file=authority["ca"])
        p = house.send(house.people(2), "--patience", "0s", ok=False)
        assert p.returncode == 3 and statuses(p) == ["waiting"] * 2
        assert word in p.err, p.err
        assert not relay.taken and not [line for line in relay.heard if line.upper().startswith(("MAIL", "AUTH", "RCPT"))]


@pytest.mark.parametrize("how", ["not offered", "refused"])
def test_without_the_tls_that_was_asked_for_nothing_is_sent(tmp_path, authority, how):
    with Relay(certificate=authority["right"], offer_tls=how != "not offered",
               starttls="454 4.7.0 not now" if how == "refused" else "220 go") as relay:
        house = house_for(tmp_path, relay, security="starttls", ca_file=authority["ca"])
        p = house.send(house.people(2), "--patience", "0s", ok=False)
        assert p.returncode == 3 and "TLS" in p.err
        assert not relay.taken and not [line for line in relay.heard if line.upper().startswith(("MAIL", "AUTH"))]


def test_the_right_certificate_is_enough(tmp_path, authority):
    with Relay(certificate=authority["right"]) as relay:
        house = house_for(tmp_path, relay, security="starttls", ca_file=authority["ca"])
        p = house.send(house.people(2))
        assert statuses(p) == ["delivered"] * 2 and "TLSv1.3" in house.run("show", p.results[0]["delivery"]).out


def test_hostile_replies_reach_no_terminal_and_no_file(tmp_path):
    poison = "550 5.0.0 \x1b[2J\x1b]0;owned\x07\x9b31m \u202egnp.exe\x7f \u2028=cmd|' /C calc'!A0"
    with Relay(rcpt=lambda line: poison if "person1" in line else "250 ok") as relay:
        house = house_for(tmp_path, relay)
        p = house.send(house.people(2), "--patience", "0s", ok=False)
        assert statuses(p) == ["delivered", "failed"]
        assert "owned" in assert_clean_text(p, house), "the words are kept, their bite is not"
        assert not p.results[1]["problem"].startswith(("=", "+", "-", "@"))


@pytest.mark.parametrize("greeting", [
    b"220-" + b"x" * 200_000, b"220-more\r\n" * 20_000 + b"220 done", b"\x00\x01\xff\xfe" * 100, b"HTTP/1.1 200 OK",
    b"220-one\r\n550 two", b"999 what", b"\x1b[2J220 hello"], ids=["long", "endless", "binary", "http", "change", "999", "esc"])
def test_nonsense_instead_of_a_greeting_is_bounded(tmp_path, greeting):
    with Relay(greeting=greeting) as relay:
        house = house_for(tmp_path, relay, reply_timeout="2s")
        began = time.monotonic()
        p = house.send(house.people(1), "--patience", "0s", ok=False)
        assert p.returncode == 3 and statuses(p) == ["waiting"] and time.monotonic() - began < 20
        assert len(p.err) < 5000
        assert_clean_text(p, house)
