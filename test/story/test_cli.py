"""The frame of the command line: what every command has in common."""
import glob
import json
import os
import pty
import re
import subprocess

import pytest

PROGRAM = os.environ.get("LETTERLOCK", "build/letterlock")


def run(*words, **more):
    return subprocess.run([PROGRAM, *words], capture_output=True, text=True, timeout=60, **more)


def commands():
    text = run("help").stdout
    names = re.findall(r"^  (\w+(?: \w+)?)  ", text, re.M)
    assert "config show" in names and "help" in names
    return names


def test_alone_it_says_what_it_is_and_where_to_start():
    done = run()
    assert done.returncode == 0
    assert "Everyday" in done.stdout and "Plumbing" in done.stdout and "letterlock init" in done.stdout
    assert done.stdout == run("help").stdout == run("--help").stdout


def test_every_command_explains_itself_with_examples_before_options():
    for name in commands():
        page = run("help", *name.split())
        assert page.returncode == 0
        assert page.stdout == run(*name.split(), "--help").stdout
        assert page.stdout.index("Usage: letterlock " + name) < page.stdout.index("Examples") \
            < page.stdout.index("Options of every command"), name
        assert re.search(r"\$ .*letterlock " + name, page.stdout), name
        for line in page.stdout.splitlines():
            assert len(line) <= 120, (name, line)


@pytest.mark.parametrize("words, hint", [
    (["hlep"], "did you mean help?"),
    (["confg", "show"], "did you mean config?"),
    (["config", "shwo"], "did you mean config show?"),
    (["version", "--jsn"], "did you mean --json?"),
    (["version", "--json=1"], "--json takes no value"),
    (["version", "--now"], "--now needs a value"),
    (["version", "--now", "--json"], "--now needs a value"),
    (["version", "--now", "tomorrow"], "is no time"),
    (["version", "--limit", "rows"], "NAME=VALUE"),
    (["version", "--limit", "rows=-1"], "NAME=VALUE"),
    (["version", "extra"], "what is extra?"),
    (["completion"], "something is missing"),
    (["qqqqqq"], "there is no command qqqqqq"),
    (["config"], "needs a second word"),
])
def test_wrong_usage_is_told_and_ends_with_2(words, hint):
    done = run(*words)
    assert done.returncode == 2
    assert done.stdout == ""
    assert hint in done.stderr
    as_json = run(*words[:1], *words[1:], "--json") if "--json" not in words else None
    if as_json and words[-1] not in ("--now", "--json=1"):
        error = json.loads(as_json.stderr)["error"]
        assert as_json.returncode == 2 and error["why"] == "usage" and error["retry"] is False


def test_a_family_alone_lists_its_commands():
    done = run("config")
    assert done.returncode == 2 and "config show" in done.stderr and "config check" in done.stderr
    assert run("config", "--help").returncode == 0
    assert "config show" in run("help", "config").stdout


def test_two_dashes_end_the_options():
    done = run("completion", "--", "--json")
    assert done.returncode == 2 and "bash and zsh" in done.stderr


def test_options_may_stand_before_the_command_and_joined():
    assert json.loads(run("--json", "version").stdout)["program"] == "letterlock"
    assert run("version", "--now=2026-11-21T19:50:00Z", "--limit=list_rows=5k").returncode == 0


def test_output_that_cannot_be_written_fails():
    with open("/dev/full", "w") as full:
        done = subprocess.run([PROGRAM, "help"], stdout=full, stderr=subprocess.PIPE, text=True)
    assert done.returncode == 24 and "standard output could not be written" in done.stderr
    read_end, write_end = os.pipe()
    os.close(read_end)
    done = subprocess.run([PROGRAM, "help"], stdout=write_end, stderr=subprocess.PIPE, text=True)
    os.close(write_end)
    assert done.returncode not in (0, -13) and "standard output could not be written" in done.stderr


def on_terminal(*words, **environment):
    """What the program writes to a terminal."""
    ours, theirs = pty.openpty()
    done = subprocess.Popen([PROGRAM, *words], stdout=theirs, stderr=subprocess.DEVNULL,
                            env=dict({k: v for k, v in os.environ.items() if k != "NO_COLOR"}, TERM="xterm", **environment))
    os.close(theirs)
    text = b""
    try:
        while part := os.read(ours, 65536):
            text += part
    except OSError:
        pass
    done.wait()
    os.close(ours)
    return text


def test_colours_are_for_terminals_that_want_them():
    assert b"\033[" in on_terminal("help")
    assert b"\033[" not in on_terminal("help", NO_COLOR="1")
    assert "\033[" not in run("help").stdout


def test_no_terminal_escape_passes_through_an_error():
    done = run("\033]0;owned\007")
    assert done.returncode == 2 and "\033" not in done.stderr and "\\x1b" in done.stderr


def test_manual_pages_are_clean_and_complete(tmp_path):
    assert run("help", "--man", str(tmp_path)).returncode == 0
    pages = sorted(glob.glob(str(tmp_path / "*")))
    for name in commands():
        assert (tmp_path / f"letterlock-{name.replace(' ', '-')}.1").exists()
    assert (tmp_path / "letterlock.yaml.5").exists()
    lint = subprocess.run(["mandoc", "-Tlint", "-W", "warning", *pages], capture_output=True, text=True)
    assert lint.stdout == "" and lint.returncode == 0
    main = (tmp_path / "letterlock.1").read_text()
    with open(os.path.join(os.path.dirname(__file__), "../../src/base/why.def")) as table:
        for status, words in re.findall(r"^WHY\(\w+, (\d+), .*\"(.*)\"\)", table.read(), re.M):
            assert int(status) < 10 or f".It {status}\nA named cause: {words}.\n" in main


def complete(*words):
    script = """source <("$0" completion bash)
        COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _letterlock; printf '%s\\n' "${COMPREPLY[@]}" """
    done = subprocess.run(["bash", "-c", script, PROGRAM, *words], capture_output=True, text=True)
    assert done.stderr == ""
    return done.stdout.split()


def test_bash_completes_commands_and_options():
    assert complete("letterlock", "conf") == ["config"]
    assert {"check", "show", "schema"} <= set(complete("letterlock", "config", ""))
    assert "--diff" in complete("letterlock", "config", "show", "--")
    assert "--domain" in complete("letterlock", "init", "x", "--do")
    assert "--json" in complete("letterlock", "version", "--j")
