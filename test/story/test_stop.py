"""Asked to stop: Ctrl-C and SIGTERM end a send within seconds with true results, twice ends it at once; serve drains
(THREATS B-93)."""
import collections
import os
import signal
import time

import pytest

from house import House
from relay import Relay
from sink import Sink, check_account


def wait_until(condition, seconds=20):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it never came to that"
        time.sleep(0.02)


def start_send(house, rows, *more):
    path = house.write_list(rows)
    return house.spawn("send", path, "--documents", house.documents, "--results", "results.csv", *more)


def resume(house, ok=True):
    house.run("send", "list.csv", "--documents", house.documents, "--resume", "results.csv", ok=ok)
    return house.results()


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_a_send_stops_within_seconds_and_is_carried_on(tmp_path, how):
    with Sink(tmp_path / "sink.log", "--delay", 100) as sink:
        house = House(tmp_path / "house", transport=sink.url)
        house.setting("connections", "2", section="transport")
        p = start_send(house, house.people(60))
        wait_until(lambda: sum(sink.account().copies.values()) >= 5)
        asked = time.monotonic()
        p.send_signal(how)
        out, err = p.communicate(timeout=30)
        assert time.monotonic() - asked < 5 and p.returncode == 3, (p.returncode, out, err)
        assert b"--resume" in err and b"stopping" not in err, err
        status = collections.Counter(r["status"] for r in house.results())
        assert status["delivered"] >= 5 and status["waiting"] > 20 and status["delivered"] + status["waiting"] == 60
        time.sleep(0.2)
        copies = sink.account().copies
        for row in house.results():
            assert copies[f"<{row['delivery']}@{house.domain}>"] == (row["status"] == "delivered"), "the results are true"
        assert "trying" in house.run("status").out and " 0 trying" in " " + house.run("status").out
        assert {r["status"] for r in resume(house)} == {"delivered"}
        assert sum(check_account(sink, house, house.results()).copies.values()) == 60


def test_asked_twice_it_ends_at_once(tmp_path):
    with Relay(dot=lambda _: time.sleep(60)) as relay:
        house = House(tmp_path / "house", transport=relay.url)
        p = start_send(house, house.people(3))
        wait_until(lambda: any(line == "DATA" for line in relay.heard))
        p.send_signal(signal.SIGINT)
        time.sleep(0.5)
        assert p.poll() is None, "a message whose reply is awaited gets a grace"
        p.send_signal(signal.SIGINT)
        p.communicate(timeout=5)
        assert p.returncode == 130
        port = relay.port
    with Relay(port=port) as relay:
        assert {r["status"] for r in resume(house)} == {"delivered"}
        assert len(relay.taken) == 3


def test_a_relay_that_never_answers_does_not_keep_a_send_for_long(tmp_path):
    with Relay(greeting=lambda _: time.sleep(60)) as relay:
        house = House(tmp_path / "house", transport=relay.url)
        p = start_send(house, house.people(3))
        wait_until(lambda: relay.connections > 0)
        asked = time.monotonic()
        p.send_signal(signal.SIGTERM)
        p.communicate(timeout=30)
        assert p.returncode == 3 and time.monotonic() - asked < 5, "nothing was begun with it, so nothing is waited for"


def test_serve_drains_and_goes_on_where_it_was(tmp_path):
    with Sink(tmp_path / "sink.log", "--delay", 100) as sink:
        house = House(tmp_path / "house", transport=sink.url)
        house.setting("connections", "2", section="transport")
        house.send(house.people(40), "--no-wait")
        house.serve()
        wait_until(lambda: sum(sink.account().copies.values()) >= 4)
        asked = time.monotonic()
        house.stop()
        assert time.monotonic() - asked < 10
        told = house.run("status").out
        assert " 0 trying" in " " + told, told
        assert 4 <= sum(sink.account().copies.values()) < 40
        assert not [line for line in open(sink.log) if line.startswith("unconfirmed")], "each reply was waited for"
        house.serve()
        wait_until(lambda: sum(sink.account().copies.values()) == 40)
        house.stop()
        resume(house)
        check_account(sink, house, house.results())


def test_serve_asked_twice_ends_at_once(tmp_path):
    with Relay(dot=lambda _: time.sleep(60)) as relay:
        house = House(tmp_path / "house", transport=relay.url)
        house.send(house.people(1), "--no-wait")
        house.serve()
        wait_until(lambda: any(line == "DATA" for line in relay.heard))
        server, house.server = house.server, None
        server.send_signal(signal.SIGTERM)
        time.sleep(0.3)
        server.send_signal(signal.SIGTERM)
        server.communicate(timeout=5)
        assert server.returncode in (130, -signal.SIGTERM)
