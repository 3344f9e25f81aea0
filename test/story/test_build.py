"""The ordinary build: what the linker and the compiler were asked for is in it (THREATS B-100), and it is reproducible."""
import os
import pathlib
import platform
import re
import shutil
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = ROOT / "build/letterlock"  # not the one with sanitizers

pytestmark = pytest.mark.skipif(not PROGRAM.exists(), reason="build/letterlock is not built")


def elf(*options, file=PROGRAM):
    return subprocess.check_output(["readelf", "-W", *options, file], text=True)


def test_the_program_is_hardened():
    assert re.search(r"Type: +DYN \(Position-Independent Executable", elf("-h"))
    segments, dynamic = elf("-l"), elf("-d")
    assert "GNU_RELRO" in segments and re.search(r"BIND_NOW|FLAGS.*NOW", dynamic)
    assert re.search(r"GNU_STACK.* RW +0x", segments)
    assert not re.search(r"LOAD.* RWE ", segments)
    assert "RPATH" not in dynamic and "RUNPATH" not in dynamic
    symbols = elf("-s")
    assert "__stack_chk_fail" in symbols
    assert re.search(r"__(memcpy|snprintf|vsnprintf)_chk", symbols), "not fortified"


@pytest.mark.skipif(platform.machine() != "x86_64", reason="another processor has other means")
def test_every_object_of_ours_is_for_control_flow_enforcement():
    # The program as a whole only is if the C library's start files are too, which Debian's are not.
    objects = list((ROOT / "build/src").rglob("*.o"))
    assert len(objects) > 100
    bare = [o.name for o in objects if not re.search("IBT, SHSTK", elf("-n", file=o))]
    assert bare == []


def test_the_banned_functions_are_not_called():
    symbols = elf("-s", "--dyn-syms")
    for banned in ("strcpy", "strcat", "sprintf", "gets", "strtok", "tmpnam", "system", "popen", "localtime"):
        assert not re.search(rf"UND {banned}(@|$)", symbols, re.M), banned


def test_the_same_source_gives_the_same_program_elsewhere(tmp_path):
    there = tmp_path / "another place"
    shutil.copytree(ROOT / "src", there / "src")
    for name in ("meson.build", "meson_options.txt"):
        shutil.copy(ROOT / name, there)
    shutil.copytree(ROOT / "tools", there / "tools")
    environment = dict(os.environ, TZ="Asia/Tokyo", LC_ALL="C")
    for command in (["meson", "setup", "build", "."], ["ninja", "-C", "build", "letterlock"]):
        done = subprocess.run(command, cwd=there, env=environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
    assert (there / "build/letterlock").read_bytes() == PROGRAM.read_bytes()
