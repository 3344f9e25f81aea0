"""Messages of Amazon SNS at /hooks/sns: what is believed, what it changes, and everything that is not (THREATS B-64)."""
import concurrent.futures
import copy
import http.client
import json
import os
import signal
import socket
import sqlite3
import ssl
import time
import uuid

import pytest

import ses_service
import sns as aws
from house import House, free_port
from relay import Relay, certificate
from sns import Sns, TOPIC


class Post:
    """Posts as SNS does."""

    def __init__(self, house):
        self.house = house
        self.context = ssl._create_unverified_context()

    def __call__(self, message, raw=None, method="POST"):
        body = raw if raw is not None else json.dumps(message).encode() if method == "POST" else None
        c = http.client.HTTPSConnection("127.0.0.1", self.house.port, context=self.context, timeout=60)
        c.request(method, "/hooks/sns", body, {
            "Host": f"localhost:{self.house.port}", "Content-Type": "text/plain; charset=UTF-8",
            "User-Agent": "Amazon Simple Notification Service Agent", "x-amz-sns-message-type": "Notification",
            "x-amz-sns-topic-arn": TOPIC})
        answer = c.getresponse()
        said = answer.read()
        c.close()
        assert answer.status == 200 or b"amazon" not in said.lower(), "an answer tells nothing"
        return answer.status

    def until_taken(self, message):
        """As SNS does, only sooner: again after 503."""
        end = time.monotonic() + 60
        while (status := self(message)) == 503 and time.monotonic() < end:
            time.sleep(0.2)
        return status


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    """One installation for all cases, as none of them may leave anything behind."""
    folder = tmp_path_factory.mktemp("sns")
    h = House(folder / "house")
    h.sns = Sns(folder / "sns")
    h.ops = free_port()
    for name, value in (("topics", TOPIC), ("endpoint", h.sns.endpoint), ("ca_file", h.sns.ca)):
        h.setting(name, value, section="sns")
    h.setting("ops_listen", f"127.0.0.1:{h.ops}", section="serve")
    h.rows = h.send(h.people(12)).results
    with sqlite3.connect(h.path + "/letterlock.db") as db:
        for row in h.rows:
            row["ses"] = f"0107-{row['email'].split('@')[0]}-000000"
    # As the transport that hands mail to SES leaves it: by name of the delivery's recipient.
    for row in h.rows:
        mark(h, row)
    h.serve()
    began = time.monotonic()
    h.post = Post(h)
    yield h
    h.server.send_signal(signal.SIGTERM)
    _, said = h.server.communicate(timeout=60)
    h.sns.close()
    assert h.server.returncode == 0, said
    # Hundreds were refused, some for the same reason again: the log tells each reason now and then, and names nobody.
    # And of what was named and is not there, the courier tells once a minute.
    assert said.count(b"is no certificate that messages may be signed by") <= 1 + (time.monotonic() - began) / 60
    assert said.count(b"a message at /hooks/sns") < 60 and b"example.net" not in said and b"@" not in said


def mark(house, row):
    """As the transport `ses` leaves a delivery: with what SES calls the message."""
    alphabet = "0123456789abcdefghjkmnpqrstvwxyz"
    number = 0
    for c in row["delivery"]:
        number = number << 5 | alphabet.index(c)
    identity = (number >> 2).to_bytes(16, "big")
    with sqlite3.connect(house.path + "/letterlock.db", timeout=60) as db:
        assert db.execute("UPDATE delivery SET provider_id = ? WHERE id = ?", (row["ses"], identity)).rowcount == 1


def events(house, row):
    return json.loads(house.run("show", row["delivery"], "--json").out)["events"]


def names(house, row):
    return [e["event"] for e in events(house, row)]


def suppressed(house):
    return [json.loads(l) for l in house.run("suppression", "list", "--json").out.splitlines()]


def counted(house, outcome):
    c = http.client.HTTPConnection("127.0.0.1", house.ops, timeout=30)
    c.request("GET", "/metrics")
    text = c.getresponse().read().decode()
    c.close()
    return int(next(l for l in text.splitlines() if f'sns_messages_total{{outcome="{outcome}"}}' in l).split()[-1])


def state(house):
    """Everything a message could change, except what is remembered."""
    with sqlite3.connect(house.path + "/letterlock.db", timeout=60) as db:
        return (db.execute("SELECT count(*), max(sequence) FROM event").fetchone(),
                db.execute("SELECT hex(address_mac), reason, origin, at FROM suppression ORDER BY 1").fetchall(),
                db.execute("SELECT * FROM sns_subscription ORDER BY 1").fetchall(),
                db.execute("SELECT count(*) FROM sns_message").fetchone())


def test_a_bounce_suppresses_until_the_operator_removes_it(base):
    row = base.rows[0]
    message = base.sns.notification(aws.bounce(row["ses"], row["email"]))
    assert base.post.until_taken(message) == 200
    last = events(base, row)[-1]
    assert last["event"] == "bounced" and last["detail"]["status"] == "5.1.1" and last["detail"]["what"] == "General"
    assert last["detail"]["said"] == "smtp; 550 5.1.1 user unknown" and message["MessageId"] in last["detail"]["origin"]
    found, = [s for s in suppressed(base) if s["address"] == row["email"]]
    assert found["reason"] == "bounce" and found["origin"] == "sns " + message["MessageId"]
    people = [{k: r[k] for k in ("email", "name", "document")} for r in (row, base.rows[11])]
    results = base.path + "/second.csv"
    listed = base.write_list(people, "second-list.csv")
    p = base.run("send", listed, "--documents", base.documents, "--results", results, ok=False)
    first, second = base.results(results)
    assert p.returncode == 3 and (first["status"], second["status"]) == ("suppressed", "delivered")
    assert "came back for good" in first["problem"] and message["MessageId"] in first["problem"]
    assert f"`letterlock suppression remove {row['email']}`" in first["problem"] and found["since"] in first["problem"]
    base.run("suppression", "remove", row["email"])
    p = base.run("send", listed, "--documents", base.documents, "--results", base.path + "/third.csv")
    assert {r["status"] for r in base.results(base.path + "/third.csv")} == {"delivered"}


@pytest.mark.parametrize("form", ["eventType", "notificationType"])
def test_a_complaint_suppresses_and_weighs_more_than_a_bounce(base, form):
    row = base.rows[1 if form == "eventType" else 2]
    assert base.post.until_taken(base.sns.notification(aws.bounce(row["ses"], row["email"], form=form))) == 200
    assert base.post(base.sns.notification(aws.complaint(row["ses"], row["email"], form=form), subject="Complaint")) == 200
    found, = [s for s in suppressed(base) if s["address"] == row["email"]]
    assert found["reason"] == "complaint" and names(base, row)[-2:] == ["bounced", "complained"]
    assert base.post(base.sns.notification(aws.bounce(row["ses"], row["email"]))) == 200
    assert [s["reason"] for s in suppressed(base) if s["address"] == row["email"]] == ["complaint"]


def test_what_may_pass_is_an_event_and_no_more(base):
    row = base.rows[3]
    for event, name in ((aws.delivery(row["ses"], row["email"]), "arrived"), (aws.delay(row["ses"], row["email"]), "delayed"),
                        (aws.bounce(row["ses"], row["email"], "Transient", "MailboxFull"), "returned"),
                        (aws.bounce(row["ses"], row["email"], "Undetermined", "Undetermined"), "returned"),
                        (aws.complaint(row["ses"], row["email"], "not-spam"), "not-spam"),
                        (aws.reject(row["ses"], row["email"]), "rejected"),
                        (aws.delivery(row["ses"], row["email"].upper(), "notificationType"), "arrived")):
        assert base.post.until_taken(base.sns.notification(event)) == 200
        assert names(base, row)[-1] == name
    assert not [s for s in suppressed(base) if s["address"] == row["email"]]
    assert "the mailbox's server took the message" in base.run("show", row["delivery"]).out


def test_what_is_of_somebody_else_changes_nothing(base):
    row, other = base.rows[4], base.rows[5]
    base.post.until_taken(base.sns.notification(aws.delivery(row["ses"], row["email"])))
    before, foreign = state(base), counted(base, "foreign")
    strangers = [aws.bounce("0107-of-another-sender-000000", row["email"]), aws.bounce(row["ses"], other["email"]),
                 aws.bounce(row["ses"], "victim@example.org"), aws.complaint("", row["email"]),
                 aws.bounce("x" * 200, row["email"]), aws.bounce(row["ses"], f"Name <{row['email']}>"),
                 aws.bounce(row["ses"], row["email"] + "," + other["email"])]
    for event in strangers:
        assert base.post(base.sns.notification(event)) == 200
    after = state(base)
    assert after[:3] == before[:3] and counted(base, "foreign") == foreign + 6  # an empty id is no event at all
    many = aws.bounce(row["ses"], "victim@example.org")
    many["bounce"]["bouncedRecipients"] *= 100
    assert base.post(base.sns.notification(many)) == 200
    many["bounce"]["bouncedRecipients"] *= 10  # too many to be looked at
    assert base.post(base.sns.notification(many)) == 200
    many["bounce"]["bouncedRecipients"] *= 100
    assert base.post(base.sns.notification(many)) == 413
    assert state(base)[:3] == before[:3]


def test_a_report_that_is_faster_than_our_own_note_is_not_lost(base):
    row = base.rows[6]
    early = base.sns.notification(aws.bounce("0107-not-noted-yet-000000", row["email"], seconds_ago=1))
    assert base.post.until_taken(base.sns.notification(aws.delivery(row["ses"], row["email"]))) == 200
    assert base.post(early) == 503
    row["ses"] = "0107-not-noted-yet-000000"
    mark(base, row)
    assert base.post(early) == 200 and names(base, row)[-1] == "bounced"


def tagged(event, *values):
    event["mail"]["tags"]["letterlock"] = list(values)
    return event


def test_a_report_finds_its_delivery_by_our_tag_where_the_answer_of_ses_was_lost(base):
    row, other = base.rows[6], base.rows[5]
    before, foreign = state(base), counted(base, "foreign")
    for event in (tagged(aws.bounce("0107-lost-000000", "victim@example.org"), row["delivery"]),
                  tagged(aws.bounce("0107-lost-000000", row["email"]), other["delivery"]),
                  tagged(aws.bounce("0107-lost-000000", row["email"]), row["delivery"], row["delivery"]),
                  tagged(aws.bounce("0107-lost-000000", row["email"]), row["delivery"][:-1]),
                  tagged(aws.bounce("0107-lost-000000", row["email"]), ""),
                  tagged(aws.bounce("0107-lost-000000", row["email"]), {"of": "another type"})):
        assert base.post.until_taken(base.sns.notification(event)) == 200
    assert state(base)[:3] == before[:3] and counted(base, "foreign") == foreign + 6
    assert base.post(base.sns.notification(tagged(aws.delay("0107-lost-000000", row["email"]), row["delivery"]))) == 200
    assert names(base, row)[-1] == "delayed"


def test_what_we_cannot_write_down_comes_again(base):
    """As after a rotation, when the newest keys are not loaded yet."""
    row = base.rows[7]
    message = base.sns.notification(aws.delay(row["ses"], row["email"]))
    assert base.post.until_taken(base.sns.notification(aws.delivery(row["ses"], row["email"]))) == 200

    def change_keys(db):
        db.execute("UPDATE submission SET wrapped = CAST(substr(wrapped, 33) || substr(wrapped, 1, 32) AS BLOB)")
    with sqlite3.connect(base.path + "/letterlock.db", timeout=60) as db:
        change_keys(db)
    try:
        trouble = counted(base, "trouble")
        assert base.post(message) == 503 and counted(base, "trouble") == trouble + 1
    finally:
        with sqlite3.connect(base.path + "/letterlock.db", timeout=60) as db:
            change_keys(db)
    assert base.post(message) == 200 and names(base, row)[-1] == "delayed"


def test_the_same_message_again_changes_nothing(base):
    row = base.rows[7]
    message = base.sns.notification(aws.bounce(row["ses"], row["email"]))
    assert base.post.until_taken(message) == 200
    base.run("suppression", "remove", row["email"])
    before, repeated = state(base), counted(base, "repeated")
    assert base.post(message) == 200 and base.post(message) == 200
    assert state(base) == before and counted(base, "repeated") == repeated + 2


def wrong(base):
    """(name, message): each one thing away from a message that would be taken."""
    row = base.rows[8]
    event = aws.bounce(row["ses"], row["email"])
    note = base.sns.notification
    eu = "https://sns.eu-central-1.amazonaws.com/"
    yield "unsigned", {k: v for k, v in note(event).items() if not k.startswith("Sign")}
    for name in ("Signature", "SigningCertURL", "SignatureVersion", "MessageId", "Timestamp", "TopicArn", "Type", "Message"):
        yield f"without {name}", {k: v for k, v in note(event).items() if k != name}
        yield f"empty {name}", {**note(event), name: ""}
        for junk in (None, 1, True, [], {}, [note(event)[name]], {"value": note(event)[name]}):
            yield f"{name} is {junk!r:.20}", {**note(event), name: junk}
    for name in ("Message", "MessageId", "Timestamp", "Subject"):
        changed = note(event, subject="Bounce")
        other = {"Message": changed["Message"].replace("Permanent", "Transient"), "MessageId": str(uuid.uuid4()),
                 "Timestamp": aws.timestamp(1), "Subject": "Bouncf"}[name]
        assert other != changed[name]
        yield f"changed {name}", {**changed, name: other}
    yield "another subject", {**note(event), "Subject": "Bounce"}
    yield "signed by another", note(event, key="server")
    yield "version 1", note(event, version="1")
    yield "version 1 said to be 2", {**note(event, version="1"), "SignatureVersion": "2"}
    yield "version 3", {**note(event), "SignatureVersion": "3"}
    yield "not base64", {**note(event), "Signature": "!" + note(event)["Signature"][1:]}
    yield "another topic", note(event, topic=TOPIC + "2")
    yield "another account", note(event, topic=TOPIC.replace("1111", "9999"))
    yield "another region", note(event, topic=TOPIC.replace("central", "west"))
    yield "the topic in capitals", note(event, topic=TOPIC.upper())
    yield "the topic with a blank", note(event, topic=TOPIC + " ")
    yield "two hours old", note(event, seconds_ago=7200)
    yield "an hour and a quarter old", note(event, seconds_ago=75 * 60)
    yield "of the future", note(event, seconds_ago=-600)
    yield "no time", note(event, Timestamp="yesterday")
    yield "seconds since 1970", note(event, Timestamp=str(int(time.time())))
    yield "no UUID", note(event, MessageId="../../../etc/passwd")
    for url in ("https://sns.evil.com.amazonaws.com.evil/" + aws.FILE, "https://bucket.s3.amazonaws.com/" + aws.FILE,
                "https://s3.eu-central-1.amazonaws.com/sns.eu-central-1.amazonaws.com/" + aws.FILE,
                "https://sns.eu-west-1.amazonaws.com/" + aws.FILE, "http://sns.eu-central-1.amazonaws.com/" + aws.FILE,
                "https://sns.eu-central-1.amazonaws.com.evil.example/" + aws.FILE, "https://sns.eu-central-1.amazonaws.com@evil.example/" + aws.FILE,
                "https://evil.example@sns.eu-central-1.amazonaws.com/" + aws.FILE, "https://sns.eu-central-1.amazonaws.com:8443/" + aws.FILE,
                "https://sns.eu-central-1.amazonaws.com:443/" + aws.FILE, eu + "folder/" + aws.FILE, eu + "../" + aws.FILE, eu + aws.FILE + "?x=.pem", eu + aws.FILE + "#.pem",
                eu + "%2e%2e.pem", eu + ".pem", eu + aws.FILE[:-4], eu + "a" * 200 + ".pem", eu.upper() + aws.FILE, " " + eu + aws.FILE, eu + "\n" + aws.FILE,
                "//sns.eu-central-1.amazonaws.com/" + aws.FILE, "file:///etc/ssl/cert.pem", "https://169.254.169.254/" + aws.FILE,
                "https://localhost/" + aws.FILE, base.sns.endpoint + "/" + aws.FILE, "https://sns.eu-central-1.amazonaws.com.cn/" + aws.FILE):
        yield f"certificate at {url}", note(event, cert_url=url)
    yield "a token in a notification", note(event, Token="0123")
    yield "a subscription in a notification", note(event, SubscribeURL="http://169.254.169.254/")
    yield "a notification called confirmation", {**note(event), "Type": "SubscriptionConfirmation"}
    yield "a confirmation called notification", {**base.sns.confirmation(), "Type": "Notification"}
    yield "a confirmation of another topic", base.sns.confirmation(topic=TOPIC + "2")
    yield "a changed token", {**base.sns.confirmation(), "Token": "0123"}
    yield "a token that is none", base.sns.confirmation(token="a&Action=Publish")
    yield "another type", note(event, Type="Publish")
    # The same bytes under the same signature, cut elsewhere.
    moved = note(event, subject="Bounce")
    yield "members moved within the signed string", {**{k: v for k, v in moved.items() if k != "Subject"},
                                                     "MessageId": moved["MessageId"] + "\nSubject\nBounce"}
    yield "a message that swallows the next member", {**moved, "Message": moved["Message"] + "\nMessageId\n" + moved["MessageId"],
                                                      "MessageId": str(uuid.uuid4())}


def test_nothing_that_is_not_exactly_right_is_acted_on(base):
    good = base.rows[9]
    assert base.post.until_taken(base.sns.notification(aws.delivery(good["ses"], good["email"]))) == 200
    before, asked = state(base), list(base.sns.asked)
    cases = list(wrong(base))
    assert len(cases) > 120
    taken = {name: status for name, message in cases if (status := base.post(message)) not in (400, 403)}
    assert not taken and state(base) == before
    time.sleep(1.5)
    assert base.sns.asked == asked, "nobody was asked for anything"
    assert "bounced" not in names(base, base.rows[8])


def test_bodies_that_are_no_message_are_refused(base):
    row = base.rows[9]
    good = json.dumps(base.sns.notification(aws.bounce(row["ses"], row["email"])))
    before = state(base)
    doubled = good[:-1] + ', "Message": "{}"}'
    bodies = [b"", b"null", b"[]", b"{}", b"\xff", b"not json", doubled.encode(), good[:-1].encode(), (good + "x").encode(),
              good.encode("utf-16"), b"[" * 100000, b'{"Type":' * 20000, good.replace("Notification", "Notification\\u0000").encode(),
              (good[:-1] + ', "more": ' + "[" * 50 + "]" * 50 + "}").encode(),
              (good[:-1] + ', "more": [' + "{}," * 80000 + "0]}").encode(), b'"' + b"a" * 200000]
    for body in bodies:
        assert base.post(None, raw=body) == 400, body[:40]
    assert base.post(None, raw=b" " * (256 * 1024 + 1)) == 413
    assert base.post(None, method="GET") == 405 and base.post(None, method="HEAD") == 405
    assert state(base) == before


def test_forms_of_the_page_stay_as_short_as_without_the_door(base):
    link = base.rows[9]["link"]
    for path, size, status in ((link.split("/", 3)[3], 70000, 413), ("hooks/sns2", 10, 404), ("hooks/sns/", 10, 404)):
        c = http.client.HTTPSConnection("127.0.0.1", base.port, context=base.post.context, timeout=60)
        c.request("POST", "/" + path, b"proof=" + b"x" * size, {
            "Host": f"localhost:{base.port}", "Content-Type": "application/x-www-form-urlencoded"})
        assert c.getresponse().status == status, path
        c.close()
    assert "proof-wrong" not in names(base, base.rows[9])


def test_events_with_members_of_other_types_change_nothing(base):
    """They are signed: whoever may publish at the topic can say them."""
    row = base.rows[9]
    right = aws.bounce(row["ses"], row["email"])
    paths = [("mail",), ("mail", "messageId"), ("mail", "timestamp"), ("bounce",), ("bounce", "bounceType"), ("eventType",),
             ("bounce", "bouncedRecipients"), ("bounce", "bouncedRecipients", 0), ("bounce", "timestamp"),
             ("bounce", "bouncedRecipients", 0, "emailAddress"), ("bounce", "bouncedRecipients", 0, "diagnosticCode")]
    base.post.until_taken(base.sns.notification(aws.delivery(row["ses"], row["email"])))
    before = state(base)
    sent = 0
    for path in paths:
        for junk in (1, True, [1], {"a": "b"}, [[]]):
            event = copy.deepcopy(right)
            at = event
            for step in path[:-1]:
                at = at[step]
            at[path[-1]] = junk
            assert base.post(base.sns.notification(event)) == 200, (path, junk)
            sent += 1
    for text in ("Successfully validated SNS topic for Amazon SES event publishing.", "{", "[" * 1000,
                 json.dumps({**right, "notificationType": "Bounce"}), json.dumps(right)[:-1] + ', "eventType": "Bounce"}',
                 json.dumps({"notificationType": "AmazonSnsSubscriptionSucceeded", "message": "x"}),
                 json.dumps({**right, "eventType": "Open", "open": {}}), json.dumps({**right, "eventType": "Explosion"})):
        assert base.post(base.sns.notification(text)) == 200, text[:40]
        sent += 1
    after = state(base)
    assert after[:3] == before[:3] and after[3][0] == before[3][0] + sent


def test_a_server_that_says_evil_things_gives_no_orders(base):
    row = base.rows[10]
    event = aws.bounce(row["ses"], row["email"])
    event["bounce"]["bouncedRecipients"][0]["diagnosticCode"] = "\x1b[2J\r\nX: y <script>alert(1)</script> =cmd() " + "a" * 5000
    event["bounce"]["bounceSubType"] = "\u202eevil"
    assert base.post.until_taken(base.sns.notification(event)) == 200
    p = base.run("show", row["delivery"])
    assert "bounced" in p.out and "\x1b" not in p.out and "\u202e" not in p.out and "\nX: y" not in p.out
    assert len(events(base, row)[-1]["detail"]["said"]) < 1100


def test_a_subscription_is_confirmed_by_a_url_of_our_own(base):
    """And not by the one in the message, which leads to the cloud's own secrets."""
    base.sns.asked.clear()
    base.sns.statuses[:] = []
    token = "0a1b2c3d" * 30
    base.sns.statuses += [500]  # SNS itself has a bad moment
    assert base.post.until_taken(base.sns.confirmation(token=token)) == 200
    want = ("/?Action=ConfirmSubscription&TopicArn=arn%3Aaws%3Asns%3Aeu-central-1%3A111122223333%3Aletters&Token=" + token +
            "&Version=2010-03-31")
    end = time.monotonic() + 30
    while [a for a in base.sns.asked if "Action" in a] != [want] * 2 and time.monotonic() < end:
        time.sleep(0.1)
    assert [a for a in base.sns.asked if "Action" in a] == [want] * 2
    while not (p := base.run("config", "check", ok=False).out).count("is subscribed to") and time.monotonic() < end:
        time.sleep(0.3)
    assert TOPIC in p
    assert base.post(base.sns.confirmation(kind="UnsubscribeConfirmation")) == 200
    p = base.run("config", "check", ok=False).out
    assert "ended the subscription" in p


CERTIFICATES = {
    "of another name": dict(subject="/CN=sns.amazonaws.com.evil.example", extensions=Sns.for_service("evil.example")),
    "of a bucket": dict(subject="/CN=*.s3.amazonaws.com", extensions=Sns.for_service("*.s3.amazonaws.com")),
    "of all of Amazon": dict(subject="/CN=*.amazonaws.com", extensions=Sns.for_service("*.amazonaws.com")),
    "of another region": dict(subject="/CN=x", extensions=Sns.for_service("sns-signing.eu-west-1.amazonaws.com")),
    "self-made": dict(by="self"),
    "of a stranger's authority": dict(by="stranger"),
    "for mail": dict(extensions=Sns.for_service("sns.amazonaws.com").replace("serverAuth", "emailProtection")),
    "of an authority": dict(extensions=Sns.for_service("sns.amazonaws.com") + "\nbasicConstraints=critical,CA:TRUE"),
    "too short": dict(bits=1024),
    "expired": dict(days_ago=21),
}


def test_certificates_that_prove_nothing_are_refused(base):
    sns, row = base.sns, base.rows[10]
    base.post.until_taken(sns.notification(aws.delivery(row["ses"], row["email"])))
    before = state(base)
    aws.openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "30", "-subj", "/CN=Stranger", "-keyout",
                sns.at("stranger.key"), "-out", sns.at("stranger.pem"))
    aws.openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "30", "-subj", "/CN=sns.amazonaws.com", "-addext",
                "subjectAltName=DNS:sns.amazonaws.com", "-keyout", sns.at("self.key"), "-out", sns.at("self.pem"))
    messages = []
    for n, (what, how) in enumerate(CERTIFICATES.items()):
        name = f"bad{n}"
        if how.get("by") == "self":
            name = "self"
        else:
            sns.issue(name, how.get("subject", "/CN=sns.amazonaws.com"),
                      how.get("extensions", Sns.for_service("sns.amazonaws.com")), how.get("by", "issuer"),
                      bits=how.get("bits", 2048), days_ago=how.get("days_ago", 0))
        url = sns.offer(f"SimpleNotificationService-{n:032x}.pem", name)
        messages.append((what, sns.notification(aws.bounce(row["ses"], row["email"]), cert_url=url, key=name), url))
    messages.append(("not there", sns.notification(aws.bounce(row["ses"], row["email"]), cert_url=sns.offer("not-there.pem", "self")), None))
    del sns.files["/not-there.pem"]
    sns.files["/noise.pem"] = b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"
    messages.append(("noise", sns.notification(aws.bounce(row["ses"], row["email"]), cert_url="https://sns.eu-central-1.amazonaws.com/noise.pem"), None))
    for what, message, _ in messages:
        assert base.post(message) == 503, what
    end = time.monotonic() + 60
    while time.monotonic() < end:
        with sqlite3.connect(base.path + "/letterlock.db", timeout=60) as db:
            if db.execute("SELECT count(*) FROM sns_certificate WHERE pem IS NULL").fetchone() == (0,):
                break
        time.sleep(0.2)
    with sqlite3.connect(base.path + "/letterlock.db", timeout=60) as db:
        assert db.execute("SELECT file FROM sns_certificate").fetchall() == [(aws.FILE,)]
    assert {"/not-there.pem", "/noise.pem"} <= set(base.sns.asked)
    for what, message, _ in messages:
        assert base.post(message) == 503, what
    assert state(base) == before


def test_certificates_of_newer_regions_are_good(base):
    sns, row = base.sns, base.rows[10]
    sns.issue("newer", "/CN=x", Sns.for_service("sns-signing.eu-central-1.amazonaws.com"), "issuer")
    url = sns.offer("SimpleNotificationService-newer.pem", "newer")
    before = len(names(base, row))
    assert base.post.until_taken(sns.notification(aws.delay(row["ses"], row["email"]), cert_url=url, key="newer")) == 200
    assert len(names(base, row)) == before + 1
    assert base.post(sns.notification(aws.delay(row["ses"], row["email"]), key="newer")) == 403


def test_a_certificate_that_cannot_be_had_now_holds_no_other_up(base):
    sns, row = base.sns, base.rows[10]
    sns.busy = {f"/0-busy-{n}.pem" for n in range(4)}
    for path in sns.busy:
        assert base.post(sns.notification(aws.delay(row["ses"], row["email"]), cert_url="https://sns.eu-central-1.amazonaws.com" + path)) == 503
    while not sns.busy & set(sns.asked):
        time.sleep(0.2)
    sns.issue("later", "/CN=x", Sns.for_service("sns.amazonaws.com"), "issuer")
    url = sns.offer("SimpleNotificationService-later.pem", "later")
    message = sns.notification(aws.delay(row["ses"], row["email"]), cert_url=url, key="later")
    assert base.post.until_taken(message) == 200
    sns.busy.clear()


def test_redirects_are_not_followed(base):
    sns, row = base.sns, base.rows[10]
    while True:  # what earlier cases want is looked for first
        with sqlite3.connect(base.path + "/letterlock.db", timeout=60) as db:
            if db.execute("SELECT count(*) FROM sns_certificate WHERE pem IS NULL").fetchone() == (0,):
                break
        time.sleep(0.2)
    sns.redirect = sns.endpoint + "/" + aws.FILE
    try:
        message = sns.notification(aws.bounce(row["ses"], row["email"]), cert_url=aws.CERT_URL.replace("-0123", "-9999"))
        before = len(sns.asked)
        for _ in range(10):
            assert base.post(message) == 503
            time.sleep(0.2)
        assert {a for a in sns.asked[before:]} == {"/" + aws.FILE.replace("-0123", "-9999")}
    finally:
        sns.redirect = None


def test_a_flood_of_junk_changes_nothing_and_leaves_room(base):
    row = base.rows[11]
    base.post.until_taken(base.sns.notification(aws.delivery(row["ses"], row["email"])))
    before = state(base)
    signature = base.sns.notification("x")
    for n in range(300):
        status = base.post({**signature, "MessageId": str(uuid.uuid4())} if n % 3 else
                           {**signature, "SigningCertURL": f"https://sns.eu-central-1.amazonaws.com/junk-{n}.pem"})
        assert status in (403, 503)
    with sqlite3.connect(base.path + "/letterlock.db", timeout=60) as db:
        assert db.execute("SELECT count(*) FROM sns_certificate WHERE pem IS NULL").fetchone()[0] <= 16
    assert state(base) == before
    assert base.post(base.sns.notification(aws.bounce(row["ses"], row["email"]))) == 200
    assert names(base, row)[-1] == "bounced"


def test_old_messages_are_forgotten_and_nothing_else(base):
    with sqlite3.connect(base.path + "/letterlock.db", timeout=60) as db:
        db.execute("INSERT INTO sns_message VALUES ('old', 1)")
        count = db.execute("SELECT count(*) FROM sns_message").fetchone()[0]
    base.run("sweep")
    with sqlite3.connect(base.path + "/letterlock.db", timeout=60) as db:
        assert db.execute("SELECT count(*) FROM sns_message").fetchone()[0] == count - 1
        assert db.execute("SELECT count(*) FROM sns_certificate WHERE file = ?", (aws.FILE,)).fetchone() == (1,)


# ── By themselves ──

def test_the_door_is_shut_unless_a_topic_is_named(tmp_path):
    house = House(tmp_path / "house").serve()
    try:
        assert Post(house)({"Type": "Notification"}) == 404
    finally:
        house.stop()


def test_version_1_takes_a_written_reason(tmp_path):
    house = House(tmp_path / "house")
    sns = Sns(tmp_path / "sns")
    for name, value in (("topics", TOPIC), ("endpoint", sns.endpoint), ("ca_file", sns.ca),
                        ("allow_version_1_reason", "an old topic"), ("max_age", "3h")):
        house.setting(name, value, section="sns")
    row = house.send(house.people(1)).results[0]
    row["ses"] = "0107-1-000000"
    mark(house, row)
    house.serve()
    try:
        post = Post(house)
        message = sns.notification(aws.delivery(row["ses"], row["email"]), version="1", seconds_ago=7200)
        assert post.until_taken(message) == 200 and names(house, row)[-1] == "arrived"
        assert post({**message, "SignatureVersion": "2"}) == 403
        assert "SHA-1" in house.run("config", "check", ok=False).out
    finally:
        house.stop()
        sns.close()


@pytest.mark.parametrize("name, value", [
    ("topics", "letters"), ("topics", "arn:aws:sqs:eu-central-1:111122223333:letters"),
    ("topics", "arn:aws:sns:evil.example/:111122223333:letters"), ("topics", "arn:aws:sns:eu-central-1:1111:letters"),
    ("topics", "arn:aws:sns:eu-central-1:111122223333:letters.fifo"), ("topics", "arn:aws-cn:sns:eu-central-1:111122223333:x"),
    ("endpoint", "http://localhost:1234"), ("endpoint", "https://example.com/path"), ("max_age", "30d")])
def test_settings_that_would_open_the_door_wider_are_refused(tmp_path, name, value):
    house = House(tmp_path / "house")
    house.setting(name, value, section="sns")
    p = house.run("config", "show", ok=False)
    assert p.returncode == 18 and f"sns.{name}" in p.err


# ── The whole way ──

def listening(house, sns):
    for name, value in (("topics", TOPIC), ("endpoint", sns.endpoint), ("ca_file", sns.ca)):
        house.setting(name, value, section="sns")


def test_from_ses_to_the_mailbox_and_back(tmp_path):
    """Mailed through SES, bounced, suppressed, removed, mailed again."""
    house, sns, ses = House(tmp_path / "house"), Sns(tmp_path / "sns"), ses_service.Ses(tmp_path / "ses")
    ses_service.point_to(house, ses)
    listening(house, sns)
    rows = house.people(2)
    try:
        first = house.send(rows).results
        assert [r["status"] for r in first] == ["delivered"] * 2
        names_at_ses = {t["to"][0]: t["id"] for t in ses.taken}
        house.serve()
        post = Post(house)
        for event in (aws.bounce(names_at_ses["person0@example.net"], "person0@example.net"),
                      aws.delivery(names_at_ses["person1@example.net"], "person1@example.net")):
            assert post.until_taken(sns.notification(event)) == 200
        assert names(house, first[0])[-1] == "bounced" and names(house, first[1])[-1] == "arrived"
        second = house.path + "/second.csv"
        p = house.run("send", house.write_list(rows), "--documents", house.documents, "--results", second, ok=False)
        assert p.returncode == 3 and [r["status"] for r in house.results(second)] == ["suppressed", "delivered"]
        house.run("suppression", "remove", "person0@example.net")
        third = house.path + "/third.csv"
        house.run("send", house.write_list(rows), "--documents", house.documents, "--results", third)
        assert [r["status"] for r in house.results(third)] == ["delivered"] * 2
        assert sorted(t["to"][0].split("@")[0] for t in ses.taken) == ["person0"] * 2 + ["person1"] * 3
    finally:
        house.stop()
        sns.close()
        ses.close()


@pytest.mark.parametrize("reply, known", [
    ("250 Ok 0107019a00000001-7f3c2b1e-4d5a-4c6b-8e9f-0a1b2c3d4e5f-000000", True),
    ("250 2.0.0 Ok: queued as 0107019a00000001", False),
    ("250 Ok 0107019a00000001-7f3c2b1e-4d5a-4c6b-8e9f-0a1b2c3d4e5f-000000 and more", False),
    ("250 Ok 0107019A00000001-7f3c2b1e-4d5a-4c6b-8e9f-0a1b2c3d4e5f-000000", False)])
def test_mail_through_the_smtp_endpoint_of_ses_is_known_by_the_name_in_its_reply(tmp_path, reply, known):
    house, sns = House(tmp_path / "house"), Sns(tmp_path / "sns")
    listening(house, sns)
    with Relay(certificate=certificate(tmp_path, "127.0.0.1"), dot=reply) as relay:
        for name, value in {"kind": "smtp", "host": "127.0.0.1", "port": relay.port, "security": "starttls",
                            "ca_file": tmp_path / "127.0.0.1-own.pem"}.items():
            house.setting(name, value, section="transport")
        row, = house.send(house.people(1)).results
    house.serve()
    try:
        event = aws.bounce("0107019a00000001-7f3c2b1e-4d5a-4c6b-8e9f-0a1b2c3d4e5f-000000", row["email"])
        assert Post(house).until_taken(sns.notification(event)) == 200
        assert ("bounced" in names(house, row)) == known == bool(suppressed(house))
    finally:
        house.stop()
        sns.close()


def test_what_is_wanted_survives_the_end_of_all_processes(tmp_path):
    house, sns = House(tmp_path / "house"), Sns(tmp_path / "sns")
    listening(house, sns)
    row = house.send(house.people(1)).results[0]
    row["ses"] = "0107-1-000000"
    mark(house, row)
    house.serve()
    try:
        post = Post(house)
        os.kill(house.child("ll-courier"), signal.SIGSTOP)
        message = sns.notification(aws.bounce(row["ses"], row["email"]))
        assert post(message) == 503 and not sns.asked
        house.server.kill()
        house.server.wait()
        while True:  # its front takes a moment to die
            try:
                socket.create_connection(("127.0.0.1", house.port), 1).close()
            except OSError:
                break
        house.serve()
        assert post.until_taken(message) == 200 and names(house, row)[-1] == "bounced"
        # Eight at once, of one message: one acts.
        more = sns.notification(aws.complaint(row["ses"], row["email"]))
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            assert list(pool.map(post, [more] * 8)) == [200] * 8
        assert names(house, row).count("complained") == 1
        os.kill(house.child("ll-front"), signal.SIGKILL)
        end = time.monotonic() + 60
        while time.monotonic() < end:
            try:
                assert post(more) == 200
                break
            except OSError:
                time.sleep(0.2)
        assert names(house, row).count("complained") == 1
    finally:
        house.stop()
        sns.close()
