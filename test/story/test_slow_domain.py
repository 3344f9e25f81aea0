"""Mail for a domain that may only be sent to slowly, and mail while nothing can leave: the rest goes, and what was not
sent can be cancelled."""
import time

import pytest

from house import House, free_port


@pytest.fixture
def house(tmp_path):
    h = House(tmp_path / "house")
    yield h
    h.stop()


def until(so):
    for _ in range(600):
        if so():
            return
        time.sleep(0.1)
    raise AssertionError("it never came")


def sent_to(house, domain):
    return sum(domain in m["to"] for m in house.outbox())


def test_a_slow_domain_holds_no_other_up_and_can_be_cancelled(house):
    house.setting("per_domain_per_second", "1", section="pace")
    house.setting("connections", "200", section="transport")
    people = house.people(8)
    rows = [dict(people[i % 8], email=f"person{i}@slow.example") for i in range(1200)]
    rows += [dict(people[i % 8], email=f"person{i}@other{i}.example") for i in range(5)]
    delivery = {r["email"]: r["delivery"] for r in house.send(rows, "--no-wait").results}
    house.serve()
    until(lambda: len(house.outbox()) - sent_to(house, "slow.example") == 5)
    assert sent_to(house, "slow.example") < 600, "the others waited for the slow domain"
    house.run("cancel", delivery["person1199@slow.example"])
    house.run("cancel", delivery["person700@slow.example"])
    assert house.run("list", "--state", "trying").out.count("slow.example") < 100


def test_what_cannot_leave_now_can_be_cancelled(tmp_path):
    h = House(tmp_path / "house", transport=f"smtp://127.0.0.1:{free_port()}")  # where nobody listens
    rows = h.send(h.people(20), "--no-wait").results
    h.serve()
    time.sleep(2)  # it has been tried
    for r in rows:
        until(lambda: h.run("cancel", r["delivery"], ok=False).returncode == 0)
    assert h.run("list", "--state", "cancelled").out.count("@example.net") == 20
    h.stop()
