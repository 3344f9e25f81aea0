"""Mail for a domain that may only be sent to slowly, more of it than couriers hold at a time."""
import time

import pytest

from house import House


@pytest.fixture
def house(tmp_path):
    h = House(tmp_path / "house")
    yield h
    h.stop()


def test_more_waits_for_a_slow_domain_than_couriers_can_hold(house):
    house.setting("per_domain_per_second", "4", section="pace")
    house.setting("connections", "200", section="transport")
    rows = house.people(8)
    rows = [dict(rows[i % 8], email=f"person{i}@example.net") for i in range(1200)]
    house.send(rows, "--no-wait")
    house.serve()
    time.sleep(8)
    sent = len(house.outbox())
    assert 8 <= sent <= 60
    house.stop()
