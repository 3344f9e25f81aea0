"""`letterlock lambda`: lists in a bucket, sent by a machine that keeps nothing. The bucket is Ceph's, the runtime API an
emulator of our own (lambda_runtime.py), the relay a sink that remembers."""
import concurrent.futures
import csv
import io
import json
import os
import random
import subprocess
import tempfile
import threading
import time

import pytest

from bucket import Bucket
from house import PROGRAM, House
from lambda_runtime import Function, put_event
from sink import Sink, check_account


@pytest.fixture(scope="module")
def bucket():
    b = Bucket()
    yield b
    b.close()


class Place:
    """A house whose lists and documents lie in a bucket, and as many machines of its function as are wanted."""
    count = 0

    def __init__(self, bucket, path, sink, **settings):
        Place.count += 1
        self.bucket, self.client, self.path = bucket, bucket.client, str(path)
        self.name = f"letters-{os.getpid()}-{Place.count}"
        self.house = House(os.path.join(self.path, "house"), transport=sink if isinstance(sink, str) else sink.url)
        bucket.settle_in(self.house, self.name)
        for setting, value in {"lease": "2s", "patience": "3s", **settings}.items():
            self.house.setting(setting, value, section="lambda")
        self.functions = []

    def function(self, command=None, **environment):
        room = tempfile.mkdtemp(prefix="room-", dir=self.path)
        f = Function(command or [PROGRAM, "--config", self.house.config, "lambda", "--room", room],
                     {k: v for k, v in {**os.environ, **environment}.items() if not k.startswith("AWS_")})
        f.room = room
        self.functions.append(f)
        return f

    def put(self, rows, key="lists/people.csv", prefix="lists/"):
        path = self.house.write_list(rows, name="list.csv")
        self.client.upload_file(path, self.name, key)
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            names = {n for r in rows for n in r["document"].split(";")}
            for name in names:
                local = os.path.join(self.house.documents, name)
                if os.path.exists(local):
                    pool.submit(self.client.upload_file, local, self.name, prefix + name)
        return self.client.head_object(Bucket=self.name, Key=key)["ETag"].strip('"')

    def event(self, key="lists/people.csv", **more):
        return {"list": f"s3://{self.name}/{key}", "as": "zip", **more}

    def results(self, key="results/lists/people-results.csv"):
        body = self.client.get_object(Bucket=self.name, Key=key)["Body"].read().decode()
        return list(csv.DictReader(io.StringIO(body)))

    def close(self):
        for f in self.functions:
            f.close()


@pytest.fixture
def place(bucket, tmp_path):
    made = []

    def make(sink, **settings):
        made.append(Place(bucket, tempfile.mkdtemp(dir=tmp_path), sink, **settings))
        return made[-1]

    yield make
    for p in made:
        p.close()


@pytest.fixture
def sink(tmp_path):
    with Sink(tmp_path / "sink.log") as s:
        yield s


def test_a_list_that_was_put_is_sent_once_however_often_the_event_comes(place, sink):
    p = place(sink)
    etag = p.put(p.house.people(12))
    p.house.setting("as", "zip", section="seal")
    f = p.function()
    first = f.invoke(put_event(p.name, "lists/people.csv", etag))
    assert first["ok"], first
    answer = first["body"]["lists"][0]
    assert answer["state"] == "done" and answer["delivered"] == 12 and answer["waiting"] == 0
    assert answer["results"] == f"s3://{p.name}/results/lists/people-results.csv"
    rows = p.results()
    assert [r["status"] for r in rows] == ["delivered"] * 12
    assert all(r["password"] for r in rows), "without its password nobody opens an archive"
    for _ in range(2):
        again = f.invoke(put_event(p.name, "lists/people.csv", etag))
        assert again["ok"] and again["body"] == first["body"]
    assert p.function().invoke(put_event(p.name, "lists/people.csv", etag))["body"] == first["body"], "another machine"
    check_account(sink, p.house, rows)
    assert sum(sink.account().copies.values()) == 12
    assert os.listdir(f.room) == [], "everything is removed from the machine"


def test_a_label_sends_the_same_list_once_more(place, sink):
    p = place(sink)
    p.put(p.house.people(3))
    f = p.function()
    for label in ("October", "November", "November"):
        assert f.invoke(p.event(label=label))["ok"]
    assert sum(sink.account().copies.values()) == 6


def test_what_is_kept_in_the_bucket_shows_nobody(place, sink):
    p = place(sink)
    rows = p.house.people(2, prefix="mrs-marple")
    p.put(rows)
    assert p.function().invoke(p.event())["ok"]
    password = p.results()[0]["password"]
    kept = [k for k in p.bucket.keys(p.name, "letters/runs/")]
    assert len(kept) > 5
    for key in kept:
        body = p.client.get_object(Bucket=p.name, Key=key)["Body"].read()
        for secret in (b"marple", password.encode(), b"SQLite format"):
            assert secret not in body.lower() if secret == b"marple" else secret not in body, key


def test_two_at_once_and_one_works(place, sink):
    p = place(sink)
    p.put(p.house.people(60))
    machines = [p.function() for _ in range(4)]
    for f in machines:
        f.start()
        assert f.asked.wait(20)
    entries = [f.begin(p.event()) for f in machines]
    results = [f.finish(e) for f, e in zip(machines, entries)]
    assert sum(r["ok"] for r in results) >= 1, results
    for r in results:
        assert r["ok"] or r["type"] == "Letterlock.Busy", r
    assert machines[0].invoke(p.event())["ok"], "and who tries again is told how it ended"
    account = check_account(sink, p.house, p.results())
    assert set(account.copies.values()) == {1}, "nobody died, so nobody was mailed twice"


def test_killed_at_any_moment_nobody_is_mailed_twice_and_nobody_forgotten(place, tmp_path):
    """Thirty times the machine is gone in mid-work, another takes over; the relay counts what it was given."""
    chance, rows, kills, lists = random.Random(7), [], 0, 0
    with Sink(tmp_path / "sink.log", "--delay", "40") as sink:
        p = place(sink, lease="1s")
        p.house.setting("connections", "3", section="transport")
        p.put(p.house.people(40))
        while kills < 30:
            lists += 1
            event, done = p.event(label=f"list {lists}"), False
            while not done:
                f = p.function()
                entry = f.begin(event)
                f.asked.wait(20)
                if kills < 30 and not entry["done"].wait(chance.uniform(0.8, 3.0)):
                    f.kill()
                    kills += 1
                result = f.finish(entry)
                f.close()
                assert result["ok"] or result["type"] in ("Runtime.ExitError", "Letterlock.Busy"), result
                done = result["ok"]
            assert result["body"]["lists"][0]["delivered"] == 40
            rows += p.results()
        account = check_account(sink, p.house, rows)
    assert kills == 30
    print(f"{lists} lists, {kills} kills, {sum(account.copies.values()) - len(rows)} second copies, all of them of cut replies")
