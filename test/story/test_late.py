"""Recipients who come after expiry, and ask for a new link to the same mailbox."""
import json
import os
import re
import signal
import sqlite3
import time

import pytest

from house import Browser, House, sure


@pytest.fixture
def house(tmp_path):
    h = House(tmp_path / "house")
    h.setting("erase_after", "30d", section="link")
    h.setting("renewal", "allowed", section="link")
    yield h
    h.stop()


def late(house, policy="allowed"):
    """One person, whose link ended an hour ago."""
    house.setting("renewal", policy, section="link")
    house.row = house.send(house.people(1)).results[0]
    with sqlite3.connect(f"{house.path}/letterlock.db") as db:
        db.execute("UPDATE link SET created_at = created_at - 7 * 86400000000 - 3600000000,"
                   " expires_at = expires_at - 7 * 86400000000 - 3600000000")
    return house.serve()


def ask(browser, link):
    status, _, page = browser.ask("GET", link + "?late")
    assert status == 200
    return browser.ask("POST", link + "?late", sure(page))


def mails(house, count, timeout=60):
    end = time.monotonic() + timeout
    while len(house.outbox()) < count and time.monotonic() < end:
        time.sleep(0.1)
    return house.outbox()


def links(mails):
    return [re.search(r"https://\S+/d/\w+", m.get_body(("plain",)).get_content())[0] for m in mails]


def test_who_is_late_gets_a_new_link_by_mail_and_opens_it(house):
    late(house)
    b = Browser(house)
    status, _, page = b.ask("GET", house.row["link"])
    assert status == 404 and b'id="late"' in page
    assert ask(b, house.row["link"])[0] == 200
    fresh, = [l for l in links(mails(house, 2)) if l != house.row["link"]]
    assert b.prove(fresh, [house.row["password"]])[0] == 303
    assert ask(b, house.row["link"])[0] == 200  # again, with the old one: the new one lives
    time.sleep(2.5)
    assert len(house.outbox()) == 2


def test_the_answer_is_the_same_for_every_token(house):
    late(house)
    b = Browser(house)
    strange = house.row["link"].rsplit("/", 1)[0] + "/" + "0" * 32
    os.unlink(os.path.join(house.path, "results.csv"))
    house.other = house.send(house.people(1, "other")).results[0]
    answers = []
    for link in (house.row["link"], strange, house.other["link"]):
        begin = time.monotonic()
        status, headers, body = ask(b, link)
        assert time.monotonic() - begin >= 0.25
        headers.pop("date", None)
        answers.append((status, headers, body.replace(link.rsplit("/", 1)[1].encode(), b"")))
    assert answers[0] == answers[1] == answers[2]


def test_a_wish_that_was_answered_survives_a_kill(house):
    late(house)
    os.kill(house.child("ll-steward"), signal.SIGSTOP)
    assert b"on its way" in ask(Browser(house), house.row["link"])[2]
    house.server.kill()
    house.server.wait()
    house.server = None
    assert len(house.outbox()) == 1
    house.serve()
    assert len(mails(house, 2)) == 2


def test_with_ask_the_sender_gets_the_command_and_the_recipient_nothing(house):
    late(house, "ask")
    assert ask(Browser(house), house.row["link"])[0] == 200
    notice, = [m for m in mails(house, 2) if "asks for a new link" in m["Subject"]]
    assert notice["To"] == "documents@example.com" or "@example.com" in notice["To"]
    assert house.row["delivery"] in notice.get_content() and "letterlock renew" in notice.get_content()
    house.run("renew", house.row["delivery"])
    assert len(mails(house, 3)) == 3


def test_with_never_nothing_is_offered_and_nothing_happens(house):
    late(house, "never")
    b = Browser(house)
    assert b'id="late"' not in b.ask("GET", house.row["link"])[2]
    assert b.ask("GET", house.row["link"] + "?late")[0] == 404


def test_asking_gives_no_tries_back_and_only_so_often(house):
    late(house)
    with sqlite3.connect(f"{house.path}/letterlock.db") as db:
        db.execute("UPDATE link SET tries = 3")
    assert ask(Browser(house), house.row["link"])[0] == 200
    mails(house, 2)
    fresh = house.run("list", "--json").out.splitlines()
    stories = [json.loads(house.run("show", json.loads(l)["delivery"], "--json").out) for l in fresh]
    new, = [s for s in stories if s["link"]["renewals"] == 1]
    assert new["link"]["tries_max"] == 2
    with sqlite3.connect(f"{house.path}/letterlock.db") as db:  # it ends at once, too
        db.execute("UPDATE link SET expires_at = ? WHERE state = 0", (int(time.time() * 1e6) - 1,))
    assert ask(Browser(house), house.row["link"])[0] == 200
    time.sleep(2.5)
    assert len(house.outbox()) == 2, "one a day"


def test_after_retention_nothing_is_left_to_renew(house):
    late(house)
    house.stop()
    house.run("sweep", "--now", int(time.time()) + 40 * 86400)
    house.serve()
    assert ask(Browser(house), house.row["link"])[0] == 200
    time.sleep(2.5)
    assert len(house.outbox()) == 1
