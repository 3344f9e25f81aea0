"""Canaries in everything that is secret, and a look everywhere they must not be: arguments, environment, output, what is
kept, core files (THREATS B-97, B-98)."""
import base64
import mmap
import os
import re
import shutil
import signal
import stat
import subprocess
import time

import pytest

from house import Browser, House
from relay import Relay, certificate
from sink import PLAIN, Sink
from test_stop import wait_until

RELAY_PASSWORD = "canary-relay-9d31f0"
DETAIL = "CANARY-POLICY-55172"
NAME = "Canaria Nightingale"


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    where = tmp_path_factory.mktemp("certificates")
    ours = certificate(where, "authority.test")
    return ours[0], certificate(where, "127.0.0.1", ours)


def make_house(path, relay, ca, **kw):
    house = House(path, transport=relay.url, **kw)
    secret = os.path.join(house.path, "relay-password")
    with open(secret, "w") as f:
        f.write(RELAY_PASSWORD + "\n")
    os.chmod(secret, 0o600)
    for name, value in {"security": "starttls", "ca_file": ca, "auth": "plain", "username": "u",
                        "password": "{ file: relay-password }", "connections": "1"}.items():
        house.setting(name, value, section="transport")
    house.setting("level", "debug", section="log")
    rows = house.people(6)
    for row in rows:
        row["name"], row["policy"] = NAME, DETAIL
    house.write_list(rows)
    return house


def canaries(house, with_names=True):
    """What must be nowhere, as bytes, in each spelling that a careless program would leave."""
    secrets = [RELAY_PASSWORD, base64.b64encode(f"\0u\0{RELAY_PASSWORD}".encode()).decode(), DETAIL, DETAIL.lower()]
    for row in house.results() or ():
        secrets += [row["password"], row["password"].replace("-", ""), row["link"].rsplit("/", 1)[-1]]
    secrets += [NAME, "person0@example.net"] if with_names else []
    for base, _, files in os.walk(os.path.join(house.path, "keys")):
        for name in files:
            text = open(os.path.join(base, name), "rb").read()
            secrets += [m.decode() for m in re.findall(rb"[A-Za-z0-9+/=]{43,}", text)][:2]
    return [s.encode() for s in secrets if s]


def family(pid):
    """A process and those it started."""
    found = [pid]
    for task in os.listdir("/proc"):
        if task.isdigit():
            try:
                parent = int(open(f"/proc/{task}/stat").read().rsplit(") ", 1)[1].split()[1])
            except OSError:
                continue
            if parent == pid:
                found += family(int(task))
    return found


def look_at_processes(pid):
    seen = b""
    for one in family(pid):
        for what in ("cmdline", "environ"):
            try:
                seen += open(f"/proc/{one}/{what}", "rb").read()
            except OSError:
                pass
    return seen


def test_nothing_secret_is_said_kept_or_shown_to_other_processes(tmp_path, authority):
    with Relay(certificate=authority[1], login=True, wait=0.02) as relay:
        house = make_house(tmp_path / "house", relay, authority[0])
        p = house.spawn("send", "list.csv", "--documents", house.documents, "--results", "results.csv",
                        "--proof", "details:policy")
        seen, modes = b"", set()
        while p.poll() is None:
            seen += look_at_processes(p.pid)
            for name in os.listdir(house.path):
                if "results" in name:
                    try:
                        modes.add(stat.S_IMODE(os.stat(os.path.join(house.path, name)).st_mode))
                    except FileNotFoundError:
                        pass
            time.sleep(0.01)
        out, err = p.communicate()
        assert p.returncode == 0 and len(relay.taken) == 6, (out, err)
        assert modes == {0o600}, "also while it is being written"
        house.send(house.people(2, prefix="again"), "--results", "second.csv", ok=False)
        shutil.copy(os.path.join(house.path, "second.csv"), os.path.join(house.path, "results.csv"))
        house.serve()
        seen += look_at_processes(house.server.pid)
        page = Browser(house).ask("POST", house.results()[0]["link"], {"proof": DETAIL, "proof1": DETAIL})[2]
        house.server.send_signal(signal.SIGTERM)
        said = b"".join(house.server.communicate(timeout=30))
        house.server = None
        for words in (["status"], ["list"], ["show", house.results()[0]["delivery"]], ["config", "show"], ["key", "list"],
                      ["config", "check", "--offline"], ["sweep"]):
            for more in ([], ["--json"]):
                q = house.run(*words, *more, ok=False)
                said += b"" if words[0] in ("list", "show") else q.stdout + q.stderr
                seen += q.stdout + q.stderr if words[0] in ("list", "show") else b""
        for secret in canaries(house):
            assert secret not in out + err + said, f"said: {secret}"
            assert secret not in page or secret in house.results()[0]["link"].encode(), "the page knows its own address"
        for secret in canaries(house, with_names=False):
            assert secret not in seen, f"shown: {secret}"


def test_nothing_secret_is_in_what_is_kept(tmp_path, authority):
    with Relay(certificate=authority[1], login=True, dot="451 4.3.0 later") as relay:
        house = make_house(tmp_path / "house", relay, authority[0])
        house.run("send", "list.csv", "--documents", house.documents, "--results", "results.csv", "--patience", "0s", ok=False)
        kept = {}
        for base, _, files in os.walk(house.path):
            if base == house.path or not base.startswith((house.documents, os.path.join(house.path, "keys"))):
                for name in files:
                    if not name.endswith((".csv", ".yaml")) and name != "relay-password":
                        kept[name] = open(os.path.join(base, name), "rb").read()
        assert len(kept) > 6 and any(name.endswith(".db-wal") or name.endswith(".db") for name in kept)
        for secret in canaries(house):
            assert not [name for name, data in kept.items() if secret in data], secret


def test_a_refused_login_does_not_tell_with_what(tmp_path, authority):
    with Relay(certificate=authority[1], login=True, auth=lambda line: f"535 5.7.8 no: {line}") as relay:
        house = make_house(tmp_path / "house", relay, authority[0])
        p = house.run("send", "list.csv", "--documents", house.documents, "--results", "results.csv", "--patience", "0s", ok=False)
        assert p.returncode == 3 and "535" in p.err
        told = p.stdout + p.stderr + house.run("config", "check", ok=False).stdout
        told += open(os.path.join(house.path, "results.csv"), "rb").read()
        for row in house.results():
            told += house.run("show", row["delivery"]).stdout
        for secret in (RELAY_PASSWORD.encode(), base64.b64encode(f"\0u\0{RELAY_PASSWORD}".encode())):
            assert secret not in told, "even if the server says it back"


def test_a_secret_written_into_the_configuration_is_refused_and_not_repeated(tmp_path):
    house = House(tmp_path / "house", transport="smtps://relay.example.net")
    for name, value in {"auth": "plain", "username": "u", "password": RELAY_PASSWORD}.items():
        house.setting(name, value, section="transport")
    p = house.run("status", ok=False)
    assert p.returncode == 18 and "password" in p.err and RELAY_PASSWORD not in p.err + p.out


def test_without_a_umask_nothing_is_left_for_others(tmp_path):
    before = os.umask(0)
    try:
        with Sink(tmp_path / "sink.log") as sink:
            house = House(tmp_path / "house", transport=sink.url)
            os.chmod(house.path, 0o700)
            p = house.send(house.people(2), "--as", "zip")
            house.serve()
            Browser(house).prove(p.results[0]["link"], [p.results[0]["password"]])
            house.run("key", "rotate")
            house.stop()
    finally:
        os.umask(before)
    open_to_others = []
    for base, directories, files in os.walk(house.path):
        for name in directories + files:
            path = os.path.join(base, name)
            ours = not path.startswith(house.documents) and name not in ("list.csv", "documents", "letterlock.yaml")
            if ours and os.lstat(path).st_mode & 0o077 and "/templates" not in path:
                open_to_others.append((path, oct(os.lstat(path).st_mode)))
    # Certificates are for everybody, the folder they lie in is not.
    assert not [one for one in open_to_others if not one[0].endswith("certificate.pem")], open_to_others


@pytest.mark.skipif(not PLAIN.exists(), reason="the build has no test programs (-Dtests=true)")
def test_a_core_of_it_is_not_to_be_had(tmp_path, authority):
    with Relay(certificate=authority[1], login=True, dot=lambda _: time.sleep(20) or "250 ok") as relay:
        house = make_house(tmp_path / "house", relay, authority[0], program=PLAIN)
        p = subprocess.Popen(["prlimit", "--core=unlimited", str(PLAIN), "send", "list.csv", "--documents", house.documents,
                              "--results", "results.csv"], cwd=house.path, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        try:
            wait_until(lambda: "DATA" in relay.heard)
            limits = open(f"/proc/{p.pid}/limits").read()
            assert re.search(r"Max core file size\s+0\s+0", limits)
            assert os.stat(f"/proc/{p.pid}/environ").st_uid == 0, "not dumpable: its files in /proc are root's"
            if os.geteuid() == 0 and shutil.which("gcore"):
                # Root may look. Keys and passwords are in memory that cores leave out, even gcore's.
                subprocess.run(["gcore", "-o", str(tmp_path / "core"), str(p.pid)], capture_output=True, timeout=60)
                cores = [f for f in os.listdir(tmp_path) if f.startswith("core.")]
                if cores:
                    with open(tmp_path / cores[0], "rb") as f, mmap.mmap(f.fileno(), 0, prot=mmap.PROT_READ) as core:
                        assert core.find(b"letterlock") >= 0
                        assert core.find(RELAY_PASSWORD.encode()) < 0
                        for row in house.results():
                            assert core.find(row["password"].encode()) < 0
                    os.unlink(tmp_path / cores[0])
            p.send_signal(signal.SIGSEGV)
            p.communicate(timeout=20)
            assert p.returncode == -signal.SIGSEGV
            assert not [f for f in os.listdir(house.path) if f.startswith("core")]
        finally:
            p.kill()
            p.communicate()


@pytest.mark.skipif(os.geteuid() != 0 or not PLAIN.exists() or not shutil.which("gcore"), reason="needs root and gcore")
def test_another_process_of_the_same_user_cannot_look_into_it(tmp_path):
    program = tmp_path / "letterlock"
    shutil.copy(PLAIN, program)
    program.chmod(0o755)
    for base in (tmp_path, *tmp_path.parents):
        if base.stat().st_uid == os.geteuid() and str(base).startswith("/tmp/") and base != tmp_path.parents[-2]:
            base.chmod(0o755)
    out = tmp_path / "out"
    out.mkdir(mode=0o777)
    out.chmod(0o777)
    nobody = dict(user=65534, group=65534, extra_groups=[])
    p = subprocess.Popen([str(program), "address", "check"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=out, **nobody)
    try:
        time.sleep(0.5)
        assert p.poll() is None
        looked = subprocess.run(["gcore", "-o", str(out / "core"), str(p.pid)], capture_output=True, text=True, cwd=out, **nobody)
        assert looked.returncode != 0 and not os.listdir(out), looked.stdout + looked.stderr
        looked = subprocess.run(["cat", f"/proc/{p.pid}/environ"], capture_output=True, **nobody)
        assert looked.returncode != 0 and not looked.stdout
    finally:
        p.communicate(b"")

