"""Proof by a code that is sent to a telephone."""
import json
import os
import re
import signal
import time

import pytest

from gateway import Gateway
from house import Browser, House, sure


@pytest.fixture
def house(tmp_path):
    h = House(tmp_path / "house")
    h.gateway = Gateway(tmp_path / "gateway")
    secret = tmp_path / "secret"
    secret.write_text("Bearer canary-gateway-secret\n")
    secret.chmod(0o600)
    h.setting("url", f"https://localhost:{h.gateway.port}/v1/messages", section="sms")
    h.setting("ca_file", h.gateway.ca, section="sms")
    h.setting("secret", "{ file: %s }" % secret, section="sms")
    h.setting("country", '"49"', section="sms")
    yield h
    h.stop()
    h.gateway.close()


@pytest.fixture
def sent(house):
    rows = house.people(1)
    rows[0]["mobile"] = "0151 234 567 89"
    house.row = house.send(rows, "--proof", "code:mobile").results[0]
    assert house.row["password"] == ""
    return house.serve()


def ask_for_code(house, browser, link):
    """The two forms that a person goes through."""
    page = browser.ask("GET", link)[2]
    form = re.search(rb'name="form" value="([^"]+)"', page)[1].decode()
    status, _, page = browser.ask("POST", link + "?code", {"form": form})
    assert status == 200 and b"ends in 89" in page
    assert browser.ask("POST", link + "?code", sure(page))[0] == 303


def prove(browser, link, code):
    page = browser.ask("GET", link)[2]
    form = re.search(rb'name="form" value="([^"]+)"', page)[1].decode()
    return browser.ask("POST", link, {"form": form, "proof": code})


def code_of(message):
    assert message["to"] == "+4915123456789"
    return re.match(r"(\d{6}) ", message["text"])[1]


def test_a_code_comes_by_text_message_and_opens_once(sent):
    b = Browser(sent)
    assert not sent.gateway.asked
    ask_for_code(sent, b, sent.row["link"])
    message, = sent.gateway.messages(1)
    headers = sent.gateway.asked[0][0]
    assert headers["Authorization"] == "Bearer canary-gateway-secret" and headers["Content-Type"] == "application/json"
    code = code_of(message)
    wrong = f"{(int(code) + 1) % 1000000:06}"
    assert prove(b, sent.row["link"], wrong)[0] == 403
    assert prove(b, sent.row["link"], f"{code[:3]} {code[3:]}")[0] == 303
    status, _, page = b.ask("GET", sent.row["link"])
    assert status == 200 and b"/f/" in page
    assert prove(Browser(sent), sent.row["link"], code)[0] == 403, "a code opens once"


def test_no_more_codes_than_are_allowed_and_tries_stay(sent):
    b = Browser(sent)
    for n in range(3):
        ask_for_code(sent, b, sent.row["link"])
        assert len(sent.gateway.messages(n + 1)) == n + 1
        end = time.monotonic() + 30
        while json.loads(sent.run("show", sent.row["delivery"], "--json").out)["events"][-1]["event"] != "code-sent":
            assert time.monotonic() < end
            time.sleep(0.1)
        assert prove(b, sent.row["link"], "000000")[0] in (403, 429)
    page = b.ask("GET", sent.row["link"])[2]
    assert b'id="code-send"' not in page
    link = json.loads(sent.run("show", sent.row["delivery"], "--json").out)["link"]
    assert link["codes"] == 3 and link["tries"] >= 2


def test_neither_code_nor_number_is_kept_or_told(sent):
    b = Browser(sent)
    ask_for_code(sent, b, sent.row["link"])
    code = code_of(sent.gateway.messages(1)[0])
    story = sent.run("show", sent.row["delivery"], "--json").out
    sent.server.send_signal(signal.SIGTERM)
    out, err = sent.server.communicate(timeout=30)
    sent.server = None
    for text in (story.encode(), out, err):
        assert code.encode() not in text and b"canary" not in text and b"15123456789" not in text
    for name in ("letterlock.db", "letterlock.db-wal"):
        path = os.path.join(sent.path, name)
        held = open(path, "rb").read() if os.path.exists(path) else b""
        assert code.encode() not in held and b"15123456789" not in held and b"canary" not in held


def test_a_gateway_that_says_later_is_asked_again_and_never_gives_the_code_back(sent):
    sent.gateway.statuses = [503]
    b = Browser(sent)
    ask_for_code(sent, b, sent.row["link"])
    assert len(sent.gateway.messages(2)) == 2
    sent.gateway.statuses = [400]
    ask_for_code(sent, b, sent.row["link"])
    sent.gateway.messages(3)
    end = time.monotonic() + 30
    while "code-failed" not in (story := sent.run("show", sent.row["delivery"], "--json").out):
        assert time.monotonic() < end
        time.sleep(0.1)
    assert json.loads(story)["link"]["codes"] == 1


def test_what_was_asked_for_is_sent_though_all_die(sent):
    """The page has answered; the courier that would send is killed with everybody else."""
    os.kill(sent.child("ll-courier"), signal.SIGSTOP)
    ask_for_code(sent, Browser(sent), sent.row["link"])
    sent.server.kill()
    sent.server.wait()
    sent.server = None
    assert not sent.gateway.asked
    sent.serve()
    code = code_of(sent.gateway.messages(1)[0])
    assert prove(Browser(sent), sent.row["link"], code)[0] == 303


def test_blind_and_foreign_posts_send_nothing(sent):
    b = Browser(sent)
    link = sent.row["link"]
    page = b.ask("GET", link)[2]
    form = re.search(rb'name="form" value="([^"]+)"', page)[1].decode()
    assert b.ask("GET", link + "?code")[0] == 200
    assert b.ask("POST", link + "?code", {})[0] == 403
    assert b.ask("POST", link + "?code", {"sure": form})[0] == 403
    assert b.ask("POST", link + "?code", {"sure": form}, {"Origin": "https://evil.example"})[0] == 403
    status, _, second = b.ask("POST", link + "?code", {"form": form})  # asks first
    assert status == 200
    for number in ("", "x", "1", "test", "-1", "9" * 10, str(109 - int(sure(second)["number"]))):
        status, _, again = b.ask("POST", link + "?code", {**sure(second), "number": number})
        assert status == 200 and sure(again)["sure"]
    time.sleep(1)
    assert not sent.gateway.asked


@pytest.mark.parametrize("number", ["", "call me", "12", "+49 151 23456789 x5"])
def test_who_has_no_number_gets_no_link(house, number):
    rows = house.people(1)
    rows[0]["mobile"] = number
    p = house.send(rows, "--proof", "code:mobile", ok=False)
    assert p.returncode == 1 and "mobile" in p.results[0]["problem"] and p.results[0]["link"] == ""


def test_without_a_gateway_codes_are_refused_in_words(tmp_path):
    h = House(tmp_path / "h")
    rows = h.people(1)
    rows[0]["mobile"] = "+4915123456789"
    p = h.send(rows, "--proof", "code:mobile", ok=False)
    assert p.returncode == 18 and "sms.url" in p.err
