"""--link presigned: the mail carries the bucket's own URL, and no server of ours is asked. Ceph's gateway judges each."""
import datetime
import http.server
import json
import os
import re
import ssl
import subprocess
import threading
import time
import urllib.error
import urllib.parse
import urllib.request

import botocore.auth
import botocore.awsrequest
import botocore.credentials
import pytest

import bucket
from faulty_bucket import FaultyBucket
from house import Browser, House
from test_send import opened

AS_ZIP = ["--as", "zip", "--link", "presigned"]
AS_PDF = ["--as", "pdf", "--link", "presigned"]


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


def fetch(s3, url):
    """A stranger with nothing but the URL: status, fields, body."""
    try:
        with urllib.request.urlopen(url, context=ssl.create_default_context(cafile=s3.ca), timeout=30) as answer:
            return answer.status, answer.headers, answer.read()
    except urllib.error.HTTPError as refused:
        return refused.code, refused.headers, refused.read()


def unpacked(tmp_path, archive, password, name):
    path = tmp_path / f"{name}.zip"
    path.write_bytes(archive)
    return subprocess.run(["7z", "e", "-so", f"-p{password}", path, name], capture_output=True)


def text_of(mail):
    return mail.get_body(("plain",)).get_content()


def urls_of(mail):
    return [line for line in text_of(mail).splitlines() if line.startswith("https://")]


def long_ago(**ago):
    return (datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(**ago)).strftime("%Y-%m-%dT%H:%M:%SZ")


def test_from_list_to_opened_document_without_a_server(s3, house, tmp_path):
    s3.settle_in(house, "mailed")
    p = house.send(house.people(3), *AS_ZIP, "--expires", "3d")
    assert [r["status"] for r in p.results] == ["delivered"] * 3
    keys = s3.keys("mailed")
    assert len(keys) == 3 and all(re.fullmatch(r"letters/mailed/[0-9a-z]{26}", k) for k in keys)
    mails = {m["to"].addresses[0].addr_spec: m for m in house.outbox()}
    for r in p.results:
        assert urls_of(mails[r["email"]]) == [r["link"]]
        assert r["link"] in mails[r["email"]].get_body(("html",)).get_content().replace("&amp;", "&")
        assert r["password"] not in mails[r["email"]].as_string()
        status, fields, archive = fetch(s3, r["link"])
        assert (status, fields["Content-Type"], fields["Cache-Control"]) == (200, "application/zip", "private, no-store")
        assert fields["Content-Disposition"].startswith(f'attachment; filename="{r["document"][:-4]}.zip"')
        want = open(os.path.join(house.documents, r["document"]), "rb").read()
        assert want not in archive
        assert unpacked(tmp_path, archive, r["password"], r["document"]).stdout == want
        assert unpacked(tmp_path, archive, "wrong", r["document"]).returncode != 0


def test_the_url_is_short_and_on_one_line_and_says_when_it_ends(s3, house):
    s3.settle_in(house, "short")
    p = house.send(house.people(1), *AS_ZIP, "--expires", "7d")
    url = p.results[0]["link"]
    assert re.fullmatch(r"https://[-A-Za-z0-9.:/]+\?[-A-Za-z0-9=&%_]+", url), url
    assert len(url) < 450 and not url.endswith((".", ",", "=", "&", "%"))
    query = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(url).query))
    assert query["X-Amz-Expires"] == "604800"
    signed = datetime.datetime.strptime(query["X-Amz-Date"], "%Y%m%dT%H%M%SZ")
    ends = datetime.datetime.strptime(p.results[0]["expires_at"], "%Y-%m-%dT%H:%M:%SZ")
    assert ends - signed == datetime.timedelta(days=7)


def test_botocore_signs_the_same_url(s3, house):
    s3.settle_in(house, "judged")
    url = house.send(house.people(1), *AS_ZIP, "--expires", "2d").results[0]["link"]
    bare, _, query = url.partition("?")
    at = datetime.datetime.strptime(dict(urllib.parse.parse_qsl(query))["X-Amz-Date"], "%Y%m%dT%H%M%SZ")

    class Then(datetime.datetime):
        @classmethod
        def utcnow(cls):
            return at

    signer = botocore.auth.S3SigV4QueryAuth(botocore.credentials.Credentials(bucket.KEY, bucket.SECRET), "s3", "default",
                                            expires=172800)
    asked = botocore.awsrequest.AWSRequest("GET", bare)
    real, botocore.auth.datetime.datetime = botocore.auth.datetime.datetime, Then
    try:
        signer.add_auth(asked)
    finally:
        botocore.auth.datetime.datetime = real
    assert sorted(urllib.parse.parse_qsl(asked.url.partition("?")[2])) == sorted(urllib.parse.parse_qsl(query))


def test_the_mail_says_what_the_reader_meets_there(s3, house):
    s3.settle_in(house, "words")
    people = house.people(4)
    for row, language in zip(people, ["en", "de", "fr", "es"]):
        row["language"] = language
    house.send(people, *AS_ZIP)
    said = [text_of(m) for m in sorted(house.outbox(), key=lambda m: m["to"])]
    for words, text in zip(["downloads at once", "gleich heruntergeladen", "se télécharge aussitôt", "se descarga enseguida"], said):
        assert words in text and "localhost" in text
        assert "/help" not in text  # there is no page of ours to lead to


def test_a_url_that_was_changed_or_is_over_is_refused_by_the_store(s3, house):
    s3.settle_in(house, "refused")
    url = house.send(house.people(2), *AS_ZIP).results[0]["link"]
    assert fetch(s3, url)[0] == 200
    other = house.results()[1]["link"]
    for changed in [url.replace("X-Amz-Expires=", "X-Amz-Expires=1"), url[:-1] + ("0" if url[-1] != "0" else "1"),
                    urllib.parse.urlsplit(other).path.join(url.split(urllib.parse.urlsplit(url).path))]:
        assert changed != url and fetch(s3, changed)[0] == 403


def test_a_url_opens_until_its_moment_and_not_after_it(s3, house):
    s3.settle_in(house, "until")
    p = house.send(house.people(1), *AS_ZIP, "--no-wait", "--expires", "1h", "--now", long_ago(minutes=59, seconds=40))
    row = p.results[0]
    assert fetch(s3, row["link"])[0] == 200
    end = datetime.datetime.strptime(row["expires_at"] + "+0000", "%Y-%m-%dT%H:%M:%SZ%z").timestamp()
    time.sleep(max(0, end + 1.5 - time.time()))
    status, _, said = fetch(s3, row["link"])
    assert status == 403 and b"AccessDenied" in said


def test_a_url_that_opens_nothing_is_mailed_to_nobody(s3, house):
    s3.settle_in(house, "denied")
    s3.client.put_bucket_policy(Bucket="denied", Policy=json.dumps({"Version": "2012-10-17", "Statement": [
        {"Effect": "Deny", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::denied/letters/mailed/*"}]}))
    p = house.send(house.people(2), *AS_ZIP, ok=False)
    assert p.returncode and "does not open" in p.err and house.outbox() == []
    s3.client.delete_bucket_policy(Bucket="denied")
    assert s3.keys("denied") == []
    p = house.run("send", house.write_list(house.people(2)), "--documents", house.documents, "--resume",
                  os.path.join(house.path, "results.csv"), *AS_ZIP)
    assert [fetch(s3, r["link"])[0] for r in house.results()] == [200, 200] and len(house.outbox()) == 2


def test_revoking_removes_the_file_and_that_ends_the_url(s3, house):
    s3.settle_in(house, "revoked")
    p = house.send(house.people(2), *AS_ZIP)
    gone, stays = p.results
    said = house.run("revoke", gone["delivery"]).out
    assert "removing the file" in said and "nobody can tell whether it was opened" in said
    assert fetch(s3, gone["link"])[0] == 404 and fetch(s3, stays["link"])[0] == 200
    assert len(s3.keys("revoked")) == 1
    shown = house.run("show", stays["delivery"]).out
    assert "presigned" in shown and "nobody can tell whether it was opened" in shown and "not opened" not in shown


def test_a_renewed_link_is_another_url_and_the_old_one_ends(s3, house, tmp_path):
    s3.settle_in(house, "renewed")
    row = house.send(house.people(1), *AS_ZIP).results[0]
    want = open(os.path.join(house.documents, row["document"]), "rb").read()
    old, archive = row["link"], fetch(s3, row["link"])[2]
    p = house.run("renew", row["delivery"], "--expires", "8d", ok=False)
    assert p.returncode and "seven days" in p.err and fetch(s3, old)[0] == 200
    fresh = json.loads(house.run("renew", row["delivery"], "--expires", "2d", "--json").out)["link"]
    assert fetch(s3, fresh)[2] == archive and fetch(s3, old)[0] == 404
    assert len(s3.keys("renewed")) == 1
    assert unpacked(tmp_path, archive, row["password"], row["document"]).stdout == want


def test_what_is_over_is_swept_out_of_the_bucket(s3, house):
    s3.settle_in(house, "swept")
    house.send(house.people(2), *AS_ZIP, "--expires", "1d")
    assert len(s3.keys("swept")) == 2
    later = (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=400)).strftime("%Y-%m-%dT%H:%M:%SZ")
    house.run("sweep", "--now", later)
    assert s3.keys("swept") == []


def test_what_cannot_be_promised_is_refused_before_anything_is_accepted(s3, house):
    s3.settle_in(house, "promised")
    people = house.people(1)

    def refused(*options, words):
        p = house.send(people, *options, ok=False)
        assert p.returncode and words in p.err and p.results is None, p.err
        assert s3.keys("promised") == [] and house.outbox() == []

    refused("--link", "presigned", words="use --as zip or")
    refused("--link", "presigned", "--as", "auto", words="use --as zip or")
    refused(*AS_ZIP, "--expires", "8d", words="seven days at the most")
    house.setting("warn_after", "4d", section="s3")
    house.setting("refuse_after", "5d", section="s3")
    refused(*AS_ZIP, "--expires", "7d", words="is retired on")
    p = house.send(people, *AS_ZIP, "--expires", "3d")
    assert p.results[0]["status"] == "delivered"


def test_without_a_bucket_there_is_no_such_link(house):
    p = house.send(house.people(1), *AS_ZIP, ok=False)
    assert p.returncode and "needs a bucket" in p.err and p.results is None


# ── The page, where the container lies in the bucket as it is ──

def proven(house, row):
    """A browser that has shown the proof, and where the page's documents are."""
    b = Browser(house)
    status, headers, _ = b.prove(row["link"], [row["password"]])
    assert status == 303
    _, _, page = b.ask("GET", headers["location"])
    return b, re.findall(r'href="([^"]*/f/[^"]+)"', page.decode())


def test_after_the_proof_the_page_leads_to_a_url_of_a_minute(s3, house, tmp_path):
    s3.settle_in(house, "direct", direct="true")
    row = house.send(house.people(1), "--as", "zip").results[0]
    house.serve()
    assert all(k.startswith("letters/mailed/") for k in s3.keys("direct"))
    b, documents = proven(house, row)
    assert b.ask("HEAD", documents[0])[1]["location"].startswith("/d/")
    assert "handed" not in house.run("show", row["delivery"]).out
    status, headers, body = b.ask("GET", documents[0])
    assert status == 303 and not body and "no-store" in headers["cache-control"]
    query = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(headers["location"]).query))
    assert query["X-Amz-Expires"] == "60"
    want = open(os.path.join(house.documents, row["document"]), "rb").read()
    assert unpacked(tmp_path, fetch(s3, headers["location"])[2], row["password"], row["document"]).stdout == want
    shown = house.run("show", row["delivery"]).out
    assert "handed to the store, first at" in shown and "handed-over" in shown and "0 bytes left the house" in shown
    assert house.run("revoke", row["delivery"]) and b.ask("GET", documents[0])[1]["location"].startswith("/d/")


def test_nobody_gets_such_a_url_without_the_proof(s3, house):
    s3.settle_in(house, "unproven", direct="true")
    row = house.send(house.people(1), "--as", "pdf").results[0]
    house.serve()
    _, documents = proven(house, row)
    status, headers, _ = Browser(house).ask("GET", documents[0])
    assert status == 303 and headers["location"].startswith("/d/")


def test_what_is_no_container_keeps_its_envelope(s3, house):
    s3.settle_in(house, "enveloped", direct="true")
    row = house.send(house.people(1)).results[0]
    house.serve()
    assert not any("mailed" in k for k in s3.keys("enveloped"))
    assert opened(house, row, [row["password"]])


# ── Who signs ──

class Sessions(http.server.ThreadingHTTPServer):
    """A container's endpoint that gives real sessions of the gateway, each said to end when it is renewed next."""
    daemon_threads = True

    def __init__(self, s3):
        super().__init__(("127.0.0.1", 0), SessionHandler)
        self.s3, self.given, self.good_for = s3, [], 302  # renewed five minutes before its end
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def close(self):
        self.shutdown()
        self.server_close()


class SessionHandler(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def do_GET(self):
        here = self.server
        c = here.s3.session()
        here.given.append(c["AccessKeyId"])
        end = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=here.good_for)
        said = json.dumps({"AccessKeyId": c["AccessKeyId"], "SecretAccessKey": c["SecretAccessKey"],
                           "Token": c["SessionToken"], "Expiration": end.strftime("%Y-%m-%dT%H:%M:%SZ")}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)


@pytest.fixture
def sessions(s3, monkeypatch):
    for name in [n for n in os.environ if n.startswith("AWS_")]:
        monkeypatch.delenv(name)
    server = Sessions(s3)
    monkeypatch.setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", f"http://127.0.0.1:{server.server_address[1]}/")
    yield server
    server.close()


def test_a_session_mails_no_url_and_the_page_goes_on_after_it_has_ended(s3, house, sessions, tmp_path):
    s3.settle_in(house, "session", keys=[], login="container", direct="true")
    people = house.people(1)
    p = house.send(people, *AS_ZIP, ok=False)
    assert p.returncode and "temporary" in p.err and "--link page" in p.err and p.results is None
    assert s3.keys("session") == [] and house.outbox() == []
    row = house.send(people, "--as", "zip").results[0]
    house.serve()
    b, documents = proven(house, row)
    signers, until = [], time.monotonic() + 30
    while len(set(signers)) < 2 and time.monotonic() < until:
        url = b.ask("GET", documents[0])[1]["location"]
        query = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(url).query))
        assert query["X-Amz-Expires"] == "60" and query["X-Amz-Security-Token"]
        signers.append(query["X-Amz-Credential"].split("/")[0])
        status, _, archive = fetch(s3, url)
        assert status == 200 and unpacked(tmp_path, archive, row["password"], row["document"]).returncode == 0
        time.sleep(0.2)
    assert len(set(signers)) >= 2 and set(signers) <= set(sessions.given)


def test_a_key_that_takes_over_harms_no_link_that_was_mailed(s3, house):
    new, secret = "TESTACCESSKEY0000002", "testsecretkey000000000000000000000000002"
    s3.settle_in(house, "rotated", keys=[(bucket.KEY, bucket.SECRET, bucket.days_ago(80))])
    old = house.send(house.people(1), *AS_ZIP, "--expires", "7d").results[0]["link"]
    s3.another_key(new, secret)
    with open(house.config, "a") as f:
        f.write(f"  - id: {new}\n    secret_file: {bucket.write_secret(house, 'new-secret', secret)}\n"
                f"    created: {bucket.days_ago(0)}\n")
    os.remove(os.path.join(house.path, "results.csv"))
    fresh = house.send(house.people(1, "later"), *AS_ZIP, "--expires", "7d").results[0]["link"]
    assert bucket.KEY in old and new in fresh
    assert fetch(s3, old)[0] == fetch(s3, fresh)[0] == 200


def test_a_key_that_retires_before_the_links_end_mails_none(s3, house):
    s3.settle_in(house, "retiring", keys=[(bucket.KEY, bucket.SECRET, bucket.days_ago(85))])
    p = house.send(house.people(1), *AS_ZIP, "--expires", "6d", ok=False)
    assert p.returncode == 19 and "is retired on" in p.err and s3.keys("retiring") == [] and p.results is None
    assert house.send(house.people(1), *AS_ZIP, "--expires", "3d").results[0]["status"] == "delivered"


@pytest.mark.parametrize("days, ends, why", [(85, 5, ", when the key is retired"), (1, 7, "")])
def test_config_check_says_how_long_a_link_of_today_could_live(s3, house, days, ends, why):
    s3.settle_in(house, f"told-{days}", keys=[(bucket.KEY, bucket.SECRET, bucket.days_ago(days))])
    said = house.run("config", "check", ok=False).out
    until = bucket.days_ago(-ends)
    assert re.search(rf"--link presigned lives until {until}T[0-9:]+Z{why}$", said, re.M), said


def test_a_key_of_unknown_age_mails_none(s3, house):
    s3.settle_in(house, "unknown", keys=[], login="environment")
    keys = {**os.environ, "AWS_ACCESS_KEY_ID": bucket.KEY, "AWS_SECRET_ACCESS_KEY": bucket.SECRET}
    p = house.send(house.people(1), *AS_ZIP, ok=False, env=keys)
    assert p.returncode == 19 and "s3.key_created" in p.err and p.results is None
    house.setting("key_created", bucket.days_ago(3), section="s3")
    assert house.send(house.people(1), *AS_ZIP, env=keys).results[0]["status"] == "delivered"


def test_clocks_that_differ_mail_none(house, tmp_path):
    faulty = FaultyBucket(tmp_path / "bucket")
    bucket.point_to(house, faulty.endpoint, faulty.ca, "faulty")
    house.setting("allow_plain_reason", "it listens on this machine only", section="s3")
    faulty.clock = 3600
    p = house.send(house.people(1), *AS_ZIP, ok=False)
    assert p.returncode and "60 minutes apart" in p.err and p.results is None and not faulty.objects
    faulty.clock = 0
    assert house.send(house.people(1), *AS_ZIP).results[0]["status"] == "delivered"
    faulty.close()


def test_a_url_of_a_minute_is_dead_after_it(s3, house):
    s3.settle_in(house, "minute", direct="true")
    row = house.send(house.people(1), "--as", "zip").results[0]
    for ago, answer in [(30, 200), (62, 403)]:
        house.serve("--now", long_ago(seconds=ago))
        b, documents = proven(house, row)
        url = b.ask("GET", documents[0])[1]["location"]
        assert "X-Amz-Expires=60&" in url and fetch(s3, url)[0] == answer
        house.stop()


def test_a_run_that_is_killed_and_carried_on_mails_each_url_once(s3, house):
    s3.settle_in(house, "killed")
    rows = house.people(60)
    run = house.spawn("send", house.write_list(rows), "--documents", house.documents, "--results",
                      os.path.join(house.path, "results.csv"), *AS_ZIP)
    until = time.monotonic() + 60
    while not house.outbox() and run.poll() is None and time.monotonic() < until:
        time.sleep(0.02)
    run.kill()
    run.communicate()
    before = {r["email"]: r for r in house.results()}
    assert len(before) == 60 and all(r["link"] for r in before.values())
    house.run("send", house.write_list(rows), "--documents", house.documents, "--resume",
              os.path.join(house.path, "results.csv"), *AS_ZIP)
    mails = house.outbox()
    assert sorted(m["to"].addresses[0].addr_spec for m in mails) == sorted(before)
    after = {r["email"]: r for r in house.results()}
    for m in mails:
        row = after[m["to"].addresses[0].addr_spec]
        assert urls_of(m) == [row["link"]] and row["password"] == before[row["email"]]["password"]
        assert fetch(s3, row["link"])[0] == 200
