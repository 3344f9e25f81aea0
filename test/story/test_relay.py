"""The SMTP client against servers that are not ours: Postfix with Dovecot for AUTH, and the sink of the soak with smtplib."""
import hashlib
import os
import pathlib
import smtplib
import subprocess
import tempfile
import time

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("LETTERLOCK", ROOT / "build/letterlock")).resolve().parent
HAND_OVER, SINK = BUILD / "test/parts/hand-over", BUILD / "test/bench/sink"

pytestmark = pytest.mark.skipif(not HAND_OVER.exists(), reason="the build has no test programs (-Dtests=true)")

def message(name, body):
    # A relay adds what is missing; here nothing is.
    return (f"From: a@example.test\r\nTo: b@example.test\r\nDate: Sat, 21 Nov 2026 19:50:00 +0000\r\n"
            f"Message-ID: <{name}@example.test>\r\nSubject: {name}\r\n\r\n").encode() + body


MESSAGES = {name: message(name, body) for name, body in {
    "plain": b"Text.\r\n",
    "dots": b".\r\n..\r\n.a\r\nb.\r\n.\r\n\r\n.\r\n",
    "bytes": "Grüße, 日本語\r\n".encode(),
    "large": b"".join(b".%d " % n + b"x" * 900 + b"\r\n" for n in range(3000)),
}.items()}


class Postfix:
    def __init__(self, directory):
        self.directory = directory
        self.process = subprocess.Popen([ROOT / "test/parts/postfix", directory], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        line = self.process.stdout.readline().decode().split()
        if not line:
            said = self.process.stderr.read().decode().strip()
            if self.process.wait() == 77:
                pytest.skip(f"no Postfix: {said}")
            pytest.fail(said)
        self.relay, self.submission, self.smtps = map(int, line[1:])

    def stop(self):
        self.process.stdin.close()
        self.process.wait(timeout=30)

    def inbox(self):
        return [path.read_bytes() for path in sorted((self.directory / "mail/box/new").glob("*"))]

    def wait_for(self, message):
        """Postfix puts headers on top and keeps lines with LF: the rest must be ours, byte for byte."""
        wanted = message.replace(b"\r\n", b"\n")
        for _ in range(100):
            if any(kept.endswith(wanted) for kept in self.inbox()):
                return True
            time.sleep(0.1)
        return False


@pytest.fixture(scope="module")
def postfix():
    # Postfix changes its user, who must reach the directory; pytest's own are closed to others.
    with tempfile.TemporaryDirectory(prefix="letterlock-postfix-", dir="/tmp") as directory:
        os.chmod(directory, 0o755)
        server = Postfix(pathlib.Path(directory))
        yield server
        server.stop()


def hand_over(port, *args, messages=("plain",), ca=None, to="someone@example.test", tmp_path=None):
    files = []
    for name in messages:
        path = tmp_path / name
        path.write_bytes(MESSAGES[name])
        files.append(path)
    done = subprocess.run([HAND_OVER, "--host", "localhost", "--port", str(port), *(["--ca", ca] if ca else []), "--to", to,
                           *args, *files], capture_output=True, text=True, timeout=120)
    assert done.stderr == ""
    keys = ["result", "code", "enhanced", "stage", "security", "certainty", "text"]
    return [dict(zip(keys, line.split("\t"))) for line in done.stdout.splitlines()]


def login(tmp_path, password="secret"):
    path = tmp_path / "password"
    path.write_text(password + "\n")
    return ["--user", "user@example.test", "--password-file", path]


def test_messages_arrive_byte_for_byte_through_starttls(postfix, tmp_path):
    done = hand_over(postfix.relay, messages=MESSAGES, ca=postfix.directory / "ca.pem", tmp_path=tmp_path)
    assert [(one["result"], one["code"], one["enhanced"]) for one in done] == [("delivered", "250", "2.0.0")] * 4
    assert all(one["security"].startswith("TLSv1.3 ") for one in done)
    assert all(postfix.wait_for(message) for message in MESSAGES.values())


@pytest.mark.parametrize("how", ["plain", "login", "whichever"])
@pytest.mark.parametrize("security", ["starttls", "implicit"])
def test_logging_in_works_both_ways_on_both_ports(postfix, tmp_path, security, how):
    port = postfix.smtps if security == "implicit" else postfix.submission
    done = hand_over(port, "--security", security, *login(tmp_path), *(["--login", how] if how != "whichever" else []),
                     ca=postfix.directory / "ca.pem", tmp_path=tmp_path)
    assert done[0]["result"] == "delivered", done


def test_a_wrong_password_is_the_transports_trouble(postfix, tmp_path):
    done = hand_over(postfix.submission, *login(tmp_path, "wrong"), ca=postfix.directory / "ca.pem", tmp_path=tmp_path)
    assert (done[0]["result"], done[0]["code"], done[0]["stage"]) == ("later", "535", "AUTH")


def test_an_unknown_authority_gets_nothing(postfix, tmp_path):
    before = len(postfix.inbox())
    done = hand_over(postfix.relay, tmp_path=tmp_path)
    assert (done[0]["result"], done[0]["stage"], done[0]["security"]) == ("later", "STARTTLS", "")
    assert "not trusted" in done[0]["text"]
    assert len(postfix.inbox()) == before


def test_refusals_keep_their_codes_and_the_connection(postfix, tmp_path):
    arguments = ["--host", "localhost", "--port", str(postfix.relay), "--ca", postfix.directory / "ca.pem"]
    (tmp_path / "one").write_bytes(MESSAGES["plain"])
    for name, wanted in (("reject", ["never", "550", "5.1.1", "RCPT"]), ("tempfail", ["later", "451", "4.3.0", "RCPT"])):
        done = subprocess.run([HAND_OVER, *arguments, "--to", f"{name}@example.test", tmp_path / "one", tmp_path / "one"],
                              capture_output=True, text=True, timeout=60)
        lines = [line.split("\t") for line in done.stdout.splitlines()]
        assert [line[:4] for line in lines] == [wanted] * 2, done.stdout


def test_the_probe_says_what_is_there(postfix, tmp_path):
    done = subprocess.run([HAND_OVER, "--host", "localhost", "--port", str(postfix.submission), "--ca",
                           postfix.directory / "ca.pem", *login(tmp_path), "--to", "x", "probe"],
                          capture_output=True, text=True, timeout=60)
    assert "TLSv1.3" in done.stdout and "logged in by PLAIN" in done.stdout, done.stdout


class Sink:
    def __init__(self, tmp_path, *args):
        self.log = tmp_path / "sink.log"
        self.process = subprocess.Popen([SINK, "--port", "0", "--log", self.log, *args], stdout=subprocess.PIPE)
        self.port = int(self.process.stdout.readline().split()[1])

    def lines(self, *kinds):
        return [line.split() for line in self.log.read_text().splitlines() if line.split()[0] in kinds]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()


def test_the_sink_remembers_what_smtplib_sent(tmp_path):
    with Sink(tmp_path) as sink:
        with smtplib.SMTP("127.0.0.1", sink.port) as client:
            for message in MESSAGES.values():
                client.sendmail("a@example.test", ["b@example.test"], message)
        wanted = [(message.split(b"Message-ID: ")[1].split(b"\r\n")[0].decode(), hashlib.sha256(message).hexdigest())
                  for message in MESSAGES.values()]
        assert [(line[3], line[4]) for line in sink.lines("accept")] == wanted
        assert sink.lines("bad", "unconfirmed") == []


def test_the_sink_and_our_client_agree_on_bytes_and_say_good_bye(tmp_path):
    with Sink(tmp_path) as sink:
        done = hand_over(sink.port, "--security", "clear", messages=MESSAGES, tmp_path=tmp_path)
        assert [one["result"] for one in done] == ["delivered"] * 4
        assert [line[4] for line in sink.lines("accept")] == [hashlib.sha256(m).hexdigest() for m in MESSAGES.values()]
        assert sink.lines("bad", "unconfirmed") == []


@pytest.mark.parametrize("fault,result,certainty", [("before", "later", "uncertain"), ("after", "delivered", "certain")])
def test_the_sink_tells_which_replies_were_cut_off(tmp_path, fault, result, certainty):
    with Sink(tmp_path, f"--cut-{fault}", "1000") as sink:
        done = hand_over(sink.port, "--security", "clear", messages=["plain", "plain"], tmp_path=tmp_path)
        assert [(one["result"], one["certainty"]) for one in done] == [(result, certainty)] * 2
        assert [line[-1] for line in sink.lines("accept")] == [f"cut-{fault}"] * 2
        time.sleep(0.2)
        assert [line[3] for line in sink.lines("unconfirmed")] == ["<plain@example.test>"] * 2


def test_the_sink_can_refuse_for_now(tmp_path):
    with Sink(tmp_path, "--reply-later", "1000") as sink:
        done = hand_over(sink.port, "--security", "clear", tmp_path=tmp_path)
        assert (done[0]["result"], done[0]["code"], done[0]["stage"]) == ("later", "451", "dot")
        assert sink.lines("accept") == [] and len(sink.lines("later")) == 1
