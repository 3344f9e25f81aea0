"""Several at once on one installation: sends, serve, cancellations, revocations, sweeps. Nothing fails but in words, and
nobody is mailed twice (THREATS B-89, B-96)."""
import collections
import concurrent.futures
import contextlib
import os
import signal
import sqlite3
import time

import pytest

from house import House
from relay import Relay
from sink import Sink, check_account
from test_stop import wait_until


@pytest.fixture
def sink(tmp_path):
    with Sink(tmp_path / "sink.log") as sink:
        yield sink


@pytest.fixture
def house(tmp_path, sink):
    house = House(tmp_path / "house", transport=sink.url)
    house.setting("first", "1s", section="retry")
    yield house
    house.stop()


def send(house, name, rows=None, *more):
    if rows:
        house.write_list(rows, f"{name}.csv")
    return house.spawn("send", f"{name}.csv", "--documents", house.documents, *(more or ("--results", f"{name}-results.csv")))


def ended(process, seconds=120):
    out, err = process.communicate(timeout=seconds)
    return process.returncode, out.decode(), err.decode()


def rows_of(house, *names):
    return [row for name in names for row in house.results(os.path.join(house.path, f"{name}-results.csv"))]


def test_two_sends_at_once_deliver_both_lists_once(house, sink):
    both = [send(house, name, house.people(80, prefix=name)) for name in ("anna", "berta")]
    assert [ended(p)[0] for p in both] == [0, 0]
    rows = rows_of(house, "anna", "berta")
    assert len(rows) == 160 and {r["status"] for r in rows} == {"delivered"}
    check_account(sink, house, rows)


def test_the_same_list_twice_at_once_is_sent_once(house, sink):
    house.write_list(house.people(60), "list.csv")
    ends = [ended(p) for p in [send(house, "list"), send(house, "list")]]
    assert sorted(code for code, _, _ in ends)[0] == 0, ends
    loser = next((end for end in ends if end[0]), None)
    assert loser and ("another process" in loser[2] or "earlier run" in loser[2]), ends
    rows = rows_of(house, "list")
    assert {r["status"] for r in rows} == {"delivered"}
    check_account(sink, house, rows)


def test_the_same_run_resumed_twice_at_once_mails_nobody_twice(house, sink):
    house.write_list(house.people(60), "list.csv")
    p = send(house, "list")
    wait_until(lambda: os.path.exists(os.path.join(house.path, "list-results.csv")))
    p.send_signal(signal.SIGKILL)
    ended(p)
    again = [send(house, "list", None, "--resume", "list-results.csv") for _ in range(3)]
    ends = [ended(p) for p in again]
    for code, out, err in ends:
        assert code == 0 or (code == 27 and "another process" in err), ends
    assert 0 in [code for code, _, _ in ends]
    last = ended(send(house, "list", None, "--resume", "list-results.csv"))
    assert last[0] == 0, last
    rows = rows_of(house, "list")
    assert {r["status"] for r in rows} == {"delivered"}
    check_account(sink, house, rows)


def test_a_send_while_serve_runs_ends_when_serve_has_delivered_for_it(house, sink):
    house.serve()
    p = send(house, "list", house.people(120))
    assert ended(p)[0] == 0
    rows = rows_of(house, "list")
    assert {r["status"] for r in rows} == {"delivered"}
    check_account(sink, house, rows)


def test_what_a_killed_serve_had_in_hand_is_carried_by_the_send_that_waits_for_it(tmp_path):
    slow = {"yes": True}
    with Relay(dot=lambda _: time.sleep(60) if slow["yes"] else "250 ok") as relay:
        house = House(tmp_path / "house", transport=relay.url)
        house.send(house.people(3), "--no-wait")
        house.serve()
        wait_until(lambda: sum(line == "DATA" for line in relay.heard) == 3)
        p = house.spawn("send", "list.csv", "--documents", house.documents, "--resume", "results.csv", "--patience", "30s")
        time.sleep(1.5)
        assert p.poll() is None, "it waits for what serve has in hand"
        slow["yes"] = False
        house.server.send_signal(signal.SIGKILL)
        house.server.communicate()
        house.server = None
        assert ended(p, 40)[0] == 0
        assert {r["status"] for r in house.results()} == {"delivered"} and len(relay.taken) == 3


def accepted(house):
    database = next(os.path.join(base, f) for base, _, files in os.walk(house.path) for f in files if f.endswith(".db"))
    with contextlib.closing(sqlite3.connect(database, timeout=20)) as db:
        return db.execute("SELECT count(*) FROM delivery").fetchone()[0]


def test_fifty_second_thoughts_during_a_send_leave_one_true_story(house, sink):
    house.setting("messages_per_second", "12", section="pace")
    p = send(house, "list", house.people(90))
    wait_until(lambda: os.path.exists(os.path.join(house.path, "list-results.csv")))
    first = rows_of(house, "list")
    # Before a row is accepted there is nothing to cancel; documents are looked into first.
    wait_until(lambda: accepted(house) == 90, 60)

    def think_again(i):
        delivery = first[len(first) - 1 - i]["delivery"]
        words = [("cancel", delivery), ("revoke", delivery), ("sweep",), ("status",), ("show", delivery)][i % 5]
        return words, house.run(*words, ok=False)

    with concurrent.futures.ThreadPoolExecutor(6) as pool:
        done = list(pool.map(think_again, range(50)))
    code, out, err = ended(p)
    assert code in (0, 3), (out, err)
    for words, q in done:
        assert q.returncode == 0 or (words[0] in ("cancel", "revoke", "show") and q.err.strip()), (words, q.out, q.err)
        assert "BUSY" not in q.err and "locked" not in q.err, q.err
    # Revoking what was not sent yet cancels it: the message would only carry a dead link.
    cancelled = {words[1] for words, q in done if words[0] == "cancel" and q.returncode == 0}
    revoked = {words[1] for words, q in done if words[0] == "revoke" and q.returncode == 0}
    rows = rows_of(house, "list")
    told = collections.Counter(r["status"] for r in rows)
    assert told["cancelled"] + told["delivered"] == 90, told
    gone = {r["delivery"] for r in rows if r["status"] == "cancelled"}
    assert cancelled <= gone <= cancelled | revoked and gone
    check_account(sink, house, [r for r in rows if r["status"] == "delivered"])


def test_a_database_that_somebody_holds_for_a_while_is_waited_for(house, sink):
    house.write_list(house.people(40), "list.csv")
    database = next(os.path.join(base, f) for base, _, files in os.walk(house.path) for f in files if f.endswith(".db"))
    p = send(house, "list")
    for _ in range(3):
        with contextlib.closing(sqlite3.connect(database, timeout=10)) as other:
            other.execute("BEGIN IMMEDIATE")
            time.sleep(0.5)
            assert p.poll() is None
            other.rollback()
        time.sleep(0.02)
    assert ended(p)[0] == 0
    rows = rows_of(house, "list")
    assert {r["status"] for r in rows} == {"delivered"}
    check_account(sink, house, rows)
