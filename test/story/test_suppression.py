"""Addresses that must not be mailed: put there and taken away by the operator, heeded by every way to a recipient."""
import json
import os

from house import House


def test_an_address_is_suppressed_listed_and_mailed_again(tmp_path):
    house = House(tmp_path / "house")
    rows = house.people(2)
    added = json.loads(house.run("suppression", "add", "Person0@Example.NET", "--reason", "asked us to", "--json").out)
    assert (added["reason"], added["origin"], added["scope"]) == ("asked us to", "operator", "all")

    tried = house.send(rows, "--dry-run", ok=False)
    assert tried.returncode == 3 and "must not be mailed" in tried.out + tried.err + json.dumps(tried.results or [])
    sent = house.send(rows, ok=False)
    assert sent.returncode == 3 and [r["status"] for r in sent.results] == ["suppressed", "delivered"]
    problem = sent.results[0]["problem"]
    assert "asked us to" in problem and added["since"] in problem
    assert "`letterlock suppression remove person0@example.net`" in problem
    assert sent.results[0]["link"] == sent.results[0]["password"] == ""
    assert [m["To"] for m in house.outbox()] and "person0" not in str([m["To"] for m in house.outbox()])

    assert "person0@example.net" in house.run("suppression", "list").out.lower()
    assert json.loads(house.run("suppression", "list", "--json").out)["address"].lower() == "person0@example.net"
    again = house.run("suppression", "add", "person0@example.net", ok=False)
    assert again.returncode == 29 and "asked us to" in again.err

    house.run("suppression", "remove", "PERSON0@example.net")
    assert house.run("suppression", "list").out == ""
    for command in ("remove", "list"):
        gone = house.run("suppression", command, "person0@example.net", ok=False)
        assert gone.returncode == 28 and "not suppressed" in gone.err
    os.remove(os.path.join(house.path, "results.csv"))
    assert [r["status"] for r in house.send(rows[:1]).results] == ["delivered"]


def test_neither_renewal_nor_reminder_reaches_it(tmp_path):
    house = House(tmp_path / "house")
    row = house.send(house.people(1), "--expires", "5d").results[0]
    house.run("suppression", "add", "person0@example.net")
    refused = house.run("renew", row["delivery"], ok=False)
    assert refused.returncode == 35 and "suppression remove" in refused.err
    assert len(house.outbox()) == 1


def test_words_that_are_no_reason_are_refused(tmp_path):
    house = House(tmp_path / "house")
    for reason in ("bounce", "complaint", "", "x" * 201, "two\nlines", "\x1b[2J"):
        assert house.run("suppression", "add", "a@example.com", "--reason", reason, ok=False).returncode == 2, reason
    assert house.run("suppression", "add", "no address", ok=False).returncode == 1
    assert house.run("suppression", "list").out == ""


def test_the_list_is_in_the_order_of_time_and_whole(tmp_path):
    house = House(tmp_path / "house")
    for n in range(12):
        house.run("suppression", "add", f"reader{n}@example.com", "--now", str(1_800_000_000 + n // 3))
    listed = [json.loads(l)["since"] for l in house.run("suppression", "list", "--json").out.splitlines()]
    assert len(listed) == 12 and listed == sorted(listed)


def test_a_copied_database_tells_no_address(tmp_path):
    house = House(tmp_path / "house")
    house.run("suppression", "add", "canary-reader@example.com")
    for name in ("letterlock.db", "letterlock.db-wal"):
        path = os.path.join(house.path, name)
        if os.path.exists(path):
            with open(path, "rb") as f:
                assert b"canary-reader" not in f.read().lower()
