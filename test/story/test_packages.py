"""tools/install-packages says what is missing and why, and installs no more than that. apt-get is a stand-in here."""
import os
import pathlib
import re
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]

STANDINS = {
    "dpkg-query": '[ "$1" = -L ] && echo /lib/systemd/system/$2.service && exit; '
                  '[ "$3" = "\\${Package}\\\\n" ] && exec cat "$CALLS.packages"; case " $MISSING " in *" ${@: -1} "*) exit 1;; esac; echo -n installed',
    "apt-get": 'echo "$DEBIAN_FRONTEND: $*" >>"$CALLS"; [ $1 = install ] && printf "%s\\n" "${@:5}" >>"$CALLS.packages" || true',
    "id": 'echo "$UID_TO_SHOW"',
    "systemctl": 'echo "${SYSTEMD_OFFLINE:+offline }systemctl $*" >>"$CALLS"',
    "sudo": 'echo "sudo" >>"$CALLS"; exec "$@"',
}


@pytest.fixture
def machine(tmp_path):
    bin_ = tmp_path / "bin"
    bin_.mkdir()
    for name, body in STANDINS.items():
        (bin_ / name).write_text(f"#!/bin/bash\n{body}\n")
        (bin_ / name).chmod(0o755)
    for name in ("bash", "env", "awk", "sort", "dirname", "cat", "sed", "xargs", "comm"):
        (bin_ / name).symlink_to(subprocess.check_output(["which", name], text=True).strip())

    def install(*words, missing="", uid=0, sudo=True, dpkg=True):
        if not sudo:
            (bin_ / "sudo").unlink()
        if not dpkg:
            (bin_ / "dpkg-query").unlink()
        calls = tmp_path / "calls"
        calls.write_text("")
        (tmp_path / "calls.packages").write_text("")
        done = subprocess.run(["bash", ROOT / "tools/install-packages", *words], capture_output=True, text=True,
                              env={"PATH": str(bin_), "MISSING": missing, "CALLS": str(calls),
                                   "UID_TO_SHOW": str(uid)})
        return done, calls.read_text().splitlines()
    return install


def test_nothing_missing_is_quiet_and_touches_nothing(machine):
    done, calls = machine("build", "test")
    assert (done.returncode, done.stdout, done.stderr, calls) == (0, "", "", [])


def test_only_what_is_missing_is_installed_after_an_update(machine):
    done, calls = machine("build", missing="libcsv-dev meson cppcheck")
    assert done.returncode == 0
    assert calls[:2] == ["noninteractive: -q update",
                         "noninteractive: install -y --no-install-recommends --no-remove libcsv-dev meson"]
    assert re.search(r"missing: libcsv-dev +recipient lists", done.stderr) and "cppcheck" not in done.stderr


def test_a_server_that_comes_along_is_neither_started_nor_enabled(machine):
    _, calls = machine("relay", missing="postfix")
    assert calls[-1] == "offline systemctl --quiet disable postfix.service"


def test_without_root_it_goes_through_sudo(machine):
    _, calls = machine("test", missing="cppcheck", uid=1000)
    assert calls[0] == "sudo" and calls[-3].endswith("install -y --no-install-recommends --no-remove cppcheck")


def test_without_root_and_sudo_it_says_what_to_run(machine):
    done, calls = machine("test", missing="cppcheck", uid=1000, sudo=False)
    assert done.returncode == 1 and calls == []
    assert "apt-get install -y --no-install-recommends --no-remove cppcheck" in done.stderr


def test_check_only_says(machine):
    done, calls = machine("--check", "build", missing="meson")
    assert done.returncode == 1 and calls == [] and "meson" in done.stderr


def test_where_there_is_no_dpkg_the_build_shall_decide(machine):
    done, calls = machine("build", missing="meson", dpkg=False)
    assert (done.returncode, calls) == (0, [])


def test_every_package_says_why():
    sections = re.split(r"^\[(\w+)\]\n", (ROOT / "tools/packages").read_text(), flags=re.M)[1:]
    names = dict(zip(sections[::2], sections[1::2]))
    assert {"build", "test", "demo"} <= set(names)
    for section in names.values():
        for line in filter(None, section.splitlines()):
            assert re.match(r"^[a-z0-9.+-]+ {2,}\S.{3,}$", line), line
