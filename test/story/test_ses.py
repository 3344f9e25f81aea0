"""The API of SES as the way out: what leaves is exactly what was signed, at the account's own pace, and on bad days nobody is
lost and nobody is mailed twice where that can be helped."""
import base64
import collections
import email
import email.policy
import hashlib
import hmac
import json
import os
import pathlib
import re
import shutil
import subprocess
import time
import urllib.request

import pytest

import ses_service
from house import House, PROGRAM
from relay import Relay, certificate
from ses_service import Ses
from test_keys import passes, published
from test_send import opened

HERE = pathlib.Path(__file__).resolve().parent


@pytest.fixture
def house(tmp_path):
    h = House(tmp_path / "house")
    yield h
    h.stop()


@pytest.fixture
def ses(tmp_path):
    s = Ses(tmp_path / "ses")
    yield s
    s.close()


@pytest.fixture
def mailing(house, ses):
    """A house that mails through SES; quick to try again."""
    ses_service.point_to(house, ses)
    house.setting("first", "1s", section="retry")
    house.setting("most", "2s", section="retry")
    return house


def assert_signed(house, message):
    """dkimpy finds the one signature good, with the records that are to be published."""
    assert message.count(b"DKIM-Signature:") == 1 and passes(message, published(house))


def tos(ses):
    return collections.Counter(to for t in ses.taken for to in t["to"])


def findings(house, name):
    said = json.loads(house.run("config", "check", "--json", ok=False).out)
    return [f for f in said["checks"] if f["name"] == name]


# ── From a list to an opened document ──


def test_from_a_list_to_opened_documents_through_an_independent_ses(house, tmp_path):
    if not shutil.which("node"):
        pytest.skip("there is no node")
    room = tmp_path / "peer"
    room.mkdir()
    peer = subprocess.Popen([HERE.parent / "parts/ses", room], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        said = peer.stdout.readline().split()
        if not said and peer.wait(10) == 77:
            pytest.skip("the packages of the peer cannot be installed")
        house_of = type("Peer", (), {"endpoint": f"https://localhost:{said[1]}", "ca": str(room / "door.pem")})
        ses_service.point_to(house, house_of)
        p = house.send(house.people(3))
        assert [r["status"] for r in p.results] == ["delivered"] * 3
        with urllib.request.urlopen(f"http://127.0.0.1:{said[2]}/store") as f:
            kept = json.load(f)["emails"]
        for i in range(3):  # as another reader of mail understood them
            [mail] = [k for k in kept if f"person{i}@example.net" in str(k["destination"]["to"])]
            assert "documents@example.com" in mail["from"] and f"Person {i}" in mail["body"]["text"]
        raws = {k["messageId"]: (room / "taken" / k["messageId"]).read_bytes() for k in kept}
        for row in p.results:
            shown = house.run("show", row["delivery"]).out
            name = next(n for n in raws if n in shown)  # what SES calls it is in the delivery's events
            assert row["link"].encode() in re.sub(rb"=\r\n", b"", raws[name]).replace(b"=3D", b"=")
            assert_signed(house, raws[name])
    finally:
        peer.stdin.close()
        peer.wait(30)
    house.serve()
    for row in p.results:
        want = open(os.path.join(house.documents, row["document"]), "rb").read()
        assert opened(house, row, [row["password"]]) == {row["document"]: want}


def test_what_leaves_is_what_was_signed_and_survives_what_ses_changes(mailing, ses):
    mailing.setting("bounce", "bounces@example.com", section="sender")
    ses.configuration_sets["letters"] = ["BOUNCE", "COMPLAINT"]
    mailing.setting("configuration_set", "letters", section="ses")
    p = mailing.send(mailing.people(2))
    assert [r["status"] for r in p.results] == ["delivered"] * 2
    for taken in ses.taken:
        assert_signed(mailing, taken["raw"])
        assert_signed(mailing, ses.arrived(taken))  # with another Date and Message-ID
        message = email.message_from_bytes(taken["raw"], policy=email.policy.SMTP)
        names = re.search(r"h=([^;]*)", message["DKIM-Signature"])[1].lower()
        assert "from" in names and "subject" in names and "date" not in names and "message-id" not in names
        asked = taken["asked"]
        assert asked["FromEmailAddress"] == "documents@example.com"
        assert asked["FeedbackForwardingEmailAddress"] == "bounces@example.com"
        assert asked["ConfigurationSetName"] == "letters"
        row = next(r for r in p.results if r["email"] in taken["to"])
        assert asked["EmailTags"] == [{"Name": "letterlock", "Value": row["delivery"]}]
        assert re.search(r"SES took it as " + taken["id"], mailing.run("show", row["delivery"]).out)


def test_of_two_signatures_one_leaves_because_ses_takes_no_more(tmp_path, ses):
    house = House(tmp_path / "two")
    house.run("key", "new", "dkim", "--selector", "ed", "--algorithm", "ed25519")
    with open(house.config) as f:
        text = f.read()
    with open(house.config, "w") as f:
        f.write(re.sub(r"(?m)^signing:\n", "signing:\n  - domain: example.com\n    selector: ed\n    algorithm: ed25519\n",
                       text))
    ses_service.point_to(house, ses)
    p = house.send(house.people(1))
    assert [r["status"] for r in p.results] == ["delivered"]
    message = email.message_from_bytes(ses.taken[0]["raw"], policy=email.policy.SMTP)
    assert len(message.get_all("DKIM-Signature")) == 1 and "a=rsa-sha256" in message["DKIM-Signature"]


def test_connections_are_kept_and_few(mailing, ses):
    mailing.setting("connections", "4", section="transport")
    p = mailing.send(mailing.people(40))
    assert tos(ses) == {f"person{i}@example.net": 1 for i in range(40)}
    assert len(ses.connections) <= 4 + 1  # one more for the question about the account


# ── The account's pace, quota and state ──


@pytest.mark.parametrize("rate, setting", [(4, None), (1000, "4")])
def test_the_pace_is_that_of_the_account_or_of_the_settings_whichever_is_slower(mailing, ses, rate, setting):
    ses.account["rate"] = rate
    if setting:
        mailing.setting("recipients_per_second", setting, section="pace")
    began = time.monotonic()
    mailing.send(mailing.people(17))
    assert time.monotonic() - began >= 3.9  # slots are even: sixteen come after the first, a quarter of a second each
    assert len(ses.taken) == 17


def test_throttling_loses_nobody_mails_nobody_twice_and_counts_no_attempt(mailing, ses):
    """Somebody else uses the account too: again and again it says that we are too fast."""
    rows = mailing.people(60)
    refused = (429, "TooManyRequestsException", "Maximum sending rate exceeded.")
    ses.fault("outbound-emails", refused, times=25)
    p = mailing.send(rows)
    assert [r["status"] for r in p.results] == ["delivered"] * 60
    assert tos(ses) == {r["email"]: 1 for r in rows}
    assert ses.count("POST /v2/email/outbound-emails") == 60 + 25
    for row in p.results[:10]:
        shown = mailing.run("show", row["delivery"]).out
        assert "tried" not in shown  # it was nobody's failure


def test_a_real_limit_of_requests_is_kept_without_losing_it(mailing, ses):
    """The account allows less than it said at the start: what is refused goes out in a moment."""
    rows = mailing.people(30)
    mailing.setting("connections", "8", section="transport")
    real, ses.account_now = ses.account_now, lambda: {**real(), "SendQuota": {
        "Max24HourSend": 50000, "MaxSendRate": 1000, "SentLast24Hours": 0}}
    ses.account["rate"] = 10
    p = mailing.send(rows)
    assert [r["status"] for r in p.results] == ["delivered"] * 30 and tos(ses) == {r["email"]: 1 for r in rows}


def test_a_spent_quota_stops_in_words_and_goes_on_by_itself(mailing, ses):
    ses.account.update(day=3, sent=0)
    rows = mailing.people(5)
    p = mailing.send(rows, "--patience", "2s", ok=False)
    assert p.returncode == 3
    assert sorted(r["status"] for r in p.results) == ["delivered"] * 3 + ["waiting"] * 2
    assert "the quota of SES is used up: it takes 3 recipients in 24 hours" in p.err and "nothing is lost" in p.err
    assert re.search(r"it goes on by itself, from 20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ", p.err)
    tried = ses.count("POST")
    said = mailing.run("status").out
    assert "quota of SES is used up" in said and "goes on by itself, from 20" in said
    facts = json.loads(mailing.run("status", "--json").out)["transport"]
    assert facts["day_max"] == 3 and facts["day_left"] == 0 and facts["goes_on"]

    # Nothing is tried while nothing is allowed; then those who wait, and nobody else.
    p = mailing.run("send", mailing.write_list(rows), "--documents", mailing.documents, "--resume",
                    f"{mailing.path}/results.csv", "--patience", "2s", ok=False)
    assert ses.count("POST") == tried
    ses.account["day"] = 100
    p = mailing.run("send", mailing.write_list(rows), "--documents", mailing.documents, "--resume",
                    f"{mailing.path}/results.csv")
    assert tos(ses) == {r["email"]: 1 for r in rows}


def test_a_quota_that_others_spend_is_noticed_in_the_middle_and_freed_in_the_middle(mailing, ses):
    rows = mailing.people(6)
    ses.fault("outbound-emails", (429, "TooManyRequestsException", "Daily message quota exceeded."), times=1)
    p = mailing.send(rows)
    assert [r["status"] for r in p.results] == ["delivered"] * 6 and tos(ses) == {r["email"]: 1 for r in rows}
    assert ses.count("GET /v2/email/account") >= 2  # it asked again before it went on


def test_the_sandbox_is_explained_before_the_first_failure(mailing, ses):
    ses.account.update(production=False, rate=1, day=200)
    ses.verified.add("person0@example.net")
    p = mailing.send(mailing.people(2), ok=False)
    assert p.err.index("the account is in the sandbox of SES") >= 0 and "200 recipients in 24 hours and 1 a second" in p.err
    by = {r["email"]: r for r in p.results}
    assert by["person0@example.net"]["status"] == "delivered"
    assert by["person1@example.net"]["status"] == "failed"
    assert "in the sandbox" in by["person1@example.net"]["problem"]
    [found] = [f for f in findings(mailing, "transport") if "sandbox" in f["found"]]
    assert found["judgement"] == "warn" and "production access" in found["todo"]
    assert "sandbox" in mailing.run("status").out


@pytest.mark.parametrize("state", [{"sending": False}, {"enforcement": "SHUTDOWN"}])
def test_a_paused_account_is_told_and_nothing_is_tried(mailing, ses, state):
    ses.account.update(state)
    p = mailing.send(mailing.people(2), "--patience", "1s", ok=False)
    assert [r["status"] for r in p.results] == ["waiting"] * 2 and "paused or shut" in p.err
    assert ses.count("POST") == 0
    assert any(f["judgement"] == "fail" for f in findings(mailing, "transport"))
    ses.account.update(sending=True, enforcement="HEALTHY")
    mailing.run("send", f"{mailing.path}/list.csv", "--documents", mailing.documents, "--resume",
                f"{mailing.path}/results.csv")
    assert len(ses.taken) == 2


def test_who_may_not_ask_about_the_account_still_mails(mailing, ses):
    ses.fault("GET /v2/email/account", (403, "AccessDeniedException", "not authorized to perform: ses:GetAccount"), times=99)
    p = mailing.send(mailing.people(2))
    assert [r["status"] for r in p.results] == ["delivered"] * 2 and "allow ses:GetAccount" in p.err


def test_the_courier_of_serve_mails_through_it_and_says_what_is_to_be_known(mailing, ses):
    ses.account.update(production=False, rate=5, day=2)
    ses.verified.update(f"person{i}@example.net" for i in range(3))
    p = mailing.send(mailing.people(3), "--no-wait")
    server = mailing.serve().server
    until = time.monotonic() + 60
    while len(ses.taken) < 2 or "quota of SES is used up" not in mailing.run("status").out:
        assert time.monotonic() < until
        time.sleep(0.2)
    time.sleep(4)  # the courier looks once a second whether there is something to say
    ses.account["day"] = 50
    while len(ses.taken) < 3:
        assert time.monotonic() < until
        time.sleep(0.2)
    server.terminate()
    said = server.communicate(timeout=30)[1].decode()
    mailing.server = None
    assert server.returncode == 0
    assert "sandbox of SES" in said and "the quota of" in said
    assert tos(ses) == {r["email"]: 1 for r in p.results}


# ── Bad days ──


@pytest.mark.parametrize("what", [(500, "InternalServerErrorException", ""), (503, "ServiceUnavailable", "later"),
                                  "lost before"])
def test_what_certainly_was_not_taken_is_sent_again(mailing, ses, what):
    ses.fault("outbound-emails", what, times=2)
    p = mailing.send(mailing.people(3))
    assert [r["status"] for r in p.results] == ["delivered"] * 3
    if what != "lost before":  # who is cut off cannot know
        assert tos(ses) == {f"person{i}@example.net": 1 for i in range(3)}
        assert not any("uncertain" in mailing.run("show", r["delivery"]).out for r in p.results)


@pytest.mark.parametrize("what", ["lost after", "half", "garbage", "gateway"])
def test_a_lost_answer_is_told_as_uncertain_and_never_sent_again_at_once(mailing, ses, what):
    mailing.setting("first", "1h", section="retry")
    mailing.setting("most", "1h", section="retry")
    ses.fault("outbound-emails", what)
    p = mailing.send(mailing.people(1), "--patience", "2s", ok=False)
    assert p.results[0]["status"] == "waiting"
    assert ses.count("POST") == 1
    assert "uncertain" in mailing.run("show", p.results[0]["delivery"]).out


def test_a_connection_that_ses_closed_meanwhile_costs_nothing(mailing, ses):
    mailing.setting("connections", "1", section="transport")
    ses.fault("outbound-emails", "closes after", times=99)
    rows = mailing.people(5)
    p = mailing.send(rows)
    assert [r["status"] for r in p.results] == ["delivered"] * 5 and tos(ses) == {r["email"]: 1 for r in rows}


def test_a_clock_that_is_off_is_borne_and_told(mailing, ses):
    ses.clock = 3 * 3600
    p = mailing.send(mailing.people(2))
    assert [r["status"] for r in p.results] == ["delivered"] * 2
    assert any("180 minutes apart" in f["found"] for f in findings(mailing, "transport"))


def test_an_unknown_key_gives_way_to_the_next(house, ses):
    ses_service.point_to(house, ses, keys=[("AKIANOTKNOWN00000001", "x" * 40), (ses_service.KEY, ses_service.SECRET)])
    p = house.send(house.people(1))
    assert [r["status"] for r in p.results] == ["delivered"]


@pytest.mark.parametrize("refusal, words", [
    ((403, "AccessDeniedException", "not authorized to perform `ses:SendRawEmail'"), "ses:SendRawEmail"),
    ((400, "MailFromDomainNotVerifiedException", "no"), "MAIL FROM"),
    ((400, "AccountSuspendedException", "no"), "for good"),
    ((400, "MessageRejected", "Email address is not verified. The following identities failed the check in region X: "
      "documents@example.com"), "the sender is not verified"),
    ((404, "NotFoundException", "Configuration set <x> does not exist."), "configuration_set"),
    ("elsewhere", "sends us elsewhere"),
])
def test_what_would_refuse_every_message_costs_nobody_the_mail(mailing, ses, refusal, words):
    ses.fault("outbound-emails", refusal, times=1000)
    mailing.setting("first", "1h", section="retry")
    mailing.setting("most", "1h", section="retry")
    p = mailing.send(mailing.people(2), "--patience", "1s", ok=False)
    assert [r["status"] for r in p.results] == ["waiting"] * 2, p.err
    assert words in p.err
    ses.faults.clear()
    mailing.run("send", f"{mailing.path}/list.csv", "--documents", mailing.documents, "--resume",
                f"{mailing.path}/results.csv", "--patience", "1s", ok=False)


@pytest.mark.parametrize("refusal", [(400, "MessageRejected", "Email contains a virus"),
                                     (400, "BadRequestException", "Missing final '@domain'")])
def test_what_is_about_one_message_fails_that_one(mailing, ses, refusal):
    mailing.setting("connections", "1", section="transport")
    ses.fault("outbound-emails", refusal)
    p = mailing.send(mailing.people(3), ok=False)
    assert sorted(r["status"] for r in p.results) == ["delivered", "delivered", "failed"]
    assert refusal[2] in next(r["problem"] for r in p.results if r["status"] == "failed")


# ── By SMTP ──


def smtp_password(secret, region):
    """As the documentation of SES gives it: version 4 of the scheme, a chain of HMACs from the secret access key."""
    key = ("AWS4" + secret).encode()
    for part in ["11111111", region, "ses", "aws4_request", "SendRawEmail"]:
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return base64.b64encode(b"\x04" + key).decode()


def test_the_smtp_endpoint_takes_the_derived_password(house, tmp_path):
    def login(line):
        _, name, password = base64.b64decode(line.split()[2]).decode().split("\0")
        right = (ses_service.KEY, smtp_password(ses_service.SECRET, ses_service.REGION))
        return "235 2.7.0 welcome" if (name, password) == right else "535 Authentication Credentials Invalid"

    with Relay(certificate=certificate(tmp_path, "127.0.0.1"), login=True, auth=login,
               dot="250 Ok 0107019a00000001-000000") as relay:
        key = ses_service.write_secret(house, "key")
        made = house.run("ses", "smtp-password", "--region", ses_service.REGION, "--secret-key-file", key).out
        password = ses_service.write_secret(house, "password", made.strip())
        for name, value in {"kind": "smtp", "host": "127.0.0.1", "port": relay.port, "security": "starttls", "auth": "plain",
                            "username": ses_service.KEY, "password": f"{{ file: {password} }}",
                            "ca_file": tmp_path / "127.0.0.1-own.pem"}.items():
            house.setting(name, value, section="transport")
        p = house.send(house.people(2))
        assert [r["status"] for r in p.results] == ["delivered"] * 2 and len(relay.taken) == 2
        ses_service.write_secret(house, "password", smtp_password(ses_service.SECRET, "eu-west-1"))
        os.remove(f"{house.path}/results.csv")
        p = house.send(house.people(1), "--patience", "1s", ok=False)
        assert p.results[0]["status"] == "waiting" and "Credentials Invalid" in p.err


# ── What people are told beforehand ──


def test_config_check_tells_of_the_account_the_sender_and_what_changes_mail(mailing, ses):
    [found] = findings(mailing, "transport")
    assert found["judgement"] == "ok" and "10000 recipients a second, 0 of 50000 in the last 24 hours" in found["found"]
    ses.configuration_sets["letters"] = ["BOUNCE", "CLICK"]
    mailing.setting("configuration_set", "letters", section="ses")
    [found] = findings(mailing, "transport")
    assert found["judgement"] == "fail" and "tracks opening or clicking" in found["found"]
    mailing.setting("configuration_set", "nobody", section="ses")
    assert "no configuration set nobody" in findings(mailing, "transport")[0]["found"]
    mailing.setting("configuration_set", "letters", section="ses")
    ses.configuration_sets["letters"] = ["BOUNCE"]
    ses.identities["example.com"]["VerifiedForSendingStatus"] = False
    assert "is verified with SES" in findings(mailing, "transport")[0]["found"]
    ses.keys.clear()
    assert findings(mailing, "transport")[0]["judgement"] == "fail"


def test_init_makes_a_house_for_ses_and_says_what_is_needed(tmp_path):
    p = subprocess.run([PROGRAM, "init", tmp_path / "h", "--domain", "example.com", "--transport", "ses://eu-west-1"],
                       capture_output=True, text=True, check=True)
    p.out = p.stdout
    assert "sandbox" in p.out and "ses:SendRawEmail" in p.out
    text = (tmp_path / "h" / "letterlock.yaml").read_text()
    assert re.search(r"(?m)^  kind: ses$", text) and re.search(r"(?m)^  region: eu-west-1$", text)

