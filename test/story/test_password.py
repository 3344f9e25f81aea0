"""Passwords: what is made is strong, what people choose is measured against the container it shall protect."""
import json
import os
import re
import subprocess

import pytest

LETTERLOCK = os.environ.get("LETTERLOCK", "build/letterlock")


def run(*args, given=b""):
    return subprocess.run([LETTERLOCK, *args], input=given, capture_output=True, timeout=30)


def check(password, what, *more):
    done = run("password", "check", "--for", what, *more, given=password.encode())
    assert done.returncode == 0, done.stderr
    verdict = json.loads(done.stdout)
    assert set(verdict) >= {"bits", "guesses_per_second", "seconds_to_guess", "accepted", "reason"}
    assert verdict["accepted"] == (verdict["reason"] is None)
    return verdict


def test_new_passwords_differ_and_pass_everywhere():
    done = run("password", "new", "--count", "50")
    phrases = done.stdout.decode().split()
    assert len(set(phrases)) == 50
    for phrase in phrases:
        assert re.fullmatch(r"[a-hjkmnp-z2-9]{4}(-[a-hjkmnp-z2-9]{4}){4}", phrase)
    for what in "page", "zip", "pdf":
        assert check(phrases[0], what)["accepted"]
    assert check(phrases[0], "zip")["bits"] >= 80


def test_bits_are_stated():
    for bits in 40, 80, 112, 256:
        made = json.loads(run("password", "new", "--bits", str(bits), "--json").stdout)
        assert made["bits"] >= bits and len(made["password"]) <= 64
    for wrong in "0", "257", "-1", "x", "":
        assert run("password", "new", "--bits", wrong).returncode == 2


@pytest.mark.parametrize("secret", ["03.04.1987", "1987-04-03", "April 3, 1987", "0049301234567", "10115", "Maria1987",
                                    "password", "hunter2", "PN-123456"])
def test_personal_data_opens_a_zip_within_hours(secret):
    verdict = check(secret, "zip")
    assert not verdict["accepted"] and verdict["bits"] < 45 and verdict["seconds_to_guess"] < 86400


def test_a_birth_date_is_one_of_a_century():
    verdict = check("03.04.1987", "zip")
    assert 15.1 < verdict["bits"] < 15.2 and verdict["seconds_to_guess"] < 60
    assert check("03.04.1987", "pdf")["guesses_per_second"] < verdict["guesses_per_second"]
    assert check("03.04.1987", "page")["accepted"]


def test_what_is_known_counts_nothing():
    secret = "Zq-88213/Xv-40077-WmKt-91"
    assert check(secret, "zip")["accepted"]
    assert not check(secret, "zip", "--details", "1987-04-03," + secret)["accepted"]
    assert check("schmidt030487", "zip", "--details", "Maria Schmidt,1987-04-03")["bits"] < 15


def test_a_final_line_end_is_no_part_of_the_password():
    assert check("k7mq-x3dp-h8vn-2wfc-r9tj\n", "zip")["accepted"]
    assert not check("", "zip")["accepted"]
    assert not check("k" * 10 + "\n" + "x" * 10, "zip")["accepted"]


def test_wrong_usage_is_said():
    assert run("password", "check", given=b"x").returncode == 2
    assert run("password", "check", "--for", "tape", given=b"x").returncode == 2
    assert run("password", "check", "--for", "zip", given=b"x" * 100000).returncode != 0
