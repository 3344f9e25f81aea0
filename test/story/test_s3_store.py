"""The engine for S3 on a real store."""
import json
import os
import pathlib
import re
import subprocess
import time

import pytest

import bucket
import test_clock as clock
from house import House, pdf
from test_send import opened

SUITE = pathlib.Path(os.environ["LETTERLOCK"]).parent / "test/engines/store-suite-s3"


@pytest.fixture(scope="module")
def s3():
    server = bucket.Bucket()
    server.client.create_bucket(Bucket="suite")
    yield server
    server.close()


def test_the_suite_of_all_engines_holds_for_a_bucket(s3):
    done = subprocess.run([SUITE], env=s3.environment(), capture_output=True, text=True)
    assert not done.returncode and "not ok" not in done.stdout, done.stdout + done.stderr
    assert len(re.findall(r"^ok ", done.stdout, re.M)) >= 14
    assert s3.keys("suite") == []  # nothing of it is left
    assert not s3.client.list_multipart_uploads(Bucket="suite").get("Uploads")


@pytest.fixture
def house(tmp_path):
    h = House(tmp_path / "house")
    yield h
    h.stop()


def findings(house, name):
    said = json.loads(house.run("config", "check", "--json", ok=False).out)
    return [f for f in said["checks"] if f["name"] == name]


def test_a_list_is_sent_and_opened_over_a_bucket(s3, house):
    s3.settle_in(house, "whole")
    p = house.send(house.people(3))
    assert [r["status"] for r in p.results] == ["delivered"] * 3
    keys = s3.keys("whole")
    assert len(keys) == 3 and all(k.startswith("letters/") for k in keys)
    house.serve()
    for r in p.results:
        want = open(os.path.join(house.documents, r["document"]), "rb").read()
        assert opened(house, r, [r["password"]]) == {r["document"]: want}
        assert not any(want in s3.client.get_object(Bucket="whole", Key=k)["Body"].read() for k in keys)


def test_what_was_changed_in_the_bucket_is_not_given_out(s3, house):
    s3.settle_in(house, "changed")
    name = house.run("store", "put", "-", stdin=b"canary" * 20000).out.strip()
    key = f"letters/{name}"
    body = bytearray(s3.client.get_object(Bucket="changed", Key=key)["Body"].read())
    body[100] ^= 1
    s3.client.put_object(Bucket="changed", Key=key, Body=bytes(body))
    p = house.run("store", "get", name, ok=False)
    assert p.returncode == 21 and not p.stdout


def test_a_long_object_goes_in_parts_and_comes_back(s3, house):
    s3.settle_in(house, "long")
    content = os.urandom(21 << 20)
    name = house.run("store", "put", "-", stdin=content).out.strip()
    there = s3.client.head_object(Bucket="long", Key=f"letters/{name}")
    assert there["ETag"].endswith('-5"') and there["ContentLength"] > len(content)
    assert house.run("store", "get", name).stdout == content
    house.run("store", "delete", name)
    assert s3.keys("long") == []


def uploads(s3, name):
    """Under way or left behind: how many parts each has."""
    found = {}
    for u in s3.client.list_multipart_uploads(Bucket=name).get("Uploads") or []:
        try:
            parts = s3.client.list_parts(Bucket=name, Key=u["Key"], UploadId=u["UploadId"]).get("Parts")
        except s3.client.exceptions.ClientError:
            continue  # it has just ended
        found[u["UploadId"]] = len(parts or [])
    return found


def killed_when(house, reached, *arguments):
    """A `send` that is killed as soon as that is so; False if it was done before."""
    sender = house.spawn("send", os.path.join(house.path, "list.csv"), "--documents", house.documents, *arguments)
    while sender.poll() is None and not reached():
        pass
    done = sender.poll() is not None
    sender.kill()
    sender.communicate()
    return not done


@pytest.mark.skipif(not clock.LIBRARY or not clock.PLAIN.exists(), reason="needs faketime and the build's test programs")
def test_a_send_killed_in_mid_upload_is_resumed_and_leaves_nothing_twice(s3, house):
    s3.settle_in(house, "killed")
    rows = house.people(3)
    with open(os.path.join(house.documents, rows[1]["document"]), "wb") as f:
        f.write(pdf("long", os.urandom(48 << 20)))
    house.write_list(rows)
    results, kills = os.path.join(house.path, "results.csv"), 0
    for parts in (0, 1, 2, 4):
        before = set(uploads(s3, "killed"))
        kills += killed_when(house, lambda: any(n >= parts for u, n in uploads(s3, "killed").items() if u not in before),
                             *(["--resume", results] if os.path.exists(results) else ["--results", results]))
    assert kills >= 1, "a quick run may get away, but not each time"
    left_behind = uploads(s3, "killed")
    assert left_behind
    house.run("send", "list.csv", "--documents", house.documents, "--resume" if os.path.exists(results) else "--results",
              results)
    done = house.results(results)
    assert [r["status"] for r in done] == ["delivered"] * 3
    assert sorted(m["To"].addresses[0].addr_spec for m in house.outbox()) == sorted(r["email"] for r in rows)
    # What is a day old is swept; a clock that is some seconds less than a day ahead is still believed.
    time.sleep(6)
    swept = subprocess.run([clock.PLAIN, "sweep"], cwd=house.path, env=clock.clock("+86395"), capture_output=True, text=True)
    assert swept.returncode == 0, swept.stderr
    assert len(s3.keys("killed")) == 3 and uploads(s3, "killed") == {}
    house.serve()
    for r in done:
        want = open(os.path.join(house.documents, r["document"]), "rb").read()
        assert opened(house, r, [r["password"]]) == {r["document"]: want}


def test_a_bucket_that_is_open_to_others_is_refused(s3, house):
    s3.settle_in(house, "open")
    assert findings(house, "bucket")[0]["judgement"] == "ok"
    s3.client.delete_public_access_block(Bucket="open")
    assert "Block Public Access" in findings(house, "bucket")[0]["found"]
    s3.client.put_bucket_acl(Bucket="open", ACL="public-read")
    found = findings(house, "bucket")[0]
    assert found["judgement"] == "fail" and "anyone may list" in found["found"]
    p = house.send(house.people(1), ok=False)
    assert p.returncode == 34 and "anyone may list" in p.err
    assert s3.keys("open") == [] and house.outbox() == []


def test_a_bucket_that_answers_without_tls_needs_a_policy_or_a_reason(s3, house):
    s3.settle_in(house, "plain")
    with open(house.config) as f:
        text = f.read()
    with open(house.config, "w") as f:
        f.write(re.sub(r"\n  allow_plain_reason: .*", "", text))
    found = findings(house, "bucket")[0]
    assert found["judgement"] == "fail" and "without TLS" in found["found"]
    s3.client.put_bucket_policy(Bucket="plain", Policy=json.dumps({"Version": "2012-10-17", "Statement": [{
        "Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": ["arn:aws:s3:::plain", "arn:aws:s3:::plain/*"],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}}}]}))
    assert findings(house, "bucket")[0]["judgement"] == "ok"


def test_a_wrong_secret_is_told_in_words_and_not_tried_for_minutes(s3, house):
    s3.settle_in(house, "wrong", keys=[(bucket.KEY, "no" + bucket.SECRET[2:], bucket.days_ago(1))])
    p = house.run("store", "list", ok=False)
    assert p.returncode == 23 and "is the secret key the right one" in p.err
    assert bucket.SECRET[2:] not in p.err
