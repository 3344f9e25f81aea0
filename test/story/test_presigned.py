"""--link presigned: the mail carries the bucket's own URL, and no server of ours is asked. Ceph's gateway judges each."""
import datetime
import json
import os
import re
import ssl
import subprocess
import urllib.error
import urllib.parse
import urllib.request

import boto3
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


def long_ago(house, **ago):
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
    os.remove(os.path.join(house.path, "results.csv"))
    p = house.send(house.people(1, "late"), *AS_ZIP, "--no-wait", "--expires", "1h", "--now", long_ago(house, hours=2))
    status, _, said = fetch(s3, p.results[0]["link"])
    assert status == 403 and b"AccessDenied" in said
    os.remove(os.path.join(house.path, "results.csv"))
    p = house.send(house.people(1, "still"), *AS_ZIP, "--no-wait", "--expires", "1h", "--now", long_ago(house, minutes=50))
    assert fetch(s3, p.results[0]["link"])[0] == 200


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
