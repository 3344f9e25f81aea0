"""Calls that fail: syncing, writing, renaming, opening, the disk that is full. Each run ends in words and a true results
file, and the next one, with --resume, delivers everything once (THREATS B-87, B-88)."""
import os
import subprocess
import time

import pytest

from house import House, pdf
from sink import FAIL, PLAIN, Sink, check_account
from test_stop import wait_until

pytestmark = pytest.mark.skipif(not FAIL.exists(), reason="the build has no test programs (-Dtests=true)")
EVERY_ONE = bool(os.environ.get("EVERY_FAULT"))  # else a share of them: an ordinary run is to be quick
EIO, ENOSPC, EMFILE = 5, 28, 24


def chosen(total, share):
    """Numbers from 1 to total: all, or `share` of them, close together at first and spread over the rest."""
    if EVERY_ONE or total <= share:
        return range(1, total + 1)
    return sorted({1 + round((total - 1) * (i / (share - 1)) ** 1.5) for i in range(share)})


def crashed(p):
    """Ended by a signal. OpenSSL ends a program whose first four small allocations for its secure heap fail, with an
    assertion in words; that is at the very start, and its own decision."""
    said = p.stderr if isinstance(p.stderr, bytes) else p.stderr.encode()
    return p.returncode < 0 and not (p.returncode == -6 and b"crypto/mem_sec.c" in said)


class Bench:
    """One installation with a sink, on which runs fail one after another."""

    def __init__(self, where, sink, **settings):
        self.sink = sink
        self.house = House(where, transport=sink.url, program=PLAIN)
        self.house.setting("first", "1s", section="retry")
        self.rows = self.house.people(3)
        self.list = self.house.write_list(self.rows)
        self.done = []      # all rows of all runs
        self.doubtful = []  # accepted by a run that broke, and not known to be delivered

    def send(self, results, *more, fault=None):
        env = {**os.environ, "LD_PRELOAD": str(FAIL), **{k: str(v) for k, v in fault.items()}} if fault else None
        how = "--resume" if os.path.exists(results) else "--results"
        return self.house.run("send", self.list, "--documents", self.house.documents, how, results, "--patience", "1s",
                              *more, ok=False, env=env, timeout=100)

    def count(self, kind, *more):
        """How many calls of a kind one undisturbed run makes."""
        name = os.path.join(self.house.path, "count")
        p = self.send(os.path.join(self.house.path, f"count-{kind}.csv"), *more,
                      fault={"FAIL_CALL": kind, "FAIL_COUNT": name})
        assert p.returncode == 0, p.err
        self.done += self.house.results(os.path.join(self.house.path, f"count-{kind}.csv"))
        return int(open(name).read())

    def fail_once(self, kind, n, *more, **fault):
        """The n-th call fails in one run; the next one mends it. Gives what the first one said."""
        results = os.path.join(self.house.path, f"{kind}-{n}.csv")
        p = self.send(results, *more, fault={"FAIL_CALL": kind, "FAIL_AT": n, **fault})
        where = f"{kind} call {n}: exit {p.returncode}\n{p.out}{p.err}"
        assert not crashed(p), f"ended by a signal; {where}"
        before = self.house.results(results)
        if p.returncode == 0:
            assert [r["status"] for r in before] == ["delivered"] * 3, where
        else:
            assert p.err.strip(), f"no word was said; {where}"
            self.doubtful += [r["delivery"] for r in before or () if r["status"] == "waiting"]
        again = self.send(results, *more)
        after = self.house.results(results)
        assert again.returncode == 0, f"the next run failed too: {again.out}{again.err}; {where}"
        assert [r["status"] for r in after] == ["delivered"] * 3, where
        if before:
            # What the results promised is kept: the password that was told opens the document that was sent.
            assert [r["password"] for r in before if r["status"] == "delivered"] == \
                [a["password"] for a, r in zip(after, before) if r["status"] == "delivered"], where
        self.done += after
        return p

    def look_at_the_whole(self):
        check_account(self.sink, self.house, self.done, self.doubtful)
        self.house.age_objects(2 * 86400)
        self.house.run("sweep")
        objects = {line.split()[0] for line in self.house.run("store", "list").out.splitlines()}
        stored = {f for base, _, files in os.walk(os.path.join(self.house.path, "objects")) for f in files}
        assert len(stored) == len(self.done), "an object for each row, and none without one"
        return objects


@pytest.fixture
def bench(tmp_path):
    with Sink(tmp_path / "sink.log") as sink:
        yield Bench(tmp_path / "house", sink)


@pytest.mark.parametrize("kind,share,error", [
    ("sync", 12, EIO), ("write", 12, EIO), ("write", 12, ENOSPC), ("rename", 4, EIO), ("resize", 2, ENOSPC),
    ("open", 12, EMFILE), ("remove", 4, EIO), ("close", 8, EIO),
])
def test_a_call_that_fails_once_costs_nobody_the_mail_and_sends_none_twice(bench, kind, share, error):
    told = [bench.fail_once(kind, n, FAIL_ERRNO=error) for n in chosen(bench.count(kind), share)]
    bench.look_at_the_whole()
    if kind in ("sync", "write"):
        assert sum(p.returncode != 0 for p in told) > len(told) / 2, "failing to keep something is not passed over"
    if error == ENOSPC and kind == "write":
        assert all("space" in p.err for p in told if p.returncode)


def test_a_disk_on_which_nothing_can_be_synced_any_more_ends_the_run(bench):
    for n in (1, 5, 20):
        bench.fail_once("sync", n, FAIL_FOR=0)
    bench.look_at_the_whole()


def test_few_descriptors_are_an_error_in_words(bench):
    for most in (8, 12, 16, 24, 32):
        results = os.path.join(bench.house.path, f"few-{most}.csv")
        how = ["prlimit", f"--nofile={most}", bench.house.program, "send", bench.list, "--documents",
               bench.house.documents, "--results", results, "--patience", "1s"]
        p = subprocess.run(how, cwd=bench.house.path, capture_output=True, text=True, timeout=60)
        assert p.returncode >= 0 and (p.returncode == 0 or "letterlock:" in p.stderr), (most, p)
        assert bench.send(results).returncode == 0
        bench.done += bench.house.results(results)
    bench.look_at_the_whole()


@pytest.fixture
def small_disk(tmp_path):
    """A file system of its own, for root only."""
    where = tmp_path / "disk"
    where.mkdir()
    made = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=24m,mode=0700", "letterlock-test", str(where)],
                          capture_output=True, text=True)
    if made.returncode:
        pytest.skip(f"no file system can be mounted here: {made.stderr.strip()}")
    yield where
    subprocess.run(["umount", "-l", str(where)], check=True)


def fill(where, leave):
    """A file that leaves so many bytes free."""
    ballast = where / "ballast"
    with open(ballast, "wb", 0) as f:
        s = os.statvfs(where)
        size = s.f_bavail * s.f_frsize - leave
        try:
            while size > 0:
                size -= f.write(b"x" * min(size, 65536))
        except OSError:
            pass  # somebody else writes too
    return ballast


@pytest.mark.parametrize("leave", [0, 2_000_000, 8_500_000, 9_000_000])
def test_a_full_disk_is_said_and_after_making_room_everything_goes_out(small_disk, tmp_path, leave):
    with Sink(tmp_path / "sink.log") as sink:
        bench = Bench(small_disk / "house", sink)
        house = bench.house
        rows = house.people(40)
        for row in rows:
            with open(os.path.join(house.documents, row["document"]), "wb") as f:
                f.write(pdf("letter", os.urandom(20_000)))
        bench.list, results = house.write_list(rows), os.path.join(house.path, "results.csv")
        ballast = fill(small_disk, leave)
        p = bench.send(results)
        assert p.returncode > 0 and "no space is left" in p.err, (p.returncode, p.out, p.err)
        before = house.results(results)
        assert house.run("status", ok=False).returncode >= 0 and house.run("sweep", ok=False).returncode >= 0
        ballast.unlink()
        again = bench.send(results)
        assert again.returncode == 0, again.out + again.err
        rows = house.results(results)
        assert {r["status"] for r in rows} == {"delivered"}
        if before:
            assert [r["password"] for r in before] == [r["password"] for r in rows]
        check_account(sink, house, rows)


def test_serve_outlives_a_full_disk(small_disk, tmp_path):
    with Sink(tmp_path / "sink.log") as sink:
        house = House(small_disk / "house", transport=sink.url, program=PLAIN)
        house.setting("first", "1s", section="retry")
        house.setting("messages_per_second", "20", section="pace")
        house.send(house.people(60), "--no-wait")
        house.serve()
        wait_until(lambda: sum(sink.account().copies.values()) >= 5)
        ballast = fill(small_disk, 0)
        time.sleep(2)
        assert house.server.poll() is None, house.server.communicate()
        ballast.unlink()
        wait_until(lambda: len(sink.account().copies) == 60)
        house.stop()
        house.run("send", "list.csv", "--documents", house.documents, "--resume", "results.csv")
        check_account(sink, house, house.results())
