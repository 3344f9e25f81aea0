"""The n-th allocation fails: no crash, a word or success, and nothing is lost (THREATS B-91). Allocations of the
libraries count like ours. EVERY_FAULT=1 tries thousands of them."""
import contextlib
import os
import re
import subprocess
import time

import pytest

import certificates
from house import Browser, House
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


def test_an_smime_seal_is_made_whole_or_not_at_all(tmp_path):
    document, out = tmp_path / "a.pdf", tmp_path / "out.p7m"
    document.write_bytes(b"%PDF-1.4\n" + os.urandom(50_000))
    certificate, key = certificates.self_made(tmp_path, "maria")

    def check():
        if out.exists():
            t = subprocess.run(["openssl", "cms", "-decrypt", "-in", out, "-recip", certificate, "-inkey", key],
                               capture_output=True)
            assert t.returncode == 0 and b"multipart/signed" in t.stdout, t
            out.unlink()
    try_all(tmp_path, ["seal", "smime", "-o", out, "--to", certificate, "--sign-cert", certificate, "--sign-key", key,
                       document], between=check)
    check()


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


def test_serve_without_memory_ends_in_words_or_serves(tmp_path):
    with Sink(tmp_path / "sink.log") as sink:
        house = House(tmp_path / "house", transport=sink.url, program=PLAIN)
        row = house.send(house.people(1)).results[0]
        for n in (5, 50, 300, 900, 2000, 4000, 6000, 9000):  # in each of its processes
            server = house.spawn("serve", env={**os.environ, "LD_PRELOAD": str(FAIL), "FAIL_CALL": "alloc", "FAIL_AT": str(n)})
            try:
                for _ in range(40):
                    with contextlib.suppress(OSError):
                        Browser(house).prove(row["link"], [row["password"]])
                        break
                    if server.poll() is not None:
                        break
                    time.sleep(0.05)
            finally:
                server.terminate()
                out, err = server.communicate(timeout=30)
            assert server.returncode >= 0 or server.returncode == -15, (n, err)
            assert not re.search(rb"signal (?!15|9)|internal error", out + err), (n, err)
            assert err.strip(), n
        house.serve()
        assert Browser(house).prove(row["link"], [row["password"]])[0] in (200, 302, 303)
        house.stop()
