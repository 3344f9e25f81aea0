"""The n-th allocation fails: no crash, a word or success, and nothing is lost (THREATS B-91). Allocations of the
libraries count like ours. EVERY_FAULT=1 tries thousands of them."""
import os
import subprocess

import pytest

from house import House
from sink import FAIL, PLAIN, Sink
from test_faults import EVERY_ONE, Bench, crashed

pytestmark = pytest.mark.skipif(not FAIL.exists(), reason="the build has no test programs (-Dtests=true)")


def chosen(total, ordinary):
    """The first ones lie in the start of the libraries; then strides that do not meet the same place each time."""
    if EVERY_ONE:
        return sorted({*range(1, min(total, 400)), *range(1, total + 1, max(1, total // 3000))})
    return sorted({1 + (i * 7919) % total for i in range(ordinary)} | {1, 2, 3, 10})


def run(args, stdin=b"", cwd="/", **fault):
    env = {**os.environ, "LD_PRELOAD": str(FAIL), "FAIL_CALL": "alloc", **{k: str(v) for k, v in fault.items()}}
    return subprocess.run([str(PLAIN), *map(str, args)], input=stdin, cwd=cwd, env=env, capture_output=True, timeout=60)


def try_all(tmp_path, args, stdin=b"", ordinary=25, cwd="/", between=lambda: None, good=(0,)):
    between()
    count = tmp_path / "count"
    p = run(args, stdin, cwd, FAIL_COUNT=count)
    assert p.returncode in good, p
    total = int(count.read_text())
    for n in chosen(total, ordinary):
        between()
        p = run(args, stdin, cwd, FAIL_AT=n)
        assert not crashed(p), f"allocation {n} of {total}: ended by signal {-p.returncode}: {p.stderr.decode()}"
        assert p.returncode in good or (p.stdout + p.stderr).strip(), f"allocation {n} of {total}: exit {p.returncode} without a word"
    for n in (1, 20, total // 2):
        between()
        p = run(args, stdin, cwd, FAIL_AT=n, FAIL_FOR=0)
        assert not crashed(p), f"from allocation {n} of {total} on: ended by signal {-p.returncode}"
    return total


def test_addresses_are_judged_or_memory_is_said_to_be_out(tmp_path):
    try_all(tmp_path, ["address", "check"], b'"a@example.com"\n"\xc3\xbc@b\xc3\xbccher.example"\n"x"\n')


def test_a_container_is_made_whole_or_not_at_all(tmp_path):
    document, password, out = tmp_path / "a.pdf", tmp_path / "password", tmp_path / "out.zip"
    document.write_bytes(b"%PDF-1.4\n" + os.urandom(50_000))
    password.write_text("correct horse battery staple 77\n")
    password.chmod(0o600)

    def check():
        if out.exists():
            t = subprocess.run(["7z", "t", "-pcorrect horse battery staple 77", str(out)], capture_output=True)
            assert t.returncode == 0, t.stdout.decode()
            out.unlink()

    try_all(tmp_path, ["seal", "zip", "-o", out, "--password-file", password, document], between=check)
    check()


def test_the_configuration_is_checked_or_memory_is_said_to_be_out(tmp_path):
    house = House(tmp_path / "house", program=PLAIN)
    try_all(tmp_path, ["config", "check"], cwd=house.path)
    try_all(tmp_path, ["status", "--json"], cwd=house.path, ordinary=8)


def test_a_send_without_memory_loses_nothing_and_sends_nothing_twice(tmp_path):
    with Sink(tmp_path / "sink.log") as sink:
        bench = Bench(tmp_path / "house", sink)
        total = bench.count("alloc")
        for n in chosen(total, 25):
            bench.fail_once("alloc", n)
        bench.fail_once("alloc", total // 3, FAIL_FOR=0)
        bench.look_at_the_whole()
