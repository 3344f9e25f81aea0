"""What the linker and the compiler were asked for is in the program (THREATS B-100)."""
import os
import re
import subprocess

PROGRAM = os.environ.get("LETTERLOCK", "build/letterlock")


def elf(*options):
    return subprocess.check_output(["readelf", "-W", *options, PROGRAM], text=True)


def test_the_program_is_hardened():
    assert re.search(r"Type: +DYN \(Position-Independent Executable", elf("-h"))
    segments, dynamic = elf("-l"), elf("-d")
    assert "GNU_RELRO" in segments and re.search(r"BIND_NOW|FLAGS.*NOW", dynamic)
    assert re.search(r"GNU_STACK.* RW +0x", segments)
    assert not re.search(r"LOAD.* RWE ", segments)
    assert "RPATH" not in dynamic and "RUNPATH" not in dynamic
    symbols = elf("-s")
    assert "__stack_chk_fail" in symbols


def test_the_banned_functions_are_not_called():
    symbols = elf("-s", "--dyn-syms")
    for banned in ("strcpy", "strcat", "sprintf", "gets", "strtok", "tmpnam", "system", "popen", "localtime"):
        assert not re.search(rf"UND {banned}(@|$)", symbols, re.M), banned
