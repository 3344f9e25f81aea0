"""Links through the real program: what `link show` says, and what revoking and the clock do to it."""
import datetime
import json

import pytest

from house import House


@pytest.fixture
def sent(tmp_path):
    house = House(tmp_path / "house")
    house.row = house.send(house.people(1)).results[0]
    return house


def show(house, *args, stdin=None):
    return json.loads(house.run("link", "show", *args, stdin=stdin).out)


def test_a_live_link_says_what_it_opens(sent):
    said = show(sent, sent.row["link"].rsplit("/", 1)[1])
    assert said["valid"] is True and said["reason"] is None
    assert said["document"] == "person-00000.pdf" and said["recipient"] == "person0@example.net"
    assert said["tries_left"] == 5 and said["opens"] == 0


def test_a_token_may_come_on_standard_input_and_as_an_address(sent):
    assert show(sent, "-", stdin=sent.row["link"].encode() + b"\n")["valid"] is True


def test_an_unknown_token_is_judged_not_failed(sent):
    assert show(sent, "0" * 32) == {"valid": False, "document": None, "recipient": None, "expires_at": None,
                                    "tries_left": None, "reason": "unknown"}


def test_a_link_is_valid_until_its_second_and_not_after(sent):
    said = show(sent, sent.row["link"])
    expires = int(datetime.datetime.fromisoformat(said["expires_at"].replace("Z", "+00:00")).timestamp())
    assert show(sent, sent.row["link"], "--now", expires - 1)["valid"] is True
    late = show(sent, sent.row["link"], "--now", expires + 1)
    assert late["valid"] is False and late["reason"] == "expired"


def test_a_revoked_link_says_so(sent):
    sent.run("revoke", sent.row["delivery"])
    said = show(sent, sent.row["link"])
    assert said["valid"] is False and said["reason"] == "revoked"
