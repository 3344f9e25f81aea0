"""The inspector: what it links, where it is found, and that its sandbox holds."""
import json
import os
import re
import shutil
import subprocess

import pytest

from house import House

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SHIPPED = f"{ROOT}/build/letterlock"  # without sanitizers, which are large and would need calls of their own

PARSERS = r"gumbo|gmime|glib|archive|magic|qpdf|expat|rnp|botan"
DUTIES = r"libssl|sqlite|yaml|deflate|libcsv|zxcvbn|pq\b|microhttpd|curl"


def needed(program):
    out = subprocess.run(["readelf", "-d", program], capture_output=True, text=True, check=True).stdout
    return re.findall(r"NEEDED.*\[(.*)\]", out)


def check(program=SHIPPED, *more, **how):
    done = subprocess.run([program, "sandbox", "check", "--json", *more], capture_output=True, text=True, timeout=120,
                          **how)
    return done, json.loads(done.stdout) if done.stdout else None


def test_the_program_links_no_large_parser_and_the_inspector_no_network_and_no_database():
    program, inspector = needed(SHIPPED), needed(f"{SHIPPED}-inspector")
    assert "libssl.so.3" in program, "the pattern sees what is linked"
    assert [name for name in program if re.search(PARSERS, name)] == []
    assert [name for name in inspector if re.search(DUTIES, name)] == []


def test_nothing_gets_out_of_the_sandbox():
    done, said = check()
    assert done.returncode == 0, done.stdout
    assert said["held"] is True
    tried = {row["try"]: row for row in said["tries"]}
    assert {"open", "write", "socket", "connect", "exec", "fork", "clone", "ptrace", "kill", "io_uring", "bpf", "memory",
            "cpu"} <= set(tried)
    for name, row in tried.items():
        wanted = {"memory": "refused: ENOMEM", "cpu": "ended: it computed too long"}.get(
            name, "killed by the filter of system calls")
        assert row["happened"] == wanted and row["held"] is True, row


def test_the_table_is_for_people_too():
    done = subprocess.run([SHIPPED, "sandbox", "check"], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0
    assert re.search(r"^ok +make a socket +killed", done.stdout, re.M)


def bare_inspector(tmp_path, filtered):
    """One that answers everything, as if no call had been refused."""
    path = tmp_path / "bare"
    version = subprocess.run([SHIPPED, "version"], capture_output=True, text=True).stdout.split()[-1]
    path.write_text(f"""#!/usr/bin/python3
import struct, sys
def say(kind, body=b""):
    sys.stdout.buffer.write(kind + struct.pack(">I", len(body)) + body)
    sys.stdout.buffer.flush()
say(b"y", b"\\x0{filtered}\\x00{version}")
while True:
    head = sys.stdin.buffer.read(5)
    if len(head) < 5:
        break
    sys.stdin.buffer.read(struct.unpack(">I", head[1:])[0])
    if head[:1] == b"e":
        say(b"a", b'{{"errno": 0, "words": "it went through"}}')
        say(b"o")
""")
    path.chmod(0o700)
    return path


@pytest.fixture
def house(tmp_path):
    return House(tmp_path / "house", program=SHIPPED)


def test_what_gets_through_is_said_and_fails(house, tmp_path):
    house.setting("program", bare_inspector(tmp_path, 1), section="inspector")
    done, said = check(SHIPPED, "--config", house.config)
    assert done.returncode == 1
    assert said["held"] is False and not any(row["held"] for row in said["tries"])
    assert {row["happened"] for row in said["tries"]} == {"it went through"}


def test_without_a_filter_of_system_calls_the_program_refuses_unless_told(house, tmp_path):
    house.setting("program", bare_inspector(tmp_path, 0), section="inspector")
    done, _ = check(SHIPPED, "--config", house.config)
    assert done.returncode == 48 and "allow_no_sandbox_reason" in done.stderr
    probed = house.run("config", "check", "--offline", "--json", ok=False)
    found = {row["name"]: row for row in json.loads(probed.out)["checks"]}
    assert probed.returncode == 1 and found["inspector"]["judgement"] == "fail"
    house.setting("allow_no_sandbox_reason", "a machine of its own", section="inspector")
    done, said = check(SHIPPED, "--config", house.config)
    assert done.returncode == 1 and said["held"] is False
    probed = house.run("config", "check", "--offline", ok=False)
    assert "a machine of its own" in probed.out


def test_every_layer_may_be_required(house, tmp_path):
    house.setting("program", bare_inspector(tmp_path, 1), section="inspector")
    house.setting("sandbox", "required", section="inspector")
    done, _ = check(SHIPPED, "--config", house.config)
    assert done.returncode == 48 and "Landlock" in done.stderr


def test_the_inspector_is_found_beside_the_program_or_in_libexec_and_nowhere_else(tmp_path):
    (tmp_path / "bin").mkdir()
    (tmp_path / "libexec").mkdir()
    program = str(shutil.copy(SHIPPED, tmp_path / "bin"))
    beside, libexec = tmp_path / "bin/letterlock-inspector", tmp_path / "libexec/letterlock-inspector"
    # Neither the working directory nor PATH is looked at.
    done, _ = check(program, cwd=ROOT + "/build", env={"PATH": ROOT + "/build"})
    assert done.returncode == 28 and "letterlock-inspector is missing" in done.stderr
    for place in libexec, beside:
        shutil.copy(f"{SHIPPED}-inspector", place)
        done, _ = check(program, cwd="/")
        assert done.returncode == 0, done.stderr
        place.unlink()


def test_the_inspector_says_to_people_that_it_is_not_for_them():
    import pty
    ours, theirs = pty.openpty()
    done = subprocess.run([f"{SHIPPED}-inspector"], stdin=theirs, capture_output=True, text=True, timeout=30)
    os.close(ours)
    os.close(theirs)
    assert done.returncode == 2 and "started by letterlock" in done.stderr


def test_nothing_of_the_parents_reaches_the_inspector(tmp_path):
    """No environment, no argument, no descriptor besides one socket and nothing."""
    path = tmp_path / "curious"
    path.write_text(f"""#!/usr/bin/python3
import os
fds = sorted((int(n), os.readlink("/proc/self/fd/" + n)) for n in os.listdir("/proc/self/fd")
             if os.path.exists("/proc/self/fd/" + n) or n in "01")
open("{tmp_path}/seen", "w").write(repr((dict(os.environ), open("/proc/self/cmdline").read(), fds)))
""")
    path.chmod(0o700)
    house = House(tmp_path / "house", program=SHIPPED)
    house.setting("program", path, section="inspector")
    with open("/etc/passwd") as extra:
        check(SHIPPED, "--config", house.config, pass_fds=[extra.fileno()],
              env={"SECRET": "seen", "PATH": os.environ["PATH"]})
    environment, arguments, fds = eval((tmp_path / "seen").read_text())
    assert "SECRET" not in environment and "PATH" not in environment
    assert "config" not in arguments
    assert [name for _, name in fds if name.startswith("socket:")] and len({n for _, n in fds if "socket" in n}) == 1
    assert (2, "/dev/null") in fds
