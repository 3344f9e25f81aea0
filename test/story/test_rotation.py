"""A master key is rotated while serve runs: what is sent under the new one is neither lost nor failed."""
import time

import pytest

from house import House


@pytest.fixture
def house(tmp_path):
    h = House(tmp_path / "house")
    yield h
    h.stop()


def test_mail_under_a_newer_key_waits_for_a_process_that_has_it(house):
    house.setting("first", "1s", section="retry")
    house.serve()
    house.run("key", "rotate")
    house.send(house.people(3), "--no-wait")
    time.sleep(12)  # the couriers look every ten seconds
    assert " 0 failed" in house.run("status").out
    house.stop()
    house.serve()
    for _ in range(100):
        if len(house.outbox()) == 3:
            break
        time.sleep(0.1)
    assert len(house.outbox()) == 3
