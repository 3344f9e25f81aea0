"""`letterlock lambda`: lists in a bucket, sent by a machine that keeps nothing. The bucket is Ceph's, the runtime API an
emulator of our own (lambda_runtime.py), the relay a sink that remembers."""
import concurrent.futures
import csv
import email
import email.policy
import fnmatch
import io
import json
import os
import pathlib
import random
import re
import signal
import ssl
import subprocess
import tempfile
import time
import urllib.request

import pytest

import ses_service
from bucket import KEY, Bucket, point_to
from faulty_bucket import FaultyBucket
from house import PROGRAM, House, pdf
from lambda_runtime import Function, put_event
from ses_service import Ses
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


def test_what_the_mail_leads_to_is_opened_without_anything_of_ours(place, sink, tmp_path):
    """From a list that was put to the document in the recipient's hands: the URL, the password, 7-Zip."""
    p = place(sink)
    p.put(p.house.people(2))
    assert p.function().invoke(p.event())["ok"]
    context = ssl.create_default_context(cafile=p.bucket.ca)
    for i, row in enumerate(p.results()):
        archive = tmp_path / f"{i}.zip"
        archive.write_bytes(urllib.request.urlopen(row["link"], context=context).read())
        subprocess.run(["7z", "x", f"-p{row['password']}", f"-o{tmp_path}/{i}", str(archive)], check=True,
                       capture_output=True)
        with open(os.path.join(p.house.documents, row["document"]), "rb") as f:
            assert (tmp_path / str(i) / row["document"]).read_bytes() == f.read()


def test_from_a_bucket_through_ses_to_the_opened_document(place, tmp_path):
    """The whole of it as on AWS: a list is put, SES mails, slow down it says in between, and the event comes twice."""
    ses = Ses(tmp_path / "ses")
    try:
        p = place("smtp://127.0.0.1:9")
        ses_service.point_to(p.house, ses)
        p.house.setting("as", "zip", section="seal")
        etag = p.put(p.house.people(6))
        ses.fault("POST", (429, "TooManyRequestsException", "Maximum sending rate exceeded."), times=2)
        f = p.function()
        for _ in range(2):
            done = f.invoke(put_event(p.name, "lists/people.csv", etag))
            assert done["ok"] and done["body"]["lists"][0]["delivered"] == 6, done
        rows = p.results()
        assert sorted(to for t in ses.taken for to in t["to"]) == sorted(r["email"] for r in rows), "everybody, once"
        context = ssl.create_default_context(cafile=p.bucket.ca)
        for i, row in enumerate(rows):
            mail = next(t["raw"] for t in ses.taken if row["email"] in t["to"])
            assert row["link"] in email.message_from_bytes(mail, policy=email.policy.default).get_body(("plain",)).get_content()
            archive = tmp_path / f"{i}.zip"
            archive.write_bytes(urllib.request.urlopen(row["link"], context=context).read())
            out = subprocess.run(["7z", "x", "-so", f"-p{row['password']}", str(archive)], check=True, capture_output=True)
            with open(os.path.join(p.house.documents, row["document"]), "rb") as document:
                assert out.stdout == document.read()
    finally:
        ses.close()


def test_a_link_to_the_page_is_refused_because_no_page_knows_it(place, sink):
    p = place(sink)
    p.put(p.house.people(1))
    f = p.function()
    for event in (p.event(link="page"), {**p.event(), "as": "open"}, {**p.event(), "as": "auto"}):
        result = f.invoke(event)
        assert result["type"] == "Letterlock.Refused" and "presigned" in result["body"]["errorMessage"], result
    assert not sink.account().copies


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


def test_before_its_deadline_it_stops_by_itself_and_the_next_goes_on(place, tmp_path):
    with Sink(tmp_path / "sink.log", "--delay", "250") as slow:
        p = place(slow)
        p.house.setting("connections", "2", section="transport")
        p.put(p.house.people(80))
        f, tries = p.function(), 0
        f.start()
        assert f.asked.wait(20)
        machine = f.process.pid
        while True:
            result = f.invoke(p.event(), timeout=10)
            tries += 1
            if result["ok"]:
                break
            assert result["type"] == "Letterlock.Waiting", result
            assert result["seconds"] < 10
            assert any(r["status"] == "waiting" for r in p.results())
            assert tries < 20
        assert f.process.pid == machine, "nothing had to be ended"
        assert tries > 1, "there was more to do than in one try"
        account = check_account(slow, p.house, p.results())
        assert set(account.copies.values()) == {1}


def test_a_machine_that_was_frozen_does_not_mail_when_it_thaws(place, tmp_path):
    """Who holds the run is stopped in mid-work for longer than the lease; another takes over; then the first wakes."""
    with Sink(tmp_path / "sink.log", "--delay", "100") as slow:
        p = place(slow, lease="1s")
        p.house.setting("connections", "2", section="transport")
        p.put(p.house.people(60))
        first, second = p.function(), p.function()
        entry = first.begin(p.event(), timeout=120)
        until = time.monotonic() + 60
        while sum(slow.account().copies.values()) < 10:
            assert time.monotonic() < until
            time.sleep(0.05)
        os.killpg(first.process.pid, signal.SIGSTOP)
        result = second.invoke(p.event(), timeout=120)
        while result["type"] == "Letterlock.Busy":
            result = second.invoke(p.event(), timeout=120)
        assert result["ok"], result
        os.killpg(first.process.pid, signal.SIGCONT)
        late = first.finish(entry)
        assert not late["ok"] and late["type"] == "Letterlock.Busy", late
        first.close()
        account = slow.account()
        twice = [name for name, copies in account.copies.items() if copies > 1 + account.cuts[name]]
        assert len(twice) <= 2, "one a connection was on its way when it froze, and no mail was begun after that"
        check_account(slow, p.house, p.results(), doubtful=[name.strip("<>").split("@")[0] for name in twice])


@pytest.mark.parametrize("event,because", ids=range(13), argvalues=[
    (b"", "not JSON"), (b"{", "not JSON"), (b"[]", "no object"), (b"null", "JSON"),
    ({"list": "s3://letters/a.csv", "list2": 1}, "list2"),
    ({"list": "s3://letters/a.csv", "as": "rar"}, "as"),
    ({"list": "s3://letters/a.csv", "proof": "details"}, "proof"),
    ({"list": "s3://letters/a.csv", "proof": "password:x"}, "proof"),
    ({"list": "s3://letters/a.csv", "link": "carrier pigeon"}, "link"),
    ({"list": "/etc/passwd"}, "s3://"),
    (put_event("letters", "a.csv", "x", "ObjectRemoved:Delete"), "ObjectCreated"),
    (b'{"list": "' + b"x" * 10_000_000 + b'"}', "MiB"),
    (b"[" * 1_000_000, "JSON"),
])
def test_an_event_that_makes_no_sense_is_answered_so(place, sink, event, because, shared={}):
    if "function" not in shared:
        shared["place"] = place(sink)
        shared["function"] = shared["place"].function()
        shared["place"].functions.clear()
    f = shared["function"]
    f.start()
    pid = f.process.pid
    result = f.invoke(event)
    assert not result["ok"] and result["type"] == "Letterlock.Refused", result
    assert result["body"]["errorType"] == "Letterlock.Refused"
    assert because in result["body"]["errorMessage"], result
    assert f.process.poll() is None and f.process.pid == pid
    if event == b"[" * 1_000_000:
        f.close()


def test_what_cannot_begin_says_why_before_any_event(place, sink):
    p = place(sink)
    for wrong in ("no_such_setting: 1\n", "store: disk\n"):
        with open(p.house.config) as c:
            good = c.read()
        with open(p.house.config, "a") as c:
            c.write(wrong)
        f = p.function()
        f.start()
        assert f.asked.wait(20)
        f.process.wait(20)
        assert f.init_error["type"] == "Letterlock.Init", f.init_error
        assert "letterlock.yaml" in f.init_error["body"]["errorMessage"]
        assert f.process.returncode != 0
        with open(p.house.config, "w") as c:
            c.write(good)
    keys = pathlib.Path(p.house.path, "keys")
    next(keys.glob("master-*")).unlink()
    f = p.function()
    f.start()
    assert f.asked.wait(20)
    assert "master" in f.init_error["body"]["errorMessage"]


def test_what_breaks_down_is_answered_and_the_machine_goes_on(place, tmp_path):
    with Sink(tmp_path / "sink.log", "--delay", "100") as slow:
        p = place(slow, lease="1s")
        p.put(p.house.people(30))
        f = p.function()
        entry = f.begin(p.event())
        f.asked.wait(20)
        children, until = [], time.monotonic() + 30
        while not children and time.monotonic() < until:
            children = subprocess.run(["pgrep", "-P", str(f.process.pid)], capture_output=True, text=True).stdout.split()
        pid = f.process.pid
        time.sleep(0.5)
        os.kill(int(children[0]), signal.SIGKILL)
        result = f.finish(entry)
        assert not result["ok"] and result["type"] == "Letterlock.Failed", result
        assert f.process.pid == pid and f.process.poll() is None
        assert os.listdir(f.room) == [], "nothing of it stays on the machine"
        result = f.invoke(p.event())
        while result["type"] == "Letterlock.Busy":
            result = f.invoke(p.event())
        assert result["ok"], result
        check_account(slow, p.house, p.results())


def test_documents_that_cannot_be_are_their_rows_misfortune(place, sink):
    p = place(sink)
    rows = p.house.people(2)
    rows += [{"email": f"odd{i}@example.net", "name": "Odd", "document": name} for i, name in enumerate(
        ["missing.pdf", "../lists/people.csv", "/etc/passwd", "large.pdf", "folder/", "person-00000.pdf/x.pdf",
         "x" * 300 + ".pdf", "empty.pdf"])]
    p.house.setting("document_bytes", "20k", section="limits")
    with open(os.path.join(p.house.documents, "large.pdf"), "wb") as f:
        f.write(pdf("x", b"y" * 30000))
    p.put(rows)
    p.client.put_object(Bucket=p.name, Key="lists/empty.pdf", Body=b"")
    result = p.function().invoke(p.event())
    assert result["ok"], result
    answer = result["body"]["lists"][0]
    assert answer["delivered"] == 2 and answer["refused"] == 8, answer
    problems = {r["document"]: r["problem"] for r in p.results()}
    assert "empty" in problems["empty.pdf"]
    assert "no such file" in problems["missing.pdf"] and "larger than the limit" in problems["large.pdf"]


def test_documents_lie_where_the_event_or_the_configuration_says(place, sink):
    p = place(sink, documents="letters-in/")
    rows = p.house.people(2)
    other = p.name + "-documents"
    p.put(rows, prefix="letters-in/")
    f = p.function()
    assert f.invoke(p.event())["body"]["lists"][0]["delivered"] == 2
    p.client.create_bucket(Bucket=other)
    for r in rows:
        p.client.upload_file(os.path.join(p.house.documents, r["document"]), other, r["document"])
    assert f.invoke(p.event(documents=f"s3://{other}/"))["body"]["lists"][0]["delivered"] == 2


def test_its_own_results_start_nothing(place, sink):
    p = place(sink, results="lists/sent/")
    p.house.setting("as", "zip", section="seal")
    etag = p.put(p.house.people(1))
    f = p.function()
    assert f.invoke(put_event(p.name, "lists/people.csv", etag))["ok"]
    made = p.bucket.keys(p.name, "lists/sent/")
    assert made == ["lists/sent/lists/people-results.csv"]
    for key in made + ["lists/person-00000.pdf"]:
        again = f.invoke(put_event(p.name, key, "d41d8cd98f00b204e9800998ecf8427e"))
        assert again["ok"] and again["body"] == {"lists": [{"state": "no list"}]}


def test_an_event_of_a_list_that_was_replaced_sends_nothing(place, sink):
    p = place(sink)
    p.house.setting("as", "zip", section="seal")
    old = p.put(p.house.people(1))
    new = p.put(p.house.people(2))
    f = p.function()
    gone = f.invoke(put_event(p.name, "lists/people.csv", old))
    assert gone["ok"] and gone["body"]["lists"][0]["state"] == "replaced"
    assert not sink.account().copies
    assert f.invoke(put_event(p.name, "lists/people.csv", new))["body"]["lists"][0]["delivered"] == 2


def test_a_list_that_cannot_be_read_is_refused_in_words(place, sink):
    p = place(sink)
    p.client.put_object(Bucket=p.name, Key="lists/people.csv", Body=b"name\nnobody\n")
    f = p.function()
    for event, because in [(p.event(), "email"), (p.event(key="lists/none.csv"), "none.csv"),
                           ({"list": "s3://no-such-bucket-here/a.csv"}, "a.csv")]:
        result = f.invoke(event)
        assert not result["ok"] and result["type"] == "Letterlock.Refused", result
        assert because in result["body"]["errorMessage"], result


def test_an_entry_that_was_changed_is_not_believed(place, sink):
    p = place(sink)
    p.put(p.house.people(3))
    assert p.function().invoke(p.event())["ok"]
    keys = p.bucket.keys(p.name, "letters/runs/")
    for key in (keys[0], keys[2], keys[-2]):
        whole = p.client.get_object(Bucket=p.name, Key=key)["Body"].read()
        for changed in (whole[:-1] + bytes([whole[-1] ^ 1]), whole[:40], b"", p.client.get_object(
                Bucket=p.name, Key=keys[3])["Body"].read()):
            p.client.put_object(Bucket=p.name, Key=key, Body=changed)
            result = p.function().invoke(p.event())
            assert not result["ok"], (key, changed[:40], result)
        p.client.put_object(Bucket=p.name, Key=key, Body=whole)
    assert p.function().invoke(p.event())["ok"]
    assert sum(sink.account().copies.values()) == 3


class Faulty:
    """A house whose bucket has bad days."""

    def __init__(self, path, sink):
        self.bucket = FaultyBucket(pathlib.Path(path) / "door")
        self.house = House(os.path.join(path, "house"), transport=sink.url)
        point_to(self.house, self.bucket.endpoint, self.bucket.ca, "faulty")
        self.house.setting("allow_plain_reason", "it listens on this machine only", section="s3")
        self.house.setting("lease", "2s", section="lambda")
        rows = self.house.people(6)
        with open(self.house.write_list(rows), "rb") as f:
            self.bucket.objects["lists/people.csv"] = f.read()
        for r in rows:
            with open(os.path.join(self.house.documents, r["document"]), "rb") as f:
                self.bucket.objects["lists/" + r["document"]] = f.read()
        self.room = os.path.join(path, "room")
        os.mkdir(self.room)
        self.event = os.path.join(path, "event.json")
        with open(self.event, "w") as f:
            json.dump({"list": "s3://faulty/lists/people.csv", "as": "zip"}, f)

    def once(self):
        return self.house.run("lambda", "--room", self.room, "--event", self.event, ok=False)


def test_a_store_without_conditional_writes_is_refused_before_anything_is_mailed(tmp_path, sink):
    f = Faulty(str(tmp_path), sink)
    f.bucket.conditional = False
    p = f.once()
    assert p.returncode != 0 and "If-None-Match" in p.err, p.err
    assert not sink.account().copies
    f.bucket.close()


def test_answers_of_the_store_that_are_lost_change_nothing(tmp_path, sink):
    """Each PUT that was carried out and whose answer never came is tried again, and is found to be our own."""
    f = Faulty(str(tmp_path), sink)
    for _ in range(4):
        f.bucket.fault("PUT", "lost after", times=2)
        f.bucket.fault("PUT", (409, "ConditionalRequestConflict"), times=1)
    p = f.once()
    assert p.returncode == 0, p.err
    answer = json.loads(p.out)["lists"][0]
    assert answer["delivered"] == 6 and answer["state"] == "done"
    assert all(fault[3] == 0 for fault in f.bucket.faults), "they all came"
    assert set(sink.account().copies.values()) == {1}
    assert json.loads(f.once().out) == json.loads(p.out)
    f.bucket.close()


def policy_of(name):
    """A policy as doc/aws.md shows it."""
    text = (pathlib.Path(__file__).resolve().parents[2] / "doc/aws.md").read_text()
    return json.loads(re.search(rf"<!-- policy: {name} -->\n```json\n(.*?)```", text, re.S)[1])


def action_of(method, key, query):
    """What S3 calls a request: https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html"""
    if key:
        if method == "DELETE":
            return "s3:AbortMultipartUpload" if "uploadId" in query else "s3:DeleteObject"
        return {"GET": "s3:GetObject", "HEAD": "s3:GetObject"}.get(method, "s3:PutObject")
    for part, action in {"uploads": "s3:ListBucketMultipartUploads", "policyStatus": "s3:GetBucketPolicyStatus",
                         "policy": "s3:GetBucketPolicy", "acl": "s3:GetBucketAcl",
                         "publicAccessBlock": "s3:GetBucketPublicAccessBlock"}.items():
        if part in query.split("&")[0].split("="):
            return action
    assert method == "GET", (method, query)
    return "s3:ListBucket"


def allows(policy, action, resource):
    for s in policy["Statement"]:
        actions, resources = ([x] if isinstance(x, str) else x for x in (s["Action"], s["Resource"]))
        if s["Effect"] == "Allow" and action in actions and any(fnmatch.fnmatchcase(resource, r) for r in resources):
            return True
    return False


def test_the_rights_that_the_manual_gives_are_those_that_are_used(tmp_path, sink):
    """Whatever a run asks of the bucket is allowed, and what is allowed is asked for, or by name for bad days only."""
    f = Faulty(str(tmp_path), sink)
    p = f.once()
    assert p.returncode == 0, p.err
    policy, used = policy_of("user"), set()
    for method, key, query, signer in f.bucket.asked:
        if not signer:
            continue  # the question whether strangers may list is asked as a stranger
        action = action_of(method, key, query)
        # The house has one bucket where the manual has two; its prefixes are theirs.
        where = "example-letters" if not key or key.startswith("letters/") else "example-lists"
        place = key.replace("letters/", "sealed/", 1) if key.startswith("letters/") else key
        assert allows(policy, action, f"arn:aws:s3:::{where}" + (f"/{place}" if key else "")), (method, key, query)
        used.add(action)
    given = {a for s in policy["Statement"] for a in ([s["Action"]] if isinstance(s["Action"], str) else s["Action"])}
    on_bad_days = {"s3:DeleteObject", "s3:AbortMultipartUpload", "s3:ListBucket", "s3:ListBucketMultipartUploads"}
    assert given - used <= on_bad_days, given - used
    assert not any("*" in a for a in given), "rights are given one by one"
    f.bucket.close()


def test_every_policy_of_the_manual_is_one(tmp_path):
    for name in ("bucket", "user", "role"):
        policy = policy_of(name)
        assert policy["Version"] == "2012-10-17" and policy["Statement"]
        for s in policy["Statement"]:
            assert s["Effect"] in ("Allow", "Deny") and s["Sid"] and s["Action"] and s["Resource"]
            if s["Effect"] == "Allow":
                assert "Principal" not in s and not any(a.endswith(":*") for a in s["Action"])
    deny = policy_of("bucket")["Statement"][0]
    assert deny["Effect"] == "Deny" and deny["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
