"""send with recipients.wkd: always: who has no key on file is looked up, and nothing a directory says or does not say
changes what is known or holds the others up."""
import json
import os

import pytest

from directory import Directory
from house import House, pdf
from openpgp import Gpg

ADA, BOB = "ada@example.net", "bob@example.net"


@pytest.fixture(scope="module")
def gpg():
    g = Gpg()
    yield g
    g.close()


@pytest.fixture(scope="module")
def ada(gpg):
    return gpg.make(f"Ada Lovelace <{ADA}>")


@pytest.fixture(scope="module")
def other(gpg):
    return gpg.make(f"Ada again <{ADA}>")


@pytest.fixture
def directory(tmp_path):
    d = Directory(tmp_path)
    d.status = 404
    yield d
    d.close()


@pytest.fixture
def house(tmp_path, directory):
    h = House(tmp_path / "house")
    h.setting("wkd_server", directory.name, section="recipients")
    h.setting("wkd_ca_file", directory.ca, section="recipients")
    h.setting("wkd", "always", section="recipients")
    with open(os.path.join(h.documents, "a.pdf"), "wb") as f:
        f.write(pdf("a"))
    return h


def row(address, document="a.pdf"):
    return {"email": address, "document": document}


def send(house, addresses, *more, **kw):
    results = os.path.join(house.path, "results.csv")
    if os.path.exists(results):
        os.unlink(results)
    rows = [a if isinstance(a, dict) else row(a) for a in addresses]
    return {r["email"]: r for r in house.send(rows, *more, ok=False, **kw).results}


def shown(house, which):
    return json.loads(house.run("show", which, "--json").out)


def events(house, which, name):
    return [e["detail"] for e in shown(house, which)["events"] if e["event"] == name]


def submission(house):
    return shown(house, json.loads(house.run("list", "--json").out.splitlines()[0])["submission"])


def on_file(house):
    return [(k["address"], k["fingerprint"], k["origin"], k["in_use"])
            for k in json.loads(house.run("recipient", "key", "list", "--json").out)["keys"]]


def opens(house, gpg, address):
    mail, = [m for m in house.outbox() if m["To"] == address]
    assert mail.get_content_type() == "multipart/encrypted"
    return gpg.decrypt(list(mail.iter_parts())[1].get_content())


def test_whose_key_is_published_gets_it_encrypted_and_the_key_is_on_file_with_its_origin(house, directory, gpg, ada):
    directory.publish(ADA, gpg.export(ada, armor=False))
    results = send(house, [ADA, BOB], "--as", "pgp")
    assert results[ADA]["status"] == "delivered" and results[BOB]["status"] == "refused"
    assert "publishes no key for bob@example.net" in results[BOB]["problem"]
    assert on_file(house) == [(ADA, ada, "wkd", True)]
    found, = events(house, results[ADA]["delivery"], "key-found")
    assert found["fingerprint"] == ada
    opens(house, gpg, ADA)
    asked = len(directory.asked)
    assert send(house, [ADA], "--as", "pgp")[ADA]["status"] == "delivered"
    assert len(directory.asked) == asked  # it is on file now


def test_left_to_us_a_key_that_is_found_is_used_and_who_has_none_gets_the_next_form(house, directory, gpg, ada):
    directory.publish(ADA, gpg.export(ada, armor=False))
    results = send(house, [ADA, BOB], "--as", "auto")
    assert [results[a]["status"] for a in (ADA, BOB)] == ["delivered"] * 2
    assert [shown(house, results[a]["delivery"])["sealed_as"] for a in (ADA, BOB)] == ["pgp", "pdf"]
    told, = events(house, results[BOB]["delivery"], "key-not-found")
    assert "publishes no key" in told["problem"]


def test_never_is_the_default_and_then_nobody_is_asked(house, directory, gpg, ada):
    directory.publish(ADA, gpg.export(ada, armor=False))
    house.setting("wkd", "never", section="recipients")
    assert send(house, [ADA], "--as", "pgp")[ADA]["status"] == "refused"
    assert directory.asked == []
    text = open(house.config).read()
    with open(house.config, "w") as f:
        f.write(text.replace("  wkd: never\n", ""))
    line, = [s.split() for s in house.run("config", "show").out.splitlines() if s.startswith("recipients.wkd ")]
    assert line[1:] == ["never", "default"]
    assert send(house, [ADA], "--as", "auto")[ADA]["link"] and directory.asked == []


def test_a_trial_asks_and_keeps_nothing(house, directory, gpg, ada):
    directory.publish(ADA, gpg.export(ada, armor=False))
    p = house.run("send", house.write_list([row(ADA), row(BOB)]), "--documents", house.documents, "--as", "auto",
                  "--dry-run", "--json")
    assert json.loads(p.out)["sealed_as"] == {"pgp": 1, "pdf": 1}
    assert on_file(house) == [] and directory.asked


def test_what_the_directory_gives_is_judged_as_a_file_is(house, directory, gpg):
    old = gpg.make(f"Bob <{BOB}>", expire="1d", time="20200101T000000")
    eve = gpg.make("Eve <eve@example.org>")
    directory.publish(BOB, gpg.export(old, armor=False))
    directory.publish(ADA, gpg.export(eve, armor=False))
    directory.publish("cis@example.net", b"<html>")
    results = send(house, [ADA, BOB, "cis@example.net"], "--as", "pgp")
    for address, words in ((ADA, "not of ada@example.net"), (BOB, "expired"), ("cis@example.net", "no OpenPGP key")):
        assert results[address]["status"] == "refused" and words in results[address]["problem"], results
    assert on_file(house) == [] and house.outbox() == []


def test_another_key_than_the_one_on_file_is_flagged_and_nothing_is_encrypted_to_either(house, directory, gpg, ada, other):
    directory.publish(ADA, gpg.export(ada, armor=False))
    send(house, [ADA], "--as", "pgp")
    directory.publish(ADA, gpg.export(other, armor=False))
    later = ("--now", "2030-01-01T00:00:00Z")
    refused = send(house, [ADA], "--as", "pgp", *later)[ADA]
    assert refused["status"] == "refused" and ada in refused["problem"] and other in refused["problem"]
    assert "--replace" in refused["problem"] and len(house.outbox()) == 1
    assert [k[1:] for k in on_file(house)] == [(ada, "wkd", True)]
    left = send(house, [ADA], "--as", "auto", *later)[ADA]
    assert left["status"] == "delivered" and left["link"]
    told, = events(house, left["delivery"], "key-differs")
    assert ada in told["problem"] and other in told["problem"]
    chosen, = events(house, left["delivery"], "form-chosen")
    assert chosen == {"as": "pdf", "because": "only-pdf", "not_by_mail": "key-doubted"}
    # A person settles it: the old one, by file.
    house.run("recipient", "key", "add", ADA, "--file", "-", stdin=gpg.export(ada))
    assert send(house, [ADA], "--as", "pgp", *later)[ADA]["status"] == "delivered"


def test_a_key_that_grew_old_is_looked_up_again_and_stays_if_nothing_is_heard(house, directory, gpg, ada):
    directory.publish(ADA, gpg.export(ada, armor=False))
    send(house, [ADA], "--as", "pgp")
    asked = len(directory.asked)
    directory.paths, directory.status = {}, 503
    assert send(house, [ADA], "--as", "pgp", "--now", "2030-01-01T00:00:00Z")[ADA]["status"] == "delivered"
    assert len(directory.asked) == asked + 1
    assert [k[1:] for k in on_file(house)] == [(ada, "wkd", True)]


def many(domain, count):
    return [f"person{i}@{domain}" for i in range(count)]


def test_a_domain_without_a_directory_is_asked_once_and_one_with_it_for_each_address(house, directory):
    directory.paths[directory.policy("two.example")] = (200, b"")
    rows = many("one.example", 40) + many("two.example", 20)
    results = send(house, rows, "--as", "auto")
    assert {r["status"] for r in results.values()} == {"delivered"}
    asked = [p.split("?")[0] for p in directory.asked]
    assert asked.count(directory.policy("one.example")) == 1 and asked.count(directory.policy("two.example")) == 1
    # Whoever was under way when the first heard that there is none has asked as well.
    at_once = 2 * os.cpu_count()
    assert sum("/one.example/hu/" in p for p in asked) <= at_once
    assert sorted(p for p in asked if "/two.example/hu/" in p) == sorted(map(directory.path, many("two.example", 20)))
    assert len(directory.connections) <= at_once  # one for each thread
    told, = events(house, results["person39@one.example"]["delivery"], "key-not-found")
    assert "no key directory" in told["problem"] or "publishes no key" in told["problem"]


def test_an_address_is_asked_for_once_in_a_run(house, directory):
    directory.paths[directory.policy("example.net")] = (200, b"")
    names = [f"{i}.pdf" for i in range(6)]
    for n in names:
        with open(os.path.join(house.documents, n), "wb") as f:
            f.write(pdf(n))
    house.setting("threads", 1)
    send(house, [row(BOB, n) for n in names], "--as", "auto")
    assert [p.split("?")[0] for p in directory.asked] == [directory.path(BOB), directory.policy("example.net")]


def test_a_directory_that_does_not_answer_is_waited_for_once(house, directory):
    directory.go.clear()
    results = send(house, many("one.example", 30), "--as", "auto")
    assert {r["status"] for r in results.values()} == {"delivered"} and len(directory.asked) == 1
    told, = events(house, results["person29@one.example"]["delivery"], "key-not-found")
    assert "no answer came in time" in told["problem"]
    refused = send(house, many("one.example", 3), "--as", "pgp")
    assert {r["status"] for r in refused.values()} == {"refused"} and len(directory.asked) == 2
    assert all("no answer came in time" in r["problem"] for r in refused.values())


def test_a_directory_that_fails_three_times_in_a_row_is_left_alone(house, directory):
    house.setting("threads", 1)
    directory.paths = {directory.path(a): (503, b"") for a in many("one.example", 10)[1:]}
    directory.paths[directory.policy("one.example")] = (200, b"")
    results = send(house, many("one.example", 10), "--as", "auto")
    assert {r["status"] for r in results.values()} == {"delivered"}
    assert sum("/hu/" in p for p in directory.asked) == 4


def test_left_to_us_a_key_found_bad_when_it_is_used_gives_way_to_the_next_form(house, gpg, ada):
    house.setting("wkd", "never", section="recipients")
    house.run("recipient", "key", "add", ADA, "--file", "-", stdin=gpg.export(ada))
    before = ("--now", "2020-01-01T00:00:00Z")  # it was not made yet: only who parses it can know
    refused = send(house, [ADA], "--as", "pgp", *before)[ADA]
    assert refused["status"] == "refused", refused
    left = send(house, [ADA], "--as", "auto", *before)[ADA]
    assert left["status"] == "delivered" and left["link"] and left["password"]
    chosen, = events(house, left["delivery"], "form-chosen")
    assert (chosen["as"], chosen["because"], chosen["not_by_mail"]) == ("pdf", "only-pdf", "key-unusable")
    assert chosen["passed_over"] == refused["problem"]
