"""letterlock.yaml: read, shown, judged, described. PyYAML and jsonschema are the foreign judges."""
import json
import os
import re
import socket
import stat
import subprocess

import jsonschema
import pytest
import yaml

from tracing import for_onlookers

PROGRAM = os.environ.get("LETTERLOCK", "build/letterlock")
LEAST = {"domain": "example.com", "sender": {"address": "documents@example.com"},
         "signing_allow_none_reason": "a test"}


def run(*words, **more):
    return subprocess.run([PROGRAM, *words], capture_output=True, text=True, timeout=60, **more)


def write(path, settings):
    path.write_text(settings if isinstance(settings, str) else yaml.safe_dump(settings, allow_unicode=True))
    path.chmod(0o600)
    return str(path)


def shown(path, *more):
    done = run("config", "show", "--json", "--config", path, *more)
    assert done.returncode == 0, done.stderr
    return {row["name"]: row for row in json.loads(done.stdout)["settings"]}


def schema():
    return json.loads(run("config", "schema").stdout)


def leaves(node, prefix=""):
    for name, below in node["properties"].items():
        if "properties" in below and "minProperties" not in below:
            yield from leaves(below, f"{prefix}{name}.")
        elif below.get("type") == "array":
            yield from leaves(below["items"], f"{prefix}{name}[].")
        else:
            yield prefix + name, below


def test_the_schema_is_one_and_names_every_setting(tmp_path):
    judge = schema()
    jsonschema.Draft202012Validator.check_schema(judge)
    settings = dict(LEAST, signing=[{"domain": "example.com", "selector": "a"}], labels=[{"column": "a"}],
                    s3_keys=[{"id": "AKIA", "secret_file": "s", "created": "2026-09-01"}],
                    ses_keys=[{"id": "AKIA", "secret_file": "s", "created": "2026-09-01"}])
    names = {re.sub(r"\[\d+\]", "[]", name) for name in shown(write(tmp_path / "c.yaml", settings))}
    assert {name for name, _ in leaves(judge)} == names


@pytest.mark.parametrize("more, good", [
    ({}, True),
    ({"link": {"expires": "36h", "opens": "unlimited", "tries": 3}}, True),
    ({"link": {"expires": 3600}}, True),
    ({"pace": {"messages_per_second": 2.5}}, True),
    ({"limits": {"document_bytes": "50M"}}, True),
    ({"transport": {"kind": "smtp", "host": "r.example", "auth": "plain", "username": "u",
                    "password": {"file": "/etc/x"}}}, True),
    ({"lnk": {}}, False),
    ({"link": {"expires": "soon"}}, False),
    ({"link": {"tries": 0}}, False),
    ({"link": {"tries": "three"}}, False),
    ({"transport": {"kind": "pigeon"}}, False),
    ({"transport": {"password": "hunter2"}}, False),
    ({"signing": [{"domain": "example.com"}]}, False),
    ({"domain": None}, False),
])
def test_schema_and_reader_agree(tmp_path, more, good):
    settings = dict(LEAST, **more)
    ours = run("config", "show", "--config", write(tmp_path / "c.yaml", settings))
    assert (ours.returncode == 0) == good, ours.stderr
    assert ours.returncode in (0, 18)
    assert jsonschema.Draft202012Validator(schema()).is_valid(settings) == good
    assert "hunter2" not in ours.stderr


def test_show_tells_value_and_line_and_hides_secrets(tmp_path):
    path = write(tmp_path / "letterlock.yaml", "domain: example.com\nsender:\n  address: documents@example.com\n"
                 "signing_allow_none_reason: a test\ntransport:\n  kind: smtp\n  host: relay.example\n  auth: plain\n"
                 "  username: u\n  password: { command: [vault, read, --token=hunter2] }\n")
    rows = shown(path)
    assert rows["domain"]["line"] == 1 and not rows["domain"]["default"]
    assert rows["transport.port"]["value"] == "465" and rows["transport.port"]["default"]
    assert "vault" in rows["transport.password"]["value"] and "hunter2" not in json.dumps(rows)
    assert set(shown(path, "--diff")) == {"domain", "sender.address", "signing_allow_none_reason", "transport.kind",
                                         "transport.host", "transport.auth", "transport.username",
                                         "transport.password"}
    text = run("config", "show", "--config", path).stdout
    assert re.search(r"^domain +example\.com +letterlock\.yaml:1$", text, re.M)
    assert re.search(r"^link\.expires +7d +default$", text, re.M)


def test_an_error_names_file_line_and_column(tmp_path):
    path = write(tmp_path / "c.yaml", "domain: example.com\nlink:\n  expire: 7d\n")
    done = run("config", "show", "--config", path)
    assert done.returncode == 18
    assert f"{path}, line 3, column 3: there is no setting link.expire; did you mean link.expires?" in done.stderr
    error = json.loads(run("config", "show", "--json", "--config", path).stderr)["error"]
    assert error["why"] == "config" and error["line"] == 3 and error["column"] == 3 and error["where"] == path


def test_the_working_directory_is_looked_at_first(tmp_path):
    write(tmp_path / "letterlock.yaml", LEAST)
    program = os.path.abspath(PROGRAM)
    done = subprocess.run([program, "config", "show", "--json"], cwd=tmp_path, capture_output=True, text=True)
    assert json.loads(done.stdout)["file"] == str(tmp_path / "letterlock.yaml")
    (tmp_path / "letterlock.yaml").unlink()
    if not os.path.exists("/etc/letterlock/letterlock.yaml"):
        done = subprocess.run([program, "config", "show"], cwd=tmp_path, capture_output=True, text=True)
        assert done.returncode == 18 and "letterlock init" in done.stderr


@pytest.mark.parametrize("bomb", [
    "a: &a [x,x]\nb: &b [*a,*a]\nc: [*b,*b]\n",
    "<<: &x {domain: example.com}\n",
    "domain: " + "[" * 20000 + "\n",
    "domain: \"" + "x" * 2000000 + "\"\n",
    "domain: example.com\x00\n",
    "domain: \xff\n",
    "%TAG ! tag:x,2000:\n--- !y {}\n",
    "domain: exam\u202eple.com\nsender: {address: a@b.example}\n",
], ids=["aliases", "merge key", "depth", "length", "NUL", "not UTF-8", "tags", "invisible"])
def test_hostile_files_are_refused(tmp_path, bomb):
    path = tmp_path / "c.yaml"
    path.write_bytes(bomb.encode("latin-1") if "\xff" in bomb else bomb.encode())
    path.chmod(0o600)
    done = run("config", "show", "--config", str(path))
    assert done.returncode == 18 and done.stdout == "" and len(done.stderr) < 2000


def init(tmp_path, *more):
    done = run("init", str(tmp_path / "house"), "--domain", "example.com", *more)
    assert done.returncode == 0, done.stderr
    return str(tmp_path / "house/letterlock.yaml")


def checked(path, *more):
    done = run("config", "check", "--json", "--config", path, *more)
    report = json.loads(done.stdout)
    assert (done.returncode == 0) == report["good"]
    return report["good"], {row["name"]: row for row in report["checks"]}


def test_check_likes_what_init_made(tmp_path):
    path = init(tmp_path)
    good, rows = checked(path)
    assert good and rows["certificate"]["judgement"] == "warn" and rows["transport"]["judgement"] == "ok"
    assert {"settings", "data", "keys", "signing", "store", "database", "templates"} <= set(rows)
    assert "transport" not in checked(path, "--offline")[1]


def test_check_sees_every_fault_at_once_and_says_what_to_do(tmp_path):
    path = init(tmp_path)
    house = tmp_path / "house"
    (house / "keys/master-1.key").chmod(0o644)
    (house / "letterlock.db").write_bytes(b"not a database at all" * 100)
    (house / "objects").chmod(0o777)
    (house / "templates/plain/de/text.txt").write_text("{{no.such.value")
    (house / "tls/key.pem").write_text("not a key")
    good, rows = checked(path, "--offline")
    assert not good
    for name in ("keys", "database", "store", "templates", "certificate"):
        assert rows[name]["judgement"] == "fail" and rows[name]["todo"], rows[name]


def test_check_judges_the_certificate_by_the_clock_and_the_host(tmp_path):
    path = init(tmp_path, "--base-url", "https://letters.example.com")
    assert checked(path, "--offline")[1]["certificate"]["judgement"] == "warn"
    assert "not valid now" in checked(path, "--offline", "--now", "2036-01-01T00:00:00Z")[1]["certificate"]["found"]
    text = open(path).read().replace("https://letters.example.com", "https://other.example.com")
    open(path, "w").write(text)
    assert "not for other.example.com" in checked(path, "--offline")[1]["certificate"]["found"]


def test_check_finds_that_no_relay_is_there(tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        path = init(tmp_path, "--transport", f"smtp://127.0.0.1:{taken.getsockname()[1]}")
        good, rows = checked(path)
    assert not good and rows["transport"]["judgement"] == "fail"


def test_a_reason_for_less_protection_is_shown(tmp_path):
    path = init(tmp_path)
    with open(path, "a") as more:
        more.write("\npassword:\n  floor_bits: 60\n  allow_weak_reason: old habits\n")
    row = checked(path, "--offline")[1]["protections"]
    assert row["judgement"] == "warn" and "old habits" in row["found"]


@for_onlookers
def test_a_secret_is_nowhere_but_in_its_file(tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        path = init(tmp_path, "--transport", f"smtps://127.0.0.1:{taken.getsockname()[1]}")
        secret = tmp_path / "house/relay-password"
        secret.write_text("canary-7f3a9c\n")
        secret.chmod(0o600)
        text = open(path).read().replace("  #auth: none", "  auth: plain\n  username: u\n"
                                         "  password: { file: relay-password }")
        open(path, "w").write(text)
        trace = tmp_path / "trace"
        done = subprocess.run(["strace", "-f", "-qq", "-v", "-s", "4096", "-o", trace, "-e", "trace=execve,write,openat",
                               PROGRAM, "config", "check", "--json", "--config", path],
                              capture_output=True, text=True, env=dict(os.environ, ASAN_OPTIONS="detect_leaks=0"))
    rows = {row["name"]: row for row in json.loads(done.stdout)["checks"]}
    assert rows["login"]["judgement"] == "ok"
    calls = trace.read_text()
    assert "relay-password" in calls and "canary-7f3a9c" not in calls + done.stdout + done.stderr
    secret.chmod(0o644)
    assert checked(path, "--offline")[1]["login"]["judgement"] == "fail"
