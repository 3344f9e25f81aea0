"""One range of addresses that guesses at many links is slowed; who sits behind it still gets in."""
import re
import sqlite3
import time

import pytest

from house import Browser, House


@pytest.fixture
def house(tmp_path):
    h = House(tmp_path / "house")
    h.setting("free", 3, section="guesses")
    yield h
    h.stop()


def test_a_range_that_guesses_waits_and_the_right_answer_behind_it_gets_in(house):
    rows = house.send(house.people(6), "--no-wait").results
    house.serve()
    for r in rows[:3]:
        assert Browser(house).prove(r["link"], ["wrong"])[0] == 403
    person = Browser(house)
    status, headers, body = person.prove(rows[5]["link"], [rows[5]["password"]])
    assert status == 429 and 1 <= int(headers["retry-after"]) <= 5
    ready = time.monotonic() + int(headers["retry-after"])
    # Others in the range go on guessing; none is judged, and each sees the same page.
    for r in rows[3:5]:
        status, other, guessed = Browser(house).prove(r["link"], ["wrong"])
        assert status == 429
    while (status := person.prove(rows[5]["link"], [rows[5]["password"]])[0]) == 429:
        assert time.monotonic() < ready + 30, "starved by its neighbours"
        assert Browser(house).prove(rows[4]["link"], ["wrong"])[0] in (429, 403)
        time.sleep(0.5)
    assert status == 303


def test_a_dead_link_waits_as_a_live_one_does(house):
    rows = house.send(house.people(3), "--no-wait").results
    house.serve()
    live, dead = Browser(house), Browser(house)
    forms = [re.search(rb'name="form" value="([^"]+)"', b.ask("GET", r["link"])[2])[1].decode()
             for b, r in ((live, rows[1]), (dead, rows[2]))]
    house.run("revoke", rows[2]["delivery"])
    for _ in range(3):
        dead.ask("POST", rows[2]["link"], {"form": forms[1], "proof": "wrong"})  # counts like any other
    token = [r["link"].rsplit("/", 1)[1].encode() for r in rows]
    answers = [b.ask("POST", r["link"], {"form": f, "proof": "wrong"})
               for b, r, f in ((live, rows[1], forms[0]), (dead, rows[2], forms[1]))]
    assert [a[0] for a in answers] == [429, 429]
    assert answers[0][2].replace(token[1], b"") == answers[1][2].replace(token[2], b"")


def test_counts_survive_a_restart_and_hold_no_address(house):
    rows = house.send(house.people(4), "--no-wait").results
    house.serve()
    for r in rows[:3]:
        assert Browser(house).prove(r["link"], ["wrong"])[0] == 403
    house.stop()
    with sqlite3.connect(f"{house.path}/letterlock.db") as db:
        who = db.execute("SELECT who, count FROM guess").fetchall()
    assert [count for _, count in who] == [3] and b"127" not in who[0][0]
    house.serve()
    assert Browser(house).prove(rows[3]["link"], ["wrong"])[0] == 429
    house.stop()
    house.run("sweep", "--now", int(time.time()) + 2 * 86400)
    with sqlite3.connect(f"{house.path}/letterlock.db") as db:
        assert not db.execute("SELECT 1 FROM guess").fetchall()
