"""What is said is on the disk before: the order of system calls of a whole run, seen by strace (THREATS B-86).

    the results file, with every link and password, is synced and in place before anything is stored or accepted
    objects are synced, renamed and their directory synced before the database speaks of them
    a lease is in the synced log before the message's last dot leaves
    an outcome is in the synced log before the next command on that connection
"""
import os
import re
import subprocess

import pytest

from house import House
from sink import PLAIN, Sink
from tracing import for_onlookers

pytestmark = [for_onlookers, pytest.mark.skipif(not PLAIN.exists(), reason="the build has no test programs (-Dtests=true)")]
CALLS = "openat,write,pwrite64,fsync,fdatasync,syncfs,rename,link,sendto,sendmsg,recvfrom,recvmsg,read,connect"
ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"


class Call:
    def __init__(self, thread, name, text, begun):
        self.thread, self.name, self.text, self.begun, self.ended, self.result = thread, name, text, begun, None, None

    def __repr__(self):
        return f"<{self.begun}-{self.ended} {self.thread} {self.name} {self.text[:100]} = {self.result}>"

    @property
    def place(self):
        """What strace -y says the first descriptor is."""
        found = re.match(r"\d+<(.*?)>(?=[,) ])", self.text)
        return found[1] if found else ""

    @property
    def data(self):
        found = re.search(r'"((?:\\x[0-9a-f]{2})*)"', self.text)
        return bytes.fromhex(found[1].replace("\\x", "")) if found else b""


def finish(call, line, rest):
    call.ended = line
    call.text += rest
    found = re.search(r"= (-?\d+)[^=]*$", rest)
    call.result = int(found[1]) if found else None


def read_trace(path):
    calls, open_calls = [], {}
    for number, line in enumerate(open(path)):
        thread, rest = line.split(None, 1)
        if m := re.match(r"<\.\.\. (\w+) resumed>(.*)", rest, re.S):
            if call := open_calls.pop(thread, None):
                finish(call, number, m[2])
        elif m := re.match(r"(\w+)\((.*)", rest, re.S):
            call = Call(thread, m[1], m[2].split("<unfinished ...>")[0] if "<unfinished ...>" in rest else "", number)
            calls.append(call)
            if "<unfinished ...>" in rest:
                open_calls[thread] = call
            else:
                finish(call, number, m[2])
    return calls


def raw(delivery):
    """The 16 bytes that an id spells."""
    n, bits = 0, 0
    for c in delivery:
        n, bits = n << 5 | ALPHABET.index(c), bits + 5
    return (n >> bits - 128).to_bytes(16, "big")


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    where = tmp_path_factory.mktemp("order")
    with Sink(where / "sink.log") as sink:
        house = House(where / "house", transport=sink.url, program=PLAIN)
        house.setting("connections", "2", section="transport")
        path = house.write_list(house.people(24))
        trace = str(where / "trace")
        p = subprocess.run(["strace", "-f", "-yy", "-xx", "-s", "9000", "-e", f"trace={CALLS}", "-o", trace, str(PLAIN), "send", path,
                            "--documents", house.documents, "--results", "results.csv"], cwd=house.path, capture_output=True,
                           text=True, timeout=120)
        if "ptrace" in p.stderr.lower() and p.returncode:
            pytest.skip(f"strace cannot trace here: {p.stderr.strip()}")
        assert p.returncode == 0, p.stdout + p.stderr
        run = read_trace(trace)
        assert len(run) > 200
        yield house, run


def unhex(text):
    return re.sub(r"(?:\\x[0-9a-f]{2})+", lambda m: bytes.fromhex(m[0].replace("\\x", "")).decode("latin-1"), text)


def is_log(call):
    return call.name == "pwrite64" and call.place.endswith(".db-wal") or \
        call.name == "pwrite64" and unhex(call.place).endswith(".db-wal")


def syncs(calls, ending):
    return [c for c in calls if c.name in ("fdatasync", "fsync", "syncfs") and c.result == 0 and unhex(c.place).endswith(ending)]


def synced_after(calls, call, ending):
    """When what this call wrote was on the disk: the end of the first sync that began after it."""
    return min((s.ended for s in syncs(calls, ending) if s.begun > call.ended), default=10**9)


def test_the_results_are_in_place_before_anything_is_stored_or_accepted(run):
    house, calls = run
    renames = [c for c in calls if c.name in ("rename", "link") and "results.csv" in unhex(c.text)]
    first = renames[0]
    parts = [s for s in calls if s.name in ("fdatasync", "fsync") and "results.csv.part-" in unhex(s.place)]
    assert parts and parts[0].result == 0 and parts[0].ended < first.begun, "synced before it is named"
    in_place = synced_after(calls, first, "/house")
    stored = [c for c in calls if c.name == "openat" and "O_CREAT" in c.text and "/objects/" in unhex(c.text)]
    assert stored and in_place < min(c.begun for c in stored)
    assert in_place < min(c.begun for c in calls if is_log(c))


def test_objects_are_on_the_disk_before_the_database_speaks_of_them(run):
    house, calls = run
    seen = 0
    for thread in {c.thread for c in calls}:
        own = [c for c in calls if c.thread == thread]
        renames = [c for c in own if c.name == "rename" and "/objects/" in unhex(c.text)]
        seen += len(renames)
        for r in renames:
            part, whole = re.findall(r'"((?:\\x[0-9a-f]{2})+)"', r.text)
            directory = os.path.dirname(unhex(whole))
            created = [c for c in own if c.name == "openat" and "O_CREAT" in c.text and unhex(part) in unhex(c.text)][-1]
            writes = [c for c in own if c.name == "write" and unhex(c.place) == unhex(part)]
            flushed = [c for c in own if c.name in ("fdatasync", "fsync", "syncfs") and c.result == 0 and
                       max(w.ended for w in writes) < c.begun < r.begun and
                       (c.name == "syncfs" or unhex(c.place) == unhex(part))]
            assert created.ended < writes[0].begun and flushed, f"{unhex(part)} was renamed before it was synced"
            named = [c for c in own if c.name == "fsync" and c.result == 0 and c.begun > r.ended and unhex(c.place) == directory]
            accepted = [c for c in own if is_log(c) and c.begun > created.begun]
            assert named and accepted and named[0].ended < accepted[0].begun, "the name was not durable before its row"
    assert seen == 24


def deliveries(run):
    house, calls = run
    return {row["delivery"]: raw(row["delivery"]) for row in house.results()}


def dots(calls):
    """(delivery's spelling, the call that sent the end of its message), in order."""
    found = []
    text = {}  # by connection
    for c in calls:
        if c.name in ("sendto", "sendmsg", "write") and "TCP" in c.place + unhex(c.place):
            text[c.place] = text.get(c.place, b"") + c.data
            if text[c.place].endswith(b"\r\n.\r\n"):
                found.append((re.search(rb"Message-ID: <(\w+)@", text[c.place])[1].decode(), c))
                text[c.place] = b""
            elif text[c.place].endswith(b"DATA\r\n"):
                text[c.place] = b""
    return found


def test_a_lease_is_durable_before_the_last_dot_leaves(run):
    house, calls = run
    owners = {os.path.basename(unhex(m[1])) for c in calls if c.name == "openat"
              for m in [re.search(r'"((?:\\x[0-9a-f]{2})+)"', c.text)] if m and "/presence/" in unhex(m[1])}
    assert len(owners) == 1
    owner, ended = raw(owners.pop()), dots(calls)
    log = [(c, c.data) for c in calls if is_log(c)]
    assert len(ended) == 24
    for delivery, dot in ended:
        leases = [c for c, data in log if re.search(re.escape(raw(delivery)) + b".{48,140}" + re.escape(owner), data, re.S)]
        assert leases, f"no lease of {delivery} was ever written"
        assert synced_after(calls, leases[0], ".db-wal") < dot.begun, f"{delivery} was sent before its lease was durable"


def test_an_outcome_is_durable_before_the_next_command(run):
    house, calls = run
    log = [(c, c.data) for c in calls if is_log(c)]
    judged = 0
    for delivery, dot in dots(calls):
        own = [c for c in calls if c.place == dot.place and c.begun > dot.ended]
        heard = next(c for c in own if c.name in ("recvfrom", "recvmsg", "read") and c.data.startswith(b"250"))
        following = [c for c in own if c.begun > heard.ended and c.name in ("sendto", "sendmsg", "write")]
        if not following or following[0].data.startswith(b"QUIT"):
            continue
        written = [c for c, data in log if c.begun > heard.ended and raw(delivery) in data]
        assert written and synced_after(calls, written[0], ".db-wal") < following[0].begun, \
            f"the server heard of the next message before the outcome of {delivery} was durable"
        judged += 1
    assert judged >= 20
