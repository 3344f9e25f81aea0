"""What recipients fetch from the bucket themselves, and how each such object comes to its end."""
import json
import os
import signal
import subprocess
import time

import pytest

import bucket
import test_clock as clock
from faulty_bucket import FaultyBucket
from house import Browser, House, pdf
from test_presigned import AS_PDF, AS_ZIP, fetch, proven
from test_s3_store import killed_when, uploads


@pytest.fixture(scope="module")
def s3():
    server = bucket.Bucket()
    yield server
    server.close()


@pytest.fixture
def house(tmp_path):
    h = House(tmp_path / "house")
    yield h
    h.stop()


@pytest.fixture
def faulty(house, tmp_path):
    b = FaultyBucket(tmp_path / "bucket")
    bucket.point_to(house, b.endpoint, b.ca, "faulty", patience="5s")
    house.setting("allow_plain_reason", "it listens on this machine only", section="s3")
    yield b
    b.close()


def a_day_later(house, *arguments):
    """By the program without sanitizers; a clock that is some seconds less than a day ahead is still believed."""
    done = subprocess.run([clock.PLAIN, *arguments], cwd=house.path, env=clock.clock("+86395"), capture_output=True,
                          text=True)
    assert done.returncode == 0, done.stderr


def test_revoking_ends_a_url_of_a_minute_too(s3, house):
    s3.settle_in(house, "revoked", direct="true")
    gone, stays = house.send(house.people(2), "--as", "zip").results
    house.serve()
    b, documents = proven(house, gone)
    url = b.ask("GET", documents[0])[1]["location"]
    assert fetch(s3, url)[0] == 200 and len(s3.keys("revoked")) == 2
    said = house.run("revoke", gone["delivery"]).out
    assert "handed to the store" in said
    assert fetch(s3, url)[0] == 404 and len(s3.keys("revoked")) == 1
    assert b.ask("GET", documents[0])[1]["location"].startswith("/d/")
    assert Browser(house).ask("GET", b.ask("GET", documents[0])[1]["location"])[0] == 404  # as of any that was revoked
    b, documents = proven(house, stays)
    assert fetch(s3, b.ask("GET", documents[0])[1]["location"])[0] == 200


def test_what_is_cancelled_before_it_is_mailed_is_removed(s3, house):
    s3.settle_in(house, "cancelled")
    first, second = house.send(house.people(2), *AS_ZIP, "--no-wait").results
    assert fetch(s3, first["link"])[0] == 200 and len(s3.keys("cancelled")) == 2
    house.run("cancel", first["delivery"])
    assert fetch(s3, first["link"])[0] == 404 and fetch(s3, second["link"])[0] == 200
    house.run("send", "list.csv", "--documents", house.documents, "--resume", "results.csv", *AS_ZIP)
    assert [m["to"].addresses[0].addr_spec for m in house.outbox()] == [second["email"]]
    assert len(s3.keys("cancelled")) == 1


@pytest.mark.parametrize("command", ["revoke", "cancel"])
def test_a_bucket_that_does_not_answer_keeps_no_link_alive(house, faulty, command):
    rows = house.send(house.people(3), *AS_ZIP, *(["--no-wait"] if command == "cancel" else [])).results
    submission = json.loads(house.run("show", rows[0]["delivery"], "--json").out)["submission"]
    faulty.fault("DELETE", (503, "SlowDown"), times=1000)
    p = house.run(command, submission, ok=False)
    assert p.returncode and "opens until its object is removed" in p.err and len(faulty.objects) == 3
    assert p.out.count("not removed from the bucket yet") == (3 if command == "revoke" else 0)
    for row in rows:
        shown = house.run("show", row["delivery"]).out
        assert "revoked" in shown and (command == "revoke" or "cancelled" in shown)
    del faulty.faults[:]
    house.run("sweep")
    assert faulty.objects == {}


def test_what_was_stored_for_a_mail_that_never_was_is_swept_when_it_is_old(house, faulty):
    house.write_list(house.people(1))
    faulty.fault("GET", "silent before", query="X-Amz-Signature")  # the URL is tried before anything is written down
    run = house.spawn("send", "list.csv", "--documents", house.documents, *AS_ZIP)
    until = time.monotonic() + 60
    while not any("X-Amz-Signature" in query for _, _, query, _ in list(faulty.asked)):
        assert time.monotonic() < until and run.poll() is None
        time.sleep(0.02)
    run.send_signal(signal.SIGKILL)
    run.communicate()
    assert len(faulty.objects) == 1 and all("/mailed/" in key for key in faulty.objects)
    house.run("sweep")
    assert len(faulty.objects) == 1, "it may be of a run under way"
    faulty.age = 3 * 86400
    house.run("sweep")
    assert faulty.objects == {} and house.outbox() == []


@pytest.mark.skipif(not clock.LIBRARY or not clock.PLAIN.exists(), reason="needs faketime and the build's test programs")
def test_a_send_killed_in_mid_upload_is_resumed_and_leaves_nothing_twice(s3, house):
    s3.settle_in(house, "killed")
    rows = house.people(2)
    with open(os.path.join(house.documents, rows[1]["document"]), "wb") as f:
        f.write(pdf("long", os.urandom(33 << 20)))
    house.write_list(rows)
    kills = 0
    for parts in (0, 1, 3):
        before = set(uploads(s3, "killed"))
        kills += killed_when(house, lambda: any(n >= parts for u, n in uploads(s3, "killed").items() if u not in before),
                             *AS_ZIP, "--resume" if os.path.exists(os.path.join(house.path, "results.csv")) else "--results",
                             "results.csv")
    assert kills >= 2 and uploads(s3, "killed")
    house.run("send", "list.csv", "--documents", house.documents, *AS_ZIP, "--resume", "results.csv")
    done = house.results()
    assert [r["status"] for r in done] == ["delivered"] * 2
    assert sorted(m["To"].addresses[0].addr_spec for m in house.outbox()) == sorted(r["email"] for r in rows)
    time.sleep(6)
    a_day_later(house, "sweep")
    assert len(s3.keys("killed")) == 2 and uploads(s3, "killed") == {}
    assert [fetch(s3, r["link"])[0] for r in done] == [200, 200]


def test_a_renewed_url_that_would_open_nothing_is_mailed_to_nobody(house, faulty):
    row = house.send(house.people(1), *AS_PDF).results[0]
    keys, mails = set(faulty.objects), len(house.outbox())
    faulty.fault("GET", (403, "AccessDenied"), query="X-Amz-Signature", times=9)
    p = house.run("renew", row["delivery"], ok=False)
    assert p.returncode and "does not open" in p.err
    assert set(faulty.objects) == keys and len(house.outbox()) == mails
    del faulty.faults[:]
    house.run("renew", row["delivery"])
    assert len(faulty.objects) == 1 and set(faulty.objects) != keys


def test_a_renewal_says_when_the_old_url_has_not_ended_yet(house, faulty):
    row = house.send(house.people(1), *AS_ZIP).results[0]
    faulty.fault("DELETE", (503, "SlowDown"), times=1000)
    p = house.run("renew", row["delivery"])
    assert "opens until its object is removed" in p.err and "opens nothing any more" not in p.err
    assert len(faulty.objects) == 2
    del faulty.faults[:]
    house.run("sweep")
    assert len(faulty.objects) == 1


@pytest.mark.parametrize("direct", ["true", "false"])
def test_a_login_that_signs_nothing_is_a_fault_of_ours_and_no_damage(house, faulty, direct):
    house.setting("direct", direct, section="s3")
    row = house.send(house.people(1), "--as", "zip").results[0]
    with open(house.config) as f:
        text = f.read()
    with open(house.config, "w") as f:
        f.write(text.replace(bucket.days_ago(1), bucket.days_ago(91)))
    house.serve("--role", "front")
    b, documents = proven(house, row)
    status, _, said = b.ask("GET", documents[0])
    assert status == 503 and b"damaged" not in said
    with open(house.config, "w") as f:
        f.write(text)
    assert "damaged" not in house.run("show", row["delivery"]).out
