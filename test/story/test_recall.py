"""Second thoughts before and after a mail has left: what the operator is told, and what the recipient gets."""
import json
import os
import time

import pytest

from house import House


@pytest.fixture
def house(tmp_path):
    h = House(tmp_path / "house")
    yield h
    h.stop()


def state_of(house, delivery):
    return json.loads(house.run("show", delivery, "--json").out)["state"]


def deliver(house, count):
    house.serve()
    for _ in range(100):
        if len(house.outbox()) >= count:
            break
        time.sleep(0.1)
    house.stop()


def test_a_renewed_link_takes_the_place_of_a_mail_that_was_not_sent(house):
    p = house.send(house.people(1), "--no-wait")
    renewed = house.run("renew", p.results[0]["delivery"]).out.strip()
    deliver(house, 1)
    mail, = house.outbox()
    assert p.results[0]["link"] not in mail.as_string()
    assert state_of(house, p.results[0]["delivery"]) == "cancelled" and state_of(house, renewed) == "delivered"


@pytest.mark.parametrize("which", ["delivery", "submission"])
def test_after_revoke_no_mail_with_the_dead_link_leaves(house, which):
    p = house.send(house.people(1), "--no-wait", "--json")
    renewed = house.run("renew", p.results[0]["delivery"]).out.strip()
    house.run("revoke", p.results[0]["delivery"] if which == "delivery" else json.loads(p.out)["submission"])
    assert state_of(house, renewed) == "cancelled"
    house.serve()
    time.sleep(1)
    assert not house.outbox()


def test_an_expired_link_is_renewed_while_its_documents_are_kept(house):
    house.setting("erase_after", "30d", section="link")
    p = house.send(house.people(1), "--expires", "1h")
    later = int(time.time()) + 7200
    house.run("sweep", "--now", later)
    house.run("renew", p.results[0]["delivery"], "--now", later)
    much_later = later + 40 * 86400
    house.run("sweep", "--now", much_later)
    assert house.run("renew", p.results[0]["delivery"], "--now", much_later, ok=False).returncode == 31


def test_the_bare_rows_of_what_was_erased_go_in_the_end(house):
    house.setting("records_after", "1d", section="link")
    house.setting("traces_after", "2d", section="link")
    p = house.send(house.people(2), "--expires", "1h")
    day, now = 86400, int(time.time())
    swept = [json.loads(house.run("sweep", "--json", "--now", now + int(n * day)).out) for n in (0.5, 1.5, 2.5, 3.5, 3.6)]
    assert [s["submissions_expired"] for s in swept] == [1, 0, 0, 0, 0]
    assert [s["submissions_erased"] for s in swept] == [0, 1, 0, 0, 0]
    assert [s["submissions_forgotten"] for s in swept] == [0, 0, 0, 1, 0]
    assert house.run("show", p.results[0]["delivery"], ok=False).returncode != 0
    again = house.run("send", os.path.join(house.path, "list.csv"), "--documents", house.documents, "--resume",
                      os.path.join(house.path, "results.csv"), ok=False)
    assert again.returncode != 0 and "does not know that delivery" in again.err and len(house.outbox()) == 2


def test_a_mail_that_was_never_sent_fails_with_its_link_and_the_story_says_so(house):
    p = house.send(house.people(1), "--no-wait", "--expires", "1h")
    later = int(time.time()) + 7200
    told = house.run("sweep", "--now", later).out
    assert "1 deliveries past their deadline" in told
    story = json.loads(house.run("show", p.results[0]["delivery"], "--json").out)
    assert story["state"] == "failed" and "failed" in [e["event"] for e in story["events"]]
    house.run("sweep", "--now", later)
