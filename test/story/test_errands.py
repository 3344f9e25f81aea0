"""What is mailed without being told to: reminders, notices to the sender, and a lost password."""
import json
import re
import time

import pytest

from house import Browser, House

DAY = 86400


@pytest.fixture
def house(tmp_path):
    h = House(tmp_path / "house")
    yield h
    h.stop()


def sweep(house, at=None):
    return json.loads(house.run("sweep", "--json", *(["--now", int(at)] if at else [])).out)


def carried(house, at, count, timeout=60):
    """Mails after what is queued was delivered."""
    house.serve()
    end = time.monotonic() + timeout
    while len(house.outbox()) < count and time.monotonic() < end:
        time.sleep(0.1)
    house.stop()
    return house.outbox()


def events(house, delivery):
    return [e["event"] for e in json.loads(house.run("show", delivery, "--json").out)["events"]]


def test_who_has_not_opened_is_reminded_once_and_without_a_link(house):
    row = house.send(house.people(1)).results[0]
    now = time.time()
    assert sweep(house, now + 4.5 * DAY)["reminded"] == 0
    assert sweep(house, now + 5.5 * DAY)["reminded"] == 1
    assert sweep(house, now + 5.6 * DAY)["reminded"] == 0
    reminder = [m for m in carried(house, now, 2) if m["Subject"].startswith("Reminder")]
    assert len(reminder) == 1 and reminder[0]["To"].endswith("<person0@example.net>")
    text = reminder[0].get_content()
    assert "/d/" not in text and "http" not in text and row["link"].rsplit("/", 1)[1] not in reminder[0].as_string()


def test_a_reminder_that_is_cancelled_leaves_the_link_that_was_mailed(house):
    p = house.send(house.people(1), "--json")
    assert sweep(house, time.time() + 5.5 * DAY)["reminded"] == 1
    cancelled = house.run("cancel", json.loads(p.out)["submission"], ok=False)
    assert cancelled.returncode == 3 and cancelled.out.startswith("1 cancelled"), cancelled.err
    token = p.results[0]["link"].rsplit("/", 1)[1]
    assert json.loads(house.run("link", "show", token, "--json").out)["valid"]
    assert [m["Subject"] for m in carried(house, time.time(), 2, timeout=3)] == [house.outbox()[0]["Subject"]]


def test_short_links_and_zero_remind_nobody(house):
    house.send(house.people(1), "--expires", "3d")
    assert sweep(house, time.time() + 2 * DAY)["reminded"] == 0
    house.setting("reminder", "0s", section="link")
    assert sweep(house, time.time() + 2 * DAY)["reminded"] == 0


def test_the_sender_is_told_of_locked_links_in_one_mail(house):
    house.setting("tries", 1, section="link")
    house.setting("to", "desk@example.com", section="notices")
    house.send(house.people(3), "--no-wait")
    rows = house.results()
    house.serve()
    for r in rows[:2]:
        assert Browser(house).prove(r["link"], ["wrong"])[0] == 403
    end = time.monotonic() + 60
    told = []
    while not told and time.monotonic() < end:
        time.sleep(0.2)
        told = [m for m in house.outbox() if m["To"] == "desk@example.com"]
    assert "locked" in told[0]["Subject"]
    text = told[0].get_content()
    assert "person0@example.net" in text and rows[0]["delivery"] in text
    assert Browser(house).prove(rows[2]["link"], ["wrong"])[0] == 403
    time.sleep(2.5)
    assert len([m for m in house.outbox() if m["To"] == "desk@example.com"]) == 1, "more than one an hour"
    house.stop()
    assert sweep(house, time.time() + 3700)["told"] == 1
    assert "locked" in events(house, rows[0]["delivery"])


def test_notices_speak_the_house_s_language_and_can_be_turned_off(house):
    house.setting("tries", 1, section="link")
    house.setting("language", "de", section="mail")
    house.setting("locked", "false", section="notices")
    row = house.send(house.people(1)).results[0]
    house.serve()
    Browser(house).prove(row["link"], ["wrong"])
    house.stop()
    assert sweep(house)["told"] == 0
    house.setting("locked", "true", section="notices")
    assert sweep(house)["told"] == 1
    assert any("gesperrt" in m["Subject"] for m in carried(house, 0, 2))


def test_a_lost_password_is_replaced_without_uploading_again(house):
    row = house.send(house.people(1)).results[0]
    delivery, password = house.run("renew", row["delivery"], "--new-password").out.split()
    renewed = [m for m in carried(house, 0, 2) if row["link"] not in m.as_string()]
    assert password not in renewed[0].as_string()
    link = re.search(r"https://\S+/d/\w+", renewed[0].get_body(("plain",)).get_content())[0]
    house.serve()
    assert Browser(house).prove(link, [row["password"]])[0] == 403
    assert Browser(house).prove(link, [password])[0] == 303
    assert Browser(house).ask("GET", row["link"])[0] == 404


def test_a_container_does_not_open_for_a_new_password_without_the_old(house):
    row = house.send(house.people(1), "--as", "zip").results[0]
    p = house.run("renew", row["delivery"], "--new-password", ok=False)
    assert p.returncode == 2 and "--old-password-file" in p.err


def test_a_weak_new_password_is_refused(house):
    row = house.send(house.people(1)).results[0]
    p = house.run("renew", row["delivery"], "--password-file", "-", stdin=b"1234", ok=False)
    assert p.returncode == 15, p.err


def test_renewal_is_promised_only_while_documents_are_kept(house):
    house.setting("renewal", "allowed", section="link")
    p = house.run("config", "check", ok=False)
    assert p.returncode == 18 and "erase_after" in p.err + p.out
