"""Clocks that are wrong or jump: no crash, nothing lost, and links that live as long as the wall clock says
(THREATS B-90). The program runs under libfaketime; what waits for a while waits by the monotonic clock."""
import datetime
import glob
import json
import os
import time

import pytest

from house import House
from relay import Relay
from sink import PLAIN, Sink, check_account
from test_stop import wait_until

LIBRARY = next(iter(glob.glob("/usr/lib/*/faketime/libfaketimeMT.so.1")), None)
pytestmark = pytest.mark.skipif(not LIBRARY or not PLAIN.exists(), reason="needs faketime and the build's test programs")
DAY = 86400


def clock(text=None, file=None):
    """The environment in which the wall clock is another one, and the monotonic clock is not."""
    env = {**os.environ, "LD_PRELOAD": LIBRARY, "FAKETIME_DONT_FAKE_MONOTONIC": "1", "DONT_FAKE_MONOTONIC": "1",
           "FAKETIME_NO_CACHE": "1", "FAKETIME_FORCE_MONOTONIC_FIX": "0", "TZ": "UTC"}
    return {**env, "FAKETIME": text} if text else {**env, "FAKETIME_TIMESTAMP_FILE": str(file)}


@pytest.fixture
def sink(tmp_path):
    with Sink(tmp_path / "sink.log") as sink:
        yield sink


@pytest.fixture
def house(tmp_path, sink):
    house = House(tmp_path / "house", transport=sink.url, program=PLAIN)
    house.setting("first", "1s", section="retry")
    yield house
    house.stop()


def link_valid(house, row, at):
    shown = json.loads(house.run("link", "show", row["link"].rsplit("/", 1)[1], "--json", "--now", str(int(at)), ok=False).out)
    return shown["valid"]


@pytest.mark.parametrize("when", ["-1d", "+1d", "@1970-01-02 00:00:00", "@2038-01-19 03:14:06", "@2106-02-07 06:28:14",
                                  "@2016-12-31 23:59:59"])
def test_under_any_date_mail_goes_out_and_links_live_as_long_as_they_say(house, sink, when):
    house.write_list(house.people(3))
    p = house.run("send", "list.csv", "--documents", house.documents, "--results", "results.csv", "--expires", "7d",
                  env=clock(when))
    rows = house.results()
    check_account(sink, house, rows)
    then = datetime.datetime.fromisoformat(rows[0]["expires_at"].replace("Z", "+00:00")).timestamp()
    if when.startswith("@"):
        begun = datetime.datetime.fromisoformat(when[1:] + "+00:00").timestamp()
        assert 0 <= then - begun - 7 * DAY < 60
    assert link_valid(house, rows[0], then - 5) and not link_valid(house, rows[0], then + 1)
    house.run("sweep", "--now", str(int(then - 60)))
    assert link_valid(house, rows[0], then - 50), "the sweep does not end a link before its time"
    house.run("sweep", "--now", str(int(then + 60)))
    assert not link_valid(house, rows[0], then - 50), "what was ended stays so when the clock is set back"


def set_clock(file, offset):
    with open(f"{file}.new", "w") as f:
        f.write(offset + "\n")
    os.rename(f"{file}.new", file)


def test_jumps_during_a_run_lose_nothing_and_change_no_pace(house, sink, tmp_path):
    file = tmp_path / "clock"
    set_clock(file, "+0")
    house.setting("messages_per_second", "20", section="pace")
    house.write_list(house.people(60))
    began = time.monotonic()
    p = house.spawn("send", "list.csv", "--documents", house.documents, "--results", "results.csv", env=clock(file=file))
    for count, offset in ((5, "+1d"), (20, "-1d"), (35, "+3d"), (45, "-2h")):
        wait_until(lambda: sum(sink.account().copies.values()) >= count)
        set_clock(file, offset)
    out, err = p.communicate(timeout=60)
    took = time.monotonic() - began
    assert p.returncode == 0, (out, err)
    assert 2.5 < took < 12, "sixty messages at twenty a second take three seconds, whatever the calendar says"
    check_account(sink, house, house.results())


def test_what_waits_is_not_forgotten_when_the_clock_is_set_back(tmp_path):
    file = tmp_path / "clock"
    set_clock(file, "+2d")
    answers = ["451 4.3.0 later"] * 2
    with Relay(dot=lambda _: answers.pop() if answers else "250 ok") as relay:
        house = House(tmp_path / "house", transport=relay.url, program=PLAIN)
        house.setting("first", "1s", section="retry")
        house.setting("most", "1h", section="retry")
        house.write_list(house.people(2))
        p = house.spawn("send", "list.csv", "--documents", house.documents, "--results", "results.csv", "--patience", "5d",
                        env=clock(file=file))
        wait_until(lambda: not answers)
        set_clock(file, "+0")
        out, err = p.communicate(timeout=30)
        assert p.returncode == 0, (out, err)
        assert len(relay.taken) == 2


def test_a_jump_past_the_deadline_ends_what_waits_in_words(tmp_path):
    with Relay(rcpt="451 4.2.1 later") as relay:
        house = House(tmp_path / "house", transport=relay.url, program=PLAIN)
        house.send(house.people(2), "--patience", "0s", ok=False)
        p = house.run("send", "list.csv", "--documents", house.documents, "--resume", "results.csv", "--patience", "0s",
                      ok=False, env=clock("+30d"))
        assert p.returncode in (1, 3)
        assert [r["status"] for r in house.results()] == ["failed"] * 2
        assert "expired" in house.results()[0]["problem"]
        assert not relay.taken


def test_serve_lives_through_another_day(house, sink):
    house.write_list(house.people(3))
    house.run("send", "list.csv", "--documents", house.documents, "--results", "results.csv", "--no-wait")
    house.server = house.spawn("serve", env=clock("+1d"))
    wait_until(lambda: sum(sink.account().copies.values()) == 3)
    house.stop()
    house.run("send", "list.csv", "--documents", house.documents, "--resume", "results.csv")
    check_account(sink, house, house.results())
