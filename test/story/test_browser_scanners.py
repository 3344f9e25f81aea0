"""Mail scanners that bring a whole browser, before the person comes: they press every button, follow every link and submit
every form they find, several at once. Nothing is released, counted, locked or used up, nobody is told anything, and then the
person gets in."""
import sqlite3

import pytest

import chromium as chromium_
from test_browser import chromium, code_of, house, send, story_of, until  # noqa: F401 (fixtures among them)

pytestmark = pytest.mark.skipif(chromium_.missing() is not None, reason=str(chromium_.missing()))
UNTOUCHED = ("state", "tries", "opens", "opened_at", "bytes", "proved_at", "codes", "renewals", "wanted_at")
SCANNERS = 3


def scanned(house, chromium, row):
    """What each of them came to and asked for."""
    before, mails, texts = story_of(house, row), len(house.outbox()), len(house.gateway.asked)
    walks = chromium.call("scan", url=row["link"], count=SCANNERS)
    after = story_of(house, row)
    for field in UNTOUCHED:
        assert after["link"][field] == before["link"][field], field
    assert {e["event"] for e in after["events"][len(before["events"]):]} <= {"page-fetched"}
    assert (len(house.outbox()), len(house.gateway.asked)) == (mails, texts)
    return walks


def came_to(walks, what):
    return all(any(what in kind.split() for kind in walk["kinds"]) for walk in walks)


def test_what_presses_and_submits_everything_changes_nothing_and_then_the_person_gets_in(house, chromium):
    row = send(house)
    walks = scanned(house, chromium, row)
    # They went as deep as the page goes: else this would show nothing.
    assert came_to(walks, "disown-form") and all(walk["asked"]["POST ?not-for-me"] >= 4 for walk in walks), walks
    assert all(walk["asked"]["POST "] >= 1 for walk in walks), "the question was never submitted"
    until(lambda: "page-fetched" in [e["event"] for e in story_of(house, row)["events"]])
    with chromium.person("after-scanners") as p:
        p.opens(row["link"])
        p.fills("Password", row["password"])
        p.presses("Open")
        p.sees("Your document")
    events = [e["event"] for e in until(lambda: "proof-right" in str(story_of(house, row)) and story_of(house, row))["events"]]
    assert events[-2:] == ["page-fetched", "proof-right"], "a machine is what looked, a person is who proved"


def test_they_use_up_no_codes(house, chromium):
    row = send(house, "--proof", "code:mobile", mobile="0151 234 567 89")
    sent = len(house.gateway.asked)
    walks = scanned(house, chromium, row)
    assert came_to(walks, "send-form") and all(walk["asked"]["POST ?code"] >= 4 for walk in walks), walks
    with chromium.person("after-scanners-code") as p:
        p.opens(row["link"])
        p.presses("Send me a code")
        p.fills_number()
        p.presses("Send the code")
        p.fills("Code", code_of(house, sent))
        p.presses("Open")
        p.sees("Your document")


def test_they_ask_for_no_new_link(house, chromium):
    row = send(house)
    with sqlite3.connect(f"{house.path}/letterlock.db", timeout=30) as db:
        db.execute("UPDATE link SET created_at = created_at - 8 * 86400000000, expires_at = expires_at - 8 * 86400000000 "
                   "WHERE id = (SELECT id FROM link ORDER BY created_at DESC LIMIT 1)")
    walks = scanned(house, chromium, row)
    assert came_to(walks, "late-form") and all(walk["asked"]["POST ?late"] >= 2 for walk in walks), walks
