"""`letterlock init`: a whole installation or nothing. openssl and python's cryptography are the foreign judges."""
import base64
import datetime
import json
import os
import re
import stat
import subprocess

import pytest
import yaml
from cryptography import x509
from cryptography.hazmat.primitives import serialization

PROGRAM = os.environ.get("LETTERLOCK", "build/letterlock")


def run(*words, **more):
    return subprocess.run([PROGRAM, *words], capture_output=True, text=True, timeout=60, **more)


def tree(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


def test_everything_is_there_and_private(tmp_path):
    house = tmp_path / "house"
    done = run("init", str(house), "--domain", "example.com", umask=0)
    assert done.returncode == 0, done.stderr
    assert {"letterlock.yaml", "letterlock.db", "keys/master-1.key", "keys/link-1.key", "keys/lookup-1.key",
            "keys/dkim-example.com-letters1.pem", "tls/key.pem", "tls/certificate.pem", "outbox/new",
            "templates/document/en/text.txt"} <= set(tree(house))
    for path in [house, *house.rglob("*")]:
        mode = stat.S_IMODE(path.stat().st_mode)
        assert mode & 0o077 == 0 or path.name == "certificate.pem", (path, oct(mode))
        assert mode & 0o022 == 0
    settings = yaml.safe_load((house / "letterlock.yaml").read_text())
    assert settings["domain"] == "example.com" and settings["sender"]["address"] == "documents@example.com"
    assert run("config", "show", "--config", str(house / "letterlock.yaml")).returncode == 0


def test_every_sleeping_line_is_a_setting_that_can_be_woken(tmp_path):
    """Taking all the # away must still be YAML, and name each setting of the schema."""
    house = tmp_path / "house"
    run("init", str(house), "--domain", "example.com")
    lines = (house / "letterlock.yaml").read_text().splitlines()
    woken = [re.sub(r"^( *)#(?! )", r"\1", line) if not re.match(r"^ *# ", line) else "" for line in lines]
    # Below a sleeping section the blanks stand behind the '#'.
    woken = [re.sub(r"^#(  )", r"\1", line) if re.match(r"^#  +(- )?\w+: ", line) else new
             for line, new in zip(lines, woken)]
    settings = yaml.safe_load("\n".join(woken))
    schema = json.loads(run("config", "schema").stdout)
    assert set(settings) == set(schema["properties"])
    for name, below in schema["properties"].items():
        if "properties" in below and "minProperties" not in below:
            assert set(settings[name]) == set(below["properties"]), name


def test_nothing_is_overwritten(tmp_path):
    (tmp_path / "mine.txt").write_text("precious")
    done = run("init", str(tmp_path), "--domain", "example.com")
    assert done.returncode == 29 and "mine.txt" in done.stderr
    assert tree(tmp_path) == ["mine.txt"]
    (tmp_path / "mine.txt").unlink()
    assert run("init", str(tmp_path), "--domain", "example.com").returncode == 0
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    assert run("init", str(tmp_path), "--domain", "example.com").returncode == 29
    assert before == {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}


@pytest.mark.parametrize("there", [False, True])
def test_what_was_made_is_removed_if_a_step_fails(tmp_path, there):
    house = tmp_path / "house"
    if there:
        house.mkdir()
    # A small file-size limit lets the settings through and stops the database.
    limited = ["bash", "-c", 'trap "" XFSZ; ulimit -f 16; exec "$0" "$@"', PROGRAM]
    done = subprocess.run([*limited, "init", str(house), "--domain", "example.com"], capture_output=True, text=True)
    assert done.returncode not in (0, 2), done.stdout
    assert tree(tmp_path) == (["house"] if there else [])


def test_dry_run_makes_nothing(tmp_path):
    done = run("init", str(tmp_path / "house"), "--domain", "example.com", "--dry-run")
    assert done.returncode == 0 and "Would make" in done.stderr and tree(tmp_path) == []


def test_keys_are_read_by_others_and_the_records_fit_them(tmp_path):
    house = tmp_path / "house"
    done = run("init", str(house), "--domain", "Example.COM", "--ed25519", "--json")
    records = {row["name"]: row["value"] for row in json.loads(done.stdout)["dns"]}
    rsa = serialization.load_pem_private_key((house / "keys/dkim-example.com-letters1.pem").read_bytes(), None)
    assert rsa.key_size == 2048
    public = rsa.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    assert records["letters1._domainkey.example.com."] == "v=DKIM1; k=rsa; p=" + base64.b64encode(public).decode()
    ed = serialization.load_pem_private_key((house / "keys/dkim-example.com-letters1e.pem").read_bytes(), None)
    public = ed.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    assert records["letters1e._domainkey.example.com."] == "v=DKIM1; k=ed25519; p=" + base64.b64encode(public).decode()
    assert records["_dmarc.example.com."].startswith("v=DMARC1; p=none;") and "pct" not in records["_dmarc.example.com."]
    assert records["example.com."].startswith("v=spf1 ")
    assert "_mta-sts.example.com." in records


def test_long_records_are_cut_into_strings_that_join_again(tmp_path):
    text = run("init", str(tmp_path / "house"), "--domain", "example.com").stdout
    line = next(line for line in text.splitlines() if line.startswith("letters1._domainkey"))
    strings = re.findall(r'"([^"]*)"', line)
    assert len(strings) > 1 and all(len(part) <= 255 for part in strings)
    assert "".join(strings).startswith("v=DKIM1; k=rsa; p=MIIB")


def test_the_certificate_is_for_the_host_and_short_enough(tmp_path):
    house = tmp_path / "house"
    run("init", str(house), "--domain", "example.com", "--base-url", "https://letters.example.com:8443/x",
        "--now", "2026-11-21T00:00:00Z")
    certificate = x509.load_pem_x509_certificate((house / "tls/certificate.pem").read_bytes())
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert set(names.get_values_for_type(x509.DNSName)) == {"letters.example.com", "localhost"}
    assert "127.0.0.1" in map(str, names.get_values_for_type(x509.IPAddress))
    assert certificate.not_valid_after - datetime.datetime(2026, 11, 21) <= datetime.timedelta(days=825)
    verify = subprocess.run(["openssl", "verify", "-attime", "1800000000", "-CAfile", house / "tls/certificate.pem",
                             "-verify_hostname", "letters.example.com", house / "tls/certificate.pem"],
                            capture_output=True, text=True)
    assert verify.returncode == 0, verify.stderr


@pytest.mark.parametrize("transport, expected", [
    ("maildir", {"kind": "maildir"}),
    ("smtp://relay.example.com", {"kind": "smtp", "host": "relay.example.com", "security": "starttls"}),
    ("smtp://relay.example.com:2525", {"kind": "smtp", "host": "relay.example.com", "security": "starttls", "port": 2525}),
    ("smtps://relay.example.com:465", {"kind": "smtp", "host": "relay.example.com", "security": "implicit", "port": 465}),
    ("smtp://127.0.0.1:25", {"kind": "smtp", "host": "127.0.0.1", "security": "plain", "port": 25}),
])
def test_the_transport_is_written_down(tmp_path, transport, expected):
    done = run("init", str(tmp_path / "house"), "--domain", "example.com", "--transport", transport)
    assert done.returncode == 0, done.stderr
    assert yaml.safe_load((tmp_path / "house/letterlock.yaml").read_text())["transport"] == expected


@pytest.mark.parametrize("environment, region", [({}, "us-east-1"), ({"AWS_REGION": "eu-west-3"}, "eu-west-3")])
def test_a_region_of_ses_may_be_left_out(tmp_path, monkeypatch, environment, region):
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    done = run("init", str(tmp_path / "house"), "--domain", "example.com", "--transport", "ses")
    assert done.returncode == 0 and f"region {region} (`ses.region`" in done.stdout, done.stderr
    assert yaml.safe_load((tmp_path / "house/letterlock.yaml").read_text())["ses"]["region"] == region


@pytest.mark.parametrize("words, status, says", [
    ([], 2, "--domain is needed"),
    (["--domain", "exa mple"], 2, "--domain"),
    (["--domain", "[127.0.0.1]"], 2, "--domain"),
    (["--domain", "example.com", "--from", "nobody"], 2, "--from"),
    (["--domain", "example.com", "--from", "a@elsewhere.example"], 18, "sender.address"),
    (["--domain", "example.com", "--transport", "ses://eu west"], 2, "ses://REGION"),
    (["--domain", "example.com", "--transport", "direct"], 48, "not there yet"),
    (["--domain", "example.com", "--transport", "http://x"], 2, "--transport is"),
    (["--domain", "example.com", "--transport", "smtp://user:pw@x"], 2, "without a login"),
    (["--domain", "example.com", "--transport", "smtp://x:0"], 2, "--transport is"),
    (["--domain", "example.com", "--base-url", "http://x"], 2, "https://"),
    (["--domain", "example.com", "--base-url", "https://"], 2, "no host"),
    (["--domain", "example.com", "--base-url", "https://x/?a"], 18, "base_url"),
    (["--domain", "example.com\nsender: x"], 2, "--domain"),
])
def test_what_does_not_fit_is_refused_and_leaves_nothing(tmp_path, words, status, says):
    done = run("init", str(tmp_path / "house"), *words)
    assert done.returncode == status and says in done.stderr, done.stderr
    assert tree(tmp_path) == []


def test_no_secret_is_printed_or_in_the_arguments(tmp_path):
    house = tmp_path / "house"
    done = run("init", str(house), "--domain", "example.com")
    for key in (house / "keys").iterdir():
        for line in key.read_text().splitlines()[1:]:
            assert len(line) < 20 or "PRIVATE KEY" in line or line not in done.stdout + done.stderr
