"""The bad days of an object store: nothing is lost, nothing is believed that is not so, and what went wrong is said."""
import json
import os
import re
import signal
import subprocess
import time

import pytest

import bucket
from faulty_bucket import FaultyBucket
from house import House


@pytest.fixture
def house(tmp_path):
    h = House(tmp_path / "house")
    h.bucket = FaultyBucket(tmp_path / "bucket")
    yield h
    h.stop()
    h.bucket.close()


def settle_in(house, **settings):
    bucket.point_to(house, house.bucket.endpoint, house.bucket.ca, "faulty", **{"patience": "60s", **settings})


def put(house, content, ok=True):
    p = house.run("store", "put", "-", stdin=content, ok=ok)
    return p if not ok else p.out.strip()


SHORT, LONG = b"canary" * 20000, 9 << 20


def test_a_put_that_went_wrong_is_sent_again(house):
    settle_in(house)
    for what in [(503, "SlowDown"), (500, "InternalError"), "lost before", "lost after", "another etag", "no etag"]:
        before = house.bucket.count("PUT")
        house.bucket.fault("PUT", what, times=2)
        name = put(house, SHORT)
        assert house.bucket.count("PUT") - before == 3, what
        assert house.run("store", "get", name).stdout == SHORT, what


def test_a_get_that_went_wrong_is_asked_again_and_gives_no_byte_twice(house):
    settle_in(house)
    content = os.urandom(600000)
    name = put(house, content)
    for what in [(503, "SlowDown"), "lost before", "cut", "shorter"]:
        house.bucket.fault("GET", what, times=2)
        assert house.run("store", "get", name).stdout == content, what
        assert not house.bucket.faults[-1][3]


def test_a_store_that_stands_still_is_left_and_asked_again(house):
    settle_in(house, patience="8s")
    content = os.urandom(LONG)
    for method, query, what in [
            ("PUT", "partNumber=2", "stops reading"), ("PUT", "partNumber=1", "silent before"),
            ("PUT", "partNumber=1", "silent after"), ("POST", "uploads", "silent after"),
            ("POST", "uploadId", "silent after")]:
        house.bucket.fault(method, what, query=query)
        name = put(house, content)
        assert not house.bucket.faults[-1][3]
        assert house.bucket.objects[f"letters/{name}"], what
    for what in ["silent before", "stops writing"]:
        house.bucket.fault("GET", what, times=2)
        assert house.run("store", "get", name).stdout == content, what
        assert not house.bucket.faults[-1][3]


def test_a_store_that_stands_still_for_good_fails_in_words(house):
    settle_in(house, patience="4s")
    house.bucket.fault("PUT", "stops reading", times=1000)
    p = put(house, SHORT, ok=False)
    assert p.returncode == 38 and "no answer came in time" in p.err
    assert house.bucket.count("PUT") == 0 and house.bucket.objects == {} and house.bucket.left_alone > 1


def test_one_document_that_stands_still_keeps_no_other_waiting(house):
    settle_in(house, allow_plain_reason="a story")
    house.bucket.others = 5
    house.bucket.fault("PUT", "held")
    p = house.send(house.people(6))
    assert [r["status"] for r in p.results] == ["delivered"] * 6
    assert house.bucket.count("PUT") == 6  # none was given up and sent again


def test_an_upload_in_parts_survives_each_of_its_steps_going_wrong(house):
    settle_in(house)
    content = os.urandom(LONG)
    for method, query, what in [
            ("POST", "uploads", (503, "SlowDown")), ("POST", "uploads", "lost after"),
            ("PUT", "partNumber=2", "lost before"), ("PUT", "partNumber=1", "another etag"),
            ("POST", "uploadId", (200, "InternalError")), ("POST", "uploadId", "lost before"),
            ("POST", "uploadId", "lost after")]:
        house.bucket.fault(method, what, query=query)
        name = put(house, content)
        assert not house.bucket.faults[-1][3]
        assert house.run("store", "get", name).stdout == content, what


def test_half_an_answer_is_no_answer(house):
    settle_in(house)
    content = os.urandom(LONG)
    for what in ["half an answer", "half a document"]:
        for method, query in [("POST", "uploads"), ("POST", "uploadId")]:
            house.bucket.fault(method, what, query=query)
            name = put(house, content)
            assert not house.bucket.faults[-1][3]
            assert house.run("store", "get", name).stdout == content, (what, query)
    names = {name.removeprefix("letters/") for name in house.bucket.objects}
    assert len(names) == 4
    house.bucket.fault("GET", "half an answer", query="list-type", times=2)
    assert set(house.run("store", "list").out.split()) & names == names
    assert not house.bucket.faults[-1][3]


def test_answers_that_nobody_asked_for_are_passed_over(house):
    settle_in(house)
    content = os.urandom(LONG)
    for method, query in [("POST", "uploads"), ("PUT", "partNumber"), ("POST", "uploadId")]:
        house.bucket.fault(method, "interim", query=query)
    name = put(house, content)
    house.bucket.fault("GET", "interim", times=3)
    assert house.run("store", "get", name).stdout == content
    assert not any(f[3] for f in house.bucket.faults) and house.bucket.count("POST") == 2


def test_an_object_that_is_replaced_while_it_is_read_is_not_given_out_mixed(house):
    settle_in(house)
    content = os.urandom(LONG)
    name = put(house, content)
    house.bucket.fault("GET", "replaced")
    p = house.run("store", "get", name, ok=False)
    assert p.returncode == 21 and content.startswith(p.stdout) and len(p.stdout) < len(content)


def test_no_redirect_is_followed(house, tmp_path):
    other = FaultyBucket(tmp_path / "elsewhere")
    settle_in(house)
    house.bucket.elsewhere = other.endpoint
    house.bucket.fault("PUT", (307, "TemporaryRedirect"), times=2)
    name = put(house, SHORT)
    assert house.run("store", "get", name).stdout == SHORT and not house.bucket.faults[-1][3]
    house.bucket.fault("GET", (301, "PermanentRedirect"))
    p = house.run("store", "get", name, ok=False)
    assert p.returncode == 23 and "another region or at another endpoint" in p.err
    assert other.asked == []
    other.close()


def test_an_upload_that_cannot_be_finished_leaves_nothing(house):
    settle_in(house, patience="2s")
    house.bucket.fault("POST", (200, "InternalError"), query="uploadId", times=1000)
    p = put(house, os.urandom(LONG), ok=False)
    assert p.returncode == 23 and "busy or failing" in p.err
    assert house.bucket.objects == {} and house.bucket.uploads == {}
    assert house.run("store", "list").out == ""


def test_a_store_that_stays_away_fails_in_words_and_nothing_is_mailed(house):
    settle_in(house, patience="1s", allow_plain_reason="a story")
    house.bucket.fault("PUT", (503, "SlowDown"), times=1000)
    p = house.send(house.people(2), ok=False)
    assert p.returncode == 23 and "busy or failing" in p.err and house.bucket.count("PUT") > 2
    assert house.outbox() == [] and house.bucket.objects == {}
    house.bucket.faults.clear()
    house.run("send", "list.csv", "--documents", house.documents, "--resume", "results.csv")
    assert {r["status"] for r in house.results()} == {"delivered"} and len(house.outbox()) == 2


def test_monitoring_is_told_when_the_bucket_does_not_answer(house):
    settle_in(house)
    at = os.path.join(house.path, "ops")
    house.setting("ops_listen", f"unix:{at}", section="serve")
    house.serve()
    ask = ["curl", "-s", "--unix-socket", at, "http://localhost/readyz"]
    assert "store ready" in subprocess.run(ask, capture_output=True, text=True, timeout=60).stdout
    house.bucket.fault("GET", (503, "SlowDown"), query="list-type", times=1000)
    assert "store not ready" in subprocess.run(ask, capture_output=True, text=True, timeout=60).stdout


def test_a_clock_that_is_an_hour_off_is_corrected_and_told(house):
    settle_in(house)
    house.bucket.clock = 3600
    name = put(house, SHORT)
    assert house.run("store", "get", name).stdout == SHORT
    p = house.run("config", "check", ok=False)
    assert "its clock and ours are" in p.out and "set this machine's clock" in p.out


def test_a_clock_that_is_days_off_is_not_believed(house):
    settle_in(house)
    house.bucket.clock = 3 * 86400
    p = put(house, SHORT, ok=False)
    assert p.returncode == 47 and "more than a day apart" in p.err


def test_what_will_not_get_better_is_said_at_once(house):
    settle_in(house)
    for answer, words in [((301, "PermanentRedirect"), "another region or at another endpoint"),
                          ((400, "AuthorizationHeaderMalformed"), "another region"),
                          ((403, "AccessDenied"), "denies access: is the secret key the right one"),
                          ((403, "SignatureDoesNotMatch"), "does not accept the signature: is the secret key the right one"),
                          ((404, "NoSuchBucket"), "no such bucket")]:
        before = house.bucket.count("PUT")
        house.bucket.fault("PUT", answer)
        p = put(house, SHORT, ok=False)
        assert p.returncode == 23 and words in p.err
        assert house.bucket.count("PUT") - before == 1


def test_of_two_keys_the_old_one_signs_until_the_new_one_is_known(house):
    settle_in(house, keys=[("OLDKEY", "old-secret", bucket.days_ago(80)), ("NEWKEY", "new-secret", bucket.days_ago(0))])
    house.bucket.unknown_keys = {"NEWKEY"}
    name = put(house, SHORT)
    assert {a[3] for a in house.bucket.asked} == {"NEWKEY", "OLDKEY"}
    house.bucket.unknown_keys = {"OLDKEY"}
    del house.bucket.asked[:]
    assert house.run("store", "get", name).stdout == SHORT
    assert {a[3] for a in house.bucket.asked} == {"NEWKEY"}


def test_a_key_of_80_days_is_warned_of_and_one_of_91_signs_nothing(house):
    settle_in(house, keys=[("KEY", "secret", bucket.days_ago(80))])
    assert "is 80 days old; at 90 days nothing is signed" in house.run("config", "check", ok=False).out
    put(house, SHORT)
    asked = len(house.bucket.asked)
    with open(house.config) as f:
        text = f.read()
    with open(house.config, "w") as f:
        f.write(text.replace(bucket.days_ago(80), bucket.days_ago(91)))
    p = house.run("store", "list", ok=False)
    assert p.returncode == 19 and "too old to sign" in p.err
    assert "is 91 days old" in house.run("config", "check", ok=False).out
    assert len([a for a in house.bucket.asked[asked:] if a[3]]) == 0


@pytest.mark.parametrize("days, words", [(10, None), (80, "80 days old: at 90 days nothing is signed"),
                                         (91, "91 days old: nothing is signed with it from 90 days on")])
def test_the_age_of_a_key_is_told_while_serving(house, days, words):
    settle_in(house, keys=[("KEY", "secret", bucket.days_ago(days))])
    at = os.path.join(house.path, "ops")
    house.setting("ops_listen", f"unix:{at}", section="serve")
    told = json.loads(house.run("status", "--json").out)["store_key"]
    assert told == {"id": "KEY", "age_days": days, "alarm": days > 75, "refused": days > 90}
    said = next(line for line in house.run("status").out.splitlines() if line.startswith("store key"))
    assert words in said if words else said.endswith("KEY, 10 days old")
    house.serve()
    metrics = subprocess.run(["curl", "-s", "--unix-socket", at, "http://localhost/metrics"], capture_output=True,
                             text=True, timeout=60).stdout
    left = int(re.search(r"^letterlock_store_key_seconds_left (-?\d+)$", metrics, re.M)[1])
    age = int(re.search(r"^letterlock_store_key_age_seconds (\d+)$", metrics, re.M)[1])
    assert age // 86400 == days and age + left - 90 * 86400 in (-1, 0)
    house.child("ll-steward")
    log = ""
    while words and "the bucket's access key" not in log:
        log += house.server.stderr.readline().decode()
    house.server.send_signal(signal.SIGTERM)
    log += house.server.communicate(timeout=30)[1].decode()
    house.server = None
    warned = [line for line in log.splitlines() if "the bucket's access key KEY is" in line]
    assert bool(warned) == (days > 75)
    assert all((" error " if days > 90 else " warning ") in line and f"is {days} days old" in line for line in warned)


def test_what_a_killed_upload_left_behind_is_swept_when_it_is_old(house):
    settle_in(house)
    writer = house.spawn("store", "put", "-", stdin=subprocess.PIPE)
    writer.stdin.write(os.urandom(LONG))
    writer.stdin.flush()
    until = time.monotonic() + 60
    while not any(u["parts"] for u in list(house.bucket.uploads.values())):
        assert time.monotonic() < until
        time.sleep(0.02)
    writer.send_signal(signal.SIGKILL)
    writer.communicate()
    house.run("sweep")
    assert house.bucket.uploads, "it may be of a run under way"
    house.bucket.age = 3 * 86400
    house.run("sweep")
    assert house.bucket.uploads == {} and house.bucket.objects == {}
