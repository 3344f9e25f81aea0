"""The processes of `serve`: killed one by one, drained, reloaded, and what each of them can and cannot see."""
import base64
import collections
import ctypes
import hashlib
import json
import os
import pathlib
import re
import signal
import shutil
import socket
import ssl
import subprocess
import tempfile
import threading
import time
import urllib.parse

import pytest

from house import Browser, House, PROGRAM, free_port, pdf, pdf_of

ROOT = pathlib.Path(__file__).resolve().parents[2]
SINK = pathlib.Path(PROGRAM).parent / "test/bench/sink"
ROLES = ["keeper", "front", "courier", "steward"]
CANARY = bytes((0x5A + 37 * i * i + 11 * i) & 0xFF for i in range(32))


class Serving(House):
    """A house whose server writes its log into a file, so that nobody has to read along."""

    def serve(self, *args, ready=True, **kw):
        self.log_path = os.path.join(self.path, "serve.log")
        told = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        where = os.path.join(tempfile.mkdtemp(), "n")  # a socket's name has to be short
        told.bind(where)
        kw.setdefault("env", dict(os.environ, NOTIFY_SOCKET=where))
        with open(self.log_path, "ab") as log, told:
            self.server = subprocess.Popen([PROGRAM, "serve", *args], cwd=self.path, stdout=log, stderr=log, **kw)
            if ready and kw["env"].get("NOTIFY_SOCKET") == where:
                told.setblocking(False)
                self.wait_for(lambda: heard(told, b"READY=1"))
        if ready:
            wanted = [a for a in args if a in ROLES]
            self.wait_for(lambda: all(self.processes().get(f"ll-{r}") for r in ["keeper", *(wanted or ROLES)]))
            if not wanted or "front" in wanted:
                self.wait_for(self.answers)
        return self

    def wait_for(self, what, seconds=20):
        until = time.monotonic() + seconds
        while not what():
            assert time.monotonic() < until, self.log()
            assert self.server.poll() is None, self.log()
            time.sleep(0.05)

    def log(self):
        with open(self.log_path) as f:
            return f.read()

    def processes(self):
        """name -> pid of the server's children."""
        found = {}
        for pid in map(int, filter(str.isdigit, os.listdir("/proc"))):
            try:
                stat = pathlib.Path(f"/proc/{pid}/stat").read_text()
                name, rest = re.match(r"\d+ \((.*)\) (.*)", stat, re.S).groups()
            except (OSError, AttributeError):
                continue
            if int(rest.split()[1]) == self.server.pid and rest[0] != "Z":
                found[name] = pid
        return found

    def answers(self):
        try:
            return Browser(self).ask("GET", "/healthz")[0] == 200
        except OSError:
            return False

    def stop(self, code=0):
        if self.server and self.server.poll() is None:
            self.server.send_signal(signal.SIGTERM)
        if self.server:
            assert self.server.wait(40) == code, self.log()
        self.server = None


def heard(told, word):
    try:
        return word in told.recv(4096)
    except BlockingIOError:
        return False


def alive(pid):
    """Not gone, and not only waiting to be buried by whoever inherited it."""
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(") ", 1)[1][0] not in "ZX"
    except OSError:
        return False


@pytest.fixture
def house(tmp_path):
    h = Serving(tmp_path / "house")
    yield h
    if h.server and h.server.poll() is None:
        h.server.kill()
        h.server.wait()


def opened(house, row):
    b = Browser(house)
    status, headers, page = b.prove(row["link"], [row["password"]])
    assert status == 303, (status, page[:300])
    status, headers, page = b.ask("GET", headers["location"])
    return b, re.findall(r'href="([^"]*/f/[^"]+)"', page.decode())


def kill_and_see_it_back(house, role):
    before = house.processes()
    os.kill(before[f"ll-{role}"], signal.SIGKILL)
    house.wait_for(lambda: house.processes().get(f"ll-{role}") not in (None, before[f"ll-{role}"]))
    return before


# ── Deaths ──

@pytest.mark.parametrize("role", ["front", "courier", "steward"])
def test_one_that_is_killed_comes_back_and_the_others_stay(house, role):
    row = house.send(house.people(1)).results[0]
    house.serve()
    before = kill_and_see_it_back(house, role)
    house.wait_for(house.answers)
    after = house.processes()
    assert {n: p for n, p in after.items() if n != f"ll-{role}"} == {n: p for n, p in before.items() if n != f"ll-{role}"}
    assert opened(house, row)[1]
    assert f"the {role} was ended by signal 9" in house.log()
    assert f"the {role} is started again in 1 s" in house.log()
    house.stop()


def test_with_a_new_keeper_come_new_others(house):
    row = house.send(house.people(1)).results[0]
    house.serve()
    before = kill_and_see_it_back(house, "keeper")
    house.wait_for(lambda: len(set(house.processes()) & {f"ll-{r}" for r in ROLES}) == 4
                   and not set(house.processes().values()) & set(before.values()))
    house.wait_for(house.answers)
    assert opened(house, row)[1]
    house.stop()


def test_who_dies_again_waits_longer(house):
    house.serve()
    kill_and_see_it_back(house, "steward")
    kill_and_see_it_back(house, "steward")
    waits = re.findall(r"the steward is started again in (\d+) s", house.log())
    assert waits == ["1", "2"]
    house.stop()


def test_with_the_parent_all_die_and_a_new_one_begins_at_once(house):
    house.serve()
    children = house.processes().values()
    house.server.kill()
    house.server.wait()
    house.serve()
    time.sleep(0.2)
    assert not [p for p in children if alive(p)]
    house.stop()


def account(log):
    copies, cuts = collections.Counter(), collections.Counter()
    for line in log.read_text().splitlines():
        word = line.split()
        assert word[0] != "bad", line
        if word[0] == "accept":
            copies[word[3]] += 1
            cuts[word[3]] += word[7] != "none"
        elif word[0] == "unconfirmed":
            cuts[word[3]] += 1
    return copies, cuts


@pytest.mark.skipif(not SINK.exists() and not shutil.which("cc"), reason="no sink")
def test_killed_children_lose_nothing_and_send_nothing_twice(house, tmp_path):
    sink = SINK
    if not sink.exists():
        sink = tmp_path / "sink"
        subprocess.run(["cc", "-O1", "-D_GNU_SOURCE", "-o", sink, ROOT / "test/bench/sink.c", "-lssl", "-lcrypto",
                        "-lpthread"], check=True)
    log, port = tmp_path / "sink.log", free_port()
    relay = subprocess.Popen([sink, "--port", str(port), "--log", log, "--delay", "30"], stdout=subprocess.PIPE)
    try:
        assert relay.stdout.readline().startswith(b"ready")
        for name, value in dict(kind="smtp", host="127.0.0.1", port=port, security="plain", connections=4).items():
            house.setting(name, value, section="transport")
        people = house.people(300)
        house.send(people, "--no-wait")
        house.serve()
        for role in ["courier", "keeper", "courier", "front", "steward"]:
            time.sleep(0.3)
            pid = house.processes().get(f"ll-{role}")
            if pid:
                os.kill(pid, signal.SIGKILL)
        house.wait_for(lambda: log.exists() and "300 delivered" in " ".join(house.run("status").out.split()), 60)
        house.stop()
    finally:
        relay.terminate()
        relay.wait()
    copies, cuts = account(log)
    assert len(copies) == 300
    assert all(n <= 1 + cuts[m] for m, n in copies.items()), [m for m, n in copies.items() if n > 1 + cuts[m]]


# ── The end ──

def slow_download(house, row, size, begun, out):
    """Looks away for three seconds in the middle; what is on its way then fits into no buffer."""
    b, hrefs = opened(house, row)
    with socket.socket() as plain:
        plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 16)
        plain.settimeout(20)
        plain.connect(("127.0.0.1", house.port))
        with b.context.wrap_socket(plain, server_hostname="localhost") as s:
            path = urllib.parse.urlsplit(hrefs[0]).path
            cookies = "; ".join(f"{k}={v}" for k, v in b.cookies.items())
            s.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost:{house.port}\r\nCookie: {cookies}\r\n\r\n".encode())
            got = bytearray(s.recv(4096))
            assert got.startswith(b"HTTP/1.1 200 "), got
            begun.set()
            time.sleep(3)
            while b"\r\n\r\n" not in got[:8192] or len(got) < got.index(b"\r\n\r\n") + 4 + size:
                more = s.recv(1 << 16)
                if not more:
                    break
                got += more
            out.append(bytes(got.split(b"\r\n\r\n", 1)[1]))


@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT])
def test_a_slow_download_is_finished_before_the_end(house, stop):
    rows = house.people(1)
    content = pdf("long", os.urandom(20_000_000))
    (pathlib.Path(house.documents) / rows[0]["document"]).write_bytes(content)
    row = house.send(rows).results[0]
    house.serve()
    begun, out = threading.Event(), []
    thread = threading.Thread(target=slow_download, args=(house, row, len(content), begun, out))
    thread.start()
    assert begun.wait(20)
    house.server.send_signal(stop)
    time.sleep(0.5)
    assert house.server.poll() is None, house.log()
    with pytest.raises(OSError):
        Browser(house).ask("GET", "/healthz")  # nobody new comes in
    thread.join(30)
    assert [len(body) for body in out] == [len(content)], house.log()
    assert hashlib.sha256(out[0]).digest() == hashlib.sha256(content).digest()
    assert house.server.wait(10) == 0, house.log()
    assert "stopping" in house.log()


def test_a_signal_to_the_whole_group_drains_as_well(house):
    house.serve(start_new_session=True)
    os.killpg(house.server.pid, signal.SIGTERM)
    assert house.server.wait(10) == 0, house.log()
    assert "signal" not in house.log()


def test_a_second_signal_ends_at_once_and_leaves_nobody(house):
    house.serve()
    children = house.processes().values()
    os.kill(house.processes()["ll-front"], signal.SIGSTOP)  # it will not finish
    house.server.send_signal(signal.SIGTERM)
    time.sleep(0.3)
    assert house.server.poll() is None
    house.server.send_signal(signal.SIGTERM)
    assert house.server.wait(5) == 130
    time.sleep(0.3)
    assert not [p for p in children if alive(p)]
    house.server = None


@pytest.mark.parametrize("damage, status", [("keys/master-1.key", 19), ("tls/key.pem", None)])
def test_what_cannot_begin_ends_with_words_and_leaves_nobody(house, damage, status):
    os.remove(os.path.join(house.path, damage))
    house.serve(ready=False)
    code = house.server.wait(20)
    assert code != 0 and (status is None or code == status), house.log()
    assert house.log().count("letterlock: ") == 1 and ("key" in house.log())
    assert not house.processes()
    house.server = None


# ── Reloading ──

def served_certificate(house):
    return ssl.get_server_certificate(("127.0.0.1", house.port))


def test_hangup_loads_the_new_certificate_and_keeps_everybody(house):
    house.serve()
    before, processes = served_certificate(house), house.processes()
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "9",
                    "-subj", "/CN=localhost", "-keyout", "key.pem", "-out", "certificate.pem"],
                   cwd=os.path.join(house.path, "tls"), check=True, stderr=subprocess.DEVNULL)
    house.server.send_signal(signal.SIGHUP)
    house.wait_for(lambda: "the certificate was loaded again" in house.log())
    assert served_certificate(house) != before
    assert served_certificate(house).strip() == pathlib.Path(house.path, "tls/certificate.pem").read_text().strip()
    assert house.processes() == processes
    pathlib.Path(house.path, "tls/key.pem").write_text("nonsense")
    house.server.send_signal(signal.SIGHUP)
    house.wait_for(lambda: "the old one stays" in house.log())
    assert house.answers()
    house.stop()


def hang_up(house, words):
    before = house.log().count(words)
    house.server.send_signal(signal.SIGHUP)
    house.wait_for(lambda: house.log().count(words) > before, 60)


def test_hangup_takes_new_keys_while_a_download_goes_on(house):
    house.setting("first", "1s", section="retry")
    rows = house.people(1)
    content = pdf_of(20_000_000)
    (pathlib.Path(house.documents) / rows[0]["document"]).write_bytes(content)
    row = house.send(rows).results[0]
    house.serve()
    begun, out = threading.Event(), []
    thread = threading.Thread(target=slow_download, args=(house, row, len(content), begun, out))
    thread.start()
    assert begun.wait(20)
    before = set(house.processes().values())
    house.run("key", "rotate")
    house.run("key", "new", "link")
    hang_up(house, "the keys were loaded again")
    house.wait_for(lambda: set(house.processes()) == {f"ll-{r}" for r in ROLES}
                   and not set(house.processes().values()) & before, 60)
    thread.join(60)
    assert [hashlib.sha256(body).digest() for body in out] == [hashlib.sha256(content).digest()], house.log()
    os.remove(os.path.join(house.path, "results.csv"))
    sent = house.send(house.people(2, "later"), "--no-wait").results  # wrapped with the new key, its links made with it
    house.wait_for(lambda: len(house.outbox()) == 3, 60)
    house.wait_for(house.answers)
    assert opened(house, sent[0])[1] and opened(house, row)[1]
    assert "signal" not in house.log() and "ERROR" not in house.log().upper(), house.log()
    house.stop()


def test_hangup_with_the_same_keys_replaces_nobody_and_with_bad_ones_neither(house):
    row = house.send(house.people(1)).results[0]
    house.serve()
    before = house.processes()
    hang_up(house, "the certificate was loaded again")
    bad = pathlib.Path(house.path, "keys/master-2.key")
    bad.write_text("nonsense")
    bad.chmod(0o600)
    hang_up(house, "the old ones stay in use")
    assert {name: pid for name, pid in house.processes().items() if name != "ll-keeper"} == \
        {name: pid for name, pid in before.items() if name != "ll-keeper"}
    assert opened(house, row)[1]
    bad.unlink()
    house.run("key", "new", "master")
    hang_up(house, "the keys were loaded again")
    house.wait_for(lambda: set(house.processes()) == {f"ll-{r}" for r in ROLES}
                   and not set(house.processes().values()) & set(before.values()), 60)
    house.wait_for(house.answers)
    assert opened(house, row)[1]
    house.stop()


# ── Rights ──

only_root_looks = pytest.mark.skipif(os.geteuid() != 0, reason="only root may look into these processes")


def plant_canary(house):
    path = pathlib.Path(house.path, "keys/master-1.key")
    head = path.read_text().split("\n")[0]
    path.write_text(f"{head}\n{base64.b64encode(CANARY).decode()}\n")


def memory_holds(pid, what):
    """What lies in memory that was written to; the pattern is compared here, in another process than theirs."""
    with open(f"/proc/{pid}/maps") as maps, open(f"/proc/{pid}/mem", "rb", 0) as memory:
        for line in maps:
            span, rights = line.split()[:2]
            start, end = (int(x, 16) for x in span.split("-"))
            if "w" not in rights or end - start > 1 << 32:
                continue
            for at in range(start, end, 1 << 22):
                try:
                    memory.seek(at)
                    if any(w in memory.read(min((1 << 22) + 64, end - at)) for w in what):
                        return True
                except OSError:
                    pass
    return False


@only_root_looks
def test_only_the_keeper_ever_holds_the_master_key(house):
    plant_canary(house)
    row = house.send(house.people(1)).results[0]
    house.serve()
    assert opened(house, row)[1]
    found = {name: memory_holds(pid, [CANARY, base64.b64encode(CANARY)])
             for name, pid in {**house.processes(), "parent": house.server.pid}.items()}
    assert found.pop("ll-keeper")
    assert found == {"ll-front": False, "ll-courier": False, "ll-steward": False, "parent": False}
    house.stop()


def status_of(pid):
    return dict(line.split(":\t", 1) for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines() if ":\t" in line)


@only_root_looks
def test_the_keeper_can_open_nothing_and_the_others_hold_no_key_file(house):
    house.serve()
    processes = house.processes()
    keeper = processes["ll-keeper"]
    assert status_of(keeper)["Seccomp"] == "2"
    for task in os.listdir(f"/proc/{keeper}/task"):
        assert "Seccomp:\t2" in pathlib.Path(f"/proc/{keeper}/task/{task}/status").read_text()
    limits = pathlib.Path(f"/proc/{keeper}/limits").read_text()
    assert re.search(r"Max file size\s+0\s+0", limits)
    assert int(re.search(r"Max open files\s+(\d+)", limits)[1]) < 100
    for name, pid in processes.items():
        assert status_of(pid)["NoNewPrivs"] == "1"
        assert re.search(r"Max core file size\s+0\s+0", pathlib.Path(f"/proc/{pid}/limits").read_text())
        links = [os.readlink(f"/proc/{pid}/fd/{fd}") for fd in os.listdir(f"/proc/{pid}/fd")]
        assert not [link for link in links if "/keys" in link], name
        if name == "ll-keeper":
            assert not [link for link in links if house.path in link and not link.endswith("serve.log")]
    house.stop()


def listeners(pid):
    """Inodes of its sockets that listen for TCP."""
    wanted = {line.split()[9] for line in pathlib.Path("/proc/net/tcp").read_text().splitlines()[1:] if line.split()[3] == "0A"}
    links = [os.readlink(f"/proc/{pid}/fd/{fd}") for fd in os.listdir(f"/proc/{pid}/fd")]
    return [link for link in links if link.startswith("socket:[") and link[8:-1] in wanted]


@only_root_looks
def test_only_parent_and_front_have_the_listening_socket(house):
    house.serve()
    assert {name for name, pid in house.processes().items() if listeners(pid)} == {"ll-front"}
    assert listeners(house.server.pid)
    house.stop()


def push_garbage(pid):
    """Sends nonsense to the keeper over a socket that `pid` holds, by borrowing it (pidfd_getfd)."""
    libc = ctypes.CDLL(None, use_errno=True)
    sockets = sorted(fd for fd in map(int, os.listdir(f"/proc/{pid}/fd"))
                     if os.readlink(f"/proc/{pid}/fd/{fd}").startswith("socket:"))
    pidfd = os.pidfd_open(pid)
    # The parent makes those to the keeper first, so the last one is its own.
    mine = libc.syscall(438, pidfd, sockets[0], 0)
    os.close(pidfd)
    assert mine >= 0, os.strerror(ctypes.get_errno())
    with socket.socket(fileno=mine) as s:
        assert (s.family, s.type) == (socket.AF_UNIX, socket.SOCK_SEQPACKET)
        s.send(b"GET / HTTP/1.1\r\n\r\n")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may borrow the sockets of others")
def test_garbage_ends_its_socket_and_never_the_keeper(house):
    row = house.send(house.people(1)).results[0]
    house.serve()
    before = house.processes()
    push_garbage(before["ll-steward"])
    house.wait_for(lambda: "cut off a process that asked what is no question" in house.log())
    house.wait_for(lambda: house.processes().get("ll-steward") not in (None, before["ll-steward"]))
    after = house.processes()
    assert after["ll-keeper"] == before["ll-keeper"] and after["ll-front"] == before["ll-front"]
    assert opened(house, row)[1]
    house.stop()


@pytest.mark.skipif(os.geteuid() != 0 or not shutil.which("strace"), reason="only root makes a kernel refuse")
@pytest.mark.parametrize("wish", ["wanted", "required"])
def test_a_kernel_without_filters_is_told_or_refused(house, tmp_path, wish):
    house.setting("sandbox", wish, section="serve")
    house.log_path = str(tmp_path / "log")
    with open(house.log_path, "wb") as log:
        house.server = subprocess.Popen(["strace", "-D", "-f", "-qq", "-o", os.devnull, "-e", "inject=seccomp:error=EINVAL",
                                         PROGRAM, "serve"], cwd=house.path, stdout=log, stderr=log,
                                        env={**os.environ, "ASAN_OPTIONS": "detect_leaks=0"})
    if wish == "required":
        assert house.server.wait(30) == 48, house.log()
        assert "does not let the keeper of the keys give up its rights" in house.log()
    else:
        house.wait_for(house.answers, 30)
        assert "does not let the keeper of the keys give up its rights" in house.log()
        house.stop()


# ── One role alone ──

@pytest.mark.parametrize("role", ["front", "courier", "steward"])
def test_one_role_runs_with_its_keeper_and_nobody_else(house, role):
    house.serve("--role", role)
    assert set(house.processes()) == {"ll-keeper", f"ll-{role}"}
    house.stop()


# ── Words ──

def test_lines_of_the_log_are_json_if_wanted(house):
    house.setting("format", "json", section="log")
    house.setting("level", "debug", section="log")
    house.serve()
    kill_and_see_it_back(house, "steward")
    house.stop()
    lines = [json.loads(line) for line in house.log().splitlines()]
    assert {"parent", "front"} <= {line["process"] for line in lines}
    assert {"debug", "info", "warning", "error"} <= {line["level"] for line in lines}
    for line in lines:
        assert list(line) == ["time", "level", "process", "message"]
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", line["time"])


@pytest.mark.parametrize("how", ["level", "quiet"])
def test_what_is_not_worth_a_line_is_left_out(house, how):
    if how == "level":
        house.setting("level", "error", section="log")
        house.serve()
    else:
        house.serve("--quiet")
    house.stop()
    assert house.log() == ""


def test_the_service_manager_is_told(house, tmp_path):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "notify"))
        manager.settimeout(20)
        house.serve(env={**os.environ, "NOTIFY_SOCKET": str(tmp_path / "notify")})
        assert manager.recv(100) == b"READY=1"
        house.stop()
        assert manager.recv(100) == b"STOPPING=1"


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="no systemd-analyze")
def test_the_unit_file_is_sound(tmp_path):
    unit = tmp_path / "letterlock.service"
    # Where the program will be is not where it is now.
    unit.write_text((ROOT / "packaging/letterlock.service").read_text().replace("/usr/local/bin/letterlock", PROGRAM))
    done = subprocess.run(["systemd-analyze", "verify", "--man=no", unit], capture_output=True, text=True)
    assert done.returncode == 0 and done.stderr == "", done.stderr
    done = subprocess.run(["systemd-analyze", "security", "--offline=yes", "--threshold=20", unit], capture_output=True,
                          text=True)
    assert done.returncode == 0, done.stdout + done.stderr
